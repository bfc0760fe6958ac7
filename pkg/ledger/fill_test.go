package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// newLimits count what a story can do, by several measures and scopes.
func newLimits() []toll.Limit {
	meters := []toll.Meter{
		{Measure: toll.Attempts, Scope: toll.PerCaller, Window: time.Hour},
		{Measure: toll.RefusedAttempts, Scope: toll.PerCaller, Window: 2 * time.Hour},
		{Measure: toll.Calls, Scope: toll.PerTrunk, Window: time.Hour},
		{Measure: toll.Cost, Scope: toll.PerSite, Window: 24 * time.Hour},
		{Measure: toll.Seconds, Scope: toll.PerNumber, Window: 90 * time.Minute},
		{Measure: toll.ConnectsUnder + "30s", Scope: toll.PerCaller, Window: time.Hour},
		{Measure: toll.Countries, Scope: toll.PerCaller, Window: time.Hour},
		{Measure: toll.NewCountries, Scope: toll.PerSite, Window: 3 * time.Hour},
		{Measure: toll.Concurrent, Scope: toll.PerSite},
	}
	var limits []toll.Limit
	for n, m := range meters {
		limits = append(limits, toll.Limit{ID: fmt.Sprint("new-", n), Meter: m, Act: 1 << 40, Do: []toll.Action{toll.Alert}})
	}
	return limits
}

// differsFromARestart compares every figure of a ledger that has ended with those
// of a book that is made of the store, and says what differs.
func differsFromARestart(t *testing.T, l *Ledger, s *shelf, limits []toll.Limit, asked []toll.Question) string {
	t.Helper()
	now := l.decider.book.now
	again := NewBook(newJudge(t), Options{})
	for _, settings := range []bool{true, false} { // a store gives the settings first
		for _, e := range s.entries {
			if (e.Kind == toll.EntrySetting) != settings {
				continue
			}
			if err := again.Apply(e); err != nil {
				return fmt.Sprintf("entry %d: %v", e.Seq, err)
			}
		}
	}
	for _, limit := range limits {
		for _, q := range asked {
			got, want := l.decider.book.meters.Usage(now, limit.Meter, q), again.meters.Usage(now, limit.Meter, q)
			if got != want {
				return fmt.Sprintf("%s of %s: %+v, and %+v after a restart", limit.Meter, q.Key.Uniqueid, got, want)
			}
		}
	}
	return ""
}

// deed is one thing that happens in a story.
type deed struct {
	Kind      int // 0 to 3: a question, 4 to 6: an event, from 7: time goes by
	Caller    int
	Elsewhere bool // to another country, by another trunk
	Refused   bool
	Lease     int // whose event
	Event     toll.EventKind
	Time      time.Duration
}

// deeds are drawn before a story is played: a bubble cannot draw.
func deeds(r *rapid.T) []deed {
	return rapid.SliceOfN(rapid.Custom(func(r *rapid.T) deed {
		return deed{
			Kind: rapid.IntRange(0, 9).Draw(r, "kind"), Caller: rapid.IntRange(1001, 1003).Draw(r, "caller"),
			Elsewhere: rapid.Bool().Draw(r, "elsewhere"), Refused: rapid.IntRange(0, 2).Draw(r, "refused") == 0,
			Lease: rapid.IntRange(0, 100).Draw(r, "lease"),
			Event: rapid.SampledFrom([]toll.EventKind{toll.LegDialled, toll.LegAnswered, toll.ChannelGone}).Draw(r, "event"),
			Time:  rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 20 * time.Second, 10 * time.Minute}).Draw(r, "time"),
		}
	}), 0, 25).Draw(r, "deeds")
}

// story is a ledger with callers who do all that they can.
type story struct {
	l      *Ledger
	failed error
	asked  []toll.Question
	leases []toll.Lease
}

func (s *story) play(ctx context.Context, all []deed) {
	for _, d := range all {
		switch {
		case d.Kind <= 3:
			s.ask(ctx, d)
		case d.Kind > 6:
			passes(d.Time)
		case len(s.leases) > 0:
			lease := s.leases[d.Lease%len(s.leases)]
			err := s.l.Record(ctx, toll.Event{Kind: d.Event, PBX: "pbx1", Lease: lease.ID, Channel: "leg-" + lease.ID, Trunk: "carrier3"})
			s.failed = errors.Join(s.failed, err)
		}
	}
}

func (s *story) ask(ctx context.Context, d deed) {
	q := abroad(id(len(s.asked)), fmt.Sprint(d.Caller))
	if d.Elsewhere {
		q.To.Country, q.To.E164, q.Trunk = "FR", "+33140000000", "carrier2"
	}
	if d.Refused {
		q.To.Class = toll.IntlPremium
	}
	q.Key.Number = q.To.Number()
	s.asked = append(s.asked, q)
	v, err := s.l.Decide(ctx, q)
	s.failed = errors.Join(s.failed, err)
	if v.Allow {
		s.leases = append(s.leases, v.Lease)
	}
}

// Limits that are added while the ledger runs come to the figures that a restart
// would give them, whenever they were added and whatever goes on meanwhile, also
// when the store cannot be read at first.
func TestALimitIsFilledWithThePast(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		unreadable, limits := rapid.Bool().Draw(r, "unreadable"), newLimits()
		type act struct {
			before []deed
			limits []toll.Limit
		}
		var acts []act
		for len(limits) > 0 {
			n := rapid.IntRange(1, len(limits)).Draw(r, "limits")
			acts = append(acts, act{deeds(r), limits[:n]})
			limits = limits[n:]
		}
		last := deeds(r)
		differs, failed := "", error(nil) // a bubble cannot end a check
		synctest.Test(t, func(t *testing.T) {
			shelf := &shelf{}
			if unreadable {
				shelf.unread = errors.New("disk error")
			}
			l, stop := open(t, shelf)
			s := &story{l: l}
			_ = l.Record(t.Context(), toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
			for _, a := range acts {
				s.play(t.Context(), a.before)
				var settings []toll.Setting
				for i := range a.limits {
					settings = append(settings, toll.Setting{Limit: &a.limits[i]})
				}
				synctest.Wait()
				s.failed = errors.Join(s.failed, l.ChangeAll(t.Context(), l.decider.book.Revision(), settings))
			}
			s.play(t.Context(), last)
			shelf.setUnread(nil)
			passes(2 * retryFill)
			stop()
			differs, failed = differsFromARestart(t, l, shelf, newLimits(), s.asked), s.failed
		})
		if differs != "" || failed != nil {
			r.Fatalf("%s %v", differs, failed)
		}
	})
}

func (s *shelf) setUnread(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread = err
}

// Until the past is known a limit judges by what it has, and says so.
func TestALimitWithoutItsPastSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{unread: errors.New("disk error")}
		l, stop := open(t, s)
		defer stop()
		for n := range 3 {
			if v, err := decide(t, l, abroad(id(n), "1001")); err != nil || !v.Allow {
				t.Fatalf("%+v %v", v, err)
			}
			_ = l.Record(t.Context(), toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: id(n)})
		}
		limit := toll.Limit{ID: "calls", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerCaller, Window: time.Hour}, Act: 3}
		if err := l.Change(t.Context(), toll.Setting{Limit: &limit}); err != nil {
			t.Fatal(err)
		}
		if v, err := decide(t, l, abroad(id(4), "1001")); err != nil || !v.Allow {
			t.Fatalf("before its past is known: %+v %v", v, err)
		}
		q := abroad(id(5), "1001")
		q.Purpose = toll.Explain
		if v, err := decide(t, l, q); err != nil || v.Figures[len(v.Figures)-1].Usage != (toll.Usage{Value: 1}) {
			t.Errorf("explained: %+v %v", v, err)
		}
		s.setUnread(nil)
		passes(2 * retryFill)
		if v, err := decide(t, l, abroad(id(6), "1001")); err != nil || v.Allow || v.By != "calls" {
			t.Errorf("when it is known: %+v %v", v, err)
		}
	})
}

// A ledger that ends while the past is read waits for the reader, and one that
// stands still reads none.
func TestFillingEndsWithTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowShelf{begun: make(chan struct{})}
		l, err := Open(t.Context(), s, newJudge(t), Config{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		limit := newLimits()[0]
		if err := l.Change(t.Context(), toll.Setting{Limit: &limit}); err != nil {
			t.Fatal(err)
		}
		<-s.begun
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// slowShelf reads its past until nobody waits for it.
type slowShelf struct {
	shelf
	begun chan struct{}
}

func (s *slowShelf) Settled(ctx context.Context, _ time.Time, _ int64, _ func(toll.Entry) error) error {
	close(s.begun)
	<-ctx.Done()
	return ctx.Err()
}

// A meter that is lost and made again while its past still waits to be read gets the
// whole of it, up to where it began anew.
func TestAMeterThatIsMadeAgainIsFilledOnce(t *testing.T) {
	limits := newLimits()
	kept, again := limits[0].Meter, limits[1].Meter
	d := decider{ledger: &Ledger{}}
	d.wantFill(&Changed{fresh: []toll.Meter{kept, again}, before: 1})
	d.wantFill(&Changed{fresh: []toll.Meter{again}, before: 7})
	for n, want := range []toll.Meter{kept, again} {
		if f := d.fills[n]; len(f.meters) != 1 || f.meters[0] != want {
			t.Errorf("fill %d of %v, want %v", n, f.meters, want)
		}
	}
}

// So many limits are removed at a time that not all of their meters are kept. Given
// back, since the removal cannot be written, each of them knows its past again.
func TestLimitsThatAreGivenBackAreFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &once{shelf: &shelf{}}
		l, stop := openOnce(t, o)
		defer stop()
		var set, removed []toll.Setting
		for n := range 40 {
			limit := toll.Limit{
				ID: fmt.Sprint("calls-", n), Act: 100,
				Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerCaller, Window: time.Hour + time.Duration(n)*time.Minute},
			}
			set, removed = append(set, toll.Setting{Limit: &limit}), append(removed, toll.Setting{Limit: &limit, Removed: true})
		}
		if err := l.ChangeAll(t.Context(), 0, set); err != nil {
			t.Fatal(err)
		}
		if v, err := decide(t, l, abroad(id(1), "1001")); err != nil || !v.Allow {
			t.Fatalf("%+v %v", v, err)
		}
		_ = l.Record(t.Context(), toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: id(1)})
		passes(time.Second)
		gate := make(chan struct{})
		close(gate)
		o.arm(gate)
		if err := l.ChangeAll(t.Context(), 40, removed); err == nil {
			t.Fatal("the removal should fail")
		}
		if v, err := decide(t, l, abroad(id(2), "1001")); err != nil || !v.Allow {
			t.Fatalf("%+v %v", v, err)
		}
		passes(2 * retryFill)
		q := abroad(id(3), "1001")
		q.Purpose = toll.Explain
		v, err := decide(t, l, q)
		for _, f := range v.Figures {
			if f.Limit != nil && (!f.Usage.Ready || f.Usage.Value != 2) {
				t.Errorf("%s: %+v", f.By, f.Usage)
			}
		}
		if err != nil || len(v.Figures) < 40 {
			t.Errorf("%d figures, %v", len(v.Figures), err)
		}
	})
}

// The past is not read before the store has all of it, up to the change itself.
func TestThePastIsReadOnceItIsWritten(t *testing.T) {
	desk, limit := newDesk(t), newLimits()[0]
	changed, err := desk.book.Change(desk.now, toll.Setting{Limit: &limit})
	if err != nil {
		t.Fatal(err)
	}
	filler := make(chan *fill, 1)
	d := decider{ledger: &Ledger{}, book: desk.book, filler: filler}
	d.wantFill(&changed)
	if d.written = changed.before; len(d.fills) == 1 {
		d.nextFill(desk.now)
	}
	if len(filler) != 0 {
		t.Error("the past is read before the change is written")
	}
	d.written = changed.Entries[0].Seq
	if d.nextFill(desk.now); len(filler) != 1 {
		t.Error("the past is not read")
	}
}
