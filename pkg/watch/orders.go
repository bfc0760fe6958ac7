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

// parallel bounds how many orders are carried out at the same time.
const parallel = 32

// Orders gives the orders of a ledger.
type Orders interface {
	Orders(ctx context.Context) ([]toll.Order, error)
}

// Obey carries out the ledger's orders, each on the Asterisk it is for, until
// the context ends.
func Obey(ctx context.Context, orders Orders, watchers map[string]*Watcher) error {
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, parallel)
	for {
		batch, err := orders.Orders(ctx)
		if err != nil {
			return err
		}
		for _, o := range batch {
			w := watchers[o.Lease.Key.PBX]
			if w == nil {
				continue // an Asterisk that the configuration no longer names
			}
			select {
			case slots <- struct{}{}:
			case <-ctx.Done():
				return ctx.Err()
			}
			running.Go(func() {
				defer func() { <-slots }()
				w.obey(ctx, o)
			})
		}
	}
}

// obey carries out one order. An order that fails is given again by the
// ledger, or made good by the next picture.
func (w *Watcher) obey(ctx context.Context, o toll.Order) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var err error
	switch o.Kind {
	case toll.OrderCut:
		err = w.cut(ctx, o)
	case toll.OrderTimer:
		err = w.setTimer(ctx, o.Lease.Leg, o.Left)
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

// cut hangs up. While nobody has answered, the channel that asked goes first,
// or its dialplan would try the next trunk.
func (w *Watcher) cut(ctx context.Context, o toll.Order) error {
	l := o.Lease
	var errs []error
	if l.State == toll.Granted && l.Key.Uniqueid != "" {
		errs = append(errs, w.hangup(ctx, l.Key.Uniqueid, o.Why))
	}
	if l.Leg != "" {
		errs = append(errs, w.hangup(ctx, l.Leg, o.Why))
	}
	return errors.Join(errs...)
}

func (w *Watcher) hangup(ctx context.Context, uniqueid string, why toll.Reason) error {
	err := w.client.Hangup(ctx, uniqueid, why.Cause())
	if errors.Is(err, ami.ErrNoSuchChannel) {
		return nil
	}
	return err
}

// setTimer moves a leg's deadline. Asterisk takes whole seconds and counts
// from when it executes the action.
func (w *Watcher) setTimer(ctx context.Context, leg string, left time.Duration) error {
	if leg == "" {
		return nil
	}
	return w.client.AbsoluteTimeout(ctx, leg, max(int(left/time.Second), 1))
}

// verify asks Asterisk for the channel that asked for a lease. A request of
// another process on the machine can name any.
func (w *Watcher) verify(ctx context.Context, l toll.Lease) error {
	_, err := w.client.ChannelStatus(ctx, l.Key.Uniqueid)
	if !errors.Is(err, ami.ErrNoSuchChannel) {
		return nil // it is there, or nobody can tell: then the lease ends by itself
	}
	w.options.Log.Warn("a lease was asked for by a channel that does not exist; it is released",
		"pbx", w.options.PBX, "lease", l.ID, "caller", l.Caller, "number", l.To.Number())
	return w.ledger.Record(ctx, toll.Event{Kind: toll.LeaseGone, PBX: w.options.PBX, Lease: l.ID, Why: toll.EndedForged})
}
