package agi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/agi"
)

// listen serves on a free port until the test ends, and then makes sure that
// every goroutine of the server has ended.
func listen(t testing.TB, server *agi.Server) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, server, l)
	return l
}

func serve(t testing.TB, server *agi.Server, l net.Listener) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; !errors.Is(err, agi.ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
	})
}

// stage is a server in virtual time, reached through pipes.
type stage struct {
	*agi.Server
	t      *testing.T
	conns  chan net.Conn
	served chan error
	closed chan struct{}
	once   sync.Once
	logged bytes.Buffer
}

// inBubble runs a test in virtual time. The test must stop the server.
func inBubble(t *testing.T, server *agi.Server, test func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{Server: server, t: t, conns: make(chan net.Conn), served: make(chan error, 1), closed: make(chan struct{})}
		server.Logger = slog.New(slog.NewTextHandler(&s.logged, nil))
		go func() { s.served <- server.Serve(s) }()
		test(t, s)
		server.Close()
		if err := <-s.served; !errors.Is(err, agi.ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
	})
}

func (s *stage) Accept() (net.Conn, error) {
	select {
	case c := <-s.conns:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *stage) Close() error   { s.once.Do(func() { close(s.closed) }); return nil }
func (s *stage) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial connects; the other end is closed with the test.
func (s *stage) dial() net.Conn {
	s.t.Helper()
	near, far := net.Pipe()
	select {
	case s.conns <- far:
	case <-s.closed:
		s.t.Fatal("nobody accepts")
	}
	s.t.Cleanup(func() { near.Close() })
	return near
}

// call connects and sends the introduction.
func (s *stage) call() net.Conn {
	s.t.Helper()
	c := s.dial()
	if _, err := io.WriteString(c, ordinary); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// cutAfter waits until the server closes the connection and returns how long
// that took in virtual time.
func cutAfter(t *testing.T, c net.Conn) time.Duration {
	t.Helper()
	start := time.Now()
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Errorf("reading until the end: %v", err)
	}
	return time.Since(start)
}

// waiting is a handler that waits until it is released or its context ends.
type waiting struct {
	release chan struct{}
	ended   atomic.Int32 // handlers whose context ended
}

func (w *waiting) ServeAGI(ctx context.Context, _ *agi.Session) error {
	select {
	case <-w.release:
		return nil
	case <-ctx.Done():
		w.ended.Add(1)
		return ctx.Err()
	}
}

func allow(ctx context.Context, s *agi.Session) error {
	return s.SetVariable(ctx, "VERDICT", "allow")
}

func TestShutdownDrains(t *testing.T) {
	handler := &waiting{release: make(chan struct{})}
	// Its channel must be of the bubble that uses it.
	inBubble(t, &agi.Server{Handler: handler}, func(t *testing.T, s *stage) {
		handler.release = make(chan struct{})
		s.call()
		synctest.Wait()
		stopped := make(chan error, 1)
		go func() { stopped <- s.Shutdown(context.Background()) }()
		synctest.Wait()
		select {
		case err := <-stopped:
			t.Fatal("Shutdown did not wait for the dialogue:", err)
		case <-s.closed:
		default:
			t.Fatal("Shutdown did not stop accepting")
		}
		close(handler.release)
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if err := <-s.served; !errors.Is(err, agi.ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
		s.served <- agi.ErrServerClosed // for the end of inBubble
		if got := s.Stats(); got != (agi.Stats{Accepted: 1, Completed: 1}) {
			t.Errorf("%+v", got)
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Errorf("second Shutdown: %v", err)
		}
	})
}

func TestShutdownCutsInTheEnd(t *testing.T) {
	handler := &waiting{}
	inBubble(t, &agi.Server{Handler: handler}, func(t *testing.T, s *stage) {
		c := s.call()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown returned %v", err)
		}
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("Shutdown took %v", d)
		}
		if d := cutAfter(t, c); d != 0 {
			t.Errorf("cut after another %v", d)
		}
		synctest.Wait()
		if handler.ended.Load() != 1 {
			t.Error("the handler's context did not end")
		}
	})
}

func TestCloseCutsAtOnce(t *testing.T) {
	handler := &waiting{}
	inBubble(t, &agi.Server{Handler: handler}, func(t *testing.T, s *stage) {
		idle, first, second := s.dial(), s.call(), s.call()
		synctest.Wait()
		draining := make(chan error, 1)
		go func() { draining <- s.Shutdown(context.Background()) }()
		synctest.Wait()
		if err := errors.Join(s.Server.Close(), s.Server.Close()); err != nil {
			t.Error(err)
		}
		for _, c := range []net.Conn{idle, first, second} {
			if d := cutAfter(t, c); d != 0 {
				t.Errorf("cut after %v", d)
			}
		}
		if err := <-draining; !errors.Is(err, agi.ErrServerClosed) {
			t.Errorf("Shutdown beside Close returned %v", err)
		}
		synctest.Wait()
		if handler.ended.Load() != 2 {
			t.Errorf("%d handlers saw their context end", handler.ended.Load())
		}
		if got := s.Stats(); got != (agi.Stats{Accepted: 3, Failed: 3}) {
			t.Errorf("%+v", got)
		}
	})
}

func TestServeAfterClose(t *testing.T) {
	server := &agi.Server{Handler: agi.HandlerFunc(allow)}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Serve(l); !errors.Is(err, agi.ErrServerClosed) {
		t.Errorf("Serve returned %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error("the listener was left open")
	}
	if err := (&agi.Server{}).Serve(l); err == nil {
		t.Error("a server without a handler serves")
	}
}

// brokenListener fails a few times in passing, and then for good.
type brokenListener struct {
	net.Listener
	passing int
	final   error
}

type passingError struct{ error }

func (passingError) Temporary() bool { return true }

func (b *brokenListener) Accept() (net.Conn, error) {
	if b.passing--; b.passing >= 0 {
		return nil, passingError{errors.New("too many open files")}
	}
	return nil, b.final
}

func (b *brokenListener) Close() error { return nil }

func TestServeOutlivesPassingErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("listener is broken")
		var logged bytes.Buffer
		server := &agi.Server{Handler: agi.HandlerFunc(allow), Logger: slog.New(slog.NewTextHandler(&logged, nil))}
		start := time.Now()
		if err := server.Serve(&brokenListener{passing: 20, final: broken}); !errors.Is(err, broken) {
			t.Errorf("Serve returned %v", err)
		}
		if d := time.Since(start); d < 10*time.Second || d > 20*time.Second {
			t.Errorf("20 failures took %v: no growing pause", d)
		}
		if !strings.Contains(logged.String(), "too many open files") {
			t.Error("the failures were not logged")
		}
	})
}

func TestDeadlines(t *testing.T) {
	handler := agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		_, err := s.Command(ctx, "NOOP")
		if !errors.Is(err, agi.ErrTimeout) {
			t.Errorf("Command returned %v", err)
		}
		return err
	})
	stuck := agi.HandlerFunc(func(context.Context, *agi.Session) error {
		time.Sleep(time.Hour) //nolint:forbidigo // virtual time; it does not look at its context
		return nil
	})
	drip := func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, "agi_x: y\n"); err != nil {
				return
			}
			time.Sleep(500 * time.Millisecond) //nolint:forbidigo // virtual time
		}
	}
	for _, c := range []struct {
		name   string
		server *agi.Server
		send   string
		then   func(net.Conn)
		want   time.Duration
	}{
		{"silent", &agi.Server{Handler: handler}, "", nil, 2 * time.Second},
		{"half an introduction", &agi.Server{Handler: handler}, ordinary[:300], nil, 2 * time.Second},
		{"drops of an introduction", &agi.Server{Handler: handler}, "", drip, 2 * time.Second},
		{"no reply", &agi.Server{Handler: handler}, ordinary, nil, 5 * time.Second},
		{"no reply, set", &agi.Server{Handler: handler, ReadTimeout: time.Second}, ordinary, nil, time.Second},
		{"no reply, none set", &agi.Server{Handler: handler, ReadTimeout: -1}, ordinary, nil, 30 * time.Second},
		{"stuck handler", &agi.Server{Handler: stuck}, ordinary, nil, 30 * time.Second},
		{"stuck handler, set", &agi.Server{Handler: stuck, DialogueTimeout: 7 * time.Second}, ordinary, nil, 7 * time.Second},
		{"dialogue before environment", &agi.Server{Handler: handler, DialogueTimeout: time.Second}, "", nil, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, c.server, func(t *testing.T, s *stage) {
				conn := s.dial()
				if _, err := io.WriteString(conn, c.send); err != nil {
					t.Fatal(err)
				}
				var sending sync.WaitGroup
				defer sending.Wait()
				if c.then != nil {
					sending.Go(func() { c.then(conn) })
				}
				if d := cutAfter(t, conn); d != c.want {
					t.Errorf("cut after %v, want %v", d, c.want)
				}
			})
		})
	}
}

// TestContextOfACommand: a context of the handler's own ends the wait for a
// reply, and with it the dialogue, whose next reply would be the wrong one.
func TestContextOfACommand(t *testing.T) {
	var first, second, before error
	server := &agi.Server{Handler: agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, before = s.Command(ended, "NOOP")
		short, cancel := context.WithCancel(ctx)
		time.AfterFunc(time.Second, cancel)
		_, first = s.Command(short, "NOOP")
		_, second = s.Command(ctx, "NOOP")
		return first
	})}
	inBubble(t, server, func(t *testing.T, s *stage) {
		if d := cutAfter(t, s.call()); d != time.Second {
			t.Errorf("cut after %v", d)
		}
		synctest.Wait()
		for _, err := range []error{before, first, second} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Command returned %v", err)
			}
		}
	})
}

func TestPanic(t *testing.T) {
	handler := agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		switch s.Request.Extension {
		case "panic":
			panic("something is wrong")
		case "goexit":
			runtime.Goexit()
		}
		return nil
	})
	inBubble(t, &agi.Server{Handler: handler}, func(t *testing.T, s *stage) {
		for _, extension := range []string{"panic", "goexit", "100"} {
			c := s.dial()
			r := &agi.Request{URL: "agi://h/", Channel: "PJSIP/1-1", Uniqueid: "pbx.42", Extension: extension}
			if _, err := c.Write(agi.AppendRequest(nil, r)); err != nil {
				t.Fatal(err)
			}
			if d := cutAfter(t, c); d != 0 {
				t.Errorf("%s: cut after %v", extension, d)
			}
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if got := s.Stats(); got != (agi.Stats{Accepted: 3, Completed: 1, Failed: 2, Panics: 1}) {
			t.Errorf("%+v", got)
		}
		synctest.Wait()
		for _, want := range []string{"level=ERROR", "something is wrong", "server_test.go", "pbx.42", "handler ended its goroutine"} {
			if !strings.Contains(s.logged.String(), want) {
				t.Errorf("%s is not in the log:\n%s", want, &s.logged)
			}
		}
	})
}

func request() *agi.Request {
	return &agi.Request{URL: "agi://127.0.0.1:4573/authorize", Channel: "PJSIP/1001-00000001", Uniqueid: "1.1",
		Context: "internal", Extension: "100", Priority: "1"}
}

// TestCallersAndStops: calls, hang-ups, Shutdown and Close at the same time,
// for the race detector; in the end every connection is counted once.
func TestCallersAndStops(t *testing.T) {
	for range 20 {
		server := &agi.Server{Handler: agi.HandlerFunc(allow), MaxConnections: 8}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		var running sync.WaitGroup
		for range 16 {
			running.Go(func() {
				for range 5 {
					conn, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						return
					}
					caller := agi.NewCaller(conn)
					// Whether any of it succeeds is a matter of who is first.
					_ = caller.Call(t.Context(), request(), func([]string) string {
						_ = caller.Hangup()
						return "200 result=1"
					})
					conn.Close()
				}
			})
		}
		for range 2 {
			running.Go(func() { _ = server.Shutdown(context.Background()) })
			running.Go(func() { server.Close() })
		}
		running.Wait()
		if err := <-served; !errors.Is(err, agi.ErrServerClosed) {
			t.Errorf("Serve returned %v", err)
		}
		got := server.Stats()
		if got.Open != 0 || got.Accepted != got.Completed+got.Failed+got.Evicted {
			t.Errorf("%+v", got)
		}
	}
}
