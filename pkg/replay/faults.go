package replay

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/tollfuse/tollfuse/pkg/health"
)

// plan lets something break, and become whole again.
func (w *world) plan(ctx context.Context, f Fault) {
	breaks, mends := w.fault(ctx, f)
	w.clock.at(f.At, breaks)
	if mends == nil {
		return
	}
	w.clock.at(f.At+f.For, mends)
	w.clock.at(f.At, func() { w.lookAfter(ctx, f) })
}

// alert is for how long after something has broken the daemon looks after itself each
// second. What it finds later is no matter of seconds, and a fault may last a month.
const alert = 5 * time.Minute

// lookAfter lets the daemon look after itself, as long as something is broken or has
// been so lately. At other times it would find nothing.
func (w *world) lookAfter(ctx context.Context, f Fault) {
	if w.daemon != nil {
		v := health.Vitals{Links: []health.Link{{PBX: w.site.PBX, Up: !w.cut}}, Free: math.MaxInt64}
		if w.store.full {
			v.Free = 0
		}
		w.fail(w.daemon.lookAfter(ctx, v))
	}
	mended, wait := f.At+f.For, health.LookEvery
	switch now := w.clock.elapsed; {
	case now >= mended+mailAgain+health.WellFor:
		return
	case now >= f.At+alert && now < mended:
		wait = min(time.Minute, mended-now)
	}
	w.clock.after(wait, func() { w.lookAfter(ctx, f) })
}

func (w *world) fault(ctx context.Context, f Fault) (breaks, mends func()) {
	switch f.Kind {
	case DaemonKilled:
		return w.kill, func() { w.fail(w.startDaemon(ctx, false)) }
	case AMILost:
		return func() { w.link(ctx, false) }, func() { w.link(ctx, true) }
	case LedgerFull:
		return func() { w.store.full = true }, func() { w.store.full = false }
	case ClockBack:
		return func() { w.clock.set -= f.For }, nil
	case SMTPDown:
		return func() { w.smtpDown = true }, func() { w.smtpDown = false }
	}
	return func() { w.fail(fmt.Errorf("no such fault: %s", f.Kind)) }, nil
}

func (w *world) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// kill ends the daemon as kill -9 does. What Asterisk was told goes on.
func (w *world) kill() {
	if w.daemon != nil {
		w.daemon.ledger.Abandon()
		w.seen = append(w.seen, w.daemon.seen.book.Unsaved()...)
		w.daemon, w.asterisk.tell = nil, nil
	}
}

// startDaemon starts a daemon, the first one with the policy of the scenario.
func (w *world) startDaemon(ctx context.Context, first bool) error {
	d, err := w.site.start(ctx, w.clock, w.store, w.asterisk)
	if err != nil {
		return err
	}
	for _, s := range w.seen {
		d.seen.book.Restore(s)
	}
	w.daemon = d
	if first {
		if err := w.site.instruct(ctx, d.ledger); err != nil {
			return err
		}
	}
	if !w.cut {
		d.link(ctx, w.asterisk, true)
	}
	return nil
}

// link cuts or mends the link to Asterisk.
func (w *world) link(ctx context.Context, linked bool) {
	w.cut = !linked
	if w.daemon != nil {
		w.daemon.link(ctx, w.asterisk, linked)
	}
}
