package cdr

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// The bounds of what is told of legs that went to no trunk, and of what is kept for it.
const (
	mostElsewhere   = 8
	lookedElsewhere = 1000 // ends
	likeATrunk      = 20   // different numbers
	leastDigits     = 7    // of a number that may be outside
)

// end is one to which legs went that is no trunk's, such as PJSIP/1002.
type end struct {
	legs    int                 // for other numbers than its own
	outside int                 // legs of calls from inside to numbers that may be outside
	numbers map[string]struct{} // some of these
}

// Unnamed is an end that looks like a trunk that nobody has named.
type Unnamed struct {
	End   string `json:"end"`   // such as PJSIP/backup
	Calls int    `json:"calls"` // legs that went there
}

// Elsewhere are some ends to which legs went that are no trunk's, such as PJSIP/1002. First
// come those with the most legs for other numbers than their own: among dozens of
// extensions the owner looks for what leads outside.
func (c *Calls) Elsewhere() []string {
	ends := slices.SortedFunc(maps.Keys(c.others), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.others[b].legs, c.others[a].legs), cmp.Compare(a, b))
	})
	return ends[:min(len(ends), mostElsewhere)]
}

// Unnamed are those ends that calls from inside went to as to a trunk: for many different
// numbers that are longer than an extension. An owner who forgets a trunk would not
// miss its calls among those of the others.
func (c *Calls) Unnamed() []Unnamed {
	var all []Unnamed
	for name, e := range c.others {
		if len(e.numbers) >= likeATrunk {
			all = append(all, Unnamed{name, e.outside})
		}
	}
	slices.SortFunc(all, func(a, b Unnamed) int { return cmp.Or(b.Calls-a.Calls, strings.Compare(a.End, b.End)) })
	return all[:min(len(all), mostElsewhere)]
}

// wentElsewhere counts a leg to an end that is no trunk's, without the number that a
// channel of it has at its end: an owner whose calls are not found sees there why. A leg
// to the extension that was dialled is told, but counts nothing.
func (c *Calls) wentElsewhere(r *Record) {
	name := r.DstChannel
	if name == "" {
		return
	}
	if dash := strings.LastIndexByte(name, '-'); dash >= 0 {
		name = name[:dash]
	}
	e := c.others[name]
	if e == nil {
		if len(c.others) == lookedElsewhere {
			return
		}
		e = &end{}
		c.others[strings.Clone(name)] = e
	}
	if _, own, _ := strings.Cut(name, "/"); own == r.Dst {
		return
	}
	e.legs++
	number, dials := dialled(*r)
	if !dials || len(number) < leastDigits {
		return
	}
	if _, inbound := c.trunk(r.Channel); inbound {
		return
	}
	e.outside++
	if len(e.numbers) < likeATrunk {
		if e.numbers == nil {
			e.numbers = make(map[string]struct{})
		}
		e.numbers[strings.Clone(number)] = struct{}{}
	}
}
