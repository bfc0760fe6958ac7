//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Who ended a call.
const (
	ByAgent = "agent" // the phone or carrier of the test: BYE, CANCEL or a refusal
	ByPBX   = "pbx"   // Asterisk: BYE, CANCEL or a refusal
)

// Outcome is what an agent knows of a call so far. All times are of the monotonic clock.
type Outcome struct {
	Begun    time.Time     // the INVITE was sent, or came
	Answered time.Time     // the 200 came, or was sent; zero when it never was
	Ended    time.Time     // the BYE, CANCEL or refusal; zero while the call is up
	Talk     time.Duration // from Answered to Ended, what a carrier bills; 0 while the call is up
	Status   int           // the final response to the INVITE, 0 before it
	Cause    int           // the Q.850 cause with which Asterisk ended the call; 0 when it sent none
	Reason   string        // the Reason headers of that message, for a test's output
	EndedBy  string        // ByAgent or ByPBX, "" while the call is up
}

// Call is one call as one agent sees it, in either direction. Its methods may be used by several
// goroutines.
type Call struct {
	Number string // user part of the request URI exactly as it was sent or came, escapes included
	From   string // the From header

	agent          *agent
	id             string // Call-ID
	local, remote  string // the values of From and To seen from here, with their tags
	target         string // where requests inside the call go: the Contact of the other side
	outgoing       bool
	user, password string  // of a call that goes out
	extra          []field // headers for its INVITE

	answered, ended, referred chan struct{}

	mu       sync.Mutex
	outcome  Outcome
	invite   *message // the last INVITE sent or received, which ACK and CANCEL refer to
	last     *message // our last response to it
	ack      *message // our ACK, sent again whenever the response is
	sequence int
	media    *net.UDPAddr             // where Asterisk wants the sound of a call that goes out, once it is answered
	sounds   bool                     // we send it some
	gone     bool                     // vanished: everything is ignored
	open     map[string]chan struct{} // our requests without a response, by CSeq; closed by it
	transfer int
}

func newCall(a *agent, id string) *Call {
	return &Call{
		agent: a, id: id, outcome: Outcome{Begun: time.Now()}, open: map[string]chan struct{}{},
		answered: make(chan struct{}), ended: make(chan struct{}), referred: make(chan struct{}),
	}
}

// Outcome returns what is known so far.
func (c *Call) Outcome() Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.outcome
}

// WaitAnswered waits for the 200 and fails the test when the call ends before or the time is up.
func (c *Call) WaitAnswered(t testing.TB, limit time.Duration) {
	t.Helper()
	select {
	case <-c.answered:
	case <-c.ended:
		select {
		case <-c.answered: // answered and over before we looked
		default:
			t.Fatalf("call to %q ended unanswered: %+v", c.Number, c.Outcome())
		}
	case <-time.After(limit):
		t.Fatalf("call to %q not answered within %v: %+v", c.Number, limit, c.Outcome())
	}
}

// WaitEnded waits until the call is over, however it ended, and fails the test when it is not in time.
func (c *Call) WaitEnded(t testing.TB, limit time.Duration) Outcome {
	t.Helper()
	select {
	case <-c.ended:
	case <-time.After(limit):
		t.Fatalf("call to %q not over within %v: %+v", c.Number, limit, c.Outcome())
	}
	return c.Outcome()
}

// StaysUp waits for that long and fails the test when the call ends meanwhile. It is how a test talks.
func (c *Call) StaysUp(t testing.TB, wait time.Duration) {
	t.Helper()
	select {
	case <-c.ended:
		t.Fatalf("call to %q ended while it should go on: %+v", c.Number, c.Outcome())
	case <-time.After(wait):
	}
	if !c.Up() {
		t.Fatalf("call to %q is not answered: %+v", c.Number, c.Outcome())
	}
}

// Up tells whether the call is answered and not over.
func (c *Call) Up() bool {
	o := c.Outcome()
	return !o.Answered.IsZero() && o.Ended.IsZero()
}

// Hangup ends the call as an honest agent does: BYE when it is answered, CANCEL when we are calling,
// 603 when we are called.
func (c *Call) Hangup() {
	c.mu.Lock()
	switch {
	case !c.outcome.Ended.IsZero():
	case !c.outcome.Answered.IsZero():
		c.end(ByAgent, nil)
		c.request("BYE")
	case c.outgoing:
		cancel := c.again("CANCEL", c.sequence)
		c.open["CANCEL"] = make(chan struct{})
		c.agent.resend(cancel, c.open["CANCEL"])
	default:
		c.refuse(603, "")
	}
	c.mu.Unlock()
}

// Vanish makes the agent deaf and dumb for this call, as a phone whose plug was pulled: no BYE is sent,
// and none is answered.
func (c *Call) Vanish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
}

// Refer transfers the other side blindly to a number at the PBX, waits until Asterisk has said how that
// went, and returns the status: 200 when the transfer is done, after which this side leaves with a BYE.
// Asterisk refuses (with a status of 400 or more) while the two sides are not bridged yet: see
// Lab.WaitBridged.
func (c *Call) Refer(t testing.TB, number string, limit time.Duration) int {
	t.Helper()
	return c.refer(t, fmt.Sprintf("sip:%s@%s", number, c.agent.pbx), limit)
}

// ReferTo transfers the other side to that of another call of the same agent, as one does who has announced the
// transfer (RFC 5589, section 7; RFC 3891 for what names the call).
func (c *Call) ReferTo(t testing.TB, other *Call, limit time.Duration) int {
	t.Helper()
	other.mu.Lock()
	replaces := fmt.Sprintf("%s;to-tag=%s;from-tag=%s", other.id, parameter(other.remote, "tag"), parameter(other.local, "tag"))
	target := fmt.Sprintf("sip:%s@%s?Replaces=%s", other.Number, c.agent.pbx, url.QueryEscape(replaces))
	other.mu.Unlock()
	return c.refer(t, target, limit)
}

func (c *Call) refer(t testing.TB, target string, limit time.Duration) int {
	t.Helper()
	c.mu.Lock()
	c.request("REFER",
		field{"Refer-To", "<" + target + ">"},
		field{"Referred-By", fmt.Sprintf("<%s>", addressURI(c.local))})
	c.mu.Unlock()
	select {
	case <-c.referred:
	case <-time.After(limit):
		t.Fatalf("no outcome of REFER within %v", limit)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.transfer
}

// end notes the end of the call, once. The lock is held. m is Asterisk's message that ended it.
func (c *Call) end(by string, m *message) {
	if !c.outcome.Ended.IsZero() {
		return
	}
	c.outcome.Ended, c.outcome.EndedBy = time.Now(), by
	if !c.outcome.Answered.IsZero() {
		c.outcome.Talk = c.outcome.Ended.Sub(c.outcome.Answered)
	}
	if m != nil {
		c.outcome.Cause = m.cause()
		var reasons []string
		for _, f := range m.fields {
			if strings.EqualFold(f.name, "Reason") {
				reasons = append(reasons, f.value)
			}
		}
		c.outcome.Reason = strings.Join(reasons, ", ")
	}
	close(c.ended)
}

// request sends a request inside the call until a response comes. The lock is held.
func (c *Call) request(method string, more ...field) {
	c.sequence++
	m := c.build(method, c.target, c.sequence)
	m.fields = append(m.fields, more...)
	answered := make(chan struct{})
	c.open[m.get("CSeq")] = answered
	c.agent.resend(m, answered)
}

// build makes a request of this call with a branch of its own.
func (c *Call) build(method, uri string, sequence int) *message {
	m := &message{method: method, uri: uri}
	m.add("Via", fmt.Sprintf("SIP/2.0/UDP %s;branch=z9hG4bK%s", c.agent.address(), token()))
	m.add("Max-Forwards", "70")
	m.add("From", c.local)
	m.add("To", c.remote)
	m.add("Call-ID", c.id)
	m.add("CSeq", fmt.Sprintf("%d %s", sequence, method))
	m.add("Contact", "<sip:"+c.agent.address()+">")
	return m
}

// again makes the CANCEL or the ACK of a refusal, which carry the INVITE's own branch (RFC 3261,
// sections 9.1 and 17.1.1.3).
func (c *Call) again(method string, sequence int) *message {
	m := c.build(method, c.invite.uri, sequence)
	m.fields[0].value = c.invite.get("Via")
	m.fields[2].value = c.invite.get("From")
	m.fields[3].value = c.invite.get("To")
	return m
}

// receive handles everything that comes for a call that exists.
func (c *Call) receive(m *message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.gone:
	case m.method != "":
		c.handle(m)
	case strings.HasSuffix(m.get("CSeq"), "INVITE"):
		c.progress(m)
	case m.status >= 200:
		c.settle(m)
	}
}

// settle takes the final response to a request other than INVITE.
func (c *Call) settle(m *message) {
	sequence := m.get("CSeq")
	if strings.HasSuffix(sequence, "CANCEL") {
		sequence = "CANCEL"
	}
	waiting, ok := c.open[sequence]
	if !ok {
		return
	}
	close(waiting)
	delete(c.open, sequence)
	if strings.HasSuffix(sequence, "REFER") && m.status >= 300 && c.transfer == 0 {
		c.transfer = m.status
		close(c.referred)
	}
}
