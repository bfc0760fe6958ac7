package pbxsim

import (
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// run plays the call from its first channel to its last.
func (l *Live) run() {
	defer close(l.done)
	if l.Call.Way == Originated {
		l.dial(nil, l.Call.Number, 0)
		return
	}
	asker, ok := l.begin()
	if !ok {
		return
	}
	l.outgoing(asker, l.Call.Number)
}

// begin makes the channel that runs the outgoing extension: the phone's own, or, where a phone forwards, the
// second half of a Local channel.
func (l *Live) begin() (asker *channel, ok bool) {
	if !l.lock() {
		return nil, false
	}
	defer l.unlock()
	c := l.Call
	dialled := c.Number
	if c.Forwarder != "" {
		dialled = c.Forwarder
	}
	phone := l.pbx.newChannel(l, channel{
		name: "PJSIP/" + c.From, state: stateRing, caller: party{c.From, "Ext " + c.From}, account: c.Account,
		context: "internal", exten: dialled, dnid: dialled,
	})
	if c.Forwarder != "" {
		return l.forward(phone), true
	}
	return phone, true
}

// outgoing is the extension for outside numbers: ask, and dial if that is allowed. It returns when all
// channels of the call have ended.
func (l *Live) outgoing(asker *channel, number string) {
	timer := time.Duration(0)
	if l.Call.Way == Guarded {
		v := l.gosub(asker, number)
		if !l.lock() {
			return
		}
		l.outcome.Verdicts = append(l.outcome.Verdicts, v)
		goOn := v.Allow && v.Seconds > 0 && !l.over // S(0) refuses a call
		if !goOn {
			l.refused(asker, v)
		}
		l.unlock()
		if !goOn {
			return
		}
		timer = time.Duration(v.Seconds) * time.Second
	}
	l.dial(asker, number, timer)
}

// refused ends a call that is not dialled. The PBX is locked.
func (l *Live) refused(asker *channel, v Verdict) {
	h := hangup{asker, EndRefused, v.Cause}
	if l.over {
		h = <-l.ending
	}
	l.finish(h)
}

// finish hangs up whatever is left of the call, the channels that were made last first. The PBX is locked.
func (l *Live) finish(h hangup) {
	l.outcome.End, l.outcome.Cause = h.by, h.cause
	for i := len(l.channels) - 1; i >= 0; i-- {
		l.pbx.hangUp(l.channels[i], h.cause)
	}
}

// dial is Dial(PJSIP/number@trunk,60,S(timer)) on the channel, or what Originate does where there is none.
func (l *Live) dial(asker *channel, number string, timer time.Duration) {
	if !l.lock() {
		return
	}
	leg := l.newLeg(asker, number)
	l.unlock()
	if h, answered := l.ring(asker, leg); !answered {
		if l.lock() {
			l.unanswered(asker, leg, h)
			l.unlock()
		}
		return
	}
	if !l.lock() {
		return
	}
	l.connect(asker, leg, timer)
	l.unlock()
	l.talk(asker, leg)
}

// newLeg makes the leg to the carrier and says that it is dialled. The PBX is locked.
func (l *Live) newLeg(asker *channel, number string) *channel {
	p := l.pbx
	fresh := channel{
		name: "PJSIP/" + l.Call.Trunk, state: stateDown, context: "from-carrier", exten: "s", sent: number,
		app: "AppDial", data: "(Outgoing Line)",
	}
	dialString := number + "@" + l.Call.Trunk
	if asker == nil {
		leg := p.newChannel(l, fresh)
		leg.app, leg.data = "", ""
		p.tell("DialBegin", leg.fields("Dest"), []ami.Field{field("DialString", dialString)})
		return leg
	}
	fresh.linkedid = asker.linkedid
	leg := p.newChannel(l, fresh)
	leg.inheritFrom(asker)
	asker.app, asker.data, asker.priority = "Dial", "PJSIP/"+dialString, asker.priority+1
	asker.set("DIALEDPEERNUMBER", dialString)
	leg.set("DIALEDPEERNUMBER", dialString)
	leg.caller, leg.connected, leg.exten = party{number: number}, asker.caller, number
	p.tell("NewCallerid", leg.fields(""), []ami.Field{field("CID-CallingPres", "0 (Presentation Allowed, Not Screened)")})
	p.tell("DialBegin", asker.fields(""), leg.fields("Dest"), []ami.Field{field("DialString", dialString)})
	asker.connected = party{number: number}
	return leg
}

// ring waits for the carrier's answer, or for what comes before it.
func (l *Live) ring(asker, leg *channel) (h hangup, answered bool) {
	if l.Call.Ring != 0 && l.lock() {
		l.pbx.changeState(leg, stateRinging)
		l.pbx.tell("DialState", l.dialFields(asker, leg, field("DialStatus", "RINGING")))
		l.unlock()
	}
	after, noAnswer := l.Call.Ring, hangup{leg, EndUnanswered, l.Call.Reject}
	if after < 0 {
		after, noAnswer.cause = dialTimeout, causeNoAnswer
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	select {
	case <-timer.C:
		return noAnswer, noAnswer.cause == 0
	case h = <-l.ending:
		return h, false
	case <-l.life.ctx.Done():
		return hangup{leg, EndRestart, 0}, false
	}
}

// dialFields are the fields of an event about a dial: both channels, or only the dialled one where none dials.
func (l *Live) dialFields(asker, leg *channel, more ...ami.Field) []ami.Field {
	var fields []ami.Field
	if asker != nil {
		fields = asker.fields("")
	}
	fields = append(fields, leg.fields("Dest")...)
	return append(fields, more...)
}

// unanswered ends a call that nobody has answered. The PBX is locked.
func (l *Live) unanswered(asker, leg *channel, h hangup) {
	status := "CANCEL"
	switch {
	case h.by == EndUnanswered && h.cause == causeNoAnswer:
		status = "NOANSWER"
	case h.by == EndUnanswered && h.cause == causeBusy:
		status = "BUSY"
	case h.by == EndUnanswered, h.channel == leg:
		status = "CONGESTION"
	}
	l.outcome.Legs = append(l.outcome.Legs, Leg{Uniqueid: leg.uniqueid, Number: leg.sent})
	l.pbx.tell("DialEnd", l.dialFields(asker, leg, field("DialStatus", status)))
	l.finish(h)
}

// connect answers the leg, sets its timer and bridges it with the channel that dialled. The PBX is locked.
func (l *Live) connect(asker, leg *channel, timer time.Duration) {
	p := l.pbx
	leg.answered = time.Now()
	l.outcome.Legs = append(l.outcome.Legs, Leg{Uniqueid: leg.uniqueid, Number: leg.sent, Answered: true})
	p.changeState(leg, stateUp)
	p.timeout(leg, timer)
	p.tell("DialEnd", l.dialFields(asker, leg, field("DialStatus", "ANSWER")))
	select {
	case <-l.answered:
	default:
		close(l.answered)
	}
	if asker == nil {
		return
	}
	if asker.state != stateUp {
		p.changeState(asker, stateUp)
	}
	l.answerBehind()
	p.bridge(leg, asker)
}

// talk waits until the call ends, or is sent on. Both ends hang up together.
func (l *Live) talk(asker, leg *channel) {
	var over <-chan time.Time
	if l.Call.Talk > 0 {
		timer := time.NewTimer(l.Call.Talk)
		defer timer.Stop()
		over = timer.C
	}
	h := hangup{asker, EndPhone, causeNormal}
	if l.Call.Callee || asker == nil || asker.sent != "" {
		h = hangup{leg, EndCallee, causeNormal}
	}
	for {
		select {
		case number := <-l.transfer:
			if asker != nil && asker == l.channels[0] {
				l.blindTransfer(asker, leg, number)
				return
			}
			continue
		case h = <-l.ending:
		case <-over:
		case <-l.life.ctx.Done():
			h = hangup{leg, EndRestart, 0}
		}
		break
	}
	if !l.lock() {
		return
	}
	defer l.unlock()
	if h.by == EndPhone || h.by == EndCallee {
		l.pbx.tell("HangupRequest", h.channel.fields(""), []ami.Field{field("Cause", fmt.Sprint(h.cause))})
	}
	l.pbx.unbridge(asker, leg)
	l.finish(h)
}
