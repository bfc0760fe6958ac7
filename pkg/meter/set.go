package meter

import (
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// DefaultBound is how many subjects a meter counts apart.
const DefaultBound = 200_000

// retire is how many meters that no limit needs any more go on counting. A
// limit that is taken away and given back must not find its budget full again.
const retire = 32

// Set is every meter that the limits of a policy need. It is not safe for
// concurrent use.
type Set struct {
	bound  int
	needed int
	all    []gauge // the needed ones first, then those that were, the newest last

	// Both are worked out when they are first asked for, and anew after a change of all.
	index map[toll.Meter]int   // place in all
	where map[toll.Class][]int // places of those in which a call of the class may weigh, by measure and scope
}

// gauge is one meter at work.
type gauge struct {
	meter   toll.Meter
	weigher toll.Weigher
	things  toll.Distinct // the weigher, where it counts different things; else nil
	counter tally
	ready   bool
}

// newGauge is a meter that has counted nothing yet.
func (s *Set) newGauge(m toll.Meter, w toll.Weigher) gauge {
	if things, distinct := w.(toll.Distinct); distinct {
		return gauge{meter: m, weigher: w, things: things, counter: NewDistinct(m.Window, s.bound)}
	}
	return gauge{meter: m, weigher: w, counter: NewCounter(m.Window, s.bound)}
}

// thing is what the question counts in the meter's figures, where that matters;
// false where it counts nothing.
func (g *gauge) thing(q *toll.Question) (string, bool) {
	if g.things == nil {
		return "", true
	}
	return g.things.Thing(g.meter.Scope, *q)
}

// NewSet makes an empty set whose meters count at most bound subjects apart.
func NewSet(bound int) *Set { return &Set{bound: bound} }

// Require makes the set hold these meters: what stays keeps its figures, what
// is no longer needed goes on counting for a while, and what is new begins
// empty. Each new one is handed to begin before it counts, and stays not ready
// unless begin says that it knows the whole past.
func (s *Set) Require(meters []toll.Meter, begin func(toll.Meter, *Set) (ready bool)) {
	old, places := s.all, s.places()
	s.replace(make([]gauge, 0, len(meters)))
	var fresh []int
	for _, m := range meters {
		w, known := m.Measure.Weigher()
		if !known || m.Scope == toll.PerCall || s.find(m) != nil {
			continue
		}
		if i, had := places[m]; had {
			s.add(old[i])
			continue
		}
		fresh = append(fresh, len(s.all))
		s.add(s.newGauge(m, w))
	}
	var retired []gauge
	for _, g := range slices.Concat(old[s.needed:], old[:s.needed]) {
		if s.find(g.meter) == nil {
			retired = append(retired, g)
		}
	}
	s.needed = len(s.all)
	for _, g := range retired[max(0, len(retired)-retire):] {
		s.add(g)
	}
	for _, i := range fresh {
		s.all[i].ready = begin(s.all[i].meter, &Set{bound: s.bound, all: s.all[i : i+1]})
	}
}

// Usage is where the meter stands for the question's own subject. A meter
// that the set does not hold is not ready.
func (s *Set) Usage(now time.Time, m toll.Meter, q toll.Question) toll.Usage {
	g := s.find(m)
	if g == nil {
		return toll.Usage{}
	}
	subject, counts := "", m.Where.Touches(q.To.Class) && g.counts(&q)
	if counts {
		subject, counts = m.Scope.Subject(q)
	}
	if !counts {
		return toll.Usage{Ready: g.ready}
	}
	thing, counts := g.thing(&q)
	u := g.counter.usage(subject, thing, now)
	u.Again, u.Ready = u.Again || !counts, g.ready
	return u
}

// Refused counts n refusals of the question. What a lock refuses adds to the
// refusals of its caller alone: one locked phone that redials must not bring a
// limit on many callers to its threshold, and so shut the door to the others.
func (s *Set) Refused(at time.Time, q toll.Question, why toll.Reason, n int64) {
	weigh := func(w toll.Weigher) int64 { return n * w.Refused() }
	s.each(&q, weigh, func(g *gauge, subject, thing string, v int64) {
		if why != toll.ReasonLocked || g.meter.Measure != toll.RefusedAttempts || g.meter.Scope == toll.PerCaller {
			g.counter.count(subject, thing, at, v)
		}
	})
}

// Granted counts a grant, or with sign -1 takes it back.
func (s *Set) Granted(at time.Time, q toll.Question, sign int64) {
	s.count(at, &q, func(w toll.Weigher) int64 { return sign * w.Granted() })
}

// Hold takes (or, with sign -1, lets go) what a live lease holds that covers
// q.Covered.
func (s *Set) Hold(q toll.Question, sign int64) {
	weigh := func(w toll.Weigher) int64 { return sign * w.Held(q.Price, q.Covered) }
	s.each(&q, weigh, func(g *gauge, subject, _ string, v int64) { g.counter.hold(subject, v) })
}

// Spent counts what an ended lease leaves behind.
func (s *Set) Spent(at time.Time, q toll.Question, talked time.Duration, cost toll.Money) {
	s.count(at, &q, func(w toll.Weigher) int64 { return w.Spent(talked, cost) })
}

func (s *Set) count(at time.Time, q *toll.Question, weigh func(toll.Weigher) int64) {
	s.each(q, weigh, func(g *gauge, subject, thing string, v int64) { g.counter.count(subject, thing, at, v) })
}
