package agi

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Stats counts connections since the server was made. Accepted is the sum of
// Open, Completed, Failed and Evicted, but for the instant between two of them.
type Stats struct {
	Accepted       int64 // were given a place
	RefusedLimit   int64 // closed at once: too many connections
	RefusedNetwork int64 // closed at once: from a network that is not allowed
	Open           int64 // have a place now
	Completed      int64 // handler returned without an error
	Failed         int64 // no proper introduction, or the handler failed, panicked or was cut
	Evicted        int64 // silent, and cut to make room
	Panics         int64 // counted among Failed as well
}

type counters struct {
	accepted, refusedLimit, refusedNetwork, completed, failed, evicted, panics atomic.Int64
}

// Stats returns the counters as they are now.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	open := int64(len(s.peers))
	s.mu.Unlock()
	return Stats{
		Accepted:       s.counters.accepted.Load(),
		RefusedLimit:   s.counters.refusedLimit.Load(),
		RefusedNetwork: s.counters.refusedNetwork.Load(),
		Open:           open,
		Completed:      s.counters.completed.Load(),
		Failed:         s.counters.failed.Load(),
		Evicted:        s.counters.evicted.Load(),
		Panics:         s.counters.panics.Load(),
	}
}

// kind is a kind of message that a stranger can cause at will.
type kind int

const (
	kindAccept kind = iota
	kindNetwork
	kindLimit
	kindEvicted
	kindIntroduction
	kindHandler
	kindPanic
	kinds
)

// quiet is the time in which a kind of message is written once.
const quiet = time.Second

// throttles remember when each kind of message was written.
type throttles struct {
	mu   sync.Mutex
	last [kinds]struct {
		written    time.Time
		suppressed int
	}
}

// pass tells whether a message may be written now, and how many of its kind
// were not since the last.
func (t *throttles) pass(k kind, now time.Time) (suppressed int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := &t.last[k]
	if !last.written.IsZero() && now.Sub(last.written) < quiet {
		last.suppressed++
		return 0, false
	}
	suppressed = last.suppressed
	last.written, last.suppressed = now, 0
	return suppressed, true
}

// report writes a message unless its kind was written a moment ago: whoever
// can connect must not be able to fill the disk.
func (s *Server) report(level slog.Level, k kind, message string, args ...any) {
	suppressed, ok := s.throttle.pass(k, time.Now())
	if !ok {
		return
	}
	if suppressed > 0 {
		args = append(args, "suppressed", suppressed)
	}
	s.logger().Log(context.Background(), level, message, args...)
}
