//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// forwards is a dialplan that forwards to extensions that may forward again, and to the outside.
func forwards() string {
	return `
[internal]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20)
exten => 2001,1,Dial(Local/1005@internal,30)
exten => 2002,1,Dial(Local/` + inLondon(3) + `@follow-me,30)
exten => 2003,1,Goto(internal,` + inLondon(4) + `,1)
exten => _0X.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
[follow-me]
include => internal
#include extensions_tollfuse.conf
`
}

// The last who chose the outside number answers for the call, however many sent it on before.
func TestWhoAnswersForAChainOfForwards(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", forwards())
		l.Reload(t)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		for extension, to := range map[string]string{
			"1002": "1003", "1003": inLondon(1), "1005": inLondon(2), "1006": "2002", "1007": "2003",
		} {
			l.Phone(t, extension).Always(Answer{Status: 302, Contact: fmt.Sprintf("sip:%s@127.0.0.1:%d", to, l.SIP)})
		}
		dial := func(number string) func(*testing.T) { return func(*testing.T) { phone.Dial(number) } }
		all := []way{
			{"a phone forwards to one that forwards out", inLondon(1), "forward:1003", dial("1002")},
			{"follow-me to a phone that forwards out", inLondon(2), "forward:1005", dial("2001")},
			{"a phone forwards to a follow-me to the outside", inLondon(3), "unknown:Local/follow-me", dial("1006")},
			{"a phone forwards to where the dialplan goes on to the outside", inLondon(4), "forward:1007", dial("1007")},
		}
		for _, w := range all {
			w.begin(t)
			carrier.waitNumber(t, w.number)
		}
		answerFor(t, l, d, carrier, all)
	})
}

// tie makes one exchange send its outside calls to the other, in whose dialplan they come in as those of a trunk.
func tie(t *testing.T, from, to *Lab) {
	t.Helper()
	const endpoint = "\n[%s]\ntype = endpoint\ntransport = transport\ncontext = internal\ndisallow = all\nallow = ulaw\ndirect_media = no\n"
	pjsip := from.ReadConfig(t, "pjsip.conf") + fmt.Sprintf(endpoint, tieOut) + fmt.Sprintf("from_user = %s\naors = %s\n[%s]\ntype = aor\ncontact = sip:127.0.0.1:%d\n", tieIn, tieOut, tieOut, to.SIP)
	from.WriteConfig(t, "pjsip.conf", pjsip)
	to.WriteConfig(t, "pjsip.conf", to.ReadConfig(t, "pjsip.conf")+fmt.Sprintf(endpoint, tieIn))
	from.WriteConfig(t, "extensions.conf", `
[internal]
exten => _0X.,1,Set(TOLLFUSE_TRUNK=`+tieOut+`)
 same => n,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@`+tieOut+`,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
#include extensions_tollfuse.conf
`)
}

// The trunk between two exchanges, as the one that sends and the one that gets calls know it.
const (
	tieOut = "to-branch"
	tieIn  = "from-main"
)

func tieTrunks(c *config.Config) {
	for i := range c.Asterisk {
		c.Asterisk[i].Trunks = append(c.Asterisk[i].Trunks, config.Trunk{Name: tieOut}, config.Trunk{Name: tieIn})
	}
}

// A call over two exchanges in a row has a lease on each: on the first the extension answers for it, on the second the trunk
// it came in by. A lock of either ends all of it and refuses the next.
func TestTwoAsterisksInARow(t *testing.T) {
	t.Run("one daemon", func(t *testing.T) {
		t.Parallel()
		perPBX := toll.Limit{ID: "exchange", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerPBX}, Act: 1}
		two, d := startTwo(t, DaemonOptions{Change: tieTrunks, Limits: []toll.Limit{concurrentLimit(2), perPBX}}, func(two *Two) { tie(t, two.Main, two.Branch) })
		inARow(t, row{two.Main, d}, row{two.Branch, d})
	})
	t.Run("a daemon each", func(t *testing.T) {
		t.Parallel()
		first, second := Prepare(t, Options{Suite: Asterisk16}), Prepare(t, Options{Suite: Asterisk22})
		o := DaemonOptions{Change: tieTrunks}
		a, b := PrepareDaemon(t, first, o), PrepareDaemon(t, second, o)
		tie(t, first, second)
		first.Run(t)
		second.Run(t)
		a.Start(t)
		b.Start(t)
		for _, d := range []*Daemon{a, b} {
			one := concurrentLimit(1)
			d.Set(t, toll.Setting{Limit: &one})
		}
		inARow(t, row{first, a}, row{second, b})
	})
}

// Where only the second exchange asks, the first is a gateway of it, and the call counts once.
func TestTwoAsterisksInARowAndOneAsks(t *testing.T) {
	gateway := func(c *config.Config) { c.Asterisk[1].Gateways = []string{tieIn} }
	two, d := startTwo(t, DaemonOptions{Change: gateway, Limits: []toll.Limit{concurrentLimit(1)}}, func(two *Two) {
		tie(t, two.Main, two.Branch)
		two.Main.WriteConfig(t, "extensions.conf", "[internal]\nexten => _0X.,1,Dial(PJSIP/${EXTEN}@"+tieOut+",60)\n")
	})
	carrier, phone, branch := two.Branch.Carrier(t), two.Main.Phone(t, "1001"), row{two.Branch, d}
	call := phone.Dial(inLondon(1))
	call.WaitAnswered(t, 15*time.Second)
	branch.has(t, inLondon(1), "carrier", "gateway:"+tieIn)
	if live := d.Live(t); len(live) != 1 {
		t.Errorf("one call has %d leases: %+v", len(live), live)
	}
	call.StaysUp(t, 2*time.Second) // the first exchange's leg is no bypass
	d.Lock(t, tieIn)
	carrier.waitNumber(t, inLondon(1)).WaitEnded(t, 10*time.Second)
	branch.had(t, inLondon(1), "carrier", "gateway:"+tieIn, toll.ReasonLocked)
	phone.Dial(inLondon(2)).WaitEnded(t, 10*time.Second)
	d.WaitDecision(t, "refused", "pbx="+BranchName, "caller=gateway:"+tieIn, "number="+e164(inLondon(2)), "reason=locked")
	if got := carrier.Numbers(); len(got) != 1 {
		t.Errorf("at the carrier: %v", got)
	}
}

// row is an exchange and the daemon it asks.
type row struct {
	lab    *Lab
	daemon *Daemon
}

func inARow(t *testing.T, first, second row) {
	t.Helper()
	carrier, one, other := second.lab.Carrier(t), first.lab.Phone(t, "1001"), first.lab.Phone(t, "1002")
	for _, c := range []struct {
		phone             *Phone
		number, next      string
		locked            string
		by                row
		whyFirst, whyThen toll.Reason
	}{
		{one, inLondon(1), inLondon(2), "1001", first, toll.ReasonLocked, ""},
		{other, inLondon(3), inLondon(4), tieIn, second, "", toll.ReasonLocked},
	} {
		call := c.phone.Dial(c.number)
		call.WaitAnswered(t, 15*time.Second)
		who := "extension:" + c.phone.Extension
		first.has(t, c.number, tieOut, who)
		second.has(t, c.number, "carrier", "trunk:"+tieIn)
		refusedFor(t, c.phone.Dial(inLondon(9)), toll.ReasonLimit) // full, with this one call
		c.by.daemon.Lock(t, c.locked)
		trunkCall(t, carrier, c.number).WaitEnded(t, 10*time.Second)
		first.had(t, c.number, tieOut, who, c.whyFirst)
		second.had(t, c.number, "carrier", "trunk:"+tieIn, c.whyThen)

		refusedFor(t, c.phone.Dial(c.next), toll.ReasonLocked)
		if slices.Contains(carrier.Numbers(), c.next) {
			t.Errorf("after a lock of %s the carrier has %v", c.locked, carrier.Numbers())
		}
	}
	first.lab.WaitIdle(t, 10*time.Second)
	second.lab.WaitIdle(t, 10*time.Second)
}

// has checks the lease of a call that is answered.
func (r row) has(t *testing.T, number, trunk, who string) {
	t.Helper()
	l := r.daemon.WaitLease(t, e164(number), "is answered on "+trunk, 10*time.Second, func(l toll.Lease) bool { return answered(l) && l.Trunk == trunk })
	if l.Caller.String() != who {
		t.Errorf("%s answers for %s on %s, want %s", l.Caller, number, trunk, who)
	}
}

// had checks what the history says of it.
func (r row) had(t *testing.T, number, trunk, who string, cut toll.Reason) {
	t.Helper()
	Eventually(t, 10*time.Second, "the end of "+number+" on "+trunk+" is in the history", func() bool {
		return slices.ContainsFunc(r.daemon.History(t), func(e toll.Entry) bool {
			l := e.Lease
			return e.Kind == toll.EntryEnded && l.To.Number() == e164(number) && l.Trunk == trunk && l.Caller.String() == who && l.Cut == cut
		})
	})
}
