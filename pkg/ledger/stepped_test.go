package ledger

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// turned is a timepiece that somebody turns.
type turned struct{ wall, moved time.Duration }

func (t *turned) Wall() time.Time        { return start.Add(t.wall) }
func (t *turned) Elapsed() time.Duration { return t.moved }
func (t *turned) turn(by time.Duration)  { t.wall += by; t.moved += by }

// steps is a ledger that is stepped through a story.
type steps struct {
	*Stepped
	t     *testing.T
	store *shelf
	clock *turned
}

func step(t *testing.T, store *shelf, limits ...toll.Limit) *steps {
	t.Helper()
	clock := &turned{}
	l, err := OpenStepped(t.Context(), store, newJudge(t, limits...), Config{Time: clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := &steps{l, t, store, clock}
	s.event(toll.Event{Kind: toll.LinkFound})
	return s
}

func (s *steps) event(e toll.Event) {
	s.t.Helper()
	e.PBX = "pbx1"
	if err := s.Record(s.t.Context(), e); err != nil {
		s.t.Fatal(err)
	}
}

// pass takes every step that becomes due within a time.
func (s *steps) pass(by time.Duration) (orders []toll.Order) {
	end := s.clock.moved + by
	for {
		next, any := s.Next()
		wait := next.Sub(s.Now())
		if !any || s.clock.moved+wait > end {
			break
		}
		s.clock.turn(wait)
		s.Step()
		orders = append(orders, s.TakeOrders()...)
	}
	s.clock.turn(end - s.clock.moved)
	return orders
}

func TestSteppedLedgerSpeaksOnlyOfWhatIsDurable(t *testing.T) {
	s := step(t, &shelf{}, concurrent(1, toll.PerSite))
	if v, err := decide(t, s.Ledger, abroad(id(1), "1001")); err != nil || !v.Allow {
		t.Fatalf("%+v, %v", v, err)
	}
	if s.store.count(toll.EntryGranted) != 1 {
		t.Error("what was allowed is not durable")
	}
	if v, err := decide(t, s.Ledger, abroad(id(2), "1001")); err != nil || v.Allow {
		t.Fatalf("%+v, %v", v, err)
	}
	if s.store.count(toll.EntryRefused) != 0 {
		t.Error("a refusal was written at once")
	}
	s.pass(s.flush)
	if s.store.count(toll.EntryRefused) != 1 {
		t.Error("a refusal was not written in time")
	}
	if v, _ := decide(t, s.Ledger, home(id(3), "1001")); v.Allow {
		t.Error("one too many is allowed")
	}
	s.Abandon()
	if s.store.count(toll.EntryRefused) != 1 {
		t.Error("what was not durable has outlived a kill")
	}
	again := step(t, s.store, concurrent(1, toll.PerSite))
	defer again.Close()
	if v, _ := decide(t, again.Ledger, abroad(id(4), "1001")); v.Allow {
		t.Error("a restart forgot what was allowed")
	}
}

func TestSteppedLedgerTakesBackWhatCannotBeWritten(t *testing.T) {
	s := step(t, &shelf{}, concurrent(1, toll.PerSite))
	defer s.Close()
	full := errors.New("no space left")
	s.store.set(full, nil)
	if _, err := decide(t, s.Ledger, abroad(id(1), "1001")); !errors.Is(err, ErrDown) || !errors.Is(err, full) {
		t.Fatalf("it says %v", err)
	}
	if !s.Failing() {
		t.Error("it does not say that it fails")
	}
	s.pass(time.Minute)
	s.store.set(nil, nil)
	s.pass(2 * retryStore)
	if s.Failing() {
		t.Error("it does not find out that it can write again")
	}
	if v, err := decide(t, s.Ledger, abroad(id(2), "1001")); err != nil || !v.Allow {
		t.Errorf("what could not be written holds a place: %+v, %v", v, err)
	}
}

func TestSteppedLedgerDoesWhatIsDue(t *testing.T) {
	s := step(t, &shelf{}, budget(2*toll.Unit, toll.PerCaller))
	defer s.Close()
	v, err := decide(t, s.Ledger, abroad(id(1), "1001"))
	if err != nil || !v.Allow {
		t.Fatalf("%+v, %v", v, err)
	}
	s.event(toll.Event{Kind: toll.LegDialled, Lease: v.Lease.ID, Channel: "leg"})
	s.event(toll.Event{Kind: toll.LegAnswered, Channel: "leg"})
	s.clock.wall += time.Hour // somebody sets the clock
	s.Step()
	timers, cut := 0, time.Duration(0)
	for _, o := range append(s.TakeOrders(), s.pass(10*time.Minute)...) {
		switch o.Kind {
		case toll.OrderTimer:
			timers++
		case toll.OrderCut:
			if cut == 0 {
				cut = o.Lease.Covered
			}
		}
	}
	// 2.00 pay for 200 seconds at 0.60 a minute, of which two are kept back.
	if timers < 2 || cut < 190*time.Second || cut > 198*time.Second {
		t.Errorf("%d timers were moved, and the call was cut after %v", timers, cut)
	}
	if s.store.count(toll.EntryRenewed) == 0 {
		t.Error("no renewal was written")
	}
}

func TestSteppedLedgerFillsANewLimit(t *testing.T) {
	s := step(t, &shelf{})
	defer s.Close()
	for n := range 3 {
		v, err := decide(t, s.Ledger, abroad(id(n), "1001"))
		if err != nil || !v.Allow {
			t.Fatalf("%+v, %v", v, err)
		}
		s.event(toll.Event{Kind: toll.LegDialled, Lease: v.Lease.ID, Channel: "leg" + id(n)})
		s.event(toll.Event{Kind: toll.ChannelGone, Channel: "leg" + id(n)})
		s.event(toll.Event{Kind: toll.ChannelGone, Channel: id(n)})
		s.pass(time.Minute)
	}
	three := toll.Limit{ID: "three", Meter: toll.Meter{Measure: toll.Attempts, Scope: toll.PerCaller, Window: time.Hour}, Act: 3}
	if err := s.Change(t.Context(), toll.Setting{Limit: &three, Revision: 1}); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Second)
	if v, _ := decide(t, s.Ledger, abroad(id(9), "1001")); v.Allow || v.By != "three" {
		t.Errorf("a new limit does not know its past: %+v", v)
	}
}
