package ledger

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/meter"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A limit that counts something new is set while the daemon runs: its meter begins
// with what the live leases hold and count, and counts on. Meanwhile a goroutine
// reads from the store what ended or was refused before, and the decider brings the
// two together. Until then the limit judges by what it has, and says so.

// retryFill is after which time a fill is tried again that the store has failed.
const retryFill = 30 * time.Second

// fill is the past of meters that one change has made.
type fill struct {
	meters []toll.Meter
	upTo   int64 // the newest entry that is not counted in them
	since  time.Time
	past   *meter.Set
	begun  time.Time
	err    error
}

// startFilling starts who reads the past, and gives where he puts it and how he is
// stopped.
func (l *Ledger) startFilling(ctx context.Context, d *decider) (filled <-chan *fill, stop func()) {
	if l.still {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	todo, done := make(chan *fill, 1), make(chan *fill, 1)
	var reader sync.WaitGroup
	reader.Go(func() {
		for f := range todo {
			f.err = l.readPast(ctx, f)
			done <- f // there is never more than one
		}
	})
	d.filler = todo
	return done, func() {
		d.filler = nil
		cancel()
		close(todo)
		reader.Wait()
	}
}

// readPast counts what had ended or was refused when the meters began. What was
// live then is in them already.
func (l *Ledger) readPast(ctx context.Context, f *fill) error {
	return l.store.Settled(ctx, f.since, f.upTo, func(e toll.Entry) error {
		q := e.Lease.Question(toll.Ask)
		if e.Kind == toll.EntryRefused {
			f.past.Refused(e.At, q, e.Lease.Why, max(e.Count, 1))
			return nil
		}
		f.past.Granted(e.Lease.Granted, q, 1)
		f.past.Spent(e.Lease.Ended, q, e.Lease.Talked, e.Lease.Cost)
		return nil
	})
}

// wantFill notes the meters that a change has made.
func (d *decider) wantFill(c *Changed) {
	if len(c.fresh) > 0 && !d.ledger.still {
		for _, f := range d.fills { // one that is made again has begun anew, and misses more
			f.meters = slices.DeleteFunc(f.meters, func(m toll.Meter) bool { return slices.Contains(c.fresh, m) })
		}
		d.fills = append(d.fills, &fill{meters: c.fresh, upTo: c.before})
	}
}

// fillWaits tells whether a past can be read.
func (d *decider) fillWaits() bool {
	return d.filler != nil && !d.busy && len(d.fills) > 0 && d.written > d.fills[0].upTo
}

// nextFill lets the next past be read, once all of it is in the store.
func (d *decider) nextFill(now time.Time) {
	for d.fillWaits() && !now.Before(d.fillAt) {
		f := d.fills[0]
		f.past, f.begun = d.book.meters.Blank(f.meters), now
		if f.past.Len() == 0 {
			d.fills = d.fills[1:] // nobody wants them any more
			continue
		}
		longest := time.Duration(0)
		for _, m := range f.meters {
			longest = max(longest, m.Window)
		}
		f.since = now.Add(-longest - longest/meter.Buckets - time.Minute)
		d.filler <- f
		d.busy = true
	}
}

// filled makes the past part of the meters.
func (d *decider) filled(f *fill) {
	d.busy = false
	now := d.ledger.clock.Now()
	if f.err != nil {
		d.fillAt = now.Add(retryFill)
		d.ledger.log.Error("a new limit does not know its past yet; it is read again", "in", retryFill, "error", f.err)
		return
	}
	d.fills = d.fills[1:]
	d.book.meters.Fill(f.past)
	d.ledger.log.Info("a new limit knows its past", "meters", len(f.meters), "took", now.Sub(f.begun))
}
