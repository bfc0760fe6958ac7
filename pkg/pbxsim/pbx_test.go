package pbxsim_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// patience bounds every wait; nothing waits that long unless it fails.
const patience = 20 * time.Second

// rig is a PBX with a server that it asks and a client that hears its events.
type rig struct {
	*pbxsim.PBX
	client *ami.Client

	mu      sync.Mutex
	news    news
	changed chan struct{}
}

// news is what was heard so far.
type news struct {
	events []ami.Message
	kinds  []ami.Kind
	asked  []*agi.Request
	ended  int // channels
}

// answer is what the server of a rig does with a request.
type answer func(ctx context.Context, s *agi.Session) error

// says sets the variables of the contract and takes care of nothing else.
func says(verdict, seconds string) answer {
	return func(ctx context.Context, s *agi.Session) error {
		_, err := s.Exec(ctx, "MSet", "TOLLFUSE_SECONDS="+seconds+",TOLLFUSE_REASON=default,TOLLFUSE_CAUSE=21,TOLLFUSE_NUMBER=+232,_TOLLFUSE_LEASE=l1,TOLLFUSE_VERDICT="+verdict)
		return err
	}
}

func start(t testing.TB, o pbxsim.Options, a answer) *rig {
	t.Helper()
	r := &rig{changed: make(chan struct{}, 1)}
	o.User, o.Secret, o.SystemName = "tollfuse", "secret", "sim"
	o.AGI = r.serve(t, a)
	p, err := pbxsim.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	r.PBX = p
	r.client, err = ami.New(ami.Options{
		Address: p.AMI(), Username: "tollfuse", Secret: "secret", Logger: slog.New(slog.DiscardHandler),
		MinBackoff: time.Millisecond, MaxBackoff: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = r.client.Run(ctx, r.hear) })
	t.Cleanup(running.Wait)
	t.Cleanup(cancel)
	r.until(t, "logged in", func(n news) bool { return slices.Contains(n.kinds, ami.Up) })
	return r
}

// serve starts the server that is asked.
func (r *rig) serve(t testing.TB, a answer) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &agi.Server{Logger: slog.New(slog.DiscardHandler), Handler: agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		r.mu.Lock()
		r.news.asked = append(r.news.asked, s.Request)
		r.mu.Unlock()
		return a(ctx, s)
	})}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	t.Cleanup(serving.Wait)
	t.Cleanup(func() { _ = server.Close() })
	return l.Addr().String()
}

func (r *rig) hear(_ context.Context, n ami.Notice) {
	r.mu.Lock()
	r.news.kinds = append(r.news.kinds, n.Kind)
	if n.Kind == ami.Event {
		r.news.events = append(r.news.events, n.Event)
		if n.Event.Event() == "Hangup" {
			r.news.ended++
		}
	}
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// heard is a copy of the news.
func (r *rig) heard() news {
	r.mu.Lock()
	defer r.mu.Unlock()
	return news{slices.Clone(r.news.events), slices.Clone(r.news.kinds), slices.Clone(r.news.asked), r.news.ended}
}

// until waits for a state of the news and returns it.
func (r *rig) until(t testing.TB, what string, ready func(n news) bool) news {
	t.Helper()
	limit := time.After(patience)
	for {
		r.mu.Lock()
		ok := ready(r.news)
		r.mu.Unlock()
		if ok {
			return r.heard()
		}
		select {
		case <-r.changed:
		case <-limit:
			t.Fatalf("never: %s", what)
		}
	}
}

// hungUp waits until so many channels have ended.
func (r *rig) hungUp(t *testing.T, channels int) news {
	t.Helper()
	return r.until(t, "the hang-ups", func(n news) bool { return n.ended == channels })
}

func (r *rig) dial(t *testing.T, c pbxsim.Call) *pbxsim.Live {
	t.Helper()
	l, err := r.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// outcome waits for the end of a call, and for the news of it.
func (r *rig) outcome(t *testing.T, l *pbxsim.Live) pbxsim.Outcome {
	t.Helper()
	within(t, "the end of the call", l.Done())
	return l.Outcome()
}

func within(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("never: %s", what)
	}
}

// names lists the events with the channels that they are about, without sequence numbers.
func (n news) names() []string {
	var all []string
	for _, m := range n.events {
		if m.Event() == "FullyBooted" {
			continue
		}
		line := m.Event()
		for _, f := range []string{"Channel", "LocalOneChannel", "TransfererChannel", "DestChannel", "ChannelStateDesc", "DialStatus", "Cause"} {
			if v, ok := m.Lookup(f); ok {
				if i := strings.LastIndexByte(v, '-'); i > 0 && strings.Contains(f, "Channel") && f != "ChannelStateDesc" {
					v = v[:i] + strings.TrimLeft(v[i+1:], "0123456789abcdef")
				}
				line += " " + v
			}
		}
		all = append(all, line)
	}
	return all
}

// last is the newest event.
func (n news) last() ami.Message {
	if len(n.events) == 0 {
		return ami.Message{}
	}
	return n.events[len(n.events)-1]
}

func wantLines(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(want):
			t.Fatalf("one too many: %q", got[i])
		case i >= len(got):
			t.Fatalf("missing: %q", want[i])
		case got[i] != want[i]:
			t.Fatalf("line %d is %q, want %q", i, got[i], want[i])
		}
	}
}

var errNobody = errors.New("the server must not be asked")

func nobody(context.Context, *agi.Session) error { return errNobody }
