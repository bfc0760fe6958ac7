package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Stepped is a ledger in which nothing happens by itself: whoever owns it asks,
// turns the clock and takes steps, all in one goroutine. Everything else is as in
// a ledger that runs, by the same code, so that what is tried out in virtual time
// is judged, written and taken back as a daemon would. A commit takes no time.
type Stepped struct {
	*Ledger
	filled <-chan *fill
	stop   func()
}

// errUnanswered is what a request gets that a step has left open.
var errUnanswered = errors.New("the ledger has not answered")

// OpenStepped opens a ledger as Open does, and begins as Run does. Close it.
func OpenStepped(ctx context.Context, store Store, judge Judge, c Config) (*Stepped, error) {
	l, err := Open(ctx, store, judge, c)
	if err != nil {
		return nil, err
	}
	s := &Stepped{Ledger: l}
	l.serve = s.serve
	if !l.still {
		l.decider.review()
	}
	s.filled, s.stop = l.startFilling(ctx, &l.decider)
	s.write()
	return s, nil
}

// serve answers a request and writes what must be durable before it is answered.
func (s *Stepped) serve(r *request) {
	s.decider.handle(r)
	s.write()
	r.answer(result{err: errUnanswered})
}

// Step does what is due by now.
func (s *Stepped) Step() {
	d := &s.decider
	s.beat()
	if !s.still {
		d.tick()
	}
	s.write()
	for d.busy {
		d.filled(<-s.filled)
		d.nextFill(s.clock.Now())
	}
}

// write commits as long as there is something that should not wait.
func (s *Stepped) write() {
	for d := &s.decider; d.ripe(); {
		if b := d.take(); b != nil {
			s.commit(b)
		}
	}
}

func (s *Stepped) commit(b *batch) {
	s.decider.finish(commit{batch: b, err: s.store.Append(context.Background(), s.epoch, b.entries)})
}

// Next is when Step has something to do; false if never, unless somebody asks.
func (s *Stepped) Next() (time.Time, bool) {
	at, any := s.decider.due()
	return later(at, s.clock.Now().Add(time.Millisecond)), any
}

// TakeOrders takes the orders to the watchers that wait.
func (s *Stepped) TakeOrders() []toll.Order { return s.orders.waiting() }

// Close writes what is left. Without it the ledger ends as a killed one does.
func (s *Stepped) Close() {
	s.Abandon()
	if last := s.decider.last(); last != nil {
		s.commit(last)
	}
}

// Abandon ends the ledger as a kill does: what is not durable is lost.
func (s *Stepped) Abandon() { s.stop() }
