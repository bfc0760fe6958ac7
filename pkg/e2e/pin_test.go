//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/pin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const rightPIN = "274915"

// askPIN lets a rule ask for a PIN at these destinations, and gives one to these
// extensions.
func askPIN(t *testing.T, d *Daemon, where toll.Where, extensions ...string) {
	t.Helper()
	d.Set(t, toll.Setting{Rule: &toll.Rule{ID: "ask", Where: where, Do: toll.AskPIN}})
	hash, err := pin.Hash(rightPIN)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range extensions {
		d.Set(t, toll.Setting{PIN: &toll.PIN{Caller: e, Hash: hash}})
	}
}

// The right PIN lets a call out, and nothing before it does.
func TestRightPIN(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		askPIN(t, d, toll.Abroad, "1001")
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		for _, keys := range []string{rightPIN + "#", "1111#" + rightPIN + "#"} {
			before := len(carrier.Calls())
			call := phone.Dial(london)
			call.WaitAnswered(t, 10*time.Second) // by Asterisk, which asks
			if live := d.Live(t); len(live) != 0 || len(carrier.Calls()) != before {
				t.Fatalf("before the PIN there is %+v", live)
			}
			call.Press(t, keys)
			out := carrier.WaitCalls(t, before+1, 20*time.Second)[before]
			out.WaitAnswered(t, 5*time.Second)
			call.StaysUp(t, 1500*time.Millisecond)
			live := d.WaitLive(t, 1, 5*time.Second)[0]
			if !live.PIN || live.Why != toll.ReasonRule || live.By != "ask" || live.State != toll.Answered {
				t.Errorf("lease %+v", live)
			}
			call.Hangup()
			o := out.WaitEnded(t, 5*time.Second)
			d.WaitLive(t, 0, 5*time.Second)
			ended := d.WaitHistory(t, admin.HistoryQuery{Lease: live.ID}, 1)[0].Lease
			if off := (ended.Talked - o.Talk).Abs(); off > 500*time.Millisecond {
				t.Errorf("the ledger has %v, the carrier %v", ended.Talked, o.Talk)
			}
		}
		if refused := d.DecisionLines(t, "refused"); len(refused) != 0 {
			t.Errorf("refused: %q", refused)
		}
		phone.Dial(berlin).WaitAnswered(t, 5*time.Second) // nobody is asked at home
		carrier.WaitCalls(t, 3, 5*time.Second)
		saysNoPIN(t, d)
	})
}

// saysNoPIN looks whether a PIN is in a log of the daemon's.
func saysNoPIN(t *testing.T, d *Daemon) {
	t.Helper()
	daemon, err := os.ReadFile(filepath.Join(d.Dir, "daemon.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, log := range []string{string(daemon), d.Decisions(t)} {
		if strings.Contains(log, rightPIN) || strings.Contains(log, "argon2id") {
			t.Error("a PIN or its hash is logged")
		}
	}
}

// Three wrong PINs in one call or in several lock their caller, and nobody else.
func TestWrongPIN(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		askPIN(t, d, toll.Abroad, "1001", "1002")
		carrier := l.Carrier(t)
		for extension, calls := range map[string][]string{"1001": {"1111#2222#3333#"}, "1002": {"1111#", "2222#3333#"}} {
			phone := l.Phone(t, extension)
			for i, keys := range calls {
				call := phone.Dial(london)
				call.WaitAnswered(t, 10*time.Second)
				call.Press(t, keys)
				if i < len(calls)-1 {
					call.StaysUp(t, time.Second)
					call.Hangup()
					d.WaitDecision(t, "refused", "caller=extension:"+extension, "reason=pin_wrong")
					continue
				}
				if o := call.WaitEnded(t, 20*time.Second); o.EndedBy != ByPBX || o.Cause != 21 {
					t.Errorf("%s: %+v", extension, o)
				}
			}
			d.WaitDecision(t, "setting", "kind=lock", "id=\"caller="+extension+"\"", "author=pin")
			if o := phone.Dial(berlin).WaitEnded(t, 10*time.Second); o.Status != 403 {
				t.Errorf("%s when locked: %+v", extension, o)
			}
			// What is refused again within a minute becomes one line with a count.
			d.WaitHistory(t, admin.HistoryQuery{Caller: "extension:" + extension, Reason: toll.ReasonPINWrong}, 1)
			if n := len(d.DecisionLines(t, "refused", "caller=extension:"+extension, "reason=pin_wrong")); n != len(calls) {
				t.Errorf("%s: %d calls are refused for it", extension, n)
			}
		}
		if found := d.Incidents(t, toll.Attack); len(found) != 2 || len(found[0].Locks) != 1 {
			t.Errorf("incidents %+v", found)
		}
		l.WaitIdle(t, 5*time.Second)
		if got := carrier.Numbers(); len(got) != 0 || len(d.Live(t)) != 0 {
			t.Errorf("the carrier got %v", got)
		}
	})
}

// Who hangs up while he is asked leaves one refusal, no lease and no lock. Who has
// no PIN, or whose phone only forwards, is not asked at all.
func TestNoPIN(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		askPIN(t, d, toll.Anywhere, "1001")
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		call := phone.Dial(london)
		call.WaitAnswered(t, 10*time.Second)
		call.Press(t, "2749")
		call.Hangup()
		refused := d.WaitHistory(t, admin.HistoryQuery{Caller: "extension:1001"}, 1)[0].Lease
		if refused.Why != toll.ReasonPINNeeded || refused.By != "ask" {
			t.Errorf("refused %+v", refused)
		}
		l.WaitIdle(t, 5*time.Second)

		o := l.Phone(t, "1003").Dial(london).WaitEnded(t, 10*time.Second)
		if o.Status != 403 || o.Cause != 21 || !o.Answered.IsZero() {
			t.Errorf("without a PIN: %+v", o)
		}
		d.WaitDecision(t, "refused", "caller=extension:1003", "reason=pin_unset")

		forwarder := l.Phone(t, "1002")
		forwarder.Always(Answer{Status: 302, Contact: "sip:" + london + "@127.0.0.1"})
		if o := phone.Dial("1002").WaitEnded(t, 20*time.Second); !o.Answered.IsZero() {
			t.Errorf("a forwarded call: %+v", o)
		}
		d.WaitDecision(t, "refused", "caller=forward:1002", "reason=pin_needed")

		if got := carrier.Numbers(); len(got) != 0 || len(d.Live(t)) != 0 {
			t.Errorf("the carrier got %v", got)
		}
		for _, s := range must(d.Admin.Settings(t.Context()))(t) {
			if s.Lock != nil || s.PIN != nil && s.PIN.Hash != "" {
				t.Errorf("setting %+v", s)
			}
		}
		emergency := l.Phone(t, "1004").Dial("112")
		emergency.WaitAnswered(t, 10*time.Second)
		carrier.WaitCalls(t, 1, 5*time.Second)
	})
}

// must fails the test for an error.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// A daemon that is killed while it asks lets nobody out, not even to a number that
// goes out where no daemon answers.
func TestDaemonDiesWhileItAsks(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		askPIN(t, d, toll.AtHome, "1001")
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		call := phone.Dial(berlin)
		call.WaitAnswered(t, 10*time.Second)
		call.Press(t, "27")
		d.Kill(t)
		if o := call.WaitEnded(t, 10*time.Second); o.EndedBy != ByPBX {
			t.Errorf("%+v", o)
		}
		if got := carrier.Numbers(); len(got) != 0 {
			t.Errorf("the carrier got %v", got)
		}
		phone.Dial(berlin).WaitAnswered(t, 10*time.Second) // nobody asks any more
	})
}
