//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"time"
)

// Dialling says how a call goes out when it is not the plain one. Its texts are sent as they are: that
// they may be hostile is the point.
type Dialling struct {
	Display string      // display name in From, without the quotes that are put around it
	User    string      // user part of From; "" means the one that authenticates
	Headers [][2]string // more headers for the INVITE: name and value
	URI     string      // of the request and To; "" means one made of the number
}

// dial sends an INVITE for that number to the PBX and returns at once. A challenge is answered.
func (a *agent) dial(user, password, number string, how Dialling) *Call {
	c := newCall(a, token()+"@"+a.address())
	c.outgoing, c.user, c.password, c.Number = true, user, password, number
	for _, h := range how.Headers {
		c.extra = append(c.extra, field{h[0], h[1]})
	}
	c.target = fmt.Sprintf("sip:%s@%s", number, a.pbx)
	if how.URI != "" {
		c.target = how.URI
	}
	if how.User == "" {
		how.User = user
	}
	c.local = fmt.Sprintf("<sip:%s@%s>;tag=%s", how.User, a.pbx, token())
	if how.Display != "" {
		c.local = `"` + how.Display + `" ` + c.local
	}
	c.From = c.local
	c.remote = "<" + c.target + ">"

	a.mu.Lock()
	a.calls[c.id] = c
	a.mu.Unlock()

	c.mu.Lock()
	defer c.mu.Unlock()
	c.sendInvite()
	return c
}

// sendInvite sends the INVITE until any response comes. The lock is held.
func (c *Call) sendInvite() {
	c.sequence++
	c.invite = c.build("INVITE", c.target, c.sequence)
	c.invite.fields = append(c.invite.fields, c.extra...)
	c.invite.add("Content-Type", "application/sdp")
	c.invite.body = offer(c.agent.host())
	answered := make(chan struct{})
	c.open[c.invite.get("CSeq")] = answered
	c.agent.resend(c.invite, answered)
}

// progress takes a response to our INVITE. The lock is held.
func (c *Call) progress(m *message) {
	if m.get("CSeq") != c.invite.get("CSeq") {
		return // a late copy of an earlier challenge
	}
	if waiting, ok := c.open[m.get("CSeq")]; ok {
		close(waiting)
		delete(c.open, m.get("CSeq"))
	}
	switch {
	case m.status < 200:
	case c.outcome.Status != 0:
		c.agent.send(c.ack) // Asterisk repeats itself until it hears the ACK
	case m.status == 401 && c.invite.get("Authorization") == "":
		c.authenticate(m)
	case m.status < 300:
		c.connect(m)
	default:
		c.outcome.Status = m.status
		c.acknowledgeRefusal(m)
		by := ByPBX
		if _, cancelled := c.open["CANCEL"]; cancelled || m.status == 487 {
			by = ByAgent
		}
		c.end(by, m)
	}
}

func (c *Call) authenticate(challenge *message) {
	c.acknowledgeRefusal(challenge)
	c.extra = append(c.extra, field{"Authorization",
		authorization(challenge.get("WWW-Authenticate"), "INVITE", c.target, c.user, c.password)})
	c.sendInvite()
}

func (c *Call) acknowledgeRefusal(m *message) {
	c.ack = c.again("ACK", c.sequence)
	c.ack.fields[3].value = m.get("To")
	c.agent.send(c.ack)
}

func (c *Call) connect(m *message) {
	c.remote = m.get("To")
	c.target = addressURI(m.get("Contact"))
	c.media = mediaOf(m.body)
	c.ack = c.build("ACK", c.target, c.sequence)
	c.agent.send(c.ack)
	c.outcome.Status, c.outcome.Answered = m.status, time.Now()
	close(c.answered)
}

// handle takes a request inside a call, of either direction. The lock is held.
func (c *Call) handle(m *message) {
	switch m.method {
	case "ACK":
		c.acknowledged(m)
	case "INVITE":
		if c.last != nil && m.get("CSeq") == c.invite.get("CSeq") && m.get("Via") == c.invite.get("Via") {
			c.agent.send(c.last) // a retransmission of the INVITE that made this call
			return
		}
		if strings.Contains(m.get("To"), ";tag=") {
			c.agent.send(c.withOffer(m.response(200, "")))
		}
	case "CANCEL":
		c.agent.send(m.response(200, parameter(c.local, "tag")))
		if c.outcome.Answered.IsZero() && c.outcome.Ended.IsZero() {
			c.end(ByPBX, m)
			c.finalResponse(c.invite.response(487, parameter(c.local, "tag")))
		}
	case "BYE":
		c.agent.send(m.response(200, ""))
		c.end(ByPBX, m)
	case "UPDATE":
		c.agent.send(c.withOffer(m.response(200, "")))
	case "NOTIFY":
		c.agent.send(m.response(200, ""))
		c.transferred(m)
	default: // INFO, OPTIONS
		c.agent.send(m.response(200, ""))
	}
}

// transferred takes a report on our REFER, whose body is the status line of the call to the new number
// (RFC 3515, section 2.4.5). When that is answered, the transferer leaves (RFC 5589, section 6.1).
func (c *Call) transferred(m *message) {
	if !strings.HasPrefix(m.get("Subscription-State"), "terminated") || c.transfer != 0 {
		return
	}
	if report, err := parseMessage([]byte(m.body)); err == nil {
		c.transfer = report.status
	}
	close(c.referred)
	if c.transfer == 200 && c.outcome.Ended.IsZero() {
		c.end(ByAgent, nil)
		c.request("BYE")
	}
}
