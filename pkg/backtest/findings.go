package backtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The bounds of what is told one by one.
const (
	mostGroups  = 10_000 // further ones are counted together
	mostStopped = 1_000
	mostDays    = 4_000
)

// others is the group of what there is no more room for.
const others = "others"

// findings gather what becomes of the calls.
type findings struct {
	result                      *Result
	zone                        *time.Location
	reasons, callers, countries groups
	dates                       groups
	hours                       [24]Group
	made                        *peaks // of calls that nothing stopped, or a limit did
	through                     *peaks // of those that nothing stopped
	places                      map[string]*place
}

func newFindings(policy []toll.Setting, zone *time.Location) *findings {
	f := &findings{
		result: &Result{Zone: zone.String()}, zone: zone,
		reasons: make(groups), callers: make(groups), countries: make(groups), dates: make(groups),
		made: newPeaks(policy, every), through: newPeaks(policy, lowerable), places: make(map[string]*place),
	}
	for hour := range f.hours {
		f.hours[hour].Name = fmt.Sprintf("%02d", hour)
	}
	return f
}

// began notes a call that has begun.
func (f *findings) began(h *happening) {
	r, t := f.result, h.talk
	if r.First.IsZero() {
		r.First = t.call.Start
	}
	r.Last = t.call.Start
	if !h.barred {
		f.made.began(t)
	}
	if !h.refused {
		f.through.began(t)
	}
}

// ended notes what has become of a call, at the end that it had in truth.
func (f *findings) ended(h *happening) {
	t := h.talk
	if !t.barred() {
		f.made.ended(t, h.at, true)
	}
	if t.outcome != OutcomeRefused {
		f.through.ended(t, h.at, t.outcome != OutcomeCut)
	}
	f.result.Total.add(t)
	if t.question.Price.Assumed {
		f.result.Assumed += t.cost()
	}
	f.callers.of(t.question.Caller.String(), mostGroups).add(t)
	f.countries.of(cmp.Or(t.question.To.Country, "-"), mostGroups).add(t)
	local := t.call.Start.In(f.zone)
	f.hours[local.Hour()].add(t)
	f.dates.of(local.Format(time.DateOnly), mostDays).add(t)
	f.travel(t, local)
	if t.outcome != "" {
		f.reasons.of(t.why(), mostGroups).add(t)
		f.stopped(t)
	}
}

// why names what stood against a call: "limit abroad-site-day".
func (t *talk) why() string {
	switch {
	case t.by == "":
		return string(t.reason)
	case t.reason == toll.ReasonSpent: // a budget was used up while they talked
		return string(toll.ReasonLimit) + " " + t.by
	}
	return string(t.reason) + " " + t.by
}

// stopped tells of one call.
func (f *findings) stopped(t *talk) {
	r := f.result
	if len(r.Stopped) >= mostStopped {
		r.StoppedMore++
		return
	}
	r.Stopped = append(r.Stopped, Stopped{
		Line: t.call.Line, At: t.call.Start, Caller: t.question.Caller.String(), Number: t.question.To.Number(), Country: t.question.To.Country,
		Outcome: t.outcome, Reason: t.reason, By: t.by,
		Seconds: int64(t.call.Billed / time.Second), After: int64(t.after / time.Second), Cost: t.cost(),
	})
}

// add counts a call.
func (g *Group) add(t *talk) {
	g.Calls++
	if !t.answered.IsZero() {
		g.Answered++
	}
	g.Seconds += int64(t.call.Billed / time.Second)
	g.Cost += t.cost()
	g.Stopped += t.stopped()
	if t.pin {
		g.PIN++
	}
	switch t.outcome {
	case OutcomeRefused:
		g.Refused++
	case OutcomeCut:
		g.Cut++
	}
}

// groups are calls by what they have in common.
type groups map[string]*Group

// of is the group of that name, or the one of all others when there are so many.
func (g groups) of(name string, most int) *Group {
	one := g[name]
	if one != nil {
		return one
	}
	if len(g) >= most {
		name = others
		if one = g[name]; one != nil {
			return one
		}
	}
	one = &Group{Name: name}
	g[name] = one
	return one
}

// sorted are the groups, those first of which most was stopped, then the dearest.
func (g groups) sorted() []Group {
	return g.by(func(a, b *Group) int {
		return cmp.Or(
			cmp.Compare(b.Stopped, a.Stopped), cmp.Compare(b.Refused+b.Cut+b.PIN, a.Refused+a.Cut+a.PIN),
			cmp.Compare(b.Cost, a.Cost), cmp.Compare(b.Calls, a.Calls), cmp.Compare(a.Name, b.Name))
	})
}

func (g groups) by(compare func(a, b *Group) int) []Group {
	all := make([]Group, 0, len(g))
	for _, one := range slices.SortedFunc(maps.Values(g), compare) {
		all = append(all, *one)
	}
	return all
}

// done is the result, but for what the reader knows.
func (f *findings) done(policy []toll.Setting, listed []string) *Result {
	r := f.result
	r.Reasons, r.Callers, r.Countries = f.reasons.sorted(), f.callers.sorted(), f.countries.sorted()
	r.Days = f.dates.by(func(a, b *Group) int { return cmp.Compare(a.Name, b.Name) })
	r.Hours = f.hours[:]
	if r.Stopped == nil {
		r.Stopped = []Stopped{}
	}
	slices.SortStableFunc(r.Stopped, func(a, b Stopped) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Line, b.Line))
	})
	r.Proposals = f.propose(policy, listed)
	return r
}
