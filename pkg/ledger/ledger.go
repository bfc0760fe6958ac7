package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Store keeps entries.
type Store interface {
	// Lead begins a new epoch; whoever led before can append no more.
	Lead(ctx context.Context) (epoch int64, err error)
	// Append makes the entries durable, all or none. Their numbers rise.
	Append(ctx context.Context, epoch int64, es []toll.Entry) error
	// Replay yields the settings that stand, then of every lease that matters
	// for windows that begin at since the newest entry, in order.
	Replay(ctx context.Context, since time.Time, f func(toll.Entry) error) error
	// Settled yields every refusal and every end of a lease at or after since, up to
	// the entry of that number, in order.
	Settled(ctx context.Context, since time.Time, upTo int64, f func(toll.Entry) error) error
	// Called yields who has called which country, ever; the oldest first.
	Called(ctx context.Context, f func(toll.Called) error) error
}

// Journal is told what was decided, as it happens. It must not block.
type Journal interface {
	Verdict(at time.Time, q toll.Question, v toll.Verdict)
	Entry(e toll.Entry)
}

// LongestWindow is the longest window that a limit may have, and so how much
// of the past is replayed.
const LongestWindow = 31 * 24 * time.Hour

// Errors that a caller of the ledger must tell apart.
var (
	ErrDown   = errors.New("the ledger cannot be written")
	ErrClosed = errors.New("the ledger is closed")
)

// Config is what a ledger needs beside its store and its policy.
type Config struct {
	Book    Options
	Flush   time.Duration // the longest that a refusal or a record waits to be made durable
	Queue   int           // questions and events that may wait
	Still   bool          // for a command: nothing happens by itself, no renewal, cut or expiry
	Time    Timepiece     // nil: the machine's
	Log     *slog.Logger
	Journal Journal
}

// wall is the time of day when the ledger is opened.
func (c Config) wall() time.Time {
	if c.Time == nil {
		return time.Now()
	}
	return c.Time.Wall()
}

// Ledger owns a book and makes it durable. Its methods may be called from any
// goroutine.
type Ledger struct {
	store    Store
	epoch    int64
	clock    *Clock
	flush    time.Duration
	still    bool
	log      *slog.Logger
	journal  Journal
	requests chan *request
	done     chan struct{}
	orders   *orders
	noticed  chan struct{} // a notice waits that did not
	fused    chan struct{} // the main fuse has blown, or its command has run
	pulse    atomic.Int64  // when the decider last moved, monotonic nanoseconds
	begun    time.Time
	failing  atomic.Bool // the last commit failed
	hanging  atomic.Bool // a commit has not come back for long

	decider decider        // owned by Run
	serve   func(*request) // answers at once, where nobody runs; nil: the decider does
}

// Open takes the lead of the store and replays it. Call Run next; until then
// questions wait.
func Open(ctx context.Context, store Store, judge Judge, c Config) (*Ledger, error) {
	epoch, err := store.Lead(ctx)
	if err != nil {
		return nil, fmt.Errorf("take the lead of the ledger: %w", err)
	}
	c.Book.Epoch = epoch
	book := NewBook(judge, c.Book)
	err = store.Called(ctx, func(c toll.Called) error {
		book.Remember(c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read which countries were called: %w", err)
	}
	err = store.Replay(ctx, c.wall().Add(-LongestWindow), func(e toll.Entry) error {
		err := book.Apply(e)
		if err != nil && e.Kind == toll.EntrySetting {
			// One rule that makes no sense any more must not keep the others from protecting.
			c.Log.Error("a setting of the ledger is left out", "kind", e.Setting.Kind(), "id", e.Setting.ID(), "error", err)
			return nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("replay the ledger: %w", err)
	}
	clock := NewClock(book.now, c.Time)
	book.Begin(clock.Now())
	l := &Ledger{
		store: store, epoch: epoch, clock: clock, flush: c.Flush, still: c.Still, log: c.Log, journal: c.Journal,
		requests: make(chan *request, max(c.Queue, 1024)), done: make(chan struct{}), orders: newOrders(), begun: time.Now(),
		noticed: make(chan struct{}, 1), fused: make(chan struct{}, 1),
	}
	if l.flush <= 0 {
		l.flush = 50 * time.Millisecond
	}
	l.decider = newDecider(l, book)
	l.beat()
	return l, nil
}

// Decide answers a question once its answer is durable. ErrDown means that it
// cannot be made so; the context's error that it took too long, and then the
// permission, if there was one, is taken back.
func (l *Ledger) Decide(ctx context.Context, q toll.Question) (toll.Verdict, error) {
	r, err := l.ask(ctx, &request{kind: reqDecide, question: q})
	return r.verdict, err
}

// Record takes in what the watcher saw. It returns when it is part of the
// book, not when it is durable.
func (l *Ledger) Record(ctx context.Context, e toll.Event) error {
	_, err := l.ask(ctx, &request{kind: reqRecord, event: e})
	return err
}

// Change makes a setting stand, for live calls too. It returns when the
// setting is durable.
func (l *Ledger) Change(ctx context.Context, s toll.Setting) error {
	_, err := l.ask(ctx, &request{kind: reqChange, settings: []toll.Setting{s}})
	return err
}

// ErrMeanwhile tells that somebody else has changed a setting in the meantime.
var ErrMeanwhile = errors.New("another setting was changed meanwhile")

// ChangeAll is Change for settings that were made for the policy of that
// revision: all of them stand, one after the other, or none. Where another
// policy is in force by now the error is ErrMeanwhile.
func (l *Ledger) ChangeAll(ctx context.Context, revision int64, all []toll.Setting) error {
	_, err := l.ask(ctx, &request{kind: reqChange, settings: all, planned: true, revision: revision})
	return err
}

// ErrNoLease tells that there is no such live call, or none that may be cut.
var ErrNoLease = errors.New("no such live call")

// Cut orders a live call to be hung up.
func (l *Ledger) Cut(ctx context.Context, lease string, why toll.Reason, by string) error {
	_, err := l.ask(ctx, &request{kind: reqCut, lease: lease, why: why, by: by})
	return err
}

// Lease is the live lease with that ID.
func (l *Ledger) Lease(ctx context.Context, id string) (toll.Lease, bool, error) {
	return l.find(ctx, &request{kind: reqFind, lease: id})
}

// Find is the newest live lease that answers a question.
func (l *Ledger) Find(ctx context.Context, k toll.Key) (toll.Lease, bool, error) {
	return l.find(ctx, &request{kind: reqFind, key: k})
}

func (l *Ledger) find(ctx context.Context, wanted *request) (toll.Lease, bool, error) {
	r, err := l.ask(ctx, wanted)
	if r.lease == nil {
		return toll.Lease{}, false, err
	}
	return *r.lease, true, err
}

// View is the state of the book at one moment.
type View struct {
	At       time.Time      `json:"at"`
	Revision int64          `json:"revision"`
	Failing  bool           `json:"failing"` // the last commit failed
	Leases   []toll.Lease   `json:"leases"`
	Settings []toll.Setting `json:"settings"`

	Incidents []toll.Incident `json:"incidents"` // that are open, the oldest first
	Notices   []toll.Notice   `json:"notices"`   // that have not left
}

// View is a copy of what stands now.
func (l *Ledger) View(ctx context.Context) (View, error) {
	r, err := l.ask(ctx, &request{kind: reqView})
	if r.view == nil {
		return View{}, err
	}
	return *r.view, err
}

// Leases are copies of the live leases of one PBX.
func (l *Ledger) Leases(ctx context.Context, pbx string) ([]toll.Lease, error) {
	v, err := l.View(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(v.Leases, func(l toll.Lease) bool { return l.Key.PBX != pbx }), nil
}

// Orders waits for orders to the watcher and takes all that there are.
func (l *Ledger) Orders(ctx context.Context) ([]toll.Order, error) { return l.orders.take(ctx) }

// Now is the ledger's time.
func (l *Ledger) Now() time.Time { return l.clock.Now() }

// Alive tells whether the decider has moved within that time: what a watchdog
// wants to know.
func (l *Ledger) Alive(within time.Duration) bool {
	return time.Since(l.begun)-time.Duration(l.pulse.Load()) < within
}

func (l *Ledger) beat() { l.pulse.Store(int64(time.Since(l.begun))) }

// ask hands a request to the decider and waits for its answer, which must not be
// changed.
func (l *Ledger) ask(ctx context.Context, r *request) (*result, error) {
	r.answered = make(chan struct{})
	if l.serve != nil {
		l.serve(r)
		return &r.result, r.result.err
	}
	select {
	case l.requests <- r:
	case <-ctx.Done():
		return &result{}, fmt.Errorf("wait for the ledger: %w", ctx.Err())
	case <-l.done:
		return &result{}, ErrClosed
	}
	select {
	case <-r.answered:
	case <-ctx.Done():
		if r.abandon() {
			return &result{}, fmt.Errorf("wait for the ledger: %w", ctx.Err())
		}
	case <-l.done:
		if r.abandon() {
			return &result{}, ErrClosed
		}
	}
	<-r.answered
	return &r.result, r.result.err
}
