package meter

import (
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func perCaller(m toll.Measure, window time.Duration) toll.Meter {
	return toll.Meter{Measure: m, Scope: toll.PerCaller, Window: window}
}

// from is a question that a caller asks about an ordinary number, at 0.60 a
// minute, with a minute covered.
func from(caller string) toll.Question {
	return toll.Question{
		Caller: toll.Caller{Kind: toll.Extension, ID: caller}, Covered: time.Minute,
		To: toll.Destination{Dialled: "1", Class: toll.HomeFixed}, Price: toll.Price{PerMinute: 600_000},
	}
}

func knowsAll(toll.Meter, *Set) bool  { return true }
func missedAll(toll.Meter, *Set) bool { return false }

// noneFresh fails the test when a meter is taken for a new one.
func noneFresh(t *testing.T) func(toll.Meter, *Set) bool {
	return func(m toll.Meter, _ *Set) bool {
		t.Errorf("%s is taken for a new meter", m)
		return true
	}
}

func wantUsage(t *testing.T, s *Set, at time.Time, m toll.Meter, q toll.Question, want toll.Usage) {
	t.Helper()
	if got := s.Usage(at, m, q); got != want {
		t.Errorf("%s of %s: got %+v, want %+v", m, q.Caller.ID, got, want)
	}
}

// Whoever takes a limit away and gives it back must not find its budget full
// again: what was spent before counts, what is spent meanwhile, and what is held.
func TestRetiredMeterKeepsItsPast(t *testing.T) {
	calls, cost := perCaller(toll.Calls, time.Hour), perCaller(toll.Cost, time.Hour)
	s := NewSet(100)
	s.Require([]toll.Meter{calls, cost}, knowsAll)
	s.Granted(begin, from("1001"), 1)
	s.Hold(from("1001"), 1)
	s.Spent(begin, from("1001"), time.Minute, 600_000)

	s.Require([]toll.Meter{calls}, noneFresh(t)) // the budget is taken away
	s.Spent(begin.Add(time.Minute), from("1001"), time.Minute, 50_000)
	s.Hold(from("1001"), 1)
	s.Require([]toll.Meter{cost, calls}, noneFresh(t)) // and given back

	at := begin.Add(2 * time.Minute)
	reserve := int64(from("1001").Price.Reserve(time.Minute))
	wantUsage(t, s, at, cost, from("1001"), toll.Usage{Value: 650_000, Held: 2 * reserve, Ready: true})
	wantUsage(t, s, at, calls, from("1001"), toll.Usage{Value: 1, Ready: true})
	wantUsage(t, s, at, cost, from("1002"), toll.Usage{Ready: true})
}

// A meter that was not ready is not made so by being retired.
func TestRetiredMeterIsNoReadierThanItWas(t *testing.T) {
	m := perCaller(toll.Calls, time.Hour)
	s := NewSet(100)
	s.Require([]toll.Meter{m}, missedAll)
	s.Require(nil, noneFresh(t))
	s.Require([]toll.Meter{m}, noneFresh(t))
	wantUsage(t, s, begin, m, from("1001"), toll.Usage{Ready: false})
}

// Only the newest that were retired go on counting, or changing limits again
// and again would cost memory without end.
func TestOldestRetiredMetersAreForgotten(t *testing.T) {
	window := func(n int) toll.Meter { return perCaller(toll.Calls, time.Duration(n+1)*time.Hour) }
	s := NewSet(100)
	for n := range retire + 2 {
		s.Require([]toll.Meter{window(n)}, knowsAll)
		s.Granted(begin, from("1001"), 1)
	}
	if want := retire + 1; len(s.all) != want {
		t.Fatalf("%d meters count, want the one that is needed and %d retired", len(s.all), retire)
	}
	wantUsage(t, s, begin, window(0), from("1001"), toll.Usage{})
	wantUsage(t, s, begin, window(1), from("1001"), toll.Usage{Value: retire + 1, Ready: true})
	var asked []toll.Meter
	s.Require([]toll.Meter{window(0), window(1), window(retire)}, func(m toll.Meter, _ *Set) bool {
		asked = append(asked, m)
		return false
	})
	if len(asked) != 1 || asked[0] != window(0) {
		t.Errorf("taken for new: %v, want the oldest alone", asked)
	}
}

// What begin counts goes into the new meter and into no other: those that
// stay hold what the live leases hold already.
func TestFreshMeterHoldsWhatLiveLeasesHold(t *testing.T) {
	old, fresh, other := perCaller(toll.Concurrent, 0), perCaller(toll.Seconds, time.Hour), toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite}
	s := NewSet(100)
	s.Require([]toll.Meter{old}, knowsAll)
	live := []toll.Question{from("1001"), from("1001"), from("1002")}
	for _, q := range live {
		s.Hold(q, 1)
	}
	s.Require([]toll.Meter{fresh, old, other}, func(m toll.Meter, only *Set) bool {
		for _, q := range live {
			only.Hold(q, 1)
		}
		return m == other
	})
	weigher, _ := fresh.Measure.Weigher()
	held := weigher.Held(live[0].Price, time.Minute)
	wantUsage(t, s, begin, old, from("1001"), toll.Usage{Held: 2, Ready: true})
	wantUsage(t, s, begin, other, from("1001"), toll.Usage{Held: 3, Ready: true})
	wantUsage(t, s, begin, fresh, from("1001"), toll.Usage{Held: 2 * held})
	wantUsage(t, s, begin, fresh, from("1002"), toll.Usage{Held: held})
	for _, q := range live {
		s.Hold(q, -1) // they end
	}
	for _, m := range []toll.Meter{old, fresh, other} {
		if u := s.Usage(begin, m, from("1001")); u.Held != 0 {
			t.Errorf("%s still holds %d when no call is left", m, u.Held)
		}
	}
}

// Two limits with one meter share it, and what cannot be metered is left out.
func TestRequireTakesEachMeterOnce(t *testing.T) {
	m := perCaller(toll.Calls, time.Hour)
	s := NewSet(100)
	s.Require([]toll.Meter{m, m, {Measure: "nonsense"}, {Measure: toll.Seconds, Scope: toll.PerCall}}, knowsAll)
	s.Granted(begin, from("1001"), 1)
	wantUsage(t, s, begin, m, from("1001"), toll.Usage{Value: 1, Ready: true})
	if len(s.all) != 1 {
		t.Errorf("%d meters count, want one", len(s.all))
	}
}

// A caller who comes from ever new numbers reaches the bound. From then on he
// reads what all of them share, never less than he has used.
func TestSetMergesUpwardAndNeverForgets(t *testing.T) {
	const bound, callers = 20, 500
	m := perCaller(toll.Cost, time.Hour)
	s := NewSet(bound)
	s.Require([]toll.Meter{m}, knowsAll)
	caller := func(n int) toll.Question { return from(strconv.Itoa(n)) }
	reserve := int64(caller(0).Price.Reserve(time.Minute))
	for n := range callers {
		s.Hold(caller(n), 1)
		s.Spent(begin, caller(n), time.Minute, 600_000)
	}
	if kept := s.all[0].counter.Len(); kept >= bound {
		t.Fatalf("%d subjects are kept apart, want fewer than %d", kept, bound)
	}
	for n := range callers {
		if u := s.Usage(begin, m, caller(n)); u.Value < 600_000 || u.Held < reserve {
			t.Fatalf("caller %d is forgotten: %+v", n, u)
		}
	}
	const merged = callers - bound + 1
	wantUsage(t, s, begin, m, from("never seen"), toll.Usage{Value: merged * 600_000, Held: merged * reserve, Ready: true})
	// Callers with figures of their own let go first, and make room. Whoever
	// shares lets go of what he shares all the same.
	late := begin.Add(2 * time.Hour)
	s.Usage(late, m, caller(0))
	for n := range callers {
		s.Hold(caller(n), -1)
	}
	for n := range callers {
		if u := s.Usage(late, m, caller(n)); u.Value != 0 || u.Held != 0 {
			t.Fatalf("caller %d is left with %+v when all has ended", n, u)
		}
	}
}

// Countries count once each, new ones only where they are new to the subject, and
// neither a refusal nor the end of a call adds any.
func TestSetCountsCountries(t *testing.T) {
	all, fresh := perCaller(toll.Countries, time.Hour), perCaller(toll.NewCountries, time.Hour)
	site := toll.Meter{Measure: toll.NewCountries, Scope: toll.PerSite, Window: time.Hour}
	s := NewSet(100)
	s.Require([]toll.Meter{all, fresh, site}, knowsAll)
	call := func(caller, country, news string) toll.Question {
		q := from(caller)
		q.To.Country, q.New = country, news
		return q
	}
	s.Granted(begin, call("1001", "GB", "site,caller"), 1)
	s.Granted(begin, call("1001", "GB", ""), 1)
	s.Granted(begin, call("1001", "FR", "caller"), 1)
	s.Granted(begin, call("1001", "DE", ""), 1)
	s.Refused(begin, call("1001", "IT", "site,caller"), toll.ReasonLimit, 3)
	s.Hold(call("1001", "IT", "site,caller"), 1)
	s.Spent(begin, call("1001", "GB", "site,caller"), time.Minute, 600_000)
	for _, tc := range []struct {
		m    toll.Meter
		q    toll.Question
		want toll.Usage
	}{
		{all, call("1001", "IT", "site,caller"), toll.Usage{Value: 3, Ready: true}},
		{all, call("1001", "DE", ""), toll.Usage{Value: 3, Ready: true, Again: true}},
		{all, call("1002", "DE", ""), toll.Usage{Ready: true}},
		{fresh, call("1001", "IT", "site,caller"), toll.Usage{Value: 2, Ready: true}},
		{fresh, call("1001", "FR", "caller"), toll.Usage{Value: 2, Ready: true, Again: true}},
		{fresh, call("1001", "DE", ""), toll.Usage{Value: 2, Ready: true, Again: true}}, // it is none
		{site, call("1002", "IT", "site"), toll.Usage{Value: 1, Ready: true}},
	} {
		wantUsage(t, s, begin, tc.m, tc.q, tc.want)
	}
	s.Granted(begin, call("1001", "FR", "caller"), -1) // it changes
	wantUsage(t, s, begin, all, call("1001", "FR", "caller"), toll.Usage{Value: 2, Ready: true})
	s.Granted(begin, call("1001", "FR", "caller"), 1)
	wantUsage(t, s, begin, fresh, call("1001", "FR", "caller"), toll.Usage{Value: 2, Ready: true, Again: true})
	wantUsage(t, s, begin.Add(2*time.Hour), all, call("1001", "GB", ""), toll.Usage{Ready: true})
}

// What a lock refuses is a refusal of its caller, and of nobody else.
func TestSetCountsWhatALockRefusesForItsCallerOnly(t *testing.T) {
	refused := perCaller(toll.RefusedAttempts, time.Hour)
	site := toll.Meter{Measure: toll.RefusedAttempts, Scope: toll.PerSite, Window: time.Hour}
	asked := toll.Meter{Measure: toll.Attempts, Scope: toll.PerSite, Window: time.Hour}
	s := NewSet(100)
	s.Require([]toll.Meter{refused, site, asked}, knowsAll)
	s.Refused(begin, from("1001"), toll.ReasonLimit, 2)
	s.Refused(begin, from("1001"), toll.ReasonLocked, 40)
	wantUsage(t, s, begin, refused, from("1001"), toll.Usage{Value: 42, Ready: true})
	wantUsage(t, s, begin, site, from("1002"), toll.Usage{Value: 2, Ready: true})
	wantUsage(t, s, begin, asked, from("1002"), toll.Usage{Value: 42, Ready: true})
}
