//go:build e2e

package e2e

import (
	"time"
)

// begin answers the INVITE of a call that came in, now or after its ringing time.
func (c *Call) begin(answer Answer) {
	if answer.Silent {
		return
	}
	c.mu.Lock()
	tag := parameter(c.local, "tag")
	c.agent.send(c.invite.response(100, ""))
	if answer.Ring > 0 {
		c.last = c.withContact(c.invite.response(180, tag))
		c.agent.send(c.last)
	}
	c.mu.Unlock()
	c.agent.after(answer.Ring, c.ended, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case !c.outcome.Ended.IsZero(): // cancelled meanwhile
		case answer.Status >= 300:
			c.refuse(answer.Status, answer.Contact)
		default:
			c.takeUp(answer)
		}
	})
}

// takeUp answers with 200. The lock is held.
func (c *Call) takeUp(answer Answer) {
	c.outcome.Status, c.outcome.Answered = 200, time.Now()
	c.finalResponse(c.withOffer(c.invite.response(200, parameter(c.local, "tag"))))
	close(c.answered)
	if answer.Vanish {
		// Only the ACK is still heard; otherwise our 200 would be repeated by a dead phone.
		c.gone = true
		close(c.open["ACK"])
		delete(c.open, "ACK")
		return
	}
	if answer.Talk > 0 {
		c.agent.after(answer.Talk, c.ended, c.Hangup)
	}
}

// refuse answers with a status of 300 or more. The lock is held.
func (c *Call) refuse(status int, contact string) {
	c.outcome.Status = status
	r := c.invite.response(status, parameter(c.local, "tag"))
	if contact != "" {
		r.add("Contact", "<"+contact+">")
	}
	c.finalResponse(r)
	c.end(ByAgent, nil)
}

// finalResponse sends the final response until the ACK comes. The lock is held.
func (c *Call) finalResponse(m *message) {
	c.last = m
	if waiting, ok := c.open["ACK"]; ok {
		close(waiting)
	}
	c.open["ACK"] = make(chan struct{})
	c.agent.resend(m, c.open["ACK"])
}

func (c *Call) acknowledged(*message) {
	if waiting, ok := c.open["ACK"]; ok {
		close(waiting)
		delete(c.open, "ACK")
	}
}

func (c *Call) withContact(m *message) *message {
	m.add("Contact", "<sip:"+c.agent.address()+">")
	return m
}

func (c *Call) withOffer(m *message) *message {
	c.withContact(m)
	m.add("Content-Type", "application/sdp")
	m.body = offer(c.agent.host())
	return m
}
