package agi

import (
	"container/list"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Defaults of a [Server].
const (
	DefaultEnvironmentTimeout = 2 * time.Second
	DefaultReadTimeout        = 5 * time.Second
	DefaultDialogueTimeout    = 30 * time.Second
	DefaultMaxLine            = 8192
	DefaultMaxVariables       = 160 // Asterisk sends 22, and at most 127 arguments
	DefaultMaxEnvironment     = 64 << 10
	DefaultMaxConnections     = 1024
)

// ErrServerClosed is what Serve returns after Shutdown or Close.
var ErrServerClosed = errors.New("agi: server closed")

// Handler answers one call. The context ends at the deadline of the dialogue
// and when the server is closed; the connection is closed then in any case. The
// session must not be used after the handler has returned. An error is logged and counted.
type Handler interface {
	ServeAGI(ctx context.Context, s *Session) error
}

// HandlerFunc makes a function a Handler.
type HandlerFunc func(ctx context.Context, s *Session) error

// ServeAGI calls f.
func (f HandlerFunc) ServeAGI(ctx context.Context, s *Session) error { return f(ctx, s) }

// Server accepts FastAGI connections and runs a handler for each. The fields
// are set before Serve and not changed afterwards. A zero limit or timeout
// means the default above, a negative timeout means none.
type Server struct {
	Handler Handler
	Logger  *slog.Logger // nil discards

	// EnvironmentTimeout is the time Asterisk has for its introduction. It
	// takes well under a millisecond, so this can be short.
	EnvironmentTimeout time.Duration
	// ReadTimeout is the time Asterisk has for the reply to a command. A
	// handler that plays sound files needs it longer than the longest of them.
	ReadTimeout time.Duration
	// DialogueTimeout is the time for the whole dialogue, after which the
	// connection is closed even if the handler does not return.
	DialogueTimeout time.Duration

	MaxLine        int // bytes in a line that is received
	MaxVariables   int // lines in an environment block
	MaxEnvironment int // bytes in an environment block

	// MaxConnections is the number of connections at the same time. At the
	// bound a new connection takes the place of the oldest one that has not
	// introduced itself, if there is one older than 100 ms; so silent
	// connections cannot keep Asterisk out. Otherwise the new one is closed.
	MaxConnections int
	// AllowedNetworks are those Asterisk may connect from; empty means all.
	// IPv4 addresses are compared as such, also on a dual-stack listener.
	AllowedNetworks []netip.Prefix

	counters counters
	throttle throttles

	mu        sync.Mutex
	base      context.Context // of all handlers; ends with Close
	cancel    context.CancelCauseFunc
	stopping  chan struct{} // closed when no more connections are accepted
	drained   chan struct{} // closed when the last connection went after that
	listeners map[net.Listener]struct{}
	peers     map[*peer]struct{}
	strangers list.List // of *peer: those that have not introduced themselves, oldest first
}

// peer is a connection that was admitted.
type peer struct {
	conn     net.Conn
	since    time.Time
	stranger *list.Element // its place among the strangers, nil afterwards
	evicted  bool
}

// open makes the parts that the zero value lacks. It is called with mu held.
func (s *Server) open() {
	if s.base != nil {
		return
	}
	s.base, s.cancel = context.WithCancelCause(context.Background())
	s.stopping, s.drained = make(chan struct{}), make(chan struct{})
	s.listeners = make(map[net.Listener]struct{})
	s.peers = make(map[*peer]struct{})
}

// Serve accepts connections until the listener fails or the server is
// stopped, and closes the listener. FastAGI has no authentication, so the
// listener should be on loopback or a private network; keep-alive probes, which
// cost a short dialogue some system calls, can be switched off in net.ListenConfig. After Shutdown or Close the error is
// ErrServerClosed. Serve owns the goroutines it starts and returns when the
// last of its handlers has returned.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	if s.Handler == nil {
		return errors.New("agi: server without a handler")
	}
	if !s.track(l) {
		return ErrServerClosed
	}
	defer s.untrack(l)
	var running sync.WaitGroup
	defer running.Wait()
	var pause time.Duration
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			if p := s.admit(conn); p != nil {
				running.Go(func() { s.serve(p) })
			}
		case s.isStopping():
			return ErrServerClosed
		case !temporary(err):
			s.logger().Error("fastagi: accepting stopped", "error", err)
			return err
		default:
			// Out of file descriptors, most often. They come back when calls end.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.report(slog.LevelError, kindAccept, "fastagi: cannot accept", "error", err)
			s.wait(pause)
		}
	}
}

// temporary tells errors of Accept that pass from those of a broken listener.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func (s *Server) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stopping:
	}
}

func (s *Server) track(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open()
	if s.isStopping() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) untrack(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

func (s *Server) isStopping() bool {
	select {
	case <-s.stopping:
		return true
	default:
		return false
	}
}

// Shutdown stops accepting and waits for the running dialogues. It returns nil
// when all have ended. When ctx ends first, the rest is cut and its error
// returned; when Close cuts them, ErrServerClosed.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stop()
	select {
	case <-s.drained:
		return nil
	default:
	}
	select {
	case <-s.drained:
		return nil
	case <-s.base.Done():
		return ErrServerClosed
	case <-ctx.Done():
		s.cut()
		return ctx.Err()
	}
}

// Close stops accepting and cuts every dialogue at once. Handlers see their
// context end; Serve waits for them, Close does not. It may be called twice,
// and beside Shutdown.
func (s *Server) Close() error {
	s.stop()
	s.cut()
	return nil
}

func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open()
	if s.isStopping() {
		return
	}
	close(s.stopping)
	for l := range s.listeners {
		l.Close()
	}
	if len(s.peers) == 0 {
		close(s.drained)
	}
}

func (s *Server) cut() {
	s.cancel(ErrServerClosed)
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.peers {
		p.conn.Close()
	}
}

func (s *Server) logger() *slog.Logger {
	if s.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Logger
}
