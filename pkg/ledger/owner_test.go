package ledger

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"context"

	"github.com/tollfuse/tollfuse/pkg/incident"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// openTelling runs a ledger whose owner wants to be told.
func openTelling(t *testing.T, s *shelf, o Options, limits ...toll.Limit) (*Ledger, func()) {
	t.Helper()
	o.Incidents = incident.Options{Gather: 5 * time.Second, Tell: true}
	l, err := Open(t.Context(), s, newJudge(t, limits...), Config{Book: o, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	return l, func() { cancel(); <-done }
}

// unsent are the notices that have not left, by ID.
func unsent(t *testing.T, l *Ledger) []string {
	t.Helper()
	all, err := l.Waiting(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, n := range all {
		ids = append(ids, n.ID)
	}
	slices.Sort(ids)
	return ids
}

func refuseMany(t *testing.T, l *Ledger, from, n int) {
	t.Helper()
	for i := range n {
		if v, err := decide(t, l, abroad(id(from+i), "1001")); err != nil || v.Allow {
			t.Fatalf("%+v, %v", v, err)
		}
	}
}

func TestANoticeWaitsUntilItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := openTelling(t, s, Options{}, concurrent(0, toll.PerSite))
		refuseMany(t, l, 0, 10)
		if ids := unsent(t, l); len(ids) != 0 {
			t.Fatalf("told at once: %v", ids)
		}
		<-l.Noticed()
		all, err := l.Waiting(t.Context())
		if err != nil || len(all) != 1 || all[0].Incident.Refused != 10 || all[0].Incident.Causes[0].Text == "" {
			t.Fatalf("%+v, %v", all, err)
		}
		n := all[0]
		if s.count(toll.EntryNotice) != 1 {
			t.Fatal("a notice was spoken of before it was durable")
		}
		n.Tries, n.Error, n.Next, n.Reached = 1, "no server", l.Now().Add(time.Minute), []string{"a@example.com"}
		if err := l.Tried(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		stop() // and killed: what follows knows only the store

		l, stop = openTelling(t, s, Options{}, concurrent(0, toll.PerSite))
		again, err := l.Waiting(t.Context())
		if err != nil || len(again) != 1 || again[0].ID != n.ID || again[0].Tries != 1 || len(again[0].Reached) != 1 || again[0].Incident.Refused != 10 {
			t.Fatalf("after a restart %+v, %v", again, err)
		}
		again[0].Sent = l.Now()
		if err := l.Tried(t.Context(), again[0]); err != nil {
			t.Fatal(err)
		}
		again[0].Sent = time.Time{}
		if err := l.Tried(t.Context(), again[0]); err != nil || len(unsent(t, l)) != 0 {
			t.Fatalf("a notice that was sent waits again: %v", err)
		}
		refuseMany(t, l, 100, 5) // the same attack goes on
		passes(time.Hour)
		stop()
		l, stop = openTelling(t, s, Options{}, concurrent(0, toll.PerSite))
		defer stop()
		all, err = l.Waiting(t.Context())
		if err != nil || len(all) != 1 || all[0].Kind != toll.NoticeClosed || all[0].Incident.Refused != 15 || all[0].Incident.ID != n.Incident.ID {
			t.Fatalf("at its end %+v, %v", all, err)
		}
	})
}

func TestTheOwnerIsToldWhileTheLedgerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := openTelling(t, s, Options{}, concurrent(0, toll.PerSite))
		defer stop()
		s.set(errors.New("disk full"), nil)
		if err := l.Record(t.Context(), toll.Event{Kind: toll.TroubleBegan, Trouble: toll.LedgerTrouble, Text: "disk full"}); err != nil {
			t.Fatal(err)
		}
		<-l.Noticed()
		all, err := l.Waiting(t.Context())
		if err != nil || len(all) != 1 || all[0].Incident.Kind != toll.LedgerTrouble {
			t.Fatalf("%+v, %v", all, err)
		}
		all[0].Sent = l.Now()
		if err := l.Tried(t.Context(), all[0]); !errors.Is(err, ErrDown) {
			t.Fatalf("error %v", err)
		}
		if ids := unsent(t, l); len(ids) != 0 {
			t.Fatalf("%v would be sent twice", ids)
		}
		refuseMany(t, l, 0, 10)
		passes(10 * time.Minute)
		s.set(nil, nil)
		passes(2 * time.Second)
		if n := s.count(toll.EntryNotice); n != 2 { // the newest state of each
			t.Fatalf("%d entries of notices were written", n)
		}
	})
}

func TestABacklogKeepsTheNewestOfAnIncidentOnly(t *testing.T) {
	i := func(seq int64, id string) toll.Entry {
		return toll.Entry{Seq: seq, Kind: toll.EntryIncident, Incident: &toll.Incident{ID: id}}
	}
	kept := newestOnly([]toll.Entry{i(1, "a"), {Seq: 2, Kind: toll.EntryCutting}, i(3, "b"), i(4, "a"), {Seq: 5, Kind: toll.EntryCutting}})
	var seqs []int64
	for _, e := range kept {
		seqs = append(seqs, e.Seq)
	}
	if !slices.Equal(seqs, []int64{2, 3, 4, 5}) {
		t.Fatalf("kept %v", seqs)
	}
}

// bypass is a call on a trunk that never asked.
func bypass(uniqueid, from string) toll.Event {
	q := abroad(uniqueid, from)
	return toll.Event{Kind: toll.LegFound, PBX: q.Key.PBX, Channel: "leg" + uniqueid, Found: &q, Why: toll.ReasonBypass, Cut: true}
}

func TestTheMainFuse(t *testing.T) {
	fuse := FuseOptions{Bypasses: 3, Cuts: 3, Within: 10 * time.Minute, Blind: 5 * time.Minute}
	for name, test := range map[string]struct {
		happens func(b *Book, at func(time.Duration) time.Time)
		blows   bool
	}{
		"three bypasses": {func(b *Book, at func(time.Duration) time.Time) {
			for n := range 3 {
				b.Record(at(time.Duration(n)*time.Minute), bypass(id(n), "1001"))
			}
		}, true},
		"two bypasses": {func(b *Book, at func(time.Duration) time.Time) {
			for n := range 2 {
				b.Record(at(0), bypass(id(n), "1001"))
			}
		}, false},
		"three in an hour": {func(b *Book, at func(time.Duration) time.Time) {
			for n := range 3 {
				b.Record(at(time.Duration(n)*20*time.Minute), bypass(id(n), "1001"))
			}
		}, false},
		"the owner cuts": {func(b *Book, at func(time.Duration) time.Time) {
			for n := range 5 {
				v, _ := b.Decide(at(0), abroad(id(n), "1001"))
				b.Cut(at(0), v.Lease.ID, toll.ReasonManual, "root")
			}
			if _, err := b.Change(at(0), toll.Setting{Lock: &toll.Lock{Scope: toll.PerSite}}); err != nil {
				t.Error(err)
			}
			b.Tick(at(time.Minute))
		}, false},
		"nobody sees a dear call": {func(b *Book, at func(time.Duration) time.Time) {
			b.Record(at(0), toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
			b.Decide(at(0), abroad(id(1), "1001"))
			b.Record(at(time.Second), toll.Event{Kind: toll.LinkLost, PBX: "pbx1"})
			b.Tick(at(5*time.Minute + time.Second))
		}, true},
		"nobody sees a home call": {func(b *Book, at func(time.Duration) time.Time) {
			b.Decide(at(0), home(id(1), "1001"))
			b.Record(at(time.Second), toll.Event{Kind: toll.LinkLost, PBX: "pbx1"})
			b.Tick(at(6 * time.Minute))
		}, false},
		"the link comes back": {func(b *Book, at func(time.Duration) time.Time) {
			b.Decide(at(0), abroad(id(1), "1001"))
			b.Record(at(time.Minute), toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
			b.Tick(at(6 * time.Minute))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewBook(newJudge(t), Options{Fuse: fuse, Incidents: incident.Options{Tell: true}, Ring: time.Hour})
			began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			b.Begin(began)
			at := began.Add
			test.happens(b, at)
			f, blown := b.Fuse()
			if blown != test.blows {
				t.Fatalf("blown: %t %+v", blown, f)
			}
			if !blown {
				return
			}
			if len(b.Incidents()) == 0 || f.Why == "" {
				t.Fatalf("%+v, incidents %+v", f, b.Incidents())
			}
			f.Ran = b.now
			if entries := b.FuseRan(b.now, f); len(entries) == 0 {
				t.Fatal("that its command has run is not recorded")
			}
			if _, err := b.Change(b.now, toll.Setting{Fuse: &f, Removed: true, Author: "root"}); err != nil {
				t.Fatal(err)
			}
			if _, blown := b.Fuse(); blown {
				t.Fatal("it cannot be reset")
			}
			if entries := b.FuseRan(b.now, f); len(entries) != 0 {
				t.Fatal("a late report blows it again")
			}
		})
	}
}

func TestABlownFuseSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		o := Options{Fuse: FuseOptions{Bypasses: 1, Within: time.Minute}}
		l, stop := openTelling(t, s, o)
		if err := l.Record(t.Context(), bypass(id(1), "1001")); err != nil {
			t.Fatal(err)
		}
		<-l.FuseChanged()
		f, blown, err := l.Fuse(t.Context())
		if err != nil || !blown || !f.Ran.IsZero() {
			t.Fatalf("%+v, %t, %v", f, blown, err)
		}
		stop()
		l, stop = openTelling(t, s, o)
		defer stop()
		again, blown, err := l.Fuse(t.Context())
		if err != nil || !blown || again != f {
			t.Fatalf("after a restart %+v, %t, %v", again, blown, err)
		}
		again.Ran, again.Error = l.Now(), "exit status 1"
		if err := l.FuseRan(t.Context(), again); err != nil {
			t.Fatal(err)
		}
		if f, _, _ := l.Fuse(t.Context()); f.Error == "" {
			t.Error("how its command failed is not known")
		}
	})
}

func TestCloseIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := openTelling(t, s, Options{}, concurrent(0, toll.PerSite))
		defer stop()
		refuseMany(t, l, 0, 5)
		v, err := l.View(t.Context())
		if err != nil || len(v.Incidents) != 1 {
			t.Fatalf("%+v, %v", v.Incidents, err)
		}
		closed, open, err := l.CloseIncident(t.Context(), v.Incidents[0].ID, "root")
		if err != nil || !open || closed.ClosedBy != "root" || closed.Open() {
			t.Fatalf("%+v, %t, %v", closed, open, err)
		}
		if _, open, err := l.CloseIncident(t.Context(), closed.ID, "root"); err != nil || open {
			t.Fatalf("twice: %t, %v", open, err)
		}
	})
}

func TestTheFuseOverResetsAndRestarts(t *testing.T) {
	o := Options{Fuse: FuseOptions{Bypasses: 3, Cuts: 3, Within: 10 * time.Minute}}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b := NewBook(newJudge(t), o)
	b.Begin(at)
	var log []toll.Entry
	one := func(n int) bool {
		_, entries := b.Record(at, bypass(id(n), "1001"))
		log = append(log, entries...)
		_, blown := b.Fuse()
		return blown
	}
	restart := func() {
		b = NewBook(newJudge(t), o)
		for _, e := range log {
			if err := b.Apply(e); err != nil {
				t.Fatal(err)
			}
		}
		b.Begin(at)
	}
	if one(1) || one(2) {
		t.Fatal("it blew too early")
	}
	restart()
	if n := len(b.fuse.bypasses); n != 2 {
		t.Fatalf("%d of two bypasses are recalled", n)
	}
	if !one(3) {
		t.Fatal("a restart forgot two bypasses of three")
	}
	one(4) // while it has blown
	f, _ := b.Fuse()
	if _, err := b.Change(at, toll.Setting{Fuse: &toll.Fuse{Blown: at.Add(-time.Hour)}, Removed: true}); !errors.Is(err, ErrNoSetting) {
		t.Fatalf("another fuse was reset: %v", err)
	}
	if _, err := b.Change(at, toll.Setting{Fuse: &f, Removed: true}); err != nil {
		t.Fatal(err)
	}
	if one(5) || one(6) || !one(7) {
		t.Fatal("after the reset it does not take as many again")
	}
}

func TestHomeCallsThatABudgetEndsBlowNoFuse(t *testing.T) {
	b := NewBook(newJudge(t), Options{Fuse: FuseOptions{Cuts: 3, Within: 10 * time.Minute}})
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b.Begin(at)
	for n := range 20 {
		q := home(id(n), "1001")
		b.Record(at, toll.Event{Kind: toll.LegFound, PBX: q.Key.PBX, Channel: id(n), Found: &q, Why: toll.ReasonFailOpen, Cut: true})
	}
	if f, blown := b.Fuse(); blown {
		t.Fatalf("%+v", f)
	}
}

func TestTheFuseIsResetThoughTheDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := openTelling(t, s, Options{Fuse: FuseOptions{Bypasses: 1, Within: time.Minute}})
		defer stop()
		if err := l.Record(t.Context(), bypass(id(1), "1001")); err != nil {
			t.Fatal(err)
		}
		<-l.FuseChanged()
		f, _, _ := l.Fuse(t.Context())
		s.set(errors.New("disk full"), nil)
		if err := l.Change(t.Context(), toll.Setting{Fuse: &f, Removed: true, Author: "root"}); err != nil {
			t.Fatal(err)
		}
		if _, blown, _ := l.Fuse(t.Context()); blown {
			t.Fatal("its way out is open, and the ledger says that it has blown")
		}
		s.set(nil, nil)
		passes(5 * time.Second)
		if n := s.count(toll.EntrySetting); n != 2 {
			t.Fatalf("%d changes were written, want that it blew and that it was reset", n)
		}
	})
}

func TestADiskThatHangsSilencesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := openTelling(t, s, Options{Fuse: FuseOptions{Bypasses: 1, Within: time.Minute}})
		gate := make(chan struct{})
		s.set(nil, gate)
		if err := l.Record(t.Context(), bypass(id(1), "1001")); err != nil {
			t.Fatal(err)
		}
		<-l.FuseChanged() // at once
		if l.Failing() {
			t.Fatal("a disk that is slow fails already")
		}
		passes(20 * time.Second)
		<-l.Noticed()
		if ids := unsent(t, l); !l.Failing() || len(ids) != 2 {
			t.Fatalf("failing: %t, waiting %v; want the attack and the fuse", l.Failing(), ids)
		}
		close(gate)
		s.set(nil, nil)
		passes(time.Second)
		if l.Failing() {
			t.Fatal("the disk is back")
		}
		stop()
	})
}

func TestAStopLosesNothingOfAnIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := openTelling(t, s, Options{}, concurrent(0, toll.PerSite))
		refuseMany(t, l, 0, 405)
		stop()
		l, stop = openTelling(t, s, Options{}, concurrent(0, toll.PerSite))
		defer stop()
		v, err := l.View(t.Context())
		if err != nil || len(v.Incidents) != 1 || v.Incidents[0].Refused != 405 {
			t.Fatalf("%+v, %v", v.Incidents, err)
		}
	})
}

func TestAnIncidentClosesThoughItsCallWasWithdrawn(t *testing.T) {
	b := NewBook(newJudge(t), Options{Incidents: incident.Options{Emergency: true, Tell: true}})
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b.Begin(at)
	q := home(id(1), "1001")
	q.To = toll.Destination{Dialled: "112", Class: toll.Emergency}
	_, entries := b.Decide(at, q)
	for _, e := range entries {
		b.Withdraw(at, e)
	}
	b.Tick(at.Add(time.Hour))
	if open := b.Incidents(); len(open) != 0 {
		t.Fatalf("%+v", open)
	}
}

func TestTheLeastOfTooManyNoticesGoes(t *testing.T) {
	b := NewBook(newJudge(t), Options{})
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	keep := func(id string, kind toll.IncidentKind, n int) {
		b.keepNotice(toll.Notice{ID: id, At: at.Add(time.Duration(n) * time.Second), Incident: toll.Incident{Kind: kind}})
	}
	keep("attack", toll.Attack, 0)
	for n := range mostNotices + 10 {
		keep(id(n), toll.LinkTrouble, n+1)
	}
	if _, kept := b.notices["attack"]; !kept || len(b.notices) != mostNotices {
		t.Fatalf("%d notices are kept, the attack's: %t", len(b.notices), kept)
	}
}

func TestLockMeetsALegThatIsFoundLater(t *testing.T) {
	for _, why := range []toll.Reason{toll.ReasonBypass, toll.ReasonUnseen, toll.ReasonFork, toll.ReasonFailOpen} {
		d := newDesk(t)
		if _, err := d.book.Change(d.now, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}}); err != nil {
			t.Fatal(err)
		}
		q := home(id(1), "1001")
		orders, _ := d.book.Record(d.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q, Why: why, Up: true})
		if cuts(orders) == 0 {
			t.Errorf("%s: a locked caller's leg talks on", why)
		}
	}
}
