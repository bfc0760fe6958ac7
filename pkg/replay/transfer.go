package replay

import (
	"context"
	"time"

	"github.com/tollfuse/tollfuse/pkg/caller"
)

// announced is how long a phone talks before it sends a call on, or joins two, and
// leaves.
const announced = 5 * time.Second

// startVia makes an ordinary call first, which the phone sends on as soon as it is
// answered. That one goes on as long as this does.
func (c *call) startVia(ctx context.Context) {
	one := c.wish
	one.number, one.answered = one.via, true
	first := c.world.newCall(c.traffic, one, func(refused bool) {
		if c.earlier == nil { // it has not come to this
			c.over(refused)
		}
	})
	first.then = func() {
		if !first.ended {
			c.earlier = first
			c.start(ctx)
		}
	}
	first.start(ctx)
}

// calls tells whether a phone begins the call, from where it is.
func (c *call) calls() bool {
	return c.then != nil || c.traffic.From.Kind == FromExtension || c.traffic.From.Kind == FromAttended
}

// begin makes the channel that asks, and says what Asterisk knows of how it came to.
func (c *call) begin() caller.Facts {
	a, trunk := c.world.asterisk, "PJSIP/"+c.world.site.Trunk
	phone := "PJSIP/" + c.wish.from + "-00000001"
	switch kind := c.traffic.From.Kind; {
	case c.calls():
		if c.wish.first && c.earlier == nil {
			a.guess(c.traffic, c.wish.address)
		}
		if kind == FromAttended && c.then == nil {
			c.visit(trunk)
		}
		a.shown(c.wish.from, c.wish.address, true)
		c.asker = a.create("PJSIP/"+c.wish.from, c.exten, nil)
	case kind == FromForward:
		c.asker = a.create("Local/"+c.exten+"@internal", c.exten, nil)
		return caller.Facts{Channel: c.asker.name, Forwarder: phone}
	case kind == FromTransfer && c.earlier != nil:
		return c.sendOn()
	case kind == FromTransfer:
		c.asker = a.create(trunk, c.exten, nil)
		return caller.Facts{Channel: c.asker.name, BlindTransfer: phone}
	default:
		c.asker = a.create(trunk, c.exten, nil)
	}
	return caller.Facts{Channel: c.asker.name}
}

// sendOn sends whom the phone has called to the number: the leg of the earlier call
// goes through the dialplan, and the phone is gone.
func (c *call) sendOn() caller.Facts {
	a, phone := c.world.asterisk, c.earlier.asker
	c.asker = c.earlier.leg
	a.sendOn(phone, c.asker, c.exten)
	c.earlier.asker, phone.ended = nil, nil
	a.end(phone, false)
	return caller.Facts{Channel: c.asker.name, BlindTransfer: phone.name}
}

// visit is whom the phone talks to before: who has called it from outside, or whom it
// has called itself.
func (c *call) visit(trunk string) {
	a := c.world.asterisk
	if c.earlier != nil {
		c.visitor, c.held = c.earlier.leg, c.earlier.asker
		c.endsWith(c.visitor)
		return
	}
	c.visitor = a.create(trunk, c.wish.from, nil)
	c.endsWith(c.visitor)
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
	c.asker, phone.ended, c.held.ended = nil, nil, nil
	if c.earlier != nil {
		c.earlier.asker = nil
	}
	a.join(c.held, phone, c.visitor, c.leg)
	a.end(c.held, false)
	a.end(phone, false)
}
