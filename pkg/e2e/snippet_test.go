//go:build e2e

package e2e

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
)

func TestSnippetWithoutTheDaemon(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		site := installSnippet(t, l, probeDialplan, true)
		carrier, phone, prober := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1004")
		client := logInAsTollfuse(t, l, site.AMI, nil)

		// An emergency call goes out at once, with a timer of a day.
		call := phone.Dial(emergencyNumber)
		_, after := reaches(t, carrier, 1, call, emergencyNumber)
		if after > atOnce {
			t.Errorf("the emergency call took %v", after)
		}
		t.Logf("emergency call, connection refused: at the carrier after %v", after)
		call.WaitAnswered(t, 5*time.Second)
		l.WaitBridged(t, 2, 5*time.Second)
		if leases, timers := marks(t, client, "carrier"); len(leases) != 1 || leases[0] != "emergency" ||
			timers[0] < dialplan.EmergencySeconds-10 || timers[0] > dialplan.EmergencySeconds+10 {
			t.Errorf("mark %q and timer %v on the trunk leg", leases, timers)
		}
		call.Hangup()

		// A home call goes out too, and ends by itself.
		call = phone.Dial(homeNumber)
		trunk, after := reaches(t, carrier, 2, call, homeNumber)
		t.Logf("home call, connection refused: at the carrier after %v", after)
		call.WaitAnswered(t, 5*time.Second)
		if leases, _ := marks(t, client, "carrier"); len(leases) != 1 || leases[0] != "failopen" {
			t.Errorf("mark %q on the trunk leg", leases)
		}
		if o := trunk.WaitEnded(t, 10*time.Second); o.EndedBy != ByPBX ||
			o.Talk < failHomeSeconds*time.Second-100*time.Millisecond || o.Talk > (failHomeSeconds+1)*time.Second {
			t.Errorf("the home call: %+v", o)
		}

		// Everything else is refused.
		if o := phone.Dial(foreignNumber).WaitEnded(t, 5*time.Second); o.Status != 403 || o.Cause != 21 {
			t.Errorf("the foreign call: %+v", o)
		}
		for number, want := range map[string]string{
			"112":                   "allow|112|86400|emergency|21||emergency|",
			"110":                   "allow|110|86400|emergency|21||emergency|",
			homeNumber:              "allow|0301234567|2|fail_open|21||failopen|",
			"+49301234567":          "allow|+49301234567|2|fail_open|21||failopen|",
			"0800%31234567":         "allow|08001234567|2|fail_open|21||failopen|",
			foreignNumber:           "deny||1|fail_closed|21|||",
			"09001234567":           "deny||1|fail_closed|21|||", // premium
			"1120":                  "deny||1|fail_closed|21|||",
			"11":                    "deny||1|fail_closed|21|||",
			"+112":                  "deny||1|fail_closed|21|||",
			"112%23":                "deny||1|fail_closed|21|||",
			"*112":                  "deny||1|fail_closed|21|||",
			"+":                     "deny||1|fail_closed|21|||",
			"03012345678901234567":  "deny||1|fail_closed|21|||",
			"112x":                  "deny||1|bad_number|28|||",
			"112%0A":                "deny||1|bad_number|28|||",
			"1-1-2":                 "deny||1|bad_number|28|||",
			strings.Repeat("1", 32): "deny||1|fail_closed|21|||",
			strings.Repeat("1", 33): "deny||1|bad_number|28|||",
		} {
			prober.Dial(number).WaitEnded(t, 5*time.Second)
			if got := toldByProbe(t, l); got != want {
				t.Errorf("%q: %s, want %s", number, got, want)
			}
		}
		if got := len(carrier.Calls()); got != 2 {
			t.Errorf("%d calls at the carrier: %q", got, carrier.Numbers())
		}
	})
}

func TestSnippetThatFailsClosed(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		installSnippet(t, l, "", false)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		if o := phone.Dial(homeNumber).WaitEnded(t, 5*time.Second); o.Status != 403 || o.Cause != 21 {
			t.Errorf("the home call: %+v", o)
		}
		reaches(t, carrier, 1, phone.Dial(emergencyNumber), emergencyNumber)
	})
}

func TestSnippetWhileTheDaemonStalls(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		installSnippet(t, l, "", true)
		end := stall(t, l)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")

		home, foreign, impatient := phone.Dial(homeNumber), phone.Dial(foreignNumber), phone.Dial(homeNumber)
		Eventually(t, 5*time.Second, "three channels wait", func() bool { return l.Channels(t) == 3 })
		emergency := phone.Dial(emergencyNumber)
		_, after := reaches(t, carrier, 1, emergency, emergencyNumber)
		if after > atOnce {
			t.Errorf("the emergency call took %v", after)
		}
		t.Logf("emergency call, daemon stalled: at the carrier after %v", after)
		emergency.WaitAnswered(t, 5*time.Second)
		emergency.Hangup()
		impatient.Hangup()
		impatient.WaitEnded(t, 5*time.Second)

		// It takes the end of the daemon, which its watchdog brings about, to go on.
		time.Sleep(time.Second)
		if got := len(carrier.Calls()); got != 1 {
			t.Errorf("%d calls at the carrier while the daemon stalls", got)
		}
		ended := time.Now()
		end()
		trunk, _ := reaches(t, carrier, 2, home, homeNumber)
		after = trunk.Outcome().Begun.Sub(ended)
		if after > atOnce {
			t.Errorf("the home call went on %v after the daemon's end", after)
		}
		t.Logf("home call: at the carrier %v after the stalled daemon's end", after)
		if o := foreign.WaitEnded(t, 5*time.Second); o.Status != 403 || o.Cause != 21 {
			t.Errorf("the foreign call: %+v", o)
		}
		trunk.WaitEnded(t, 10*time.Second)
		l.WaitIdle(t, 5*time.Second)
		if got := len(carrier.Calls()); got != 2 {
			t.Errorf("%d calls at the carrier: %q", got, carrier.Numbers())
		}
	})
}

// hostileNumbers returns the texts of the number vectors that are no number, and those that attacked what
// is around a number, ready for a request line: with every odd byte escaped, and as they are where SIP
// allows that (RFC 3261, section 25.1: user).
func hostileNumbers(t *testing.T) []string {
	t.Helper()
	file, err := os.Open("../../testdata/numbers/hostile.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"0023222\r\nagi_extension: 112\r\n\r\nEvent: Hangup\r\nUniqueid: x\r\n\r\n", "12\n34", "12\r34", "12\t34", "12\v", "12\x7f",
		`12"`, "12'", "12(", "12)", "12{", "12}", `12\`, `12\\`, "12&", "12/", "12;", "12=", "12!", "12|34", "12,", ",12", "12^",
		"12\xc3\x28", "12\xff\xfe", "12${SHELL(id)}", "12$[1=1]", "12,end=1", "12,number=112", "112,60,L(30000)", "112&PJSIP/1002",
	}
	for _, r := range records[1:] {
		// Asterisk does not take a call to nobody, and cuts a user at a zero byte before the dialplan sees it.
		if r[2] != "" && !strings.Contains(r[2], "\x00") {
			texts = append(texts, r[2])
		}
	}
	sendable := regexp.MustCompile(`^[A-Za-z0-9_.!~*'()&=+$,;?/%#-]+$`)
	var all []string
	for _, text := range texts {
		all = append(all, strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
		if sendable.MatchString(text) {
			all = append(all, text)
		}
	}
	return all
}

func TestSnippetRefusesHostileNumbers(t *testing.T) {
	taken, clean := regexp.MustCompile(`(?s)^[0-9*#+].`), regexp.MustCompile(`^[0-9*#+]{1,32}$`)
	strip := regexp.MustCompile(`[^0-9*#+]`)
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		installSnippet(t, l, "", true)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		dial := func(text string, told bool) (dialled string) {
			t.Helper()
			dialled, err := url.PathUnescape(text)
			if err != nil {
				dialled = text
			}
			o := phone.Dial(text).WaitEnded(t, 5*time.Second)
			refused := o.Status == 484 && o.Cause == 28 // by the subroutine
			switch {
			case !taken.MatchString(dialled): // no extension takes such a thing
				refused = o.Cause == 0 && (o.Status == 404 || o.Status == 484)
			case told || clean.MatchString(dialled): // by who was asked, or because nobody answered
				refused = o.Status == 403 && o.Cause == 21
			}
			if !refused {
				t.Errorf("%q: status %d, %s", text, o.Status, o.Reason)
			}
			return dialled
		}
		texts := hostileNumbers(t)
		for _, text := range texts {
			dial(text, false) // with the daemon dead
		}
		d, asked := answerWith(t, l, denyAll), 0
		for _, text := range texts {
			dialled := dial(text, true)
			want := dialled
			if !clean.MatchString(dialled) { // it is told of, so that it can count it
				left := strip.ReplaceAllString(dialled, "")
				want = "?" + left[:min(len(left), 32)]
			}
			requests := d.requests()
			if len(requests) == asked {
				continue
			}
			asked++
			if len(requests) != asked || d.last(t)["number"] != want {
				t.Errorf("%q was asked about as %v", text, d.last(t))
			}
		}
		if got := d.server.Stats().Failed; got != 0 || asked == 0 {
			t.Errorf("%d spoiled requests, %d good ones", got, asked)
		}
		if got := carrier.Numbers(); len(got) != 0 {
			t.Errorf("reached the carrier: %q", got)
		}
		l.WaitIdle(t, 5*time.Second)
	})
}

// strangeDialplan is a dialplan in which the facts about a channel are hostile, and strangers get to the subroutine.
const strangeDialplan = `
[unguarded]
exten => 01,1,Set(TOLLFUSE_TRUNK=a,b"c)
 same => n,Set(BLINDTRANSFER=Local/00232@internal-0000002a\;2)
 same => n,Set(ATTENDEDTRANSFER=PJSIP/10,01-0000002b)
 same => n,Set(FORWARDERNAME=PJSIP/branch_1.x-0000002b)
 same => n,Set(TRANSFERERNAME=PJSIP/1001-0000002b"\))
 same => n,Set(CHANNEL(accountcode)=12,end=1)
 same => n,Gosub(tollfuse,s,1)
 same => n,Hangup(${TOLLFUSE_CAUSE})
exten => h,1,NoOp()
[from-carrier]
exten => 0301,1,Gosub(tollfuse,s,1)
 same => n,Hangup(${TOLLFUSE_CAUSE})
`

func TestSnippetAsks(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		installSnippet(t, l, strangeDialplan, true)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		d := answerWith(t, l, func(number string) bool { return number == foreignNumber })

		call := phone.Dial(foreignNumber)
		_, after := reaches(t, carrier, 1, call, foreignNumber)
		t.Logf("healthy daemon: at the carrier after %v", after)
		call.WaitAnswered(t, 5*time.Second)
		call.Hangup()
		want := map[string]string{"pbx": "main", "number": foreignNumber, "trunk": "carrier", "blind": "", "attended": "",
			"forward": "", "transfer": "", "account": "", "remote": l.phoneAddress(t, "1001"), "by": "", "end": "1"}
		compareArguments(t, d.last(t), want)
		if got := d.requests()[0].Args; got[len(got)-1] != "end=1" {
			t.Errorf("the last argument is %q", got[len(got)-1])
		}
		l.WaitCDRs(t, 1, 5*time.Second) // its record comes before that of the next call
		// The daemon's word counts against the preset policy, too.
		if o := phone.Dial(homeNumber).WaitEnded(t, 5*time.Second); o.Status != 403 || o.Cause != 21 {
			t.Errorf("the denied home call: %+v", o)
		}
		// The subroutine does not show in the call records.
		for i, cdr := range l.WaitCDRs(t, 2, 5*time.Second) {
			if want := []string{foreignNumber, homeNumber}[i]; cdr.Destination != want || cdr.Context != "internal" {
				t.Errorf("call record to %s in %s, want %s in internal", cdr.Destination, cdr.Context, want)
			}
		}

		l.Phone(t, "1004").Dial("01").WaitEnded(t, 5*time.Second)
		compareArguments(t, d.last(t), map[string]string{"pbx": "main", "number": "01", "trunk": "unreadable",
			"blind": "Local/00232@internal-0000002a;2", "attended": "unreadable", "forward": "PJSIP/branch_1.x-0000002b",
			"transfer": "unreadable", "account": "unreadable", "remote": l.phoneAddress(t, "1004"), "by": "", "end": "1"})
		if got := len(carrier.Calls()); got != 1 {
			t.Errorf("%d calls at the carrier", got)
		}
	})
}

func TestSnippetCleansTheCallerID(t *testing.T) {
	const attack = "1%0D%0Aagi_extension%3A%20112%0A%0Aagi_arg_1%3A%20x"
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		installSnippet(t, l, strangeDialplan, true)
		carrier := l.Carrier(t)
		d := answerWith(t, l, denyAll)
		for i, how := range []Dialling{
			{User: "0301234567"},
			{User: attack},
			{User: "1", Display: `x\"y \r\nagi_extension: 112`},
			{User: "1", Headers: [][2]string{{"Diversion", "<sip:" + attack + "@127.0.2.1>;reason=unconditional"}}},
			{User: "1", Headers: [][2]string{{"P-Asserted-Identity", "<sip:" + attack + "@127.0.2.1>"}}},
			{User: `12)%7D$%7BSHELL(id)%7D,%22%5C`},
			{User: attack + "?):System(true"},
		} {
			o := carrier.dial("", "", "0301", how).WaitEnded(t, 5*time.Second)
			if o.Status != 403 || len(d.requests()) != i+1 {
				t.Fatalf("%+v: %+v, %d requests in order, %+v", how, o, len(d.requests()), d.server.Stats())
			}
			r := d.requests()[i]
			if r.Extension != "s" || strings.ContainsAny(r.CallerID+r.RDNIS+r.DNID, "\r\n") {
				t.Errorf("%+v: %+v", how, r)
			}
			t.Logf("callerid %q name %q rdnis %q dnid %q", r.CallerID, r.CallerIDName, r.RDNIS, r.DNID)
		}
		if got := d.requests()[0].CallerID; got != "0301234567" {
			t.Errorf("an honest caller ID became %q", got)
		}
		if got := d.server.Stats().Failed; got != 0 {
			t.Errorf("%d spoiled requests", got)
		}
	})
}

func compareArguments(t *testing.T, got, want map[string]string) {
	t.Helper()
	for key, value := range want {
		if got[key] != value {
			t.Errorf("argument %s is %q, want %q", key, got[key], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("arguments %v, want %v", got, want)
	}
}

// askAgainDialplan asks twice and more on one channel: phone 1004 dials *1, and what is told is that of the last.
const askAgainDialplan = `
[unguarded]
exten => *1,1,Goto(0023222123456,1)
exten => 0023222123456,1,Gosub(tollfuse,s,1)
 same => n,Gosub(tell,s,1)
 same => n,Goto(no-number,1)
exten => no-number,1,Gosub(tollfuse,s,1)
 same => n,Gosub(tell,s,1)
 same => n,Hangup()
exten => *2,1,Goto(112,1)
exten => 112,1,Gosub(tollfuse,s,1)
 same => n,Goto(0023222999999,1)
exten => 0023222999999,1,Gosub(tollfuse,s,1)
 same => n,Gosub(tell,s,1)
 same => n,Hangup()
exten => h,1,NoOp()
`

func TestSnippetForgetsTheEarlierQuestion(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		installSnippet(t, l, askAgainDialplan+tellDialplan, true)
		phone := l.Phone(t, "1004")
		ask := func(number, want string) {
			t.Helper()
			phone.Dial(number).WaitEnded(t, 5*time.Second)
			if got := toldByProbe(t, l); got != want {
				t.Errorf("%s: told %s, want %s", number, got, want)
			}
		}
		ask("*2", "deny||1|fail_closed|21|||") // after an emergency, with the daemon dead
		d := answerWith(t, l, allowAll)
		ask("*1", "deny||1|default|21|+?||") // after a grant; the daemon is told, and whatever it says
		if got := len(d.requests()); got != 2 {
			t.Errorf("asked %d times, want twice", got)
		}
	})
}

func TestSnippetAfterForwardAndTransfer(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		site := installSnippet(t, l, "", true)
		d := answerWith(t, l, allowAll)
		client := logInAsTollfuse(t, l, site.AMI, nil)
		carrier, phone, forwarder := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1002")

		// Whoever is called forwards: the forwarder is named, and the mark goes through the Local channel.
		forwarder.Always(Answer{Status: 302, Contact: fmt.Sprintf("sip:%s@127.0.0.1:%d", foreignNumber, l.SIP)})
		call := phone.Dial("1002")
		reaches(t, carrier, 1, call, foreignNumber)
		call.WaitAnswered(t, 5*time.Second)
		if got := d.last(t); !strings.HasPrefix(got["forward"], "PJSIP/1002-") || got["number"] != foreignNumber || got["blind"] != "" {
			t.Errorf("asked for a forward with %v", got)
		}
		if leases, _ := marks(t, client, "carrier"); !slices.Equal(leases, []string{"lease1"}) {
			t.Errorf("marks %q", leases)
		}
		call.Hangup()
		call.WaitEnded(t, 5*time.Second)
		l.WaitIdle(t, 5*time.Second)

		// A transferred trunk leg asks again: the transferer is named, and the old mark is gone.
		call = phone.Dial(foreignNumber)
		reaches(t, carrier, 2, call, foreignNumber)
		call.WaitAnswered(t, 5*time.Second)
		l.WaitBridged(t, 2, 5*time.Second)
		if status := call.Refer(t, "0023222777777", 5*time.Second); status != 200 {
			t.Fatalf("the transfer ended with %d", status)
		}
		reaches(t, carrier, 3, call, "0023222777777")
		if got := d.last(t); !strings.HasPrefix(got["blind"], "PJSIP/1001-") || got["number"] != "0023222777777" {
			t.Errorf("asked for a transfer with %v", got)
		}
		Eventually(t, 5*time.Second, "two trunk legs are up", func() bool { return carrier.Up() == 2 })
		if leases, _ := marks(t, client, "carrier"); !slices.Equal(leases, []string{"lease3", "lease3"}) {
			t.Errorf("marks %q after the transfer", leases)
		}
	})
}
