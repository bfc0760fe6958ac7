package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// retryStore is how often a store is tried that has failed more than once. In between
// whoever asks is answered at once: each try writes all that waits, and with a full
// disk that grows with every question.
const retryStore = time.Second

// mostFailures is how often in a row the store may fail before it is left alone for a
// while. A single failure may be over by the next question.
const mostFailures = 2

// maxBacklog bounds what is kept in memory for a store that fails. Beyond it
// refusals go first; they were counted and logged.
const maxBacklog = 100_000

// mostProbed is how many of the entries that wait are written to see whether a store
// that has failed works again.
const mostProbed = ripeAt

// trimEach is after how many more entries a backlog at its bound is looked through
// again.
const trimEach = 1_000

// ripeAt is how many entries are written without waiting for more.
const ripeAt = 512

// batch is what one commit writes, and who waits for it.
type batch struct {
	begun   time.Time
	entries []toll.Entry
	waiters []*waiter
	probes  bool // the entries are the oldest of the backlog, and stay there until they are written
}

// waiter waits for its entries to be durable: a question, a change of the
// owner's, or an order that may go out only then.
type waiter struct {
	request *request
	entry   toll.Entry // what extends permission
	changed *Changed
	order   *toll.Order
}

type commit struct {
	batch   *batch
	err     error
	untried bool // the store was not asked, since it has just failed
}

func (b *batch) add(now time.Time, entries []toll.Entry, w *waiter) {
	if len(b.entries) == 0 {
		b.begun = now
	}
	b.entries = append(b.entries, entries...)
	if w != nil {
		b.waiters = append(b.waiters, w)
	}
}

// commitLoop writes batches, one after the other. Its context is never
// cancelled: a commit that has begun ends as it ends.
func (l *Ledger) commitLoop(batches <-chan *batch, done chan<- commit) {
	for b := range batches {
		done <- commit{batch: b, err: l.store.Append(context.Background(), l.epoch, b.entries)}
	}
}

// ripe tells whether the next batch should be written now: somebody waits for
// it, it is large, or it has waited long enough.
func (d *decider) ripe() bool {
	now := d.ledger.clock.Now()
	switch {
	case len(d.next.waiters) > 0:
		return true
	case now.Before(d.retryAt):
		return false
	case len(d.next.entries) >= ripeAt || len(d.backlog) > 0:
		return true
	}
	return len(d.next.entries) > 0 && !now.Before(d.next.begun.Add(d.ledger.flush))
}

// take closes the next batch: permissions that nobody waits for any more are
// withdrawn before they are written, and what an earlier failure left behind
// goes first. It is nil when there is nothing to write.
func (d *decider) take() *batch {
	now := d.ledger.clock.Now()
	failing := d.failures >= mostFailures && !slices.ContainsFunc(d.next.waiters, isChange)
	if failing && !now.Before(d.retryAt) {
		if b := d.probe(); b != nil {
			return b
		}
	}
	b := d.next
	d.next = &batch{entries: d.spare}
	d.spare = nil
	d.dropAbandoned(now, b)
	if failing && now.Before(d.retryAt) {
		d.finish(commit{batch: b, err: d.failure, untried: true})
		return nil
	}
	if len(d.backlog) > 0 {
		b.entries = append(newestOnly(d.backlog), b.entries...)
		d.backlog = nil
	}
	if len(b.entries) == 0 {
		d.finish(commit{batch: b}) // those who waited for what others have written
		return nil
	}
	inOrder(b.entries)
	return b
}

// probe is the oldest of what waits, to see whether a store works that has failed; nil
// where little waits, or something that is older is to be written with it.
func (d *decider) probe() *batch {
	if len(d.backlog) <= mostProbed {
		return nil
	}
	inOrder(d.backlog)
	oldest := d.backlog[:mostProbed:mostProbed]
	last := oldest[mostProbed-1].Seq
	if slices.ContainsFunc(d.next.entries, func(e toll.Entry) bool { return e.Seq < last }) {
		return nil
	}
	return &batch{entries: oldest, probes: true}
}

// inOrder sorts entries by their numbers, where they do not stand so: what was
// withdrawn is newer than what was decided meanwhile.
func inOrder(entries []toll.Entry) {
	if !rising(entries) {
		slices.SortFunc(entries, func(a, b toll.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	}
}

// isChange tells whether the owner waits. Who has just made room on a disk must not be
// told that it is full.
func isChange(w *waiter) bool { return w.changed != nil }

// rising tells whether the entries stand in the order of their numbers, as they
// nearly always do.
func rising(entries []toll.Entry) bool {
	for i := 1; i < len(entries); i++ {
		if entries[i].Seq < entries[i-1].Seq {
			return false
		}
	}
	return true
}

// dropAbandoned withdraws what nobody waits for any more, so that it holds
// nothing while a slow store keeps the batch waiting.
func (d *decider) dropAbandoned(now time.Time, b *batch) {
	kept := b.waiters[:0]
	for _, w := range b.waiters {
		if w.request != nil && w.changed == nil && w.request.state.Load() == abandoned {
			d.durable(w)
			b.entries = append(b.entries, d.book.Withdraw(now, w.entry)...)
			continue
		}
		kept = append(kept, w)
	}
	clear(b.waiters[len(kept):])
	b.waiters = kept
}

// finish answers those who waited for a commit.
func (d *decider) finish(c commit) {
	now := d.ledger.clock.Now()
	if c.err != nil {
		d.fail(now, c)
		return
	}
	if len(c.batch.entries) > 0 && d.ledger.failing.Swap(false) {
		d.ledger.log.Info("the ledger can be written again")
		d.retryAt, d.failures, d.trimAt = time.Time{}, 0, 0
	}
	if c.batch.probes {
		d.backlog = d.backlog[len(c.batch.entries):]
	}
	d.ledger.notice(c.batch.entries)
	for i := range c.batch.entries {
		d.book.Committed(c.batch.entries[i])
		d.written = c.batch.entries[i].Seq
	}
	for _, w := range c.batch.waiters {
		d.durable(w)
		if w.order != nil {
			// Written late, the timer still ends where the lease does.
			w.order.Left = w.order.Lease.TimerLeft(now)
			d.ledger.orders.put([]toll.Order{*w.order})
		}
		if w.request != nil && !d.deliver(now, w.request) && w.changed == nil {
			d.record(now, d.book.Withdraw(now, w.entry)) // a change of the owner's stands, whether or not he still listens
		}
		d.changed(now, w)
	}
	d.keepRoom(c.batch)
}

// mostRoom is how large a batch may have been whose room is used again.
const mostRoom = 4 * ripeAt

// keepRoom lets a later batch have the room of one that is written, so that a
// busy hour does not leave all its batches to the garbage collector.
func (d *decider) keepRoom(b *batch) {
	if !b.probes && cap(b.entries) > cap(d.spare) && cap(b.entries) <= mostRoom {
		clear(b.entries)
		d.spare = b.entries[:0]
	}
}

// durable forgets that a permission waits for the disk, unless a newer one of
// the same lease does.
func (d *decider) durable(w *waiter) {
	if w.entry.Seq >= d.undurable[w.entry.Lease.ID] {
		delete(d.undurable, w.entry.Lease.ID)
	}
}

// changed lets the next change of a rule, limit or rate deck go, once one is settled.
func (d *decider) changed(now time.Time, w *waiter) {
	if w.changed == nil || !slices.ContainsFunc(w.changed.Undo, gates) {
		return
	}
	d.changing = false
	waiting := d.changes
	d.changes = nil
	for _, r := range waiting {
		if r.state.Load() != abandoned {
			d.change(now, r)
		}
	}
}

// fail takes back what a failed commit would have allowed, and keeps what
// narrows or records for the next try.
func (d *decider) fail(now time.Time, c commit) {
	if !d.ledger.failing.Swap(true) {
		d.ledger.log.Error("the ledger cannot be written; the failure policy answers until it can", "error", c.err)
	}
	if !c.untried {
		d.retryAt, d.failure = now.Add(retryStore), c.err
		d.failures++
	}
	if c.batch.probes {
		return
	}
	undone := c.batch.undone()
	d.backlog = slices.Grow(d.backlog, len(c.batch.entries)) // in one go: at a try this is all of it
	for i := range c.batch.entries {
		if e := &c.batch.entries[i]; !undone[e.Seq] && (!e.Extends() || stands(e)) {
			d.backlog = append(d.backlog, *e)
		}
	}
	d.ledger.notice(c.batch.entries) // the owner must hear of it all the more
	err := fmt.Errorf("%w: %w", ErrDown, c.err)
	for _, w := range c.batch.waiters {
		d.durable(w)
		if w.changed != nil && !w.changed.extends() {
			w.request.answer(result{}) // a lock holds at once, and is written as soon as that works
			continue
		}
		d.backlog = append(d.backlog, d.withdraw(now, w)...)
		if w.request != nil {
			w.request.answer(result{err: err})
		}
		d.changed(now, w)
	}
	d.trimBacklog()
}

// undone are the entries of changes that are taken back whole if they cannot be
// written: a lock that came with a rule goes with it.
func (b *batch) undone() map[int64]bool {
	seqs := make(map[int64]bool)
	for _, w := range b.waiters {
		if w.changed == nil || !w.changed.extends() {
			continue
		}
		for _, e := range w.changed.made() {
			seqs[e.Seq] = true
		}
	}
	return seqs
}

// stands tells whether a renewal holds although it could not be written: the
// timer of such a call runs on in any case, so it allows nothing new.
func stands(e *toll.Entry) bool { return e.Kind == toll.EntryRenewed && longTimer(&e.Lease) }

// withdraw takes back what a waiter was to be given and could not be written.
func (d *decider) withdraw(now time.Time, w *waiter) []toll.Entry {
	if w.changed == nil {
		return d.book.Withdraw(now, w.entry)
	}
	d.next.add(now, d.gathered(time.Time{}), nil) // as before the change itself
	if err := d.book.Undo(now, *w.changed); err != nil {
		d.ledger.log.Error("a change that could not be written could not be undone", "error", err)
	}
	d.wantFill(&Changed{fresh: d.book.fresh, before: d.book.seq}) // of so many limits that not all meters were kept
	// What it allowed meanwhile is not written yet, and would be spoken.
	d.narrow(d.book.Review(now))
	return nil
}

// trimBacklog keeps the backlog within its bound. It is not looked through after each
// question.
func (d *decider) trimBacklog() {
	if len(d.backlog) <= max(maxBacklog, d.trimAt) {
		return
	}
	defer func() { d.trimAt = len(d.backlog) + trimEach }()
	d.backlog = newestOnly(d.backlog)
	if len(d.backlog) <= maxBacklog {
		return
	}
	kept := d.backlog[:0]
	for _, e := range d.backlog {
		if e.Kind != toll.EntryRefused {
			kept = append(kept, e)
		}
	}
	d.ledger.log.Error("refusals are dropped from what waits for the ledger", "dropped", len(d.backlog)-len(kept))
	d.backlog = kept
}

// newestOnly drops what a newer entry says again: an incident and a notice are
// written whole each time.
func newestOnly(entries []toll.Entry) []toll.Entry {
	newest := make(map[string]int64)
	for i := range entries {
		if id := wholeOf(&entries[i]); id != "" {
			newest[id] = entries[i].Seq
		}
	}
	return slices.DeleteFunc(entries, func(e toll.Entry) bool {
		id := wholeOf(&e)
		return id != "" && newest[id] != e.Seq
	})
}

// wholeOf names what the entry says whole; "" if it is one step of many.
func wholeOf(e *toll.Entry) string {
	switch e.Kind {
	case toll.EntryIncident:
		return "incident " + e.Incident.ID
	case toll.EntryNotice:
		return "notice " + e.Notice.ID
	}
	return ""
}
