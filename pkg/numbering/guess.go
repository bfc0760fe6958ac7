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
	threads := start(prog)
	for depth := range min(len(national), maxLead) {
		threads = step(prog, threads, rune(national[depth]))
		if len(threads) == 0 {
			return depth
		}
	}
	return min(len(national), maxLead)
}

// anyDigit steps over a digit whatever it is.
const anyDigit = -1

// start is where a pattern begins.
func start(prog *syntax.Prog) []uint32 {
	return reach(prog, nil, make([]bool, len(prog.Inst)), uint32(prog.Start))
}

// step is where a pattern can be after one more digit.
func step(prog *syntax.Prog, threads []uint32, digit rune) []uint32 {
	var next []uint32
	seen := make([]bool, len(prog.Inst))
	for _, at := range threads {
		inst := &prog.Inst[at]
		if inst.Op != syntax.InstMatch && (digit == anyDigit || inst.MatchRune(digit)) {
			next = reach(prog, next, seen, inst.Out)
		}
	}
	return next
}

// reach adds the instructions that want a digit and can be reached without one,
// and the end.
func reach(prog *syntax.Prog, threads []uint32, seen []bool, at uint32) []uint32 {
	if seen[at] {
		return threads
	}
	seen[at] = true
	switch inst := &prog.Inst[at]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		threads = reach(prog, threads, seen, inst.Out)
		return reach(prog, threads, seen, inst.Arg)
	case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
		return reach(prog, threads, seen, inst.Out)
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL, syntax.InstMatch:
		return append(threads, at)
	}
	return threads
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
	threads := start(n.leads)
	for at := range digits {
		if at < len(lead) {
			threads = step(n.leads, threads, rune(lead[at]))
		} else {
			threads = step(n.leads, threads, anyDigit)
		}
	}
	return slices.ContainsFunc(threads, func(at uint32) bool { return n.leads.Inst[at].Op == syntax.InstMatch })
}
