package numbering

import (
	"regexp/syntax"
	"slices"
)

// maxLead bounds how many leading digits are compared to guess what an unknown
// number is: plans give out their ranges by no more.
const maxLead = 6

// leadsOf is a pattern in a form that tells how far a number can follow it.
func leadsOf(pattern string) *syntax.Prog {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil
	}
	return prog
}

// guess tells what a national number most likely is that no plan has: what its
// neighbours are, those with the most leading digits in common. Plans name the
// blocks that were handed out, and frauds live in those beside them. Among
// equals the dearer kind counts; unknown where two digits do not agree.
func (p *codePlan) guess(national string) (string, kind) {
	country, best, depth := p.regions[0].country, unknown, 2
	for i := range p.regions {
		r := &p.regions[i]
		for j := range r.types {
			n, k := follow(r.types[j].leads, national), kindOf(r.types[j].typ)
			if n < depth || k == free {
				continue
			}
			if n > depth || best == unknown {
				country, best, depth = r.country, k, n
			} else if dearness(k.class(true, false)) > dearness(best.class(true, false)) {
				best = k // of a country that has both
			}
		}
	}
	return country, best
}

// follow counts the leading digits of a number that a pattern can begin with.
func follow(prog *syntax.Prog, national string) int {
	if prog == nil {
		return 0
	}
	w := newWalk(prog)
	for depth := range min(len(national), maxLead) {
		if w.step(rune(national[depth])); len(w.at) == 0 {
			return depth
		}
	}
	return min(len(national), maxLead)
}

// anyDigit steps over a digit whatever it is.
const anyDigit = -1

// walk goes through a pattern digit by digit, on all its ways at a time.
type walk struct {
	prog     *syntax.Prog
	at, next []uint32 // instructions that want a digit, or are the end
	seen     []int32  // the last step that came by an instruction
	steps    int32
}

// newWalk stands where a pattern begins.
func newWalk(prog *syntax.Prog) *walk {
	w := &walk{prog: prog, seen: make([]int32, len(prog.Inst)), steps: 1}
	w.reach(uint32(prog.Start))
	w.at, w.next = w.next, nil
	return w
}

// step goes on by one more digit.
func (w *walk) step(digit rune) {
	w.steps++
	w.next = w.next[:0]
	for _, at := range w.at {
		inst := &w.prog.Inst[at]
		if inst.Op != syntax.InstMatch && (digit == anyDigit || inst.MatchRune(digit)) {
			w.reach(inst.Out)
		}
	}
	w.at, w.next = w.next, w.at
}

// reach adds what can be reached from an instruction without a digit.
func (w *walk) reach(at uint32) {
	if w.seen[at] == w.steps {
		return
	}
	w.seen[at] = w.steps
	switch inst := &w.prog.Inst[at]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		w.reach(inst.Out)
		w.reach(inst.Arg)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		w.reach(inst.Out)
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL, syntax.InstMatch:
		w.next = append(w.next, at)
	}
}

// atEnd tells whether the pattern can be at its end.
func (w *walk) atEnd() bool {
	return slices.ContainsFunc(w.at, func(at uint32) bool { return w.prog.Inst[at].Op == syntax.InstMatch })
}

// openedLead is how many leading digits of an unknown home number must be known
// for it to count as one of a block that was opened lately. Without it, "0 252
// 4012345" would be an ordinary number of Brazil, where 25 is no area code, and
// one of Somalia to a carrier that cuts leading zeros. A 0 that belongs to the
// number, as in Italy, says nothing and is not counted.
const openedLead = 3

// leadOf is how many digits are looked at of a number that begins so.
func leadOf(national string) int {
	if national[0] == '0' {
		return openedLead + 1
	}
	return openedLead
}

// opened tells whether there are ordinary numbers of the site's country that
// begin like this national number and have as many digits: 024 762 822 has one
// too many for Ireland, and without its 0 it is a number of Ascension.
func (r *Resolver) opened(national string) bool {
	return r.openedTo(national[:min(len(national), leadOf(national))], len(national))
}

// openedTo tells the same of the first digits of a number.
func (r *Resolver) openedTo(lead string, digits int) bool {
	for i := range r.home.regions {
		if r.home.regions[i].country != r.site.country {
			continue
		}
		for _, typed := range r.home.regions[i].types {
			if k := kindOf(typed.typ); (k == fixed || k == mobile || k == free) && typed.has(lead, digits) {
				return true
			}
		}
	}
	return false
}

// has tells whether some of the numbers begin so and have so many digits.
func (n numbers) has(lead string, digits int) bool {
	if n.leads == nil || (n.lengths != 0 && !n.lengths.has(digits)) {
		return false
	}
	w := newWalk(n.leads)
	for at := 0; at < digits && len(w.at) > 0; at++ {
		if at < len(lead) {
			w.step(rune(lead[at]))
		} else {
			w.step(anyDigit)
		}
	}
	return w.atEnd()
}
