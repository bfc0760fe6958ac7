package pbxsim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// The states of a channel that are played (include/asterisk/channelstate.h).
const (
	stateDown    = 0
	stateRing    = 4
	stateRinging = 5
	stateUp      = 6
)

var stateNames = map[int]string{stateDown: "Down", stateRing: "Ring", stateRinging: "Ringing", stateUp: "Up"}

// party is a number and a name, as a caller ID has them.
type party struct{ number, name string }

// channel is one channel. Everything in it is guarded by the PBX.
type channel struct {
	name, uniqueid, linkedid string
	state                    int
	caller, connected        party
	account                  string
	context, exten           string
	priority                 int
	dnid, rdnis              string
	app, data                string
	bridge                   string
	began                    time.Time
	variables                map[string]variable

	facts    accountables // what Asterisk wrote into its variables by itself
	sent     string       // a trunk leg: the number that the carrier was sent
	answered time.Time    // … and when it answered
	live     *Live        // the call it belongs to

	deadline time.Time // when its timer ends it; zero: never
	timer    *time.Timer
	asked    bool // somebody wants it to end
	gone     bool // its Hangup was told
}

// accountables are the variables by which Asterisk says how a channel came to dial.
type accountables struct{ blind, attended, forwarder, transferer string }

// variable is a channel variable; _ and __ before its name say how far it is inherited.
type variable struct {
	value   string
	inherit int // 0 not, 1 by the channels it dials, 2 by theirs too
}

// hangup is a request to end a channel.
type hangup struct {
	channel *channel
	by      End
	cause   int
}

// set sets a variable as Set() and MSet() do: the underscores are no part of the name.
func (c *channel) set(name, value string) {
	bare := strings.TrimLeft(name, "_")
	c.variables[bare] = variable{value, min(len(name)-len(bare), 2)}
}

// get reads a variable, or one of the few functions that are known here.
func (c *channel) get(name string) (value string, ok bool) {
	switch name {
	case "CHANNEL(endpoint)":
		return c.endpoint(), true
	case "CHANNEL(linkedid)":
		return c.linkedid, true
	case "CHANNEL(name)":
		return c.name, true
	}
	v, ok := c.variables[name]
	return v.value, ok
}

// inheritFrom takes over the variables that the dialling channel hands on.
func (c *channel) inheritFrom(parent *channel) {
	for name, v := range parent.variables {
		switch v.inherit {
		case 1:
			c.variables[name] = variable{v.value, 0}
		case 2:
			c.variables[name] = v
		}
	}
}

// endpoint is the middle of the channel's name, PJSIP/ENDPOINT-SEQUENCE; nothing for a Local channel.
func (c *channel) endpoint() string {
	rest, isPJSIP := strings.CutPrefix(c.name, "PJSIP/")
	if i := strings.LastIndexByte(rest, '-'); isPJSIP && i >= 0 {
		return rest[:i]
	}
	return ""
}

func (c *channel) tech() string {
	tech, _, _ := strings.Cut(c.name, "/")
	return tech
}

// fields are what every event about a channel has, in Asterisk's order (main/manager_channels.c).
func (c *channel) fields(prefix string) []ami.Field {
	return []ami.Field{
		{Name: prefix + "Channel", Value: c.name},
		{Name: prefix + "ChannelState", Value: strconv.Itoa(c.state)},
		{Name: prefix + "ChannelStateDesc", Value: stateNames[c.state]},
		{Name: prefix + "CallerIDNum", Value: orUnknown(c.caller.number)},
		{Name: prefix + "CallerIDName", Value: orUnknown(c.caller.name)},
		{Name: prefix + "ConnectedLineNum", Value: orUnknown(c.connected.number)},
		{Name: prefix + "ConnectedLineName", Value: orUnknown(c.connected.name)},
		{Name: prefix + "Language", Value: "en"},
		{Name: prefix + "AccountCode", Value: c.account},
		{Name: prefix + "Context", Value: c.context},
		{Name: prefix + "Exten", Value: c.exten},
		{Name: prefix + "Priority", Value: strconv.Itoa(c.priority)},
		{Name: prefix + "Uniqueid", Value: c.uniqueid},
		{Name: prefix + "Linkedid", Value: c.linkedid},
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "<unknown>"
	}
	return s
}

// newChannel makes a channel known and tells so. The PBX is locked.
func (p *PBX) newChannel(l *Live, c channel) *channel {
	now := time.Now()
	c.uniqueid = fmt.Sprintf("%d.%d", now.Unix(), p.sequence)
	if p.options.SystemName != "" {
		c.uniqueid = p.options.SystemName + "-" + c.uniqueid
	}
	// A Local channel comes with its number, since its two halves share it.
	if c.tech() == "PJSIP" {
		c.name = fmt.Sprintf("%s-%08x", c.name, p.sequence)
	}
	p.sequence++
	if c.linkedid == "" {
		c.linkedid = c.uniqueid
	}
	c.began, c.live, c.priority = now, l, 1
	c.variables = make(map[string]variable)
	p.channels[c.uniqueid] = &c
	l.channels = append(l.channels, &c)
	p.tell("Newchannel", c.fields(""))
	return &c
}

// changeState tells a new state. The PBX is locked.
func (p *PBX) changeState(c *channel, state int) {
	c.state = state
	p.tell("Newstate", c.fields(""))
}

// end asks a channel to end; the first request counts. The PBX is locked.
func (c *channel) end(by End, cause int) {
	if c.asked || c.gone {
		return
	}
	c.asked = true
	c.live.ending <- hangup{c, by, cause}
	if first := !c.live.over; first && c.live.asks != nil {
		c.live.asks()
	}
	c.live.over = true
}

// timeout sets when the channel ends by itself, in place of what was set before; zero takes it away. The
// PBX is locked.
func (p *PBX) timeout(c *channel, after time.Duration) {
	if c.timer != nil {
		c.timer.Stop()
	}
	c.deadline, c.timer = time.Time{}, nil
	if after <= 0 || c.gone {
		return
	}
	c.deadline = time.Now().Add(after)
	deadline := c.deadline
	c.timer = time.AfterFunc(after+timerLag, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if c.deadline.Equal(deadline) { // not moved meanwhile
			c.end(EndTimer, causeNormal)
		}
	})
}

// hangUp ends a channel and tells so. The PBX is locked.
func (p *PBX) hangUp(c *channel, cause int) {
	if c.gone {
		return
	}
	p.forget(c)
	p.tell("Hangup", c.fields(""), []ami.Field{
		{Name: "Cause", Value: strconv.Itoa(cause)}, {Name: "Cause-txt", Value: causeText(cause)},
	})
}

// forget ends a channel silently, and lets the carrier write its line. The PBX is locked.
func (p *PBX) forget(c *channel) {
	c.gone = true
	if c.timer != nil {
		c.timer.Stop()
	}
	delete(p.channels, c.uniqueid)
	if !c.answered.IsZero() {
		charge := p.options.Tariff.charge(c.sent, time.Since(c.answered))
		charge.Leg, charge.Answered = c.uniqueid, c.answered
		p.bill = append(p.bill, charge)
		c.live.talked(c)
	}
}

// Causes of ITU-T Q.850 that are used here.
const (
	causeNormal            = 16
	causeBusy              = 17
	causeRejected          = 21
	causeNoAnswer          = 19
	causeBadForm           = 28
	causeAnsweredElsewhere = 23
)

// causeText is Asterisk's text for a cause (main/channel.c).
func causeText(cause int) string {
	switch cause {
	case causeNormal:
		return "Normal Clearing"
	case causeBusy:
		return "User busy"
	case causeNoAnswer:
		return "User alerting, no answer"
	case causeRejected:
		return "Call Rejected"
	case causeBadForm:
		return "Invalid number format"
	case 34:
		return "Circuit/channel congestion"
	}
	return "Unknown"
}
