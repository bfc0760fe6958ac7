//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// takesAnything is a dialplan that asks about whatever is dialled, lets
// strangers ring a phone, and sends their calls out again.
const takesAnything = `
[internal]
exten => h,1,NoOp()
exten => _.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
[from-carrier]
exten => _1.,1,Dial(PJSIP/1003,20)
exten => _00.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier2,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
#include extensions_tollfuse.conf
`

// escape writes a text as the user part of a SIP URI.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// attacksOnNumbers are hostile texts as they stand in a request line, beside
// those of hostileNumbers.
func attacksOnNumbers(t *testing.T) []string {
	t.Helper()
	attacks := []string{
		sierraLeone + "%40carrier,60,L(30000)", sierraLeone + ",account=9999", sierraLeone + "%26PJSIP/" + sierraLeone + "%40carrier2",
		sierraLeone + "%26Local/" + sierraLeone + "%40internal", "112%26PJSIP/" + sierraLeone + "%40carrier", berlin + "%40carrier2",
		"112%0D%0A", "%0D%0A112", "112%0A", "112%20", "0112,end=1",
		// 300 digits are cut to 79 by Asterisk, which is still too long.
		strings.Repeat("0", 300), "00232" + strings.Repeat("2", 295), strings.Repeat("9", 33),
		"0023222%0D%0Aagi_extension%3A%20112%0D%0A%0D%0AEvent%3A%20Hangup%0D%0AUniqueid%3A%20x%0D%0A%0D%0A",
		"112%0D%0A%0D%0AAction%3A%20Originate%0D%0AChannel%3A%20PJSIP/1%40carrier%0D%0A%0D%0A",
	}
	return append(attacks, hostileNumbers(t)...)
}

// refusesHostileNumbers dials everything hostile. Each call ends with a
// refusal, and nothing of it reaches the carrier but what becomes an ordinary
// number once its escapes are read, and then as that.
func refusesHostileNumbers(t *testing.T, carrier *Carrier, phone *Phone) {
	t.Helper()
	statuses := map[int]int{}
	for _, text := range attacksOnNumbers(t) {
		before := len(carrier.Calls())
		call := phone.Dial(text)
		select {
		case <-call.answered:
			call.Hangup()
			number, err := url.PathUnescape(text)
			if sent := carrier.Numbers()[before:]; err != nil || strings.Trim(number, "0123456789") != "" || !slices.Equal(sent, []string{number}) {
				t.Errorf("%q was answered, and reached the carrier as %q", text, sent)
			}
		case <-call.ended:
			if sent := carrier.Numbers()[before:]; len(sent) != 0 {
				t.Errorf("%q was refused, and reached the carrier as %q", text, sent)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%q was neither answered nor refused", text)
		}
		o := call.WaitEnded(t, 5*time.Second)
		statuses[o.Status]++
	}
	t.Logf("hostile numbers by SIP status: %v", statuses)
	if statuses[200] > 1 || statuses[484] == 0 {
		t.Errorf("too many calls went out: %v", statuses)
	}
}

// stillServes makes an ordinary call.
func stillServes(t *testing.T, carrier *Carrier, phone *Phone, number string) {
	t.Helper()
	n := len(carrier.Calls())
	call := phone.Dial(number)
	call.WaitAnswered(t, 5*time.Second)
	if got := carrier.WaitCalls(t, n+1, 5*time.Second)[n].Number; got != number {
		t.Errorf("the carrier got %q, want %q", got, number)
	}
	call.Hangup()
	call.WaitEnded(t, 5*time.Second)
}

// Whatever is dialled instead of a number is refused, by the daemon or without
// it, and an ordinary call goes out right after.
func TestHostileNumbers(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", takesAnything)
		l.Reload(t)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		refusesHostileNumbers(t, carrier, phone)
		stillServes(t, carrier, phone, london)
		d.WaitLive(t, 0, 5*time.Second)
		for _, line := range d.DecisionLines(t, "allowed") {
			if !strings.Contains(line, "number=+442079460000") && !strings.Contains(line, "number=+442079460958") {
				t.Errorf("allowed: %s", line)
			}
		}

		d.Kill(t)
		refusesHostileNumbers(t, carrier, phone)
		if o := phone.Dial(london).WaitEnded(t, 5*time.Second); o.Status != 403 || o.Cause != 21 {
			t.Errorf("abroad with the daemon dead: %+v", o)
		}
		stillServes(t, carrier, phone, berlin)
		stillServes(t, carrier, phone, "112")
		cutShort := phone.Dial("112%00" + sierraLeone) // Asterisk reads up to the zero
		cutShort.WaitAnswered(t, 5*time.Second)
		if got := carrier.Numbers(); got[len(got)-1] != "112" {
			t.Errorf("112 and a zero byte reached the carrier as %q", got[len(got)-1])
		}
		cutShort.Hangup()

		d.Start(t)
		stillServes(t, carrier, phone, london)
		l.WaitIdle(t, 5*time.Second)
	})
}

// forgeries are dialled strings, and users of From, whose line breaks write
// messages into the stream of manager events that say that channel is gone or
// has another name. Asterisk takes 79 bytes of each.
func forgeries(channel string) [][2]string {
	return [][2]string{
		{"1\r\n\r\nEvent: Hangup\r\nUniqueid: " + channel + "\r\n\r\n", "1"},
		{"1", "1\r\n\r\nEvent: Hangup\r\nUniqueid: " + channel + "\r\n\r\n"},
		{"1\r\nUniqueid: " + channel + "\r\n\r\n", "1"},
		{"1", "\r\n\r\nEvent: Rename\r\nPrivilege:\r\nUniqueid: " + channel + "\r\nNewname:\r\n\r\n"},
		// Both together make a message that has everything.
		{
			"1\r\nCallerIDNum:\r\nPriority:\r\nUniqueid:" + channel + "\r\nLinkedid:\r\n\r\n",
			"\r\n\r\nEvent: Hangup\r\nPrivilege:\r\nChannel:\r\nChannelState:\r\nChannelStateDesc:",
		},
		{"1\r\n\r\n", "\r\n\r\nEvent: Rename\r\nPrivilege:\r\nUniqueid:" + channel + "\r\nNewname:x"},
	}
}

// A number with line breaks writes events of its own into the manager's
// stream. None of them ends the lease of a call that goes on.
func TestForgedEvents(t *testing.T) {
	forEachVersion(t, DaemonOptions{Limits: []toll.Limit{concurrentLimit(1)}}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", takesAnything)
		l.Reload(t)
		carrier, phone, other, rung := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1002"), l.Phone(t, "1003")
		// It rings, so that the stranger's call makes events for a while.
		rung.Always(Answer{Ring: 200 * time.Millisecond, Talk: 100 * time.Millisecond})
		call := phone.Dial(london)
		call.WaitAnswered(t, 10*time.Second)
		d.WaitAnswered(t, 1)
		lease := d.Live(t)[0]
		for _, channel := range []string{lease.Leg, lease.Key.Uniqueid} {
			for i, forgery := range forgeries(channel) {
				dialled, from := escape(forgery[0]), escape(forgery[1])
				other.DialWith(dialled, Dialling{User: from}).WaitEnded(t, 10*time.Second)
				stranger := carrier.Dial(dialled, from)
				stranger.WaitEnded(t, 10*time.Second)
				if live := d.Live(t); len(live) != 1 || live[0].ID != lease.ID || live[0].State != toll.Answered {
					t.Fatalf("forgery %d of %s: live leases %+v\n%s", i, channel, live, strings.Join(d.DecisionLines(t, "ended"), "\n"))
				}
			}
		}
		if len(rung.Calls()) == 0 {
			t.Error("no stranger's call has rung, so nothing was tried")
		}
		// The meter still holds the call, so there is no room for another.
		if o := other.Dial(london).WaitEnded(t, 5*time.Second); o.Status != 403 {
			t.Errorf("a second call under a limit of one: %+v", o)
		}
		if !call.Up() || carrier.Up() != 1 {
			t.Fatalf("the call was cut: %+v", call.Outcome())
		}
		call.Hangup()
		d.WaitLive(t, 0, 5*time.Second)
		stillServes(t, carrier, other, london)
	})
}

// While a channel lives whose number holds line breaks, every picture of the
// channels shows them again. That makes no storm of pictures, and calls are cut
// as ever.
func TestForgedEventsMakeNoStorm(t *testing.T) {
	const ring = 4 * time.Second
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", takesAnything)
		l.Reload(t)
		carrier, phone, rung := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1003")
		rung.Always(Answer{Ring: ring, Status: 486})
		pictures := func() int { return strings.Count(d.Log(t), "took a picture") }
		before := pictures()
		forgery := forgeries("x")[4]
		stranger := carrier.Dial(escape(forgery[0]), escape(forgery[1]))
		rung.WaitCalls(t, 1, 5*time.Second)
		call := phone.Dial(london)
		call.WaitAnswered(t, 5*time.Second)
		d.WaitAnswered(t, 1)
		trunk := carrier.WaitCalls(t, 1, 5*time.Second)[0]
		change := time.Now()
		d.Lock(t, "1001")
		t.Logf("measured: meanwhile from a lock to the carrier's BYE %v", untilBye(t, change, trunk))
		stranger.WaitEnded(t, ring+5*time.Second)
		if n := pictures() - before; n == 0 || n > 2*int(ring/time.Second)+4 {
			t.Errorf("%d pictures within %v", n, ring)
		}
		l.WaitIdle(t, 5*time.Second)
		d.WaitLive(t, 0, 5*time.Second)
	})
}

// Names and users of the caller go through AGI, AMI, the ledger and the logs
// and change nothing on the way.
func TestHostileCallerNames(t *testing.T) {
	names := []string{
		`x\"y`, `\\`, `a\", \"b`, "<script>alert(1)</script>", "${SHELL(id)}", "$[1+1]", "'; DROP TABLE leases; --",
		"%0D%0AEvent: Hangup", "\xff\xfe\xc3\x28", "\xe2\x80\xae112", strings.Repeat("n", 2000), "caller=extension:1002 reason=locked",
		"a\r\n b", // folded, as a header may be (RFC 3261, section 7.3.1)
	}
	users := []string{
		"112", "1999", `%22;x=%22`, "1%0D%0Aagi_extension%3A%20112%0A%0Aagi_arg_1%3A%20x", "%ff%fe%c3%28", strings.Repeat("9", 500),
		"12)%7D$%7BSHELL(id)%7D,%22%5C",
	}
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", takesAnything)
		l.Reload(t)
		l.trustCallerID(t, "1001")
		carrier, second, phone := l.Carrier(t), l.SecondCarrier(t), l.Phone(t, "1001")
		calls, unheard := map[string]int{}, 0
		try := func(caller string, call *Call) {
			t.Helper()
			select {
			case <-call.answered:
				calls[caller]++
				call.Hangup()
				call.WaitEnded(t, 5*time.Second)
			case <-call.ended:
				t.Errorf("from %s: %+v", call.From, call.Outcome())
			case <-time.After(time.Second):
				unheard++ // Asterisk drops what is no SIP
			}
		}
		for _, name := range names {
			try("extension:1001", phone.DialWith(london, Dialling{Display: name}))
			try("trunk:carrier", carrier.dial("", "", london, Dialling{Display: name, User: "1"}))
		}
		for _, user := range users {
			try("trunk:carrier", carrier.dial("", "", london, Dialling{User: user}))
		}
		d.WaitLive(t, 0, 10*time.Second)
		t.Logf("calls with hostile names by caller: %v, not heard: %d", calls, unheard)
		if unheard > 4 {
			t.Errorf("%d calls were not heard", unheard)
		}
		for caller, n := range calls {
			if got := len(d.DecisionLines(t, "allowed", "caller="+caller, "number=+442079460000")); got != n {
				t.Errorf("%d calls of %s in the decision log, %d went out", got, caller, n)
			}
		}
		for line := range strings.Lines(d.Decisions(t)) {
			if !strings.Contains(line, " caller=extension:1001 ") && !strings.Contains(line, " caller=trunk:carrier ") {
				t.Errorf("decision log: %q", line)
			}
		}
		for _, number := range append(carrier.Numbers(), second.Numbers()...) {
			if number != london {
				t.Errorf("a call at a carrier is to %q", number)
			}
		}
		stillServes(t, carrier, phone, london)
	})
}

// trustCallerID takes the caller ID away that Asterisk would put in place of
// the phone's own.
func (l *Lab) trustCallerID(t *testing.T, extension string) {
	t.Helper()
	line := fmt.Sprintf("callerid = \"Ext %s\" <%s>\n", extension, extension)
	text := l.ReadConfig(t, "pjsip.conf")
	if !strings.Contains(text, line) {
		t.Fatalf("pjsip.conf has no %q", line)
	}
	l.WriteConfig(t, "pjsip.conf", strings.Replace(text, line, "", 1))
	l.CLI(t, "module reload res_pjsip.so")
}

// ReadConfig reads a file of the configuration directory.
func (l *Lab) ReadConfig(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(l.Path("etc/" + name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
