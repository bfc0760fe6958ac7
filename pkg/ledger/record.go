package ledger

import (
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// uncoveredHold is the talk time that is reserved for a leg which is being cut:
// what it may still cost until it is gone.
const uncoveredHold = 10 * time.Second

// Record takes in what the watcher saw. Channels and leases that the book does
// not know are of no consequence.
func (b *Book) Record(now time.Time, e toll.Event) (orders []toll.Order, entries []toll.Entry) {
	b.advance(now)
	switch e.Kind {
	case toll.TroubleBegan:
		return nil, b.writeIncidents(b.incidents.Begin(b.now, e.Trouble, e.PBX, e.Text))
	case toll.TroubleEnded:
		return nil, b.writeIncidents(b.incidents.End(b.now, e.Trouble, e.PBX))
	}
	orders, entries = b.record(e)
	return orders, b.watchOver(b.feedFuse(entries))
}

func (b *Book) record(e toll.Event) (orders []toll.Order, entries []toll.Entry) {
	seen := b.now.Add(-e.Ago) // when it happened
	switch e.Kind {
	case toll.LegFound:
		return b.adopt(e)
	case toll.LegMoved:
		return b.moved(channelKey{e.PBX, e.Channel}), nil
	case toll.ContactFound:
		return nil, b.lockContact(e.Found.Caller)
	case toll.ClockStepped:
		return b.rearm(), nil
	case toll.LinkFound:
		b.linked[e.PBX] = true
		delete(b.fuse.blind, e.PBX)
		b.planAll(e.PBX)
		return nil, nil
	case toll.LinkLost:
		b.loseLink(e.PBX)
		return nil, nil
	case toll.ChannelGone:
		return nil, b.channelGone(channelKey{e.PBX, e.Channel}, seen)
	case toll.LegAnswered:
		if h := b.live[b.byLeg[channelKey{e.PBX, e.Channel}]]; h != nil {
			return b.answered(h, e)
		}
		return nil, nil
	}
	h := b.live[e.Lease]
	if h == nil {
		return nil, nil
	}
	switch e.Kind {
	case toll.LegDialled:
		return nil, b.dialled(h, e.Channel, e.Trunk)
	case toll.LeaseGone:
		return nil, b.leaseGone(h, e.Why)
	case toll.CutFailed:
		return nil, b.cutFailed(h)
	}
	return nil, nil
}

// loseLink notes that nobody sees any more what becomes of a PBX's calls.
func (b *Book) loseLink(pbx string) {
	b.linked[pbx] = false
	b.lookAway(pbx)
	for _, h := range b.live {
		if h.lease.Key.PBX == pbx {
			h.blind = true
		}
	}
	b.planAll(pbx)
}

// planAll plans the leases of a PBX anew, since it is seen or is not any more.
func (b *Book) planAll(pbx string) {
	for _, h := range b.live {
		if h.lease.Key.PBX == pbx {
			b.plan(h)
		}
	}
}

// dialled notes the trunk leg of a lease, and by which trunk it leaves.
func (b *Book) dialled(h *holder, leg, trunk string) []toll.Entry {
	if h.lease.State != toll.Granted || h.lease.Leg == leg {
		return nil
	}
	h.blind = h.blind && !b.linked[h.lease.Key.PBX] // from here on it is seen
	l := h.lease
	l.Leg = leg
	if l.Trunk == "" {
		l.Trunk = trunk
		q := l.Question(toll.Ask)
		l.New = b.past.newsBut(&q, &h.lease)
	}
	return []toll.Entry{b.write(toll.EntryChanged, l)}
}

func (b *Book) answered(h *holder, e toll.Event) ([]toll.Order, []toll.Entry) {
	if h.lease.State != toll.Granted {
		return nil, nil
	}
	l := h.lease
	l.State, l.Answered = toll.Answered, b.now.Add(-e.Ago-e.Talk)
	entries := []toll.Entry{b.write(toll.EntryChanged, l)}
	if l.Cut == "" && (l.Adopted || b.now.Sub(b.stepped) < settling) {
		return b.timer(&l), entries
	}
	return nil, entries
}

// channelGone settles the lease whose trunk leg has gone, and those that the
// channel asked for and that have no leg.
func (b *Book) channelGone(k channelKey, seen time.Time) (entries []toll.Entry) {
	if h := b.live[b.byLeg[k]]; h != nil {
		entries = append(entries, b.legGone(h, seen))
	}
	for _, id := range slices.Clone(b.byAsker[k]) {
		h := b.live[id]
		switch {
		case h.lease.State == toll.Granted && h.lease.Leg == "" && h.blind:
			entries = append(entries, b.settleLost(h)) // there may have been a leg
		case h.lease.State == toll.Granted && h.lease.Leg == "":
			entries = append(entries, b.settle(h, toll.EndedUnused, 0, 0))
		default:
			h.askerGone = true // after a transfer the leg lives on
		}
	}
	return entries
}

// legGone settles an answered call. A leg that nobody answered may be followed
// by one on the next trunk, as long as the channel that asked is there.
func (b *Book) legGone(h *holder, seen time.Time) toll.Entry {
	l := h.lease
	switch {
	case l.State == toll.Answered:
		talked := max(seen.Sub(l.Answered), 0)
		return b.settle(h, toll.EndedHangup, talked, l.Price.Cost(talked+b.options.Blur))
	case h.askerGone || l.Adopted:
		return b.settle(h, toll.EndedUnused, 0, 0)
	}
	l.Leg = ""
	h.verified, h.tried = true, true
	return b.write(toll.EntryChanged, l)
}

// leaseGone settles a lease of which no channel exists. A leg that was seen
// cannot have been forged.
func (b *Book) leaseGone(h *holder, why toll.Reason) []toll.Entry {
	if why != toll.EndedForged {
		return []toll.Entry{b.settleLost(h)}
	}
	if h.lease.Leg != "" || h.lease.State != toll.Granted {
		return nil
	}
	return []toll.Entry{b.settle(h, toll.EndedForged, 0, 0)}
}

// adopt takes a live trunk leg into the book that no lease covers. What it
// costs is real whatever policy thinks of it, so it is always reserved; a leg
// that policy does not agree with is cut at once.
func (b *Book) adopt(e toll.Event) ([]toll.Order, []toll.Entry) {
	if _, known := b.byLeg[channelKey{e.PBX, e.Channel}]; e.Found == nil || known {
		return nil, nil
	}
	if h := b.waitsForLeg(e); h != nil {
		return nil, b.dialled(h, e.Channel, e.Found.Trunk)
	}
	q := *e.Found
	q.Purpose, q.Covered, q.Times, q.New = toll.Ask, 0, b.judge.Times(b.now), b.past.news(&q)
	if first := b.live[b.byKey[q.Key]]; e.Why == toll.ReasonFork && first != nil && first.lease.PIN && first.lease.Caller == q.Caller {
		q.Proof = toll.PINRight // another leg of the same call
	}
	j := b.judgeNow(q)
	l := b.allot(q, j)
	l.ID, l.Leg, l.Adopted = b.newID(), e.Channel, true
	if e.Why != "" {
		l.Why = e.Why
	}
	if e.Up {
		l.State, l.Answered = toll.Answered, b.now.Add(-e.Talk)
	}
	if l.To.Class == toll.Emergency {
		return nil, []toll.Entry{b.write(toll.EntryAdopted, l)}
	}
	why, by := adoptedCut(e, j)
	if e.Cut || !j.Allow {
		l.Covered, l.Timer = uncoveredHold, uncoveredHold
	}
	if !j.Allow && why == "" {
		l.Denied, l.Tolerated = j.Reason, true
	}
	l.Covered += e.Talk
	l.Timer += e.Talk
	l.Reserved = l.Price.Reserve(l.Covered)
	entries := []toll.Entry{b.write(toll.EntryAdopted, l)}
	entries = append(entries, b.shadowAdopted(b.live[l.ID], e, j)...)
	switch {
	case why != "":
		order, entry := b.cut(b.live[l.ID], why, by)
		return []toll.Order{order}, append(append(entries, entry), b.punish(e, &l)...)
	case e.Up && !l.Tolerated:
		return []toll.Order{b.timerOrder(&l)}, entries
	}
	return nil, entries
}

// waitsForLeg is the lease whose leg a found one is taken for that has gone
// before its mark could be read: one of its dialler's that nobody has seen a leg
// of, and that reserved at no lower price. A carrier that is busy makes such
// legs. What comes of it is settled under the lease, so that whoever is answered
// and gone in no time is paid for, and only once for each lease.
func (b *Book) waitsForLeg(e toll.Event) *holder {
	q := e.Found
	if !e.Gone || e.Up || q.To.Class == toll.Emergency {
		return nil
	}
	for _, id := range slices.Backward(b.byAsker[askerOf(q.Key)]) {
		h := b.live[id]
		l := &h.lease
		if l.State == toll.Granted && l.Leg == "" && !l.Adopted && l.To.Class != toll.Emergency &&
			q.Price.PerMinute <= l.Price.PerMinute && q.Price.Connect <= l.Price.Connect {
			return h
		}
	}
	return nil
}

// adoptedCut says why a found leg is hung up; "" if it is not. A home call
// that a dead daemon let go, or the second leg of an allowed call, is not
// punished for a limit that is full, and a call from before we watched only
// where it is dear or locked.
func adoptedCut(e toll.Event, j toll.Judgement) (why toll.Reason, by string) {
	spared := false
	switch e.Why {
	case toll.ReasonBypass:
		spared = j.Reason != toll.ReasonLocked
	case toll.ReasonFailOpen, toll.ReasonFork:
		spared = j.Reason == toll.ReasonLimit || j.Reason == toll.ReasonPINNeeded && strings.HasPrefix(j.By, toll.ByLimit)
	case toll.ReasonUnseen:
		spared = !dear(e.Found.To.Class) && j.Reason != toll.ReasonLocked
	}
	switch {
	case e.Cut:
		return e.Why, ""
	case j.Allow || spared:
		return "", ""
	}
	return j.Reason, j.By
}

// dear tells whether a class is what fraud is after.
func dear(c toll.Class) bool {
	return c.Abroad() || c == toll.HomePremium || c == toll.Personal
}

// cut orders the lease's call to be hung up. It stays in the book, and is
// ordered again, until the leg has gone.
func (b *Book) cut(h *holder, why toll.Reason, by string) (toll.Order, toll.Entry) {
	l := h.lease
	l.Cut, l.By = why, by // what let the call through, or only observed, does not cut it
	h.retry = b.now.Add(cutAgain)
	e := b.write(toll.EntryCutting, l)
	return b.cutOrder(h), e
}

// cutOrder is the order to hang a lease's call up. While nobody has answered
// the channel that asked goes too, or its dialplan would try the next trunk;
// but never one that has dialled an emergency number, nor one that never asked.
func (b *Book) cutOrder(h *holder) toll.Order {
	l := h.lease
	if h.cutAt.IsZero() {
		h.cutAt = b.now
	}
	o := toll.Order{Kind: toll.OrderCut, Lease: l, Why: l.Cut, By: l.By, Asker: l.State == toll.Granted && !l.Adopted, Ordered: b.now.Sub(h.cutAt)}
	for _, id := range b.byAsker[askerOf(l.Key)] {
		if b.live[id].lease.To.Class == toll.Emergency {
			o.Asker = false
		}
	}
	return o
}

// Cut orders a live call to be hung up because somebody said so; false when
// there is no such lease or nobody may cut it.
func (b *Book) Cut(now time.Time, id string, why toll.Reason, by string) ([]toll.Order, []toll.Entry, bool) {
	b.advance(now)
	h := b.live[id]
	if h == nil || h.lease.To.Class == toll.Emergency {
		return nil, nil, false
	}
	order, entry := b.cut(h, why, by)
	return []toll.Order{order}, b.watchOver([]toll.Entry{entry}), true
}

// settle ends a lease.
func (b *Book) settle(h *holder, why toll.Reason, talked time.Duration, cost toll.Money) toll.Entry {
	l := h.lease
	l.State, l.Ended, l.Talked, l.Cost = toll.Ended, b.now, talked, cost
	l.Why = why
	if !l.To.Class.Metered() {
		l.Cost = 0
	}
	return b.write(toll.EntryEnded, l)
}

// settleLost ends a lease whose leg was gone when we could look again. When it
// went nobody knows, so it is settled at the most that it can have cost.
func (b *Book) settleLost(h *holder) toll.Entry {
	l := &h.lease
	began := l.Answered
	if began.IsZero() {
		began = l.Granted
	}
	talked := min(b.now.Sub(began), max(l.Timer, l.Covered))
	if l.State == toll.Granted && !longTimer(l) {
		talked = min(talked, l.Covered)
	}
	return b.settle(h, toll.EndedLost, talked, l.Price.Cost(talked+toll.Margin))
}
