package pbxsim

import (
	"fmt"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// forward lets the phone call the forwarder, whose phone answers with 302: Asterisk goes on with a Local
// channel, on whose second half the forwarder is accountable. The PBX is locked.
func (l *Live) forward(phone *channel) *channel {
	p, c := l.pbx, l.Call
	moved := p.newChannel(l, channel{
		name: "PJSIP/" + c.Forwarder, state: stateDown, caller: party{c.Forwarder, "Ext " + c.Forwarder},
		connected: phone.caller, context: "internal", exten: "s", linkedid: phone.linkedid, sent: "",
	})
	moved.exten = c.Forwarder
	p.tell("DialBegin", phone.fields(""), moved.fields("Dest"), []ami.Field{field("DialString", c.Forwarder)})

	name := fmt.Sprintf("Local/%s@internal-%08x;", c.Number, p.sequence)
	half := channel{context: "internal", exten: c.Number, linkedid: phone.linkedid, rdnis: c.Forwarder}
	one, two := half, half
	one.name, one.state, one.caller, one.connected = name+"1", stateDown, party{number: c.Forwarder}, phone.caller
	two.name, two.state, two.caller, two.connected = name+"2", stateRing, phone.caller, party{number: c.Forwarder}
	first, second := p.newChannel(l, one), p.newChannel(l, two)
	second.facts.forwarder = moved.name
	p.tell("LocalBridge", first.fields("LocalOne"), second.fields("LocalTwo"), []ami.Field{
		field("Context", "internal"), field("Exten", c.Number), field("LocalOptimization", "No"),
	})
	p.tell("DialEnd", phone.fields(""), moved.fields("Dest"), []ami.Field{field("Forward", c.Number), field("DialStatus", "CANCEL")})
	p.tell("DialBegin", phone.fields(""), first.fields("Dest"), []ami.Field{field("DialString", c.Number+"@internal")})
	p.hangUp(moved, causeAnsweredElsewhere)
	l.behind = []*channel{first, phone}
	return second
}

// answerBehind answers the channels that stand before the one that dialled. The PBX is locked.
func (l *Live) answerBehind() {
	for i, c := range l.behind {
		l.pbx.changeState(c, stateUp)
		if i == 0 {
			l.pbx.tell("DialEnd", l.behind[1].fields(""), c.fields("Dest"), []ami.Field{field("DialStatus", "ANSWER")})
		}
	}
	l.behind = nil
}

// blindTransfer sends the leg on: the phone is gone, and the leg runs the extension. What it dials is on the
// account of the phone, whose name Asterisk leaves in BLINDTRANSFER.
func (l *Live) blindTransfer(phone, leg *channel, number string) {
	if !l.lock() {
		return
	}
	p := l.pbx
	p.tell("BlindTransfer", []ami.Field{field("Result", "Success")}, phone.fields("Transferer"), leg.fields("Transferee"),
		bridgeFields(leg.bridge, 2), []ami.Field{field("IsExternal", "Yes"), field("Context", "internal"), field("Extension", number)})
	leg.exten, leg.context, leg.priority = number, "internal", 1
	p.unbridge(leg, phone)
	p.hangUp(phone, causeNormal)
	leg.facts.blind = phone.name
	l.unlock()
	l.outgoing(leg, number)
}
