package ledger

import (
	"container/heap"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// cutAgain is after which time an order to hang up is repeated.
const cutAgain = 2 * time.Second

// longestRing is for how long a leg may ring that is seen to.
const longestRing = time.Hour

// retryRenewal is the least time between two tries to renew a lease.
const retryRenewal = time.Second

// Next is when Tick has something to do; false when nothing is due ever.
func (b *Book) Next() (time.Time, bool) {
	next, any := b.incidents.Next()
	if blind, is := b.nextBlind(); is && (!any || blind.Before(next)) {
		next, any = blind, true
	}
	if bell, is := b.nextBell(); is && (!any || bell.Before(next)) {
		next, any = bell, true
	}
	if len(b.due) > 0 && (!any || b.due[0].due.Before(next)) {
		next, any = b.due[0].due, true
	}
	return next, any
}

// Tick does what has become due: renewals at half time, questions whether the
// asking channel exists, cuts of what is used up, orders that were not
// followed, the settlement of leases that nobody has heard of, what limits do at
// their thresholds, and what the owner is to be told.
func (b *Book) Tick(now time.Time) (orders []toll.Order, entries []toll.Entry) {
	now = b.advance(now)
	for len(b.due) > 0 && !b.due[0].due.After(now) {
		o, e := b.attend(b.due[0])
		orders, entries = join(orders, o), join(entries, e)
	}
	entries = b.watchOver(append(b.feedFuse(entries), b.watchBlind()...))
	entries = append(entries, b.endUncut()...)
	o, e := b.ring()
	orders, entries = join(orders, o), join(entries, e)
	return orders, append(entries, b.writeIncidents(b.incidents.Tick(now))...)
}

// join is append, but copies nothing where nothing is there yet: leases are large, and
// mostly one thing is due at a time.
func join[T any](all, more []T) []T {
	if len(all) == 0 {
		return more
	}
	return append(all, more...)
}

// attend does the one thing that is due for a lease.
func (b *Book) attend(h *holder) ([]toll.Order, []toll.Entry) {
	l := &h.lease
	switch {
	case !b.now.Before(b.expiry(h)):
		return nil, []toll.Entry{b.settleExpired(h)}
	case l.Cut != "":
		h.retry = b.now.Add(cutAgain)
		b.plan(h)
		return []toll.Order{b.cutOrder(h)}, nil
	case l.State == toll.Granted:
		h.verified = true
		b.plan(h)
		return []toll.Order{{Kind: toll.OrderVerify, Lease: *l}}, nil
	case !b.now.Before(l.CoveredUntil()) && (h.refused || !longTimer(l)):
		order, entry := b.cut(h, toll.ReasonSpent, h.refusedBy)
		return []toll.Order{order}, []toll.Entry{entry}
	}
	return b.renew(h)
}

// renew reserves further talk time for an answered call while policy agrees.
// Until the reserved time is used up a refusal is tried again, since others
// may give back what they hold. A call with a long timer may have talked on
// while nobody renewed it; what that cost is owed in any case.
func (b *Book) renew(h *holder) ([]toll.Order, []toll.Entry) {
	l := h.lease
	q := l.Question(toll.Renew)
	if longTimer(&l) {
		q.Covered = max(l.Covered, b.now.Sub(l.Answered))
	}
	j := b.judgeNow(q)
	switch {
	case l.Tolerated:
		j.Slice = time.Minute
	case !j.Allow || j.Slice <= 0:
		h.refused, h.refusedBy = true, j.By
		left := max(l.CoveredUntil().Sub(b.now), 0)
		h.retry = b.now.Add(min(max(left/2, retryRenewal), left))
		b.plan(h)
		return nil, nil
	}
	var entries []toll.Entry
	if j.Allow && j.Denied != "" && l.Denied == "" {
		entries = b.shadow(h, toll.ReasonSpent, j.By)
		l = h.lease
	}
	l.Covered = q.Covered + j.Slice
	l.Reserved = l.Price.Reserve(l.Covered)
	longer := l.Timer < l.Covered
	l.Timer = max(l.Timer, l.Covered)
	entries = append(entries, b.write(toll.EntryRenewed, l))
	if longer && !l.Tolerated {
		return []toll.Order{{Kind: toll.OrderTimer, Lease: l, Left: max(l.TimerLeft(b.now), time.Second)}}, entries
	}
	return nil, entries
}

// settleExpired ends a lease of which nothing was heard until its last
// possible moment, at its full cost.
func (b *Book) settleExpired(h *holder) toll.Entry {
	l := &h.lease
	if l.State == toll.Granted && l.Leg == "" && !h.blind {
		return b.settle(h, toll.EndedUnused, 0, 0) // somebody watched, and there was no leg
	}
	talked := l.Covered
	if l.State == toll.Answered || longTimer(l) {
		talked = max(l.Timer, l.Covered)
	}
	return b.settle(h, toll.EndedExpired, talked, max(l.Reserved, l.Price.Cost(talked)))
}

// expiry is the last moment at which the lease's leg can still be up: the
// timer counts from the answer, and before it the phone may ring; for longer
// where the leg is seen to. After a start nothing expires before there was time
// to look at the PBX.
func (b *Book) expiry(h *holder) time.Time { return later(b.lastMoment(h), b.patience) }

func (b *Book) lastMoment(h *holder) time.Time {
	l := &h.lease
	ring := b.options.Ring
	if l.Leg != "" && b.linked[l.Key.PBX] {
		ring = max(ring, longestRing)
	}
	if l.State == toll.Answered {
		return l.Answered.Add(max(l.Timer, l.Covered) + b.options.Grace)
	}
	return l.Granted.Add(ring + max(l.Timer, l.Covered) + b.options.Grace)
}

// plan notes when Tick must look at a lease next.
func (b *Book) plan(h *holder) {
	l := &h.lease
	due := b.expiry(h)
	switch {
	case l.Cut != "":
		due = earlier(due, h.retry)
	case l.State == toll.Granted && !h.verified && l.Leg == "" && !l.Adopted:
		due = earlier(due, l.Granted.Add(b.options.Verify))
	case b.inTheDark(h):
		// Its timer ends it, and nobody could move that.
	case l.State == toll.Answered && l.To.Class.Metered():
		half := l.CoveredUntil().Add(-h.slice / 2)
		due = earlier(due, earlier(l.CoveredUntil(), later(half, h.retry)))
	}
	b.due.put(h, due)
}

// inTheDark tells whether a lease cannot be renewed because nobody could tell
// Asterisk: to reserve more would only take it from others. A timer that runs
// longer than what is reserved is another thing: that talk time is owed.
func (b *Book) inTheDark(h *holder) bool {
	l := &h.lease
	sees, told := b.linked[l.Key.PBX]
	return told && !sees && l.State == toll.Answered && l.Cut == "" && !longTimer(l)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// dueHeap orders live leases by when they are due.
type dueHeap []*holder

func (d dueHeap) Len() int           { return len(d) }
func (d dueHeap) Less(i, j int) bool { return d[i].due.Before(d[j].due) }

// Swap is part of heap.Interface.
func (d dueHeap) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].heapAt, d[j].heapAt = i, j
}

// Push is part of heap.Interface.
func (d *dueHeap) Push(x any) {
	h := x.(*holder)
	h.heapAt = len(*d)
	*d = append(*d, h)
}

// Pop is part of heap.Interface.
func (d *dueHeap) Pop() any {
	last := len(*d) - 1
	h := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	h.heapAt = -1
	return h
}

func (d *dueHeap) put(h *holder, due time.Time) {
	h.due = due
	if h.heapAt < 0 {
		heap.Push(d, h)
		return
	}
	heap.Fix(d, h.heapAt)
}

func (d *dueHeap) remove(h *holder) {
	if h.heapAt >= 0 {
		heap.Remove(d, h.heapAt)
	}
}
