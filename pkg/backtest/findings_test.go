package backtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// However many callers there are, so many are counted apart, and none is lost.
func TestGroupsAreBounded(t *testing.T) {
	g := make(groups)
	for i := range 100 {
		g.of(fmt.Sprintf("extension:%d", i), 10).add(&talk{})
	}
	all := g.sorted()
	sum := 0
	for _, one := range all {
		sum += one.Calls
	}
	if len(all) != 11 || sum != 100 || all[0].Name != others || all[0].Calls != 90 {
		t.Errorf("%d groups, %d calls, %+v", len(all), sum, all[0])
	}
}

type spelled struct {
	authorize.Numbering
	asked int
}

func (s *spelled) Resolve(dialled string) toll.Destination {
	s.asked++
	return toll.Destination{Dialled: dialled}
}

// A number is resolved once, and what is remembered is bounded.
func TestResolvedIsBounded(t *testing.T) {
	plan := &spelled{}
	r := newResolved(plan)
	for i := range mostResolved + 10 {
		number := fmt.Sprint(i)
		for range 2 {
			if to := r.Resolve(number); to.Dialled != number {
				t.Fatalf("%s became %s", number, to.Dialled)
			}
		}
	}
	if plan.asked != mostResolved+10 || len(r.known) > mostResolved {
		t.Errorf("asked %d times, %d remembered", plan.asked, len(r.known))
	}
}

// A figure comes as far as the calls of one window bring it, for whomever they count.
func TestPeaks(t *testing.T) {
	limit := func(m toll.Measure, window time.Duration) toll.Setting {
		return toll.Setting{Limit: &toll.Limit{ID: "l", Meter: toll.Meter{Measure: m, Scope: toll.PerCaller, Window: window, Where: toll.Abroad}}}
	}
	policy := []toll.Setting{limit(toll.Cost, time.Hour), limit(toll.Concurrent, 0), limit(toll.Calls, time.Hour), limit(toll.RefusedAttempts, time.Hour), limit(toll.Countries, time.Hour)}
	p := newPeaks(policy, every)
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	call := func(caller string, minute int, class toll.Class) *talk {
		start := begin.Add(time.Duration(minute) * time.Minute)
		return &talk{
			call:     cdr.Call{Record: cdr.Record{Start: start, Billed: 10 * time.Minute}},
			answered: start,
			question: toll.Question{Caller: toll.Caller{ID: caller}, To: toll.Destination{Class: class}, Price: toll.Price{PerMinute: toll.Unit}},
		}
	}
	for _, one := range []struct {
		t      *talk
		counts bool
	}{
		{call("1001", 0, toll.IntlFixed), true},
		{call("1001", 20, toll.IntlFixed), true},
		{call("1001", 21, toll.HomeFixed), true},
		{call("1002", 22, toll.IntlFixed), true},
		{call("1001", 300, toll.IntlFixed), false},
	} {
		p.began(one.t)
		p.ended(one.t, one.t.call.Start.Add(10*time.Minute), one.counts)
	}
	live := []*talk{call("1003", 400, toll.IntlMobile), call("1003", 401, toll.IntlMobile), call("1004", 402, toll.IntlMobile)}
	for _, one := range live {
		p.began(one)
	}
	for _, one := range live {
		p.ended(one, one.call.Start.Add(10*time.Minute), false)
	}
	for i, want := range []struct {
		most    int64
		subject string
	}{{20 * int64(toll.Unit), "1001"}, {2, "1003"}, {2, "1001"}} {
		if got := p.of(policy[i].Limit.Meter); got.most != want.most || got.subject != want.subject {
			t.Errorf("%s: %d for %s, want %d for %s", got.meter, got.most, got.subject, want.most, want.subject)
		}
	}
	if p.of(policy[3].Limit.Meter) != nil || p.of(policy[4].Limit.Meter) != nil {
		t.Error("what records do not tell is watched")
	}
}

func TestThresholdsAreRoundedUp(t *testing.T) {
	for _, c := range []struct {
		measure toll.Measure
		v, want int64
	}{
		{toll.Cost, 1, int64(toll.Unit)},
		{toll.Cost, int64(toll.Unit), int64(toll.Unit)},
		{toll.Seconds, 601, 1200},
		{toll.Calls, 7, 7},
	} {
		if got := round(c.measure, c.v); got != c.want {
			t.Errorf("%s %d: %d, want %d", c.measure, c.v, got, c.want)
		}
	}
}
