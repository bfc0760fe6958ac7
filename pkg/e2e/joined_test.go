//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// inwards lets people outside call the phones.
const inwards = `
[from-carrier]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20)
`

// left is a trunk leg that costs money while the phone that made it is gone.
type left struct {
	name, number, who string
	phone             *Phone // that transferred
}

// comesIn has somebody outside call a phone, and returns the phone's end of it. So many channels are bridged then.
func comesIn(t *testing.T, l *Lab, carrier *Carrier, phone *Phone, bridged int) *Call {
	t.Helper()
	carrier.Dial(phone.Extension, "030123")
	call := phone.WaitCalls(t, 1, 10*time.Second)[0]
	call.WaitAnswered(t, 10*time.Second)
	l.WaitBridged(t, bridged, 10*time.Second)
	return call
}

// goesOut has a phone call a number. So many channels are bridged then.
func goesOut(t *testing.T, l *Lab, phone *Phone, number string, bridged int) *Call {
	t.Helper()
	call := phone.Dial(number)
	call.WaitAnswered(t, 15*time.Second)
	l.WaitBridged(t, bridged, 10*time.Second)
	return call
}

// joinOutside makes calls in which only people outside talk to each other in the end.
func joinOutside(t *testing.T, l *Lab, carrier *Carrier) []left {
	t.Helper()
	done := func(name string, status int) {
		t.Helper()
		if status != 200 {
			t.Errorf("%s: the transfer comes to %d", name, status)
		}
	}
	blind, announced, both, behind := l.Phone(t, "1005"), l.Phone(t, "1006"), l.Phone(t, "1007"), l.Phone(t, "1008")

	call := comesIn(t, l, carrier, blind, 2)
	done("inbound, blind", call.Refer(t, "0023222221301", 10*time.Second))
	l.WaitBridged(t, 2, 10*time.Second)

	call = comesIn(t, l, carrier, announced, 4)
	done("inbound, announced", call.ReferTo(t, goesOut(t, l, announced, "0023222221302", 6), 10*time.Second))
	l.WaitBridged(t, 4, 10*time.Second)

	call = comesIn(t, l, carrier, behind, 6)
	done("inbound, on behind a Dial with g", call.Refer(t, "3003", 10*time.Second))
	carrier.waitNumber(t, "0023222221238")
	l.WaitBridged(t, 6, 10*time.Second)

	call = goesOut(t, l, both, "0023222221303", 8)
	done("outside to outside", call.ReferTo(t, goesOut(t, l, both, "0023222221304", 10), 10*time.Second))
	l.WaitBridged(t, 8, 10*time.Second)
	return []left{
		{"inbound, blind", "0023222221301", "transfer:1005", blind},
		{"inbound, announced", "0023222221302", "extension:1006", announced},
		{"inbound, on behind a Dial with g", "0023222221238", "transfer:1008", behind},
		{"outside to outside, the first", "0023222221303", "extension:1007", both},
		{"outside to outside, the second", "0023222221304", "extension:1007", both},
	}
}

// getsNoMore checks that a phone whose budget is spent gets no further call to a number.
func getsNoMore(t *testing.T, d *Daemon, phone *Phone, number string) {
	t.Helper()
	if o := phone.Dial(number).WaitEnded(t, 10*time.Second); !o.Answered.IsZero() {
		t.Errorf("%s still calls %s: %+v", phone.Extension, number, o)
	}
	d.WaitDecision(t, "refused", "caller=extension:"+phone.Extension, "number="+e164(number), "reason=limit")
}

// Who joins people outside pays from his budget for every leg that was dialled for it, and never the trunk by which
// one of them came in. The budget ends what is left of it, and lets nothing more out.
func TestBudgetEndsCallsBetweenOutsiders(t *testing.T) {
	const budget = 525_000 // twenty-one seconds at 1.50 a minute
	limit := toll.Limit{ID: "purse", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerCaller, Window: 24 * time.Hour}, Act: budget}
	o := DaemonOptions{Change: shortSlices(4*time.Second, time.Hour), Limits: []toll.Limit{limit}}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", further+inwards)
		l.Reload(t)
		carrier := l.Carrier(t)
		l.Phone(t, "1010").Always(Answer{Talk: time.Second})
		all := joinOutside(t, l, carrier)
		manager := l.Manager(t, nil)
		Eventually(t, 10*time.Second, "every leg that costs money has a timer", func() bool {
			_, seconds := marks(t, manager, "carrier")
			timed := 0
			for _, left := range seconds {
				if left > 0 {
					timed++
				}
			}
			return timed >= len(all)
		})
		cost := map[string]toll.Money{}
		for _, x := range all {
			o := trunkCall(t, carrier, x.number).WaitEnded(t, 60*time.Second)
			ended := d.WaitEnded(t, e164(x.number), 1, 10*time.Second)[0]
			t.Logf("measured: %s: %s pays %v, the carrier bills %v", x.name, ended.Caller, ended.Cost, o.Talk)
			if o.EndedBy != ByPBX || ended.Caller.String() != x.who || !near(ended.Talked, o.Talk, time.Second) {
				t.Errorf("%s: the carrier has %+v, the ledger %+v", x.name, o, ended)
			}
			cost[x.who] += ended.Price.Cost(o.Talk)
		}
		for who, billed := range cost {
			if billed > budget || billed < budget/3 {
				t.Errorf("the carrier bills %v for %s, of a budget of %v", billed, who, toll.Money(budget))
			}
		}
		for _, x := range all {
			getsNoMore(t, d, x.phone, x.number)
		}
		l.WaitIdle(t, 30*time.Second)
	})
}
