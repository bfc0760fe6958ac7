package numbering

import (
	"regexp/syntax"
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
	threads := reach(prog, nil, make([]bool, len(prog.Inst)), uint32(prog.Start))
	for depth := range min(len(national), maxLead) {
		var next []uint32
		seen := make([]bool, len(prog.Inst))
		for _, at := range threads {
			if inst := &prog.Inst[at]; inst.MatchRune(rune(national[depth])) {
				next = reach(prog, next, seen, inst.Out)
			}
		}
		if len(next) == 0 {
			return depth
		}
		threads = next
	}
	return min(len(national), maxLead)
}

// reach adds the instructions that want a digit and can be reached without one.
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
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return append(threads, at)
	}
	return threads
}

// openedLead is how many leading digits of an unknown home number must be known
// for it to count as one of a block that was opened lately. Without it, "0 252
// 4012345" would be an ordinary number of Brazil, where 25 is no area code, and
// one of Somalia to a carrier that cuts leading zeros.
const openedLead = 3

// opened tells whether ordinary numbers of the site's country begin like this
// national number.
func (r *Resolver) opened(national string) bool {
	lead := national[:min(len(national), openedLead)]
	for i := range r.home.regions {
		if r.home.regions[i].country != r.site.country {
			continue
		}
		for _, typed := range r.home.regions[i].types {
			if k := kindOf(typed.typ); (k == fixed || k == mobile || k == free) && follow(typed.leads, lead) == len(lead) {
				return true
			}
		}
	}
	return false
}
