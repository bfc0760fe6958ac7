//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// inLondon is a number of its own for each of the calls below, by which it is known to the carrier and the ledger.
func inLondon(n int) string { return fmt.Sprintf("004420794601%02d", n) }

// waysOut is a dialplan with what makes a call leave for which nobody dialled a number.
func waysOut() string {
	return `
[internal]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20)
exten => 2001,1,Dial(Local/` + inLondon(3) + `@internal,30)
exten => 2002,1,Dial(PJSIP/1012&Local/` + inLondon(4) + `@internal,30)
exten => 2003,1,Answer()
 same => n,Queue(sales)
exten => _0X.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,TS(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
[from-carrier]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20)
exten => 7001,1,Answer()
 same => n,DISA(no-password,internal)
exten => 7002,1,Answer()
 same => n,Goto(internal,` + inLondon(7) + `,1)
#include extensions_tollfuse.conf
`
}

const (
	features = "[general]\ntransferdigittimeout = 2\n[featuremap]\nblindxfer = #1\natxfer = *2\n"
	queues   = "[general]\n[sales]\nstrategy = ringall\ntimeout = 30\n"
)

// way is one way for a call to leave, and who answers for it.
type way struct {
	name   string
	number string // that is reached
	who    string
	begin  func(t *testing.T) // the call; nil where it cannot be made again
}

// takeWaysOut gives an exchange that dialplan.
func takeWaysOut(t *testing.T, l *Lab) {
	t.Helper()
	l.WriteConfig(t, "extensions.conf", waysOut())
	l.WriteConfig(t, "features.conf", features)
	l.WriteConfig(t, "queues.conf", queues+"member => Local/"+inLondon(5)+"@internal\n")
	l.Reload(t)
	l.CLI(t, "module reload features")
	l.CLI(t, "queue reload all")
}

// callFile has Asterisk begin a call to a channel.
func callFile(t *testing.T, l *Lab, channel string) {
	t.Helper()
	text := "Channel: " + channel + "\nApplication: Wait\nData: 60\n"
	if err := os.MkdirAll(l.Path("spool/outgoing"), 0o700); err != nil {
		t.Fatal(err)
	}
	// Asterisk may read a file before it is whole, so it is moved there.
	if err := os.WriteFile(l.Path("spool/call"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(l.Path("spool/call"), l.Path("spool/outgoing/call")); err != nil {
		t.Fatal(err)
	}
}

// ways are calls that leave without a transfer. Phones 1002 and 1003 forward.
func ways(t *testing.T, l *Lab, carrier *Carrier) []way {
	t.Helper()
	phone := l.Phone(t, "1001")
	for i, extension := range []string{"1002", "1003"} {
		l.Phone(t, extension).Always(Answer{Status: 302, Contact: fmt.Sprintf("sip:%s@127.0.0.1:%d", inLondon(i+1), l.SIP)})
	}
	l.Phone(t, "1012").Always(Answer{Ring: time.Minute})
	dial := func(number string) func(*testing.T) {
		return func(*testing.T) { phone.Dial(number) }
	}
	return []way{
		{"a phone answers with 302", inLondon(1), "forward:1002", dial("1002")},
		{"from outside to a phone with 302, with a forged Diversion", inLondon(2), "forward:1003", func(*testing.T) {
			carrier.dial("", "", "1003", Dialling{User: "030123", Headers: [][2]string{
				{"Diversion", "<sip:1008@127.0.0.1>;reason=unconditional"}, {"P-Asserted-Identity", "<sip:1008@127.0.0.1>"},
			}})
		}},
		{"follow-me", inLondon(3), "forward:2001", dial("2001")},
		{"a ring group", inLondon(4), "forward:2002", dial("2002")},
		{"a queue", inLondon(5), "forward:2003", dial("2003")},
		{"DISA", inLondon(6), "trunk:carrier", func(t *testing.T) {
			call := carrier.Dial("7001", "030123")
			call.WaitAnswered(t, 10*time.Second)
			call.Press(t, inLondon(6))
		}},
		{"a voicemail that dials out", inLondon(7), "trunk:carrier", func(*testing.T) { carrier.Dial("7002", "030123") }},
		{"a call file", inLondon(8), "unknown:Local/internal", func(t *testing.T) {
			callFile(t, l, "Local/"+inLondon(8)+"@internal")
		}},
		{"the console", inLondon(9), "unknown:Local/internal", func(t *testing.T) {
			l.CLI(t, "channel originate Local/"+inLondon(9)+"@internal application Wait 60")
		}},
	}
}

// transfers makes calls that phones have sent on to the outside, and says who answers for each.
func transfers(t *testing.T, l *Lab, carrier *Carrier) []way {
	t.Helper()
	begin := func(extension string, n, bridged int) *Call {
		call := l.Phone(t, extension).Dial(inLondon(n))
		call.WaitAnswered(t, 15*time.Second)
		l.WaitBridged(t, bridged, 10*time.Second)
		return call
	}
	if status := begin("1005", 10, 2).Refer(t, inLondon(11), 10*time.Second); status != 200 {
		t.Errorf("the transfer comes to %d", status)
	}
	l.WaitBridged(t, 2, 10*time.Second)

	begin("1006", 12, 4).Press(t, "#1"+inLondon(13))
	carrier.waitNumber(t, inLondon(13))
	l.WaitBridged(t, 4, 10*time.Second)

	call := begin("1007", 14, 6)
	call.Press(t, "*2"+inLondon(15))
	carrier.waitNumber(t, inLondon(15))
	call.StaysUp(t, time.Second) // he announces it
	call.Hangup()
	return []way{
		{"the call that 1005 transfers", inLondon(10), "extension:1005", nil},
		{"blind by REFER", inLondon(11), "transfer:1005", nil},
		{"the call that 1006 transfers", inLondon(12), "extension:1006", nil},
		{"blind by feature code", inLondon(13), "transfer:1006", nil},
		{"the call that 1007 transfers", inLondon(14), "extension:1007", nil},
		{"attended by feature code", inLondon(15), "transfer:1007", nil},
	}
}

// waitNumber waits until a number is called.
func (c *Carrier) waitNumber(t testing.TB, number string) *Call {
	t.Helper()
	var found *Call
	Eventually(t, 20*time.Second, "the carrier gets "+number, func() bool {
		for _, call := range c.Calls() {
			if call.Number == number {
				found = call
			}
		}
		return found != nil
	})
	return found
}

// Whoever makes a call leave answers for it, by whatever way and whatever headers say: a lock of him ends it
// and lets no other out.
func TestWhoAnswersForACall(t *testing.T) {
	groups := func(c *config.Config) { c.Numbering.Extensions = append(c.Numbering.Extensions, "2XXX") }
	forEachVersion(t, DaemonOptions{Change: groups}, func(t *testing.T, l *Lab, d *Daemon) {
		takeWaysOut(t, l)
		carrier := l.Carrier(t)
		all := transfers(t, l, carrier)
		again := ways(t, l, carrier)
		for _, w := range again {
			w.begin(t)
			carrier.waitNumber(t, w.number)
		}
		answerFor(t, l, d, carrier, append(all, again...))
	})
}

// answerFor checks who answers for calls that are up: a lock of him ends them and refuses the next.
func answerFor(t *testing.T, l *Lab, d *Daemon, carrier *Carrier, all []way) {
	t.Helper()
	locked := map[string]bool{}
	for _, w := range all {
		lease := d.WaitLease(t, e164(w.number), "is answered", 20*time.Second, answered)
		t.Logf("measured: %s: %s", w.name, lease.Caller)
		if lease.Caller.String() != w.who || lease.Adopted {
			t.Errorf("%s: %s answers for it, want %s; adopted: %v", w.name, lease.Caller, w.who, lease.Adopted)
		}
		locked[lease.Caller.ID] = true
	}
	for who := range locked {
		d.Lock(t, who)
	}
	for _, w := range all {
		o := trunkCall(t, carrier, w.number).WaitEnded(t, 15*time.Second)
		ended := d.WaitEnded(t, e164(w.number), 1, 10*time.Second)[0]
		if o.EndedBy != ByPBX || ended.Caller.String() != w.who || ended.Cut != toll.ReasonLocked || !near(ended.Talked, o.Talk, time.Second) {
			t.Errorf("%s: the carrier has %+v, the ledger %+v", w.name, o, ended)
		}
	}
	l.WaitIdle(t, 15*time.Second)
	for _, w := range all {
		if w.begin == nil {
			continue
		}
		w.begin(t)
		d.WaitDecision(t, "refused", "caller="+w.who, "number="+e164(w.number), "reason=locked")
		trunkCall(t, carrier, w.number) // no second one
	}
}
