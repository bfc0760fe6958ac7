package backtest

import (
	"container/heap"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// player plays recorded calls against a book.
type player struct {
	pbx      string
	book     *ledger.Book
	policy   []toll.Setting
	findings *findings
	told     *telling // what they hear
	mails    int

	now    time.Time
	next   time.Time // when the book has something to do,
	waits  bool      // if it ever has
	count  uint64    // of calls
	due    talks     // that go on
	leased map[string]*talk
	locks  map[string]string // who set a lock, by its ID
}

// newPlayer makes a player with the policy of a site.
func newPlayer(site *Site, zone *time.Location) (*player, error) {
	options := site.Book
	options.Verify = noTimer // records tell of channels that were there
	p := &player{
		pbx: site.PBX, book: ledger.NewBook(site.Judge, options),
		leased: make(map[string]*talk), locks: make(map[string]string),
	}
	p.policy = standing(site.Settings)
	for i := range p.policy {
		p.policy[i].Revision = int64(i + 1)
		if err := p.book.Apply(toll.Entry{Seq: int64(i + 1), Kind: toll.EntrySetting, Setting: &p.policy[i]}); err != nil {
			return nil, fmt.Errorf("the policy: %w", err)
		}
	}
	p.findings = newFindings(p.policy, zone)
	p.told = tell(p.findings)
	return p, nil
}

// standing is what a policy is made of: schedules first, for others name them. The
// locks of today say nothing of calls of the past.
func standing(settings []toll.Setting) []toll.Setting {
	var schedules, others []toll.Setting
	for _, s := range settings {
		switch {
		case s.Removed:
		case s.Schedule != nil:
			schedules = append(schedules, s)
		case s.Rule != nil || s.Limit != nil:
			others = append(others, s)
		}
	}
	return slices.Concat(schedules, others)
}

// play begins a call, after everything that happens before it.
func (p *player) play(call *recorded) {
	if p.count == 0 {
		p.now = call.Start
		p.book.Begin(p.now)
		p.record(toll.Event{Kind: toll.LinkFound})
	}
	p.until(call.Start)
	t := p.newTalk(call)
	p.ask(t)
	p.told.tell(happening{talk: t, at: call.Start, refused: t.outcome == OutcomeRefused, barred: t.barred()})
	t.plan()
	heap.Push(&p.due, t)
	p.tick()
}

// ask is what the dialplan does before it dials.
func (p *player) ask(t *talk) {
	if !authorize.Dialable(t.call.Number) {
		t.stop(OutcomeRefused, toll.ReasonBadNumber, "")
		return
	}
	v := p.decide(t)
	if v.AsksPIN(t.question) {
		t.pin = true
		t.stop(OutcomePIN, v.Reason, v.By)
		t.question.Proof = toll.PINRight
		v = p.decide(t)
	}
	switch {
	case !v.Allow:
		t.stop(OutcomeRefused, v.Reason, p.behind(v.By))
	case v.Lease.ID == "": // it does not leave the site
		t.phase = ghost
	default:
		t.lease, t.timer = v.Lease.ID, v.Lease.Timer
		if t.question.To.Class == toll.Emergency {
			t.timer = noTimer // the dialplan sets none
		}
		p.leased[t.lease] = t
	}
}

// noTimer is longer than any call in records.
const noTimer = 10 * 24 * time.Hour

// decide asks the book. What it has made of the time and of the past is kept with
// the question.
func (p *player) decide(t *talk) toll.Verdict {
	v, entries := p.book.Decide(p.now, t.question)
	for i := range entries {
		if e := &entries[i]; e.Kind == toll.EntryGranted || e.Kind == toll.EntryRefused {
			t.question.Times, t.question.New = e.Lease.Times, e.Lease.New
		}
	}
	p.keep(entries)
	return v
}

// behind names a limit that has set a lock instead of the lock, for whoever wants
// to know which one is too low.
func (p *player) behind(by string) string {
	if author := p.locks[by]; author != "" {
		return author
	}
	return by
}

// until lets time go by.
func (p *player) until(moment time.Time) {
	for {
		if len(p.due) > 0 && (!p.waits || !p.due[0].at.After(p.next)) {
			if p.due[0].at.After(moment) {
				break
			}
			p.now = laterOf(p.now, p.due[0].at)
			p.step(p.due[0])
		} else {
			if !p.waits || p.next.After(moment) {
				break
			}
			p.now = laterOf(p.now, p.next)
		}
		p.tick()
	}
	p.now = laterOf(p.now, moment)
}

// tick lets the book do what is due, and sees when it next has something to do. That
// is a little later than now, as it is for a daemon.
func (p *player) tick() {
	orders, entries := p.book.Tick(p.now)
	p.keep(entries)
	p.obey(orders)
	p.next, p.waits = p.book.Next()
	p.next = laterOf(p.next, p.now.Add(time.Millisecond))
}

// step does what is due for a call.
func (p *player) step(t *talk) {
	switch {
	case !p.now.Before(t.hangsUp):
		if t.phase != ghost && t.outcome == OutcomeCut { // they hung up first
			t.stop("", "", "")
		}
		p.release(t)
		heap.Remove(&p.due, t.place)
		p.told.tell(happening{talk: t, at: p.now, ended: true})
		return
	case t.phase == ringing && t.cutAt.IsZero():
		t.phase = talking
		p.record(toll.Event{Kind: toll.LegDialled, Channel: t.leg, Lease: t.lease, Trunk: t.call.Trunk})
		p.record(toll.Event{Kind: toll.LegAnswered, Channel: t.leg})
	default: // cut, or ended by the timer
		if t.outcome != OutcomeCut {
			t.stop(OutcomeCut, toll.ReasonSpent, "timer")
		}
		if t.phase == talking {
			t.after = p.now.Sub(t.answered)
		}
		p.release(t)
		t.phase = ghost
	}
	t.plan()
	heap.Fix(&p.due, t.place)
}

// release tells the book that the call is gone. Of a leg that nobody answers it is
// told nothing at all, which comes to the same and takes half the time.
func (p *player) release(t *talk) {
	if t.lease == "" {
		return
	}
	gone := t.asker // its lease has no leg yet
	if t.phase == talking {
		gone = t.leg
	}
	p.record(toll.Event{Kind: toll.ChannelGone, Channel: gone})
	delete(p.leased, t.lease)
	t.lease = ""
}

// obey carries out what the book orders.
func (p *player) obey(orders []toll.Order) {
	for i := range orders {
		o := &orders[i]
		t := p.leased[o.Lease.ID]
		if t == nil {
			continue
		}
		switch o.Kind {
		case toll.OrderTimer:
			t.timer = p.now.Add(o.Left).Sub(t.answered)
		case toll.OrderCut:
			if t.outcome != OutcomeCut {
				t.stop(OutcomeCut, o.Why, p.behind(o.By))
				t.cutAt = p.now.Add(toll.HangupTakes)
			}
		default:
			continue
		}
		t.plan()
		if t.place >= 0 {
			heap.Fix(&p.due, t.place)
		}
	}
}

// record tells the book what a watcher would have seen.
func (p *player) record(e toll.Event) {
	e.PBX = p.pbx
	orders, entries := p.book.Record(p.now, e)
	p.keep(entries)
	p.obey(orders)
}

// keep takes from entries what matters later: what is durable, who has set a lock,
// and the mails, which leave at once.
func (p *player) keep(entries []toll.Entry) {
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Kind == toll.EntryRenewed:
			p.book.Committed(*e)
		case e.Setting != nil && e.Setting.Lock != nil:
			p.locks[e.Setting.Lock.ID()] = e.Setting.Lock.Author
		case e.Notice != nil && e.Notice.Waits():
			n := *e.Notice
			n.Tries, n.First, n.Sent = 1, p.now, p.now
			p.book.Tried(p.now, n)
			p.mails++
		}
	}
}

// finish lets the calls end that still go on, and tells what was found.
func (p *player) finish(listed []string) *Result {
	for len(p.due) > 0 {
		p.until(p.due[0].at)
	}
	p.told.close()
	r := p.findings.done(p.policy, listed)
	r.Mails = p.mails
	return r
}
