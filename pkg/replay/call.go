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
	visitor    *channel       // of who called the phone from outside, and is to be joined to the leg
	held       *channel       // the phone's to the visitor
	question   *toll.Question // of its lease; nil if it has none
	answered   time.Duration  // of the story, when the carrier's bill began
	connected  bool
	hungUp     bool // somebody who talks ends it
	ended      bool
}

// place is a call from its beginning: the dialplan asks, and dials if it may.
func (w *world) place(ctx context.Context, t *Traffic, one wish, over func(refused bool)) {
	c := &call{world: w, traffic: t, wish: one, to: w.site.Numbering.Resolve(one.number), exten: one.number, over: over}
	if !authorize.Dialable(one.number) {
		c.exten = "invalid" // what real events make of it is not told here
	}
	w.tally.attempted(t.Label, w.clock.Now())
	if t.From.Kind == FromNowhere {
		c.dial("", 0)
		return
	}
	c.request(ctx, c.begin(), t.Failovers)
}

// request asks whether the call may go out, and dials it; where the trunk is down, it
// asks again for the next one.
func (c *call) request(ctx context.Context, facts caller.Facts, downs int) {
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
	c.asker.ended = func(byTimer bool) { c.end(c.asker, byTimer) }
	c.dial(a.Lease, time.Duration(a.Seconds)*time.Second)
}

// failedTrunk is how long a trunk takes to say that it is down.
const failedTrunk = time.Second

// begin makes the channel that asks, and says what Asterisk knows of how it came to.
func (c *call) begin() caller.Facts {
	a, trunk := c.world.asterisk, "PJSIP/"+c.world.site.Trunk
	phone := "PJSIP/" + c.wish.from + "-00000001"
	switch c.traffic.From.Kind {
	case FromForward:
		c.asker = a.create("Local/"+c.exten+"@internal", c.exten, nil)
		return caller.Facts{Channel: c.asker.name, Forwarder: phone}
	case FromTransfer:
		c.asker = a.create(trunk, c.exten, nil)
		return caller.Facts{Channel: c.asker.name, BlindTransfer: phone}
	case FromTrunk:
		c.asker = a.create(trunk, c.exten, nil)
	default:
		if c.wish.first {
			a.guess(c.traffic, c.wish.address)
		}
		if c.traffic.From.Kind == FromAttended {
			c.visit(trunk)
		}
		a.shown(c.wish.from, c.wish.address, true)
		c.asker = a.create("PJSIP/"+c.wish.from, c.exten, nil)
	}
	return caller.Facts{Channel: c.asker.name}
}

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
	if c.traffic.From.dials() {
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
	c.leg.ended = func(byTimer bool) { c.end(c.leg, byTimer) }
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
	if c.traffic.From.Kind == FromAttended {
		w.clock.after(announced, c.leave)
	}
	w.clock.after(c.wish.talk, c.hangUp)
}

// announced is how long a phone talks before it joins two calls and leaves.
const announced = 5 * time.Second

// visit is a call from outside that the phone answers.
func (c *call) visit(trunk string) {
	a := c.world.asterisk
	c.visitor = a.create(trunk, c.wish.from, nil)
	c.visitor.ended = func(byTimer bool) { c.end(c.visitor, byTimer) }
	c.held = a.create("PJSIP/"+c.wish.from, "", c.visitor)
	a.dial(c.visitor, c.held, c.wish.from)
	a.answer(c.held)
	a.answer(c.visitor)
}

// leave joins the visitor to the leg, and ends the phone's own channels.
func (c *call) leave() {
	if c.ended {
		return
	}
	a, phone := c.world.asterisk, c.asker
	c.asker, phone.ended = nil, nil
	a.join(c.held, phone, c.visitor, c.leg)
	a.end(c.held, false)
	a.end(phone, false)
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
		if c.traffic.Price != nil {
			carrier = *c.traffic.Price
		}
		w.tally.spent(c.traffic.Label, w.clock.Now(), c.question, carrier.Cost(talk), ours.Cost(talk))
	}
	c.over(false)
}
