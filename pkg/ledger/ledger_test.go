package ledger

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// shelf is a store in memory that can be made to fail or to hang.
type shelf struct {
	mu      sync.Mutex
	entries []toll.Entry
	err     error
	unread  error         // what reading the past fails with
	gate    chan struct{} // while not nil, Append waits for it
	commits int
	tried   int // entries that were to be written, whether or not they were
	epoch   int64
}

func (s *shelf) Lead(context.Context) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	return s.epoch, nil
}

func (s *shelf) Append(_ context.Context, epoch int64, es []toll.Entry) error {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried += len(es)
	if s.err != nil {
		return s.err
	}
	if epoch != s.epoch {
		return errors.New("fenced")
	}
	for i := range es {
		if i > 0 && es[i].Seq <= es[i-1].Seq || len(s.entries) > 0 && es[i].Seq <= s.entries[len(s.entries)-1].Seq {
			return errors.New("numbers do not rise")
		}
	}
	s.commits++
	s.entries = append(s.entries, es...)
	return nil
}

func (s *shelf) Replay(_ context.Context, _ time.Time, f func(toll.Entry) error) error {
	for _, e := range s.entries {
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) Settled(_ context.Context, since time.Time, upTo int64, f func(toll.Entry) error) error {
	s.mu.Lock()
	entries, err := slices.Clone(s.entries), s.unread
	s.mu.Unlock()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Seq > upTo || e.At.Before(since) || e.Kind != toll.EntryEnded && e.Kind != toll.EntryRefused {
			continue
		}
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// Called gives what the entries say, as a store that has lost the entries would.
func (s *shelf) Called(_ context.Context, f func(toll.Called) error) error {
	for i := range s.entries {
		for _, c := range s.entries[i].Lease.Firsts() {
			if err := f(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shelf) set(err error, gate chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.gate = err, gate
}

func (s *shelf) count(kind toll.EntryKind) (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.Kind == kind {
			n += max(e.Count, 1)
		}
	}
	return n
}

// open runs a ledger over the store until stop is called.
func open(t *testing.T, s *shelf, limits ...toll.Limit) (l *Ledger, stop func()) {
	t.Helper()
	l, err := Open(t.Context(), s, newJudge(t, limits...), Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = l.Run(ctx)
	}()
	return l, func() { cancel(); <-done }
}

func decide(t *testing.T, l *Ledger, q toll.Question) (toll.Verdict, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	return l.Decide(ctx, q)
}

func TestPermissionIsDurableBeforeItIsSpoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := open(t, s)
		defer stop()
		v, err := decide(t, l, abroad(id(1), "1001"))
		if err != nil || !v.Allow {
			t.Fatalf("%+v, %v", v, err)
		}
		if s.count(toll.EntryGranted) != 1 {
			t.Fatal("the permission was spoken before it was durable")
		}
	})
}

func TestBurstSharesCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &shelf{gate: gate}
		l, stop := open(t, s)
		defer stop()
		var wait sync.WaitGroup
		for n := range 100 {
			wait.Go(func() { _, _ = decide(t, l, abroad(id(n), "1001")) })
		}
		synctest.Wait()
		s.set(nil, nil)
		close(gate)
		wait.Wait()
		if s.commits > 4 || s.count(toll.EntryGranted) != 100 {
			t.Fatalf("%d grants in %d commits", s.count(toll.EntryGranted), s.commits)
		}
	})
}

func TestRefusalDoesNotWaitForTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &shelf{gate: gate}
		l, stop := open(t, s, concurrent(0, toll.PerSite))
		defer stop()
		v, err := decide(t, l, abroad(id(1), "1001"))
		if err != nil || v.Allow {
			t.Fatalf("%+v, %v", v, err)
		}
		s.set(nil, nil)
		close(gate)
		passes(60 * time.Millisecond)
		if s.count(toll.EntryRefused) != 1 {
			t.Fatal("the refusal is not durable after 60 ms")
		}
	})
}

func TestFailedCommitWithdrawsAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := concurrent(1, toll.PerSite)
		s := &shelf{err: errors.New("disk full")}
		l, stop := open(t, s, limit)
		defer stop()
		for n := range 3 {
			if _, err := decide(t, l, abroad(id(n), "1001")); !errors.Is(err, ErrDown) {
				t.Fatalf("question %d on a full disk: %v", n, err)
			}
		}
		s.set(nil, nil)
		passes(2 * retryStore)
		v, err := decide(t, l, abroad(id(9), "1001"))
		if err != nil || !v.Allow {
			t.Fatalf("when the disk can be written again: %+v, %v", v, err)
		}
		if view, _ := l.View(t.Context()); len(view.Leases) != 1 || view.Failing {
			t.Fatalf("%d leases live, failing %t", len(view.Leases), view.Failing)
		}
	})
}

func TestSlowDiskGivesBackWhatCameTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &shelf{gate: gate}
		l, stop := open(t, s, concurrent(2, toll.PerSite))
		defer stop()
		for n := range 2 { // one with the committer, one behind it
			if _, err := decide(t, l, abroad(id(n), "1001")); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("while the disk hangs: %v", err)
			}
		}
		s.set(nil, nil)
		close(gate)
		synctest.Wait()
		if view, _ := l.View(t.Context()); len(view.Leases) != 0 {
			t.Fatalf("%d leases that nobody was given are live", len(view.Leases))
		}
	})
}

func TestCutDoesNotWaitForTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := open(t, s)
		defer stop()
		v, _ := decide(t, l, abroad(id(1), "1001"))
		_ = l.Record(t.Context(), toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Lease: v.Lease.ID, Channel: "leg"})
		gate := make(chan struct{})
		s.set(nil, gate)
		go func() {
			_ = l.Change(context.Background(), toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}})
		}()
		orders, err := l.Orders(t.Context())
		if err != nil || len(orders) != 1 || orders[0].Kind != toll.OrderCut {
			t.Fatalf("orders while the disk hangs: %+v, %v", orders, err)
		}
		s.set(nil, nil)
		close(gate)
	})
}

func TestSettingThatCannotBeWrittenDoesNotStand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{err: errors.New("disk full")}
		l, stop := open(t, s)
		defer stop()
		rule := toll.Rule{ID: "no-gb", Country: "GB", Do: toll.Forbid}
		if err := l.Change(t.Context(), toll.Setting{Rule: &rule}); !errors.Is(err, ErrDown) {
			t.Fatalf("a rule on a full disk: %v", err)
		}
		s.set(nil, nil)
		if v, err := decide(t, l, abroad(id(1), "1001")); err != nil || !v.Allow {
			t.Fatalf("the rule stands although it was not written: %+v, %v", v, err)
		}
	})
}

func TestRestartKnowsWhatWasSpoken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		limit := concurrent(2, toll.PerSite)
		l, stop := open(t, s, limit)
		one, _ := decide(t, l, abroad(id(1), "1001"))
		if err := l.Change(t.Context(), toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1009"}}); err != nil {
			t.Fatal(err)
		}
		stop()
		if _, err := l.Decide(t.Context(), abroad(id(2), "1001")); !errors.Is(err, ErrClosed) {
			t.Fatalf("a closed ledger says %v", err)
		}
		l, stop = open(t, s, limit)
		defer stop()
		if again, ok, _ := l.Lease(t.Context(), one.Lease.ID); !ok || again.Covered != one.Lease.Covered {
			t.Fatalf("after a restart the lease is %+v", again)
		}
		if v, _ := decide(t, l, abroad(id(3), "1009")); v.Allow {
			t.Fatal("a lock was forgotten")
		}
		if two, _ := decide(t, l, abroad(id(4), "1001")); two.Lease.ID == one.Lease.ID || !two.Allow {
			t.Fatalf("the second of two: %+v", two)
		}
		if three, _ := decide(t, l, abroad(id(5), "1001")); three.Allow {
			t.Fatal("a third call of two was allowed")
		}
	})
}

func TestFloodOfRefusalsBecomesACount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := open(t, s, concurrent(0, toll.PerSite))
		for n := range 500 {
			if v, err := decide(t, l, abroad(id(n), "1001")); err != nil || v.Allow {
				t.Fatalf("%+v, %v", v, err)
			}
		}
		passes(2 * time.Minute)
		stop()
		lines := 0
		for _, e := range s.entries {
			if e.Kind == toll.EntryRefused {
				lines++
			}
		}
		if n := s.count(toll.EntryRefused); n != 500 || lines > 3 || len(s.entries) > lines+3 {
			t.Fatalf("%d refusals in %d of %d entries, want 500 in at most 3, and at most 3 for their incident", n, lines, len(s.entries))
		}
	})
}

func TestHeartbeatStopsWithTheDecider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stop := open(t, &shelf{})
		passes(10 * time.Second)
		if !l.Alive(time.Second) {
			t.Fatal("an idle ledger seems dead")
		}
		stop()
		passes(2 * time.Second)
		if l.Alive(time.Second) {
			t.Fatal("a stopped ledger seems alive")
		}
	})
}
