//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// threeTrunks tries one trunk after the other and writes the number for each as it wants it. At home two trunks
// ring at once.
const threeTrunks = `
[internal]
exten => _00X.,1,Set(TOLLFUSE_TRUNK=carrier)
 same => n,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n,Set(TOLLFUSE_TRUNK=carrier2)
 same => n,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/+${TOLLFUSE_DIAL:2}@carrier2,60,S(${TOLLFUSE_SECONDS}))
 same => n,Set(TOLLFUSE_TRUNK=1021)
 same => n,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/99${TOLLFUSE_DIAL}@1021,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
exten => _0Z.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier&PJSIP/${TOLLFUSE_DIAL}@carrier2,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
#include extensions_tollfuse.conf
`

// thirdTrunk makes the place of extension 1021 a trunk that wants a 99 before the number.
func thirdTrunk(c *config.Config) {
	c.Asterisk[0].Trunks = append(c.Asterisk[0].Trunks, config.Trunk{Name: "1021", Prefix: "99"})
}

// oneCallAbroad lets each caller abroad once.
func oneCallAbroad() toll.Limit {
	return toll.Limit{ID: "once", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerCaller, Window: time.Hour, Where: toll.Abroad}, Act: 1}
}

// A call that finds two trunks dead and the third alive is one lease, counts once, and costs what the third bills.
func TestFailoverIsOneCall(t *testing.T) {
	o := DaemonOptions{Change: thirdTrunk, Limits: []toll.Limit{oneCallAbroad()}}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", threeTrunks)
		l.Reload(t)
		first, second, third, phone := l.Carrier(t), l.SecondCarrier(t), l.Phone(t, "1021"), l.Phone(t, "1001")
		first.Always(Answer{Status: 503})
		second.Always(Answer{Status: 503})
		d.imports(t, priceList(t, "first.csv", "0.03", 0))
		dear := priceList(t, "third.csv", "0.50", 0)
		if out, code := d.Command(t, "rates", "import", dear, "--trunk", "1021"); code != 0 {
			t.Fatalf("rates import ends with %d: %s", code, out)
		}
		call := phone.Dial(london)
		call.WaitAnswered(t, 15*time.Second)
		live := d.WaitLease(t, e164(london), "is answered", 10*time.Second, answered)
		if live.Trunk != "1021" || live.Adopted || len(d.Live(t)) != 1 {
			t.Errorf("live are %+v", d.Live(t))
		}
		call.StaysUp(t, time.Second)
		call.Hangup()
		o := third.WaitCalls(t, 1, time.Second)[0].WaitEnded(t, 10*time.Second)
		ended := d.WaitEnded(t, e164(london), 1, 10*time.Second)[0]
		if ended.ID != live.ID || !near(ended.Talked, o.Talk, 500*time.Millisecond) || ended.Cost != ended.Price.Cost(ended.Talked+toll.Blur) {
			t.Errorf("ended as %+v, the third carrier bills %v", ended, o.Talk)
		}
		if of := ended.Price.Cost(time.Minute); of != 500_000 {
			t.Errorf("a minute was priced at %d, want what the third asks", of)
		}
		numbers := []string{first.Calls()[0].Number, second.Calls()[0].Number, third.Calls()[0].Number}
		if len(first.Calls()) != 1 || len(second.Calls()) != 1 || numbers[1] != "+442079460000" || numbers[2] != "99"+london {
			t.Errorf("the carriers got %q", numbers)
		}
		refusedFor(t, phone.Dial(sierraLeone), toll.ReasonLimit)
	})
}

// Two trunks that ring at once are a lease each, and only the one that answers costs something.
func TestForkIsALeaseEach(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", threeTrunks)
		l.Reload(t)
		first, second, phone := l.Carrier(t), l.SecondCarrier(t), l.Phone(t, "1001")
		first.Always(Answer{Ring: time.Minute})
		second.Always(Answer{Ring: 1500 * time.Millisecond})
		call := phone.Dial(berlin)
		d.WaitLive(t, 2, 10*time.Second)
		call.WaitAnswered(t, 10*time.Second)
		call.StaysUp(t, time.Second)
		call.Hangup()
		o := second.WaitCalls(t, 1, time.Second)[0].WaitEnded(t, 10*time.Second)
		first.WaitCalls(t, 1, time.Second)[0].WaitEnded(t, 10*time.Second)
		for _, lease := range d.WaitEnded(t, "+4930123456", 2, 10*time.Second) {
			free := lease.Trunk == "carrier" && lease.Talked == 0 && lease.Cost == 0
			paid := lease.Trunk == "carrier2" && near(lease.Talked, o.Talk, 500*time.Millisecond) && lease.Cost > 0
			if lease.Caller.String() != "extension:1001" || lease.Cut != "" || !free && !paid {
				t.Errorf("ended as %+v, the second carrier bills %v", lease, o.Talk)
			}
		}
	})
}
