package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// heartbeat is the longest that the decider sleeps.
const heartbeat = 250 * time.Millisecond

// gather bounds how many requests are taken at one go, so that commits and
// dues get their turn.
const gather = 256

// hangs is after which time a commit that has not come back is a failure: the
// disk may never answer, and the owner must hear of it.
const hangs = 10 * time.Second

// clockStep is from which difference between wall and monotonic clock the
// timers in Asterisk are set anew.
const clockStep = 500 * time.Millisecond

// decider is the one goroutine that owns the book.
type decider struct {
	ledger   *Ledger
	book     *Book
	next     *batch       // gathers what the next commit writes
	spare    []toll.Entry // room for the one after it
	inFlight bool         // a batch is with the committer,
	sent     time.Time    // since then
	backlog  []toll.Entry
	changing bool       // a change of a rule, limit or rate deck is not durable yet,
	changes  []*request // and these wait for it
	failures int        // of the store, in a row
	failure  error      // the newest of them
	retryAt  time.Time  // when the backlog is tried again
	trimAt   int        // how long it is when it is looked through
	repeats  *repeats

	fills   []*fill      // of new meters, the one under way first
	filler  chan<- *fill // does them; nil for a ledger that stands still
	busy    bool         // he is at the first
	fillAt  time.Time    // when a failed one is tried again
	written int64        // the newest entry that is durable

	undurable map[string]int64 // leases whose permission is not durable yet, and its entry
}

func newDecider(l *Ledger, b *Book) decider {
	return decider{ledger: l, book: b, next: &batch{}, repeats: newRepeats(), undurable: make(map[string]int64)}
}

// Run decides until the context ends, then commits what is left. It must be
// called once.
func (l *Ledger) Run(ctx context.Context) error {
	defer close(l.done)
	toCommit, committed := make(chan *batch), make(chan commit, 1)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		l.commitLoop(toCommit, committed)
	}()
	d := &l.decider
	if !l.still {
		d.review()
	}
	filled, stopFilling := l.startFilling(ctx, d)
	d.loop(ctx, toCommit, committed, filled)
	stopFilling()
	if d.inFlight {
		d.finish(<-committed)
	}
	if last := d.last(); last != nil {
		toCommit <- last
		d.finish(<-committed)
	}
	close(toCommit)
	<-stopped
	if len(d.backlog) > 0 {
		l.log.Error("the ledger closes with entries that could not be written", "entries", len(d.backlog))
	}
	return nil
}

// last is the batch that a ledger ends with.
func (d *decider) last() *batch {
	d.next.entries = append(d.next.entries, d.gathered(time.Time{})...)
	d.next.entries = append(d.next.entries, d.book.Flush()...)
	d.failures, d.retryAt = 0, time.Time{} // it is tried once more, with all of it
	return d.take()
}

// loop is the life of the decider.
func (d *decider) loop(ctx context.Context, toCommit chan<- *batch, committed <-chan commit, filled <-chan *fill) {
	l := d.ledger
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		l.beat()
		if !l.still {
			d.tick()
		}
		if !d.inFlight && d.ripe() {
			if b := d.take(); b != nil {
				toCommit <- b
				d.inFlight, d.sent = true, l.clock.Now()
			}
		}
		timer.Reset(d.sleep())
		select {
		case r := <-l.requests:
			d.handle(r)
			d.handleWaiting()
		case c := <-committed:
			d.inFlight = false
			l.hanging.Store(false)
			d.finish(c)
		case f := <-filled:
			d.filled(f)
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// handleWaiting takes what else waits, so that a burst shares one commit.
func (d *decider) handleWaiting() {
	for range gather {
		select {
		case r := <-d.ledger.requests:
			d.handle(r)
		default:
			return
		}
	}
}

// sleep is how long nothing need be done unless somebody asks.
func (d *decider) sleep() time.Duration {
	wake := heartbeat
	if due, any := d.due(); any {
		wake = min(wake, due.Sub(d.ledger.clock.Now()))
	}
	return max(wake, time.Millisecond)
}

// due is when there is something to do though nobody asks; false if nothing ever.
func (d *decider) due() (at time.Time, any bool) {
	if !d.ledger.still {
		at, any = d.book.Next()
	}
	sooner := func(t time.Time) {
		if !any || t.Before(at) {
			at, any = t, true
		}
	}
	if !d.inFlight && len(d.next.entries)+len(d.backlog) > 0 {
		sooner(later(d.next.begun.Add(d.ledger.flush), d.retryAt))
	}
	if !d.repeats.next.IsZero() {
		sooner(d.repeats.next)
	}
	if d.fillWaits() {
		sooner(d.fillAt)
	}
	return at, any
}

func (d *decider) handle(r *request) {
	if r.state.Load() == abandoned {
		return
	}
	now := d.ledger.clock.Now()
	switch r.kind {
	case reqDecide:
		d.decide(now, r)
	case reqRecord:
		orders, entries := d.book.Record(now, r.event)
		d.narrow(orders, entries)
		r.answer(result{})
	case reqChange:
		d.change(now, r)
	case reqCut:
		orders, entries, found := d.book.Cut(now, r.lease, r.why, r.by)
		d.narrow(orders, entries)
		if !found {
			r.answer(result{err: ErrNoLease})
			return
		}
		r.answer(result{})
	case reqFind:
		lease, found := d.book.Find(r.key)
		if r.lease != "" {
			lease, found = d.book.Lease(r.lease)
		}
		if !found {
			r.answer(result{})
			return
		}
		r.answer(result{lease: &lease})
	case reqView:
		r.answer(result{view: &View{
			At: now, Revision: d.book.Revision(), Failing: d.ledger.Failing(),
			Leases: d.book.Leases(), Settings: d.book.Settings(),
			Incidents: d.book.Incidents(), Notices: d.book.Waiting(),
		}})
	case reqPIN, reqWrongPIN:
		d.handlePIN(now, r)
	case reqRemember:
		for _, c := range r.called {
			d.book.Remember(c)
		}
		r.answer(result{})
	case reqWaiting:
		r.answer(result{notices: d.book.Waiting()})
	default:
		d.handleOwner(now, r)
	}
}

// decide answers refusals at once; a permission waits until it is durable.
func (d *decider) decide(now time.Time, r *request) {
	if len(d.next.entries) > maxBacklog {
		r.answer(result{err: fmt.Errorf("%w: it does not keep up", ErrDown)})
		return
	}
	verdict, entries := d.book.Decide(now, r.question)
	r.result.verdict = verdict
	for i := range entries {
		if entries[i].Extends() {
			d.next.add(now, entries[:i], nil)
			d.next.add(now, entries[i:], &waiter{request: r, entry: entries[i]})
			d.undurable[verdict.Lease.ID] = entries[i].Seq
			d.tellOwner(entries)
			return
		}
	}
	d.record(now, entries)
	d.tellOwner(entries)
	if _, waits := d.undurable[verdict.Lease.ID]; waits && verdict.Allow {
		// The same question again, while its permission is being written.
		d.next.add(now, nil, &waiter{request: r})
		return
	}
	d.deliver(now, r)
}

// deliver answers a question and tells the journal; false when nobody waits
// for the answer any more. A permission that was cut or taken back while it
// was being written is none.
func (d *decider) deliver(now time.Time, r *request) bool {
	res := r.result
	if v := &res.verdict; v.Allow && v.Lease.ID != "" {
		l, live := d.book.Lease(v.Lease.ID)
		switch {
		case !live:
			res = result{err: ErrDown}
		case l.Cut != "":
			*v = toll.Verdict{Judgement: toll.Judgement{Reason: l.Cut, By: l.By}, Revision: v.Revision}
		}
	}
	if !r.answer(res) {
		return false
	}
	if d.ledger.journal != nil && res.err == nil && r.kind == reqDecide && r.question.Purpose != toll.Explain && !res.verdict.AsksPIN(r.question) {
		d.ledger.journal.Verdict(now, r.question, res.verdict)
	}
	return true
}

// change makes settings stand and lets their orders out at once. Rules, limits,
// schedules and rate decks wait for each other, since one that cannot be written is taken back;
// a lock waits for nothing and is not taken back.
func (d *decider) change(now time.Time, r *request) {
	gated := slices.ContainsFunc(r.settings, gates)
	if gated && d.changing {
		d.changes = append(d.changes, r)
		return
	}
	if r.planned && r.revision != d.book.Revision() {
		r.answer(result{err: ErrMeanwhile})
		return
	}
	// A new meter counts what happens from here on, so what was counted must come before.
	d.next.add(now, d.gathered(time.Time{}), nil)
	changed, err := d.book.ChangeAll(now, r.settings)
	if err != nil {
		r.answer(result{err: err})
		return
	}
	d.changing = d.changing || gated
	d.wantFill(&changed)
	d.next.add(now, changed.Entries, &waiter{request: r, changed: &changed})
	d.ledger.orders.put(changed.Orders)
	d.tell(changed.Entries)
}

// gates tells whether a setting waits for others of its kind: one that is taken
// back if it cannot be written.
func gates(s toll.Setting) bool { return s.Lock == nil && s.Fuse == nil }

// tick does what is due.
func (d *decider) tick() {
	l := d.ledger
	now := l.clock.Now()
	if step, stepped := l.clock.Stepped(); stepped {
		l.log.Warn("the wall clock was set; timers of live calls are set anew", "by", step)
		d.narrow(d.book.Record(now, toll.Event{Kind: toll.ClockStepped}))
	}
	if d.inFlight && now.Sub(d.sent) > hangs && !l.hanging.Swap(true) {
		l.log.Error("the ledger hangs: a commit has not come back", "since", d.sent)
		wake(l.noticed)
	}
	orders, entries := d.book.Tick(now)
	d.spread(now, orders, entries)
	d.next.add(now, d.gathered(now), nil)
	d.nextFill(now)
	if d.inFlight && now.Sub(d.sent) > heartbeat {
		d.dropAbandoned(now, d.next)
	}
}

// gathered gives the repeated refusals whose minute is over, as new entries.
func (d *decider) gathered(now time.Time) []toll.Entry {
	entries := d.repeats.flush(now)
	for i := range entries {
		entries[i].Seq = d.book.nextSeq()
	}
	return entries
}

// review asks policy about every call that was alive when we last ran.
func (d *decider) review() {
	now := d.ledger.clock.Now()
	d.narrow(d.book.Review(now))
}

// spread hands out the orders of a tick: a longer timer only once the renewal
// behind it is durable, everything else at once.
func (d *decider) spread(now time.Time, orders []toll.Order, entries []toll.Entry) {
	renewals := make(map[string]toll.Order)
	for _, o := range orders {
		if o.Kind == toll.OrderTimer {
			renewals[o.Lease.ID] = o
			continue
		}
		d.ledger.orders.put([]toll.Order{o})
	}
	for i := range entries {
		e := &entries[i]
		if e.Kind != toll.EntryRenewed {
			d.record(now, entries[i:i+1])
			continue
		}
		w := &waiter{entry: *e}
		if o, moves := renewals[e.Lease.ID]; moves {
			w.order = &o
		}
		d.next.add(now, entries[i:i+1], w)
	}
	d.tell(entries)
}

// narrow lets orders out at once and notes their entries.
func (d *decider) narrow(orders []toll.Order, entries []toll.Entry) {
	d.ledger.orders.put(orders)
	d.record(d.ledger.clock.Now(), entries)
	d.tell(entries)
}

// record notes entries that nobody waits for. Repeated refusals collapse.
func (d *decider) record(now time.Time, entries []toll.Entry) {
	for _, e := range entries {
		if e.Kind == toll.EntryRefused && d.repeats.absorb(e) {
			continue
		}
		d.next.add(now, []toll.Entry{e}, nil)
	}
}
