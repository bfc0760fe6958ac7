package fuse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// memory is a ledger that holds nothing but the main fuse.
type memory struct {
	mu      sync.Mutex
	fuse    *toll.Fuse
	changed chan struct{}
	failing error
	deaf    bool // hears no result
}

func newMemory() *memory { return &memory{changed: make(chan struct{}, 1)} }

func (m *memory) Fuse(context.Context) (toll.Fuse, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil || m.fuse == nil {
		return toll.Fuse{}, false, m.failing
	}
	return *m.fuse, true, nil
}

// stands is the fuse that stands.
func (m *memory) stands() toll.Fuse {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *m.fuse
}

func (m *memory) FuseChanged() <-chan struct{} { return m.changed }

func (m *memory) FuseRan(_ context.Context, f toll.Fuse) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failing != nil {
		return m.failing
	}
	if m.fuse != nil && m.fuse.Blown.Equal(f.Blown) && !m.deaf {
		m.fuse.Ran, m.fuse.Error = f.Ran, f.Error
	}
	m.tell()
	return nil
}

func (m *memory) blow(why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fuse = &toll.Fuse{Blown: time.Now(), Why: why}
	m.tell()
}

func (m *memory) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fuse = nil
	m.tell()
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failing = err
}

func (m *memory) tell() {
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// recorder is a command that notes when it was run and does what it is told.
type recorder struct {
	start time.Time
	mu    sync.Mutex
	runs  []string // "word why @seconds"
	shut  bool
	do    func(ctx context.Context, word string) error // nil: ends well
}

func (r *recorder) Run(ctx context.Context, word string, why toll.Fuse) (Result, error) {
	r.mu.Lock()
	r.runs = append(r.runs, fmt.Sprintf("%s %s @%v", word, why.Why, time.Since(r.start).Round(time.Second)))
	r.shut = r.shut || word == Blow
	do := r.do
	r.mu.Unlock()
	if do != nil {
		if err := do(ctx, word); err != nil {
			return Result{}, err
		}
	}
	if word == Reset {
		r.opened()
	}
	return Result{}, nil
}

func (r *recorder) Shut() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shut
}

// opened is what the owner's own reset does.
func (r *recorder) opened() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut = false
}

// become changes what the command does.
func (r *recorder) become(do func(ctx context.Context, word string) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.do = do
}

// took returns the runs so far, and forgets them.
func (r *recorder) took() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	runs := r.runs
	r.runs = nil
	return runs
}

// stage is a Keeper that runs, in a bubble.
type stage struct {
	*memory
	*recorder
	log  *diary
	stop func()
}

// diary is what a Keeper logs.
type diary struct {
	mu   sync.Mutex
	text strings.Builder
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.Write(p)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// keep starts a Keeper on a ledger.
func keep(t *testing.T, m *memory, do func(ctx context.Context, word string) error) stage {
	s := stage{memory: m, recorder: &recorder{start: time.Now(), do: do}, log: &diary{}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	k := &Keeper{Ledger: m, Runner: s.recorder, Log: slog.New(slog.NewTextHandler(s.log, nil))}
	go func() { ended <- k.Run(ctx) }()
	s.stop = func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the keeper ended with %v", err)
		}
	}
	return s
}

// after lets time pass and wants these runs, and no others.
func (s stage) after(t *testing.T, d time.Duration, want ...string) {
	t.Helper()
	time.Sleep(d) //nolint:forbidigo // virtual time
	synctest.Wait()
	if got := s.took(); !slices.Equal(got, want) {
		t.Errorf("ran %q, want %q", got, want)
	}
}

func TestBlownFuseRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keep(t, newMemory(), nil)
		defer s.stop()
		s.after(t, time.Hour)
		s.blow("first")
		s.after(t, time.Hour, "blow first @1h0m0s")
		if f := s.stands(); f.Ran.IsZero() || f.Error != "" {
			t.Errorf("recorded %+v", f)
		}
		s.tell() // something else has changed
		s.after(t, time.Hour)
		s.opened() // by the owner, who then takes the fuse away
		s.reset()
		s.after(t, time.Hour)
		s.blow("second")
		s.after(t, time.Hour, "blow second @4h0m0s")
	})
}

func TestFailedCommandIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := errors.New("exit code 1: nft")
		s := keep(t, newMemory(), func(context.Context, string) error { return fails })
		defer s.stop()
		s.blow("why")
		s.after(t, 9*time.Minute, "blow why @0s", "blow why @5s", "blow why @15s", "blow why @35s", "blow why @1m15s", "blow why @2m35s", "blow why @5m15s")
		if f := s.stands(); f.Error != "exit code 1: nft" || f.Ran.IsZero() {
			t.Errorf("recorded %+v", f)
		}
		if n := strings.Count(s.log.String(), `error="exit code 1: nft"`); n != 7 {
			t.Errorf("%d failures are logged, want 7:\n%s", n, s.log)
		}
		s.after(t, 7*time.Minute, "blow why @10m15s", "blow why @15m15s") // five minutes at most

		s.tell() // something else has changed: no reason to hurry
		s.after(t, time.Second)

		s.become(nil)
		s.after(t, time.Hour, "blow why @20m15s")
		if f := s.stands(); f.Error != "" {
			t.Errorf("still recorded as failed: %+v", f)
		}
	})
}

func TestAnotherFuseDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keep(t, newMemory(), func(context.Context, string) error { return errors.New("no") })
		defer s.stop()
		s.blow("first")
		s.after(t, 20*time.Second, "blow first @0s", "blow first @5s", "blow first @15s")
		s.blow("second")
		s.after(t, 6*time.Second, "blow second @20s", "blow second @25s")
	})
}

func TestRestartRunsWhatDidNotEndWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		blown := time.Now().Add(-time.Hour)
		for _, c := range []struct {
			name string
			fuse toll.Fuse
			want []string
		}{
			{"never ran", toll.Fuse{Blown: blown, Why: "why"}, []string{"blow why @0s"}},
			{"failed", toll.Fuse{Blown: blown, Why: "why", Ran: blown, Error: "exit code 1"}, []string{"blow why @0s"}},
			{"ended well", toll.Fuse{Blown: blown, Why: "why", Ran: blown}, nil},
		} {
			m := newMemory()
			m.fuse = &c.fuse
			s := keep(t, m, nil)
			t.Log(c.name)
			s.after(t, time.Hour, c.want...)
			s.stop()
		}
	})
}

// A run that the end of the daemon has killed is not recorded: the next daemon
// runs it again.
func TestKilledRunIsNotRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		s := keep(t, m, func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return fmt.Errorf("killed on the way: %w", ctx.Err())
		})
		s.blow("why")
		s.after(t, time.Second, "blow why @0s")
		s.stop()
		if f := m.stands(); !f.Ran.IsZero() || f.Error != "" {
			t.Errorf("recorded %+v", f)
		}
		s = keep(t, m, nil)
		defer s.stop()
		s.after(t, time.Second, "blow why @0s")
	})
}

// The owner resets the fuse while its command still runs, or just as it is tried
// again: the way out must not stay shut for a fuse that does not stand.
func TestResetWinsOverALateBlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keep(t, newMemory(), func(context.Context, string) error {
			time.Sleep(8 * time.Second) //nolint:forbidigo // virtual time
			return nil
		})
		defer s.stop()
		s.blow("why")
		s.after(t, 3*time.Second, "blow why @0s")
		s.reset()
		s.after(t, time.Hour, "reset why @8s")
	})
}

func TestFailedResetIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keep(t, newMemory(), func(_ context.Context, word string) error {
			if word == Reset && time.Now().Second() < 10 {
				return errors.New("no")
			}
			return nil
		})
		defer s.stop()
		s.blow("why")
		s.after(t, time.Second, "blow why @0s")
		s.reset()
		s.after(t, time.Hour, "reset why @1s", "reset why @6s", "reset why @16s")
	})
}

func TestNoCommandRunsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := keep(t, newMemory(), func(context.Context, string) error { return ErrNoCommand })
		defer s.stop()
		s.after(t, time.Second)
		s.blow("why")
		s.after(t, time.Hour, "blow why @1s")
		if f := s.stands(); !f.Ran.IsZero() || f.Error != "" {
			t.Errorf("recorded %+v", f)
		}
		if n := strings.Count(s.log.String(), "the main fuse has blown"); n != 1 {
			t.Errorf("told %d times:\n%s", n, s.log)
		}
	})
}

func TestLedgerThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.fail(errors.New("disk"))
		s := keep(t, m, nil)
		defer s.stop()
		s.blow("why")
		s.after(t, 12*time.Second)
		m.fail(nil)
		s.after(t, time.Hour, "blow why @15s")

		s.opened()
		m.reset()
		s.become(func(context.Context, string) error { m.fail(errors.New("disk")); return nil })
		s.blow("cannot be recorded")
		s.after(t, 2*time.Second, "blow cannot be recorded @1h0m12s")
		s.become(nil)
		m.fail(nil)
		s.after(t, time.Hour, "blow cannot be recorded @1h0m17s")
	})
}

// A ledger that is slow to show the result must not make the command run without
// a pause.
func TestSlowLedgerMakesNoStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.deaf = true
		s := keep(t, m, nil)
		defer s.stop()
		s.blow("why")
		s.after(t, 11*time.Second, "blow why @0s", "blow why @5s", "blow why @10s")
	})
}
