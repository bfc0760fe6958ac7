//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// further is a dialplan for transferred calls that stay where their timer is not heeded: a T extension goes on
// after the time is up, and so does a Dial with the option g.
const further = `
[internal]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20)
exten => 2005,1,Goto(patient,s,1)
exten => 3002,1,Dial(PJSIP/1010,20,g)
 same => n,Wait(60)
exten => 3003,1,Dial(PJSIP/1010,20,g)
 same => n,Goto(internal,0023222221238,1)
exten => _0X.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,TS(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
[patient]
exten => s,1,Dial(PJSIP/1011,20)
exten => T,1,Wait(60)
#include extensions_tollfuse.conf
`

// The budget of who transferred a call ends it when his phone is long gone, wherever it was sent, and also where the
// dialplan dials on after another bridge, when the channel itself no longer tells of the transfer.
func TestTransfererPaysFromHisBudget(t *testing.T) {
	const budget = 250_000 // ten seconds at 1.50 a minute
	limit := toll.Limit{ID: "purse", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerCaller, Window: 24 * time.Hour}, Act: budget}
	o := DaemonOptions{Change: shortSlices(4*time.Second, time.Hour), Limits: []toll.Limit{limit}}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", further)
		l.WriteConfig(t, "features.conf", features)
		l.Reload(t)
		l.CLI(t, "module reload features")
		carrier := l.Carrier(t)
		l.Phone(t, "1010").Always(Answer{Talk: time.Second})
		l.Phone(t, "1011")
		refer := func(call *Call, to string) {
			if status := call.Refer(t, to, 10*time.Second); status != 200 {
				t.Errorf("the transfer to %s comes to %d", to, status)
			}
		}
		cases := []struct {
			name, extension, first, to, dear, who string
			transfer                              func(call *Call, to string)
		}{
			{"to an expensive number", "1005", london, "0023222221235", "0023222221235", "transfer:1005", refer},
			{"to a T extension", "1006", "0023222221236", "2005", "0023222221236", "extension:1006", refer},
			{"to a Dial with g", "1007", "0023222221237", "3002", "0023222221237", "extension:1007", refer},
			{"on to the outside behind a Dial with g", "1008", london, "3003", "0023222221238", "transfer:1008", refer},
			{"by feature code", "1009", london, "0023222221239", "0023222221239", "transfer:1009", func(call *Call, to string) {
				call.Press(t, "#1"+to)
			}},
			{"by feature code, announced", "1012", london, "0023222221240", "0023222221240", "transfer:1012", func(call *Call, to string) {
				call.Press(t, "*2"+to)
				carrier.waitNumber(t, to)
				call.StaysUp(t, time.Second)
				call.Hangup()
			}},
		}
		for _, c := range cases {
			phone := l.Phone(t, c.extension)
			call := phone.Dial(c.first)
			call.WaitAnswered(t, 15*time.Second)
			Eventually(t, 10*time.Second, "the call can be transferred", func() bool {
				return d.WaitLease(t, e164(c.first), "is answered", 10*time.Second, answered).Leg != ""
			})
			l.WaitBridged(t, 2, 10*time.Second)
			c.transfer(call, c.to)
			o := carrier.waitNumber(t, c.dear).WaitEnded(t, 40*time.Second)
			ended := d.WaitEnded(t, e164(c.dear), 1, 10*time.Second)[0]
			t.Logf("measured: %s: %s pays %v, the carrier bills %v", c.name, ended.Caller, ended.Cost, o.Talk)
			if o.EndedBy != ByPBX || o.Talk < 2*time.Second || ended.Caller.String() != c.who || !near(ended.Talked, o.Talk, time.Second) {
				t.Errorf("%s: the carrier has %+v, the ledger %+v", c.name, o, ended)
			}
			if cost := ended.Price.Cost(o.Talk); cost > budget {
				t.Errorf("%s: the carrier bills %v of a budget of %v", c.name, cost, toll.Money(budget))
			}
			getsNoMore(t, d, phone, c.dear)
			l.WaitIdle(t, 30*time.Second)
		}
	})
}
