package replay

import (
	"context"
	"time"

	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// call is one call on its way through the dialplan.
type call struct {
	world   *world
	traffic *Traffic
	wish    wish
	exten   string // the number as the events have it
	to      toll.Destination
	over    func(refused bool) // what comes after it

	asker, leg *channel
	earlier    *call          // that the phone has made before, and sends on
	then       func()         // what the phone does once it is answered; nil: talk
	visitor    *channel       // of whom the phone talks to, and who is to be joined to the leg
	held       *channel       // the phone's to the visitor
	question   *toll.Question // of its lease; nil if it has none
	answered   time.Duration  // of the story, when the carrier's bill began
	connected  bool
	hungUp     bool // somebody who talks ends it
	ended      bool
}

// place is a call from its beginning.
func (w *world) place(ctx context.Context, t *Traffic, one wish, over func(refused bool)) {
	c := w.newCall(t, one, over)
	if one.via == "" {
		c.start(ctx)
		return
	}
	c.startVia(ctx)
}

func (w *world) newCall(t *Traffic, one wish, over func(refused bool)) *call {
	c := &call{world: w, traffic: t, wish: one, to: w.site.Numbering.Resolve(one.number), exten: one.number, over: over}
	if !authorize.Dialable(one.number) {
		c.exten = "invalid" // what real events make of it is not told here
	}
	return c
}

// start begins the call: the dialplan asks, and dials if it may.
func (c *call) start(ctx context.Context) {
	c.world.tally.attempted(c.traffic.Label, c.world.clock.Now())
	if c.traffic.From.Kind == FromNowhere {
		c.dial("", 0)
		return
	}
	facts := c.begin()
	c.endsWith(c.asker)
	c.request(ctx, facts, c.traffic.Failovers)
}

// request asks whether the call may go out, and dials it; where the trunk is down, it
// asks again for the next one.
func (c *call) request(ctx context.Context, facts caller.Facts, downs int) {
	if c.ended {
		return
	}
	w, t := c.world, c.traffic
	a := c.ask(ctx, facts)
	if !a.Allow {
		w.tally.stopped(t.Label, w.clock.Now(), a.Reason, a.By, false, c.to.Class == toll.Emergency)
		c.ended = true
		c.endAllBut(nil)
		c.over(true)
		return
	}
	if downs > 0 {
		c.asker.mark = a.Lease
		leg := w.asterisk.create("PJSIP/"+w.site.Trunk, c.exten, c.asker)
		w.asterisk.dial(c.asker, leg, c.exten+"@"+w.site.Trunk)
		w.clock.after(failedTrunk, func() {
			w.asterisk.end(leg, false)
			c.request(ctx, facts, downs-1)
		})
		return
	}
	c.dial(a.Lease, time.Duration(a.Seconds)*time.Second)
}

// failedTrunk is how long a trunk takes to say that it is down.
const failedTrunk = time.Second

// ask is what the dialplan does before it dials.
func (c *call) ask(ctx context.Context, facts caller.Facts) authorize.Answer {
	w := c.world
	switch {
	case w.unprotected:
		return authorize.Answer{Allow: true}
	case c.to.Class == toll.Emergency:
		return authorize.Answer{Allow: true, Lease: toll.MarkEmergency}
	case w.daemon == nil && w.site.FailOpen && c.to.Class.Ordinary():
		return authorize.Answer{Allow: true, Seconds: int(w.site.MaxHome / time.Second), Lease: toll.MarkFailOpen}
	case w.daemon == nil:
		return authorize.Answer{Reason: toll.ReasonFailClosed}
	}
	asks := authorize.Request{
		PBX: w.site.PBX, Uniqueid: c.asker.uniqueid, Number: authorize.Told(c.wish.number), Trunk: w.site.Trunk, Facts: facts,
	}
	if c.calls() {
		asks.Remote = c.wish.address
	}
	q, _ := w.daemon.handler.Question(asks)
	a, pin := w.daemon.handler.Decide(ctx, q)
	if pin {
		q.Proof = toll.PINNone // whoever has stolen a password has no PIN
		if c.traffic.Label != Attack {
			w.tally.result.PINsAsked++
			q.Proof = toll.PINRight
		}
		a, _ = w.daemon.handler.Decide(ctx, q)
	}
	if l, found, err := w.daemon.ledger.Lease(ctx, a.Lease); a.Allow && found && err == nil {
		asked := l.Question(toll.Ask)
		c.question = &asked
	}
	w.daemon.obey(ctx)
	return a
}

// dial is Dial(…,S(timer)) on the channel that asked, or what Originate does.
func (c *call) dial(mark string, timer time.Duration) {
	w := c.world
	if c.asker != nil {
		c.asker.mark = mark
	}
	c.leg = w.asterisk.create("PJSIP/"+w.site.Trunk, c.exten, c.asker)
	c.endsWith(c.leg)
	w.asterisk.dial(c.asker, c.leg, c.exten+"@"+w.site.Trunk)
	w.clock.after(c.wish.ring, func() {
		switch {
		case c.ended:
		case c.wish.answered:
			c.connect(timer)
		default:
			c.hangUp()
		}
	})
}

// connect begins the conversation, and the bill.
func (c *call) connect(timer time.Duration) {
	w := c.world
	c.connected, c.answered = true, w.clock.elapsed
	w.asterisk.timeout(c.leg, timer)
	w.asterisk.answer(c.leg)
	if c.asker != nil && !c.ended {
		w.asterisk.answer(c.asker)
	}
	switch {
	case c.then != nil:
		w.clock.after(announced, c.then)
		return
	case c.traffic.From.Kind == FromAttended:
		w.clock.after(announced, c.leave)
	}
	w.clock.after(c.wish.talk, c.hangUp)
}

// endsWith ends the call when a channel of it ends. An earlier call that it was of is
// told first, and it alone of what has ended it.
func (c *call) endsWith(ch *channel) {
	earlier := ch.ended
	ch.ended = func(byTimer bool) {
		if earlier != nil {
			earlier(byTimer)
			byTimer = false
		}
		c.end(ch, byTimer)
	}
}

// hangUp ends the call as those do who talk.
func (c *call) hangUp() {
	if !c.ended {
		c.hungUp = true
		c.world.asterisk.end(c.leg, false)
	}
}

// endAllBut ends what channels there still are, but for one.
func (c *call) endAllBut(one *channel) {
	for _, ch := range []*channel{c.leg, c.asker, c.held, c.visitor} {
		if ch != nil && ch != one {
			c.world.asterisk.end(ch, false)
		}
	}
}

// end ends what is left of a call of which one channel has ended, and pays.
func (c *call) end(by *channel, cut bool) {
	if c.ended {
		return
	}
	c.ended = true
	w := c.world
	c.endAllBut(by)
	if cut && !c.hungUp {
		why, by := w.cutBy(c)
		w.tally.stopped(c.traffic.Label, w.clock.Now(), why, by, true, c.to.Class == toll.Emergency)
	}
	if c.connected {
		talk := w.clock.elapsed - c.answered
		ours := w.rates.Price(c.to, w.site.Trunk)
		if c.question != nil {
			ours = c.question.Price
		}
		carrier := ours
		if c.traffic.Price != nil && c.then == nil {
			carrier = *c.traffic.Price
		}
		w.tally.spent(c.traffic.Label, w.clock.Now(), c.question, carrier.Cost(talk), ours.Cost(talk))
	}
	c.over(false)
}
