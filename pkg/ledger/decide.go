package ledger

import (
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Decide answers a question and reserves what it allows. The same question
// asked again while nobody has answered finds the same lease.
func (b *Book) Decide(now time.Time, q toll.Question) (toll.Verdict, []toll.Entry) {
	b.advance(now)
	q.Times, q.New = b.judge.Times(b.moment(q)), b.past.news(&q)
	if q.Purpose == toll.Explain {
		return toll.Verdict{Judgement: b.judgeNow(q), Revision: b.judge.Revision()}, nil
	}
	if q.To.Class == toll.Internal || q.To.Class == toll.FeatureCode {
		return b.within(q), nil
	}
	q.Purpose, q.Covered = toll.Ask, 0
	if q.Proof == toll.PINRight {
		delete(b.wrong, q.Caller.ID)
	}
	if h := b.unanswered(q.Key); h != nil {
		v, entries := b.decideAgain(h, q)
		return v, b.watchOver(entries)
	}
	given := b.giveBack(q.Key)
	v, entries := b.decideNew(q)
	if len(given) > 0 {
		entries = append(given, entries...)
	}
	return v, b.watchOver(entries)
}

func (b *Book) decideNew(q toll.Question) (toll.Verdict, []toll.Entry) {
	j := b.judgeNow(q)
	if j.Allow && len(b.live) >= b.options.Leases && q.To.Class != toll.Emergency {
		j = toll.Judgement{Reason: toll.ReasonLimit, By: "live leases"}
	}
	if !j.Allow {
		return b.refuse(q, j)
	}
	l := b.allot(q, j)
	l.ID = b.newID()
	return b.permit(j, l)
}

// within answers for a call that does not leave the site: there is nothing to
// reserve and nothing to remember.
func (b *Book) within(q toll.Question) toll.Verdict {
	v := toll.Verdict{Judgement: b.judgeNow(q), Revision: b.judge.Revision()}
	v.Lease.Timer = v.Maximum
	return v
}

// unanswered is the lease that this key has already, while it may still be
// given again. Where nobody saw what became of it, it may have been used up.
func (b *Book) unanswered(k toll.Key) *holder {
	h := b.live[b.byKey[k]]
	if h == nil || h.lease.State != toll.Granted || h.blind {
		return nil
	}
	// A link can be dead for a while before anybody knows: unless the leg was
	// seen to fail, only a quick repetition gets the same lease.
	if !h.tried && b.now.Sub(h.lease.Granted) > repetition {
		return nil
	}
	return h
}

// repetition is within which time a question may be asked again for the same
// lease although nothing was heard of its leg.
const repetition = 10 * time.Second

// giveBack ends what the asking channel holds for other numbers that it has
// tried in vain: it hunts on, and a channel dials one thing at a time.
func (b *Book) giveBack(k toll.Key) (entries []toll.Entry) {
	for _, id := range slices.Clone(b.byAsker[askerOf(k)]) {
		h := b.live[id]
		if h.tried && !h.blind && h.lease.State == toll.Granted && h.lease.Leg == "" && h.lease.Key != k {
			entries = append(entries, b.settle(h, toll.EndedUnused, 0, 0))
		}
	}
	return entries
}

// decideAgain answers a question whose lease nobody has answered yet: the next
// trunk of a failover, or the same request once more.
func (b *Book) decideAgain(h *holder, q toll.Question) (toll.Verdict, []toll.Entry) {
	l := h.lease
	q.Times, q.New, q.Origin = l.Times, b.past.newsBut(&q, &l), l.Origin
	if l.PIN && l.Caller == q.Caller {
		q.Proof = toll.PINRight // the next trunk of the same call
	}
	if l.Cut != "" {
		return b.refuse(q, toll.Judgement{Reason: l.Cut, By: l.By})
	}
	if l.Caller == q.Caller && l.Price == q.Price && l.Trunk == q.Trunk {
		j := toll.Judgement{Allow: true, Reason: l.Why, By: l.By, Slice: l.Covered, Denied: l.Denied}
		return toll.Verdict{Judgement: j, Lease: l, Revision: l.Revision}, nil
	}
	// Another trunk or price is judged as if the first permission had been
	// given back; when it is allowed, the lease stays one and is counted once.
	before := l.Question(toll.Ask)
	b.meters.Hold(before, -1)
	b.meters.Granted(l.Granted, before, -1)
	j := b.judgeNow(q)
	b.meters.Granted(l.Granted, before, 1)
	b.meters.Hold(before, 1)
	if !j.Allow {
		ended := b.settle(h, toll.EndedUnused, 0, 0)
		verdict, entries := b.refuse(q, j)
		return verdict, append([]toll.Entry{ended}, entries...)
	}
	next := b.allot(q, j)
	next.ID, next.Granted, next.Leg = l.ID, l.Granted, l.Leg
	return b.permit(j, next)
}

// allot makes the lease that a judgement allows.
func (b *Book) allot(q toll.Question, j toll.Judgement) toll.Lease {
	l := toll.Lease{
		State: toll.Granted, Key: q.Key, Caller: q.Caller, To: q.To, Price: q.Price, Trunk: q.Trunk,
		Granted: b.now, Why: j.Reason, By: j.By, Denied: j.Denied, Revision: b.judge.Revision(), Times: q.Times, New: q.New, Origin: q.Origin,
		PIN: q.Proof == toll.PINRight,
	}
	if q.To.Class == toll.Emergency {
		l.Timer = j.Maximum
		return l
	}
	l.Covered, l.Timer = j.Slice, j.Slice
	if longTimer(&l) || j.Observing {
		l.Timer = max(j.Maximum, j.Slice)
	}
	if q.To.Class.Metered() {
		l.Reserved = l.Price.Reserve(l.Covered)
	}
	return l
}

// longTimer tells whether the trunk leg's timer runs to the longest allowed
// call while only a slice is reserved: for the firm's everyday calls, which a
// dead daemon must not cut, for what is let be, and where the site only observes.
// What one rule or limit would have refused has the timer of any other call:
// budgets that are enforced hold for it.
func longTimer(l *toll.Lease) bool {
	return l.To.Class.Ordinary() || l.Tolerated || l.Timer > l.Covered
}

func (b *Book) permit(j toll.Judgement, l toll.Lease) (toll.Verdict, []toll.Entry) {
	e := b.write(toll.EntryGranted, l)
	b.lookAway(l.Key.PBX)
	return toll.Verdict{Judgement: j, Lease: l, Revision: b.judge.Revision()}, []toll.Entry{e}
}

// refuse remembers that a question was refused; nothing, where the caller is to
// be asked for his PIN first.
func (b *Book) refuse(q toll.Question, j toll.Judgement) (toll.Verdict, []toll.Entry) {
	v := toll.Verdict{Judgement: j, Revision: b.judge.Revision()}
	if v.AsksPIN(q) {
		return v, nil
	}
	l := toll.Lease{
		State: toll.Refused, Key: q.Key, Caller: q.Caller, To: q.To, Price: q.Price, Trunk: q.Trunk,
		Granted: b.now, Ended: b.now, Why: j.Reason, By: j.By, Revision: b.judge.Revision(), Times: q.Times, Origin: q.Origin,
	}
	entries := []toll.Entry{b.write(toll.EntryRefused, l)}
	if j.Reason == toll.ReasonLocked {
		entries = append(entries, b.prolong(j.By)...)
	}
	return v, entries
}

// Withdraw takes back what an entry allowed that could not be made durable, or
// that came too late for the one who asked. Nobody heard of it, so it cost
// nothing; that the question was asked stays counted.
func (b *Book) Withdraw(now time.Time, e toll.Entry) []toll.Entry {
	b.advance(now)
	h := b.live[e.Lease.ID]
	if h == nil {
		return nil
	}
	switch {
	case e.Kind == toll.EntryGranted && h.lease.State == toll.Granted && h.lease.Leg == "":
		return b.watchOver([]toll.Entry{b.settle(h, toll.EndedWithdraw, 0, 0)})
	case e.Kind == toll.EntryRenewed && h.lease.Covered == e.Lease.Covered && !longTimer(&h.lease):
		l := h.lease
		l.Covered = h.said
		l.Timer, l.Reserved = l.Covered, l.Price.Reserve(l.Covered)
		h.retry = now.Add(time.Second)
		return []toll.Entry{b.write(toll.EntryChanged, l)}
	}
	return nil
}
