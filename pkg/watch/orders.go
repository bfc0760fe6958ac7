package watch

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// parallel bounds how many orders are carried out at the same time on one
// Asterisk, and parallelQuestions how many of them only ask: forged requests
// make questions, and those must not hold up a cut.
const (
	parallel          = 32
	parallelQuestions = 4
)

// lane is the way of orders to one Asterisk.
type lane struct {
	urgent, questions chan struct{}
	under             sync.Map // orderKey of what is under way
}

type orderKey struct {
	kind  toll.OrderKind
	lease string
	timer time.Duration
}

func keyOf(o toll.Order) orderKey { return orderKey{o.Kind, o.Lease.ID, o.Lease.Timer} }

// enter tells whether the order is not under way already.
func (l *lane) enter(o toll.Order) bool {
	_, busy := l.under.LoadOrStore(keyOf(o), true)
	return !busy
}

func (l *lane) leave(o toll.Order) { l.under.Delete(keyOf(o)) }

func (l *lane) slot(kind toll.OrderKind) chan struct{} {
	if kind == toll.OrderVerify {
		return l.questions
	}
	return l.urgent
}

// Orders gives the orders of a ledger.
type Orders interface {
	Orders(ctx context.Context) ([]toll.Order, error)
}

// Obey carries out the ledger's orders, each on the Asterisk it is for, until
// the context ends. One Asterisk that does not answer delays no other.
func Obey(ctx context.Context, orders Orders, watchers map[string]*Watcher) error {
	var running sync.WaitGroup
	defer running.Wait()
	lanes := make(map[string]*lane, len(watchers))
	for pbx := range watchers {
		lanes[pbx] = &lane{urgent: make(chan struct{}, parallel), questions: make(chan struct{}, parallelQuestions)}
	}
	for {
		batch, err := orders.Orders(ctx)
		if err != nil {
			return err
		}
		for _, o := range batch {
			w, l := watchers[o.Lease.Key.PBX], lanes[o.Lease.Key.PBX]
			if w == nil || !l.enter(o) {
				continue // an Asterisk that the configuration no longer names, or an order under way
			}
			w.foresee(o)
			running.Go(func() {
				defer l.leave(o)
				slot := l.slot(o.Kind)
				select {
				case slot <- struct{}{}:
				case <-ctx.Done():
					return
				}
				defer func() { <-slot }()
				w.obey(ctx, o)
			})
		}
	}
}

// CarryOut carries out one order, for whoever brings them one by one.
func (w *Watcher) CarryOut(ctx context.Context, o toll.Order) {
	w.foresee(o)
	w.obey(ctx, o)
}

// foresee notes an order that is about to be carried out.
func (w *Watcher) foresee(o toll.Order) {
	if o.Kind == toll.OrderTimer {
		w.timers.Store(o.Lease.ID, o.Lease.Timer)
	}
}

// obey carries out one order. A cut that fails is ordered again by the ledger;
// a timer is tried a few times here, and otherwise made good by the picture
// that is taken when the link is back.
func (w *Watcher) obey(ctx context.Context, o toll.Order) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var err error
	switch o.Kind {
	case toll.OrderCut:
		err = w.cut(ctx, o)
	case toll.OrderTimer:
		err = w.moveTimer(ctx, o.Lease)
	case toll.OrderVerify:
		err = w.verify(ctx, o.Lease)
	}
	level := slog.LevelError
	switch {
	case err == nil, errors.Is(err, ami.ErrNoSuchChannel):
		return
	case errors.Is(err, ami.ErrNotConnected):
		level = slog.LevelDebug // that there is no link was said, and not for each call again
	}
	w.options.Log.Log(ctx, level, "an order could not be carried out", "pbx", w.options.PBX, "order", o.Kind, "lease", o.Lease.ID, "error", err)
}

// moveTimer sets the deadline of a lease's leg to where the lease ends, unless
// another end was ordered meanwhile: to try an older one again would end the call
// early.
func (w *Watcher) moveTimer(ctx context.Context, l toll.Lease) (err error) {
	defer w.timers.CompareAndDelete(l.ID, l.Timer)
	for {
		if newest, _ := w.timers.Load(l.ID); newest != l.Timer {
			return nil
		}
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		err = w.setTimer(attempt, l.Leg, l.TimerLeft(w.ledger.Now()))
		cancel()
		if unanswered := errors.Is(err, ami.ErrNoAnswer) || errors.Is(err, context.DeadlineExceeded); !unanswered || ctx.Err() != nil {
			return err
		}
	}
}

// cut hangs up, the channel that asked first where it has to go too.
func (w *Watcher) cut(ctx context.Context, o toll.Order) error {
	l := o.Lease
	var errs []error
	if o.Asker && l.Key.Uniqueid != "" && w.mayHangUp(l) {
		errs = append(errs, w.hangup(ctx, o, l.Key.Uniqueid))
	}
	if l.Leg != "" {
		errs = append(errs, w.hangup(ctx, o, l.Leg))
	}
	return errors.Join(errs...)
}

// mayHangUp tells whether the channel that asked for a lease may be hung up:
// only if nothing was missed, and if its call has no other leg to a trunk,
// which may be an emergency call by now.
func (w *Watcher) mayHangUp(l toll.Lease) bool {
	if !w.linked.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	asker, known := w.model.Channel(l.Key.Uniqueid)
	if !known {
		return false
	}
	for _, ch := range w.model.Channels() {
		if _, outside := w.trunk(ch.Name, parseDialString(ch.DialString)); outside && ch.Leg() && ch.Linkedid == asker.Linkedid && ch.Uniqueid != l.Leg {
			return false
		}
	}
	return true
}

// setTimer moves a leg's deadline. Asterisk takes whole seconds and counts
// from when it executes the action. That is a little later than now, so a half
// is rounded down, also where time stands still meanwhile.
func (w *Watcher) setTimer(ctx context.Context, leg string, left time.Duration) error {
	if leg == "" {
		return nil
	}
	return w.client.AbsoluteTimeout(ctx, leg, max(int((left-time.Nanosecond).Round(time.Second)/time.Second), 1))
}

// verify asks Asterisk for the channel that asked for a lease. A request of
// another process on the machine can name any. A channel may also have come and
// gone in events that still wait to be taken in; so they come first.
func (w *Watcher) verify(ctx context.Context, l toll.Lease) error {
	_, err := w.client.ChannelStatus(ctx, l.Key.Uniqueid)
	if !errors.Is(err, ami.ErrNoSuchChannel) {
		return nil // it is there, or nobody can tell: then the lease ends by itself
	}
	if err := w.drained(ctx); err != nil {
		return err
	}
	now, live, err := w.ledger.Lease(ctx, l.ID)
	if err != nil || !live || now.Leg != "" {
		return err
	}
	w.options.Log.Warn("a lease was asked for by a channel that does not exist; it is released",
		"pbx", w.options.PBX, "lease", l.ID, "caller", l.Caller, "number", l.To.Number())
	return w.ledger.Record(ctx, toll.Event{Kind: toll.LeaseGone, PBX: w.options.PBX, Lease: l.ID, Why: toll.EndedForged})
}

// drained waits until every event that has been received is taken in.
func (w *Watcher) drained(ctx context.Context) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if w.client.State().Waiting == 0 {
			w.turn.Lock()   // behind the one that is being taken in
			w.turn.Unlock() //nolint:staticcheck // nothing is done inside
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
