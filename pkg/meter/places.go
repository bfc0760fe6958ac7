package meter

import (
	"cmp"
	"slices"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Of some hundred meters a call weighs in a few. They are found by the class of its
// destination, and what they ask of it is worked out once for all that ask the same.

// each does something about every meter in which the question weighs.
func (s *Set) each(q *toll.Question, weigh func(toll.Weigher) int64, do func(g *gauge, subject, thing string, v int64)) {
	var (
		measure toll.Measure // that v is about
		v       int64
		scope   toll.Scope // that subject and counts are about
		subject string
		counts  bool
	)
	for _, i := range s.touched(q.To.Class) {
		g := &s.all[i]
		if g.meter.Measure != measure {
			measure, v = g.meter.Measure, weigh(g.weigher)
		}
		if v == 0 || !g.counts(q) {
			continue
		}
		if g.meter.Scope != scope {
			scope = g.meter.Scope
			subject, counts = scope.Subject(*q)
		}
		if !counts {
			continue
		}
		if thing, counts := g.thing(q); counts {
			do(g, subject, thing, v)
		}
	}
}

// counts tells whether a question of a class that the meter touches counts in it.
func (g *gauge) counts(q *toll.Question) bool {
	return g.meter.Where.Includes(&q.To) && q.Within(g.meter.When)
}

// touched is the places of the meters that calls of that class may weigh in, those of
// one measure side by side, and of those the ones of one scope.
func (s *Set) touched(c toll.Class) []int {
	places, known := s.where[c]
	if known {
		return places
	}
	for i := range s.all {
		if s.all[i].meter.Where.Touches(c) {
			places = append(places, i)
		}
	}
	slices.SortStableFunc(places, func(i, j int) int {
		a, b := &s.all[i].meter, &s.all[j].meter
		return cmp.Or(cmp.Compare(a.Measure, b.Measure), cmp.Compare(a.Scope, b.Scope))
	})
	if s.where == nil {
		s.where = make(map[toll.Class][]int)
	}
	s.where[c] = places
	return places
}

// find is the meter at work; nil if the set does not hold it.
func (s *Set) find(m toll.Meter) *gauge {
	if i, known := s.places()[m]; known {
		return &s.all[i]
	}
	return nil
}

// places is where each meter stands in all.
func (s *Set) places() map[toll.Meter]int {
	if s.index == nil {
		s.index = make(map[toll.Meter]int, len(s.all))
		for i := range s.all {
			s.index[s.all[i].meter] = i
		}
	}
	return s.index
}

// replace lets the set hold these instead of what it has.
func (s *Set) replace(all []gauge) { s.all, s.index, s.where = all, nil, nil }

// add lets the set hold one more.
func (s *Set) add(g gauge) {
	s.places()[g.meter] = len(s.all)
	s.all = append(s.all, g)
	s.where = nil
}
