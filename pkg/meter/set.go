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
}

// gauge is one meter at work.
type gauge struct {
	meter   toll.Meter
	weigher toll.Weigher
	counter *Counter
	ready   bool
}

// NewSet makes an empty set whose meters count at most bound subjects apart.
func NewSet(bound int) *Set { return &Set{bound: bound} }

// Require makes the set hold these meters: what stays keeps its figures, what
// is no longer needed goes on counting for a while, and what is new begins
// empty. Each new one is handed to begin before it counts, and stays not ready
// unless begin says that it knows the whole past.
func (s *Set) Require(meters []toll.Meter, begin func(toll.Meter, *Set) (ready bool)) {
	old := s.all
	s.all = make([]gauge, 0, len(meters))
	var fresh []int
	for _, m := range meters {
		w, known := m.Measure.Weigher()
		if !known || m.Scope == toll.PerCall || s.find(m) != nil {
			continue
		}
		if g := findIn(old, m); g != nil {
			s.all = append(s.all, *g)
			continue
		}
		fresh = append(fresh, len(s.all))
		s.all = append(s.all, gauge{meter: m, weigher: w, counter: NewCounter(m.Window, s.bound)})
	}
	var retired []gauge
	for _, g := range slices.Concat(old[s.needed:], old[:s.needed]) {
		if s.find(g.meter) == nil {
			retired = append(retired, g)
		}
	}
	s.needed = len(s.all)
	s.all = append(s.all, retired[max(0, len(retired)-retire):]...)
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
	subject, counts := m.Subject(q)
	if !counts {
		return toll.Usage{Ready: g.ready}
	}
	value, held := g.counter.Read(subject, now)
	return toll.Usage{Value: value, Held: held, Ready: g.ready}
}

// Refused counts n refusals of the question.
func (s *Set) Refused(at time.Time, q toll.Question, n int64) {
	s.each(q, func(g *gauge, subject string) { g.counter.Add(subject, at, n*g.weigher.Refused()) })
}

// Granted counts a grant, or with sign -1 takes it back.
func (s *Set) Granted(at time.Time, q toll.Question, sign int64) {
	s.each(q, func(g *gauge, subject string) { g.counter.Add(subject, at, sign*g.weigher.Granted()) })
}

// Hold takes (or, with sign -1, lets go) what a live lease holds that covers
// q.Covered.
func (s *Set) Hold(q toll.Question, sign int64) {
	s.each(q, func(g *gauge, subject string) {
		g.counter.Hold(subject, sign*g.weigher.Held(q.Price, q.Covered))
	})
}

// Spent counts what an ended lease leaves behind.
func (s *Set) Spent(at time.Time, q toll.Question, talked time.Duration, cost toll.Money) {
	s.each(q, func(g *gauge, subject string) {
		g.counter.Add(subject, at, g.weigher.Spent(talked, cost))
	})
}

func (s *Set) each(q toll.Question, do func(*gauge, string)) {
	for i := range s.all {
		if subject, counts := s.all[i].meter.Subject(q); counts {
			do(&s.all[i], subject)
		}
	}
}

func (s *Set) find(m toll.Meter) *gauge { return findIn(s.all, m) }

func findIn(all []gauge, m toll.Meter) *gauge {
	for i := range all {
		if all[i].meter == m {
			return &all[i]
		}
	}
	return nil
}
