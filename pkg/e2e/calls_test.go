//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	london      = "00442079460000" // allowed, 0.30 a minute
	sierraLeone = "0023222221234"  // not listed, 1.50 a minute
	berlin      = "030123456"      // home
)

// concurrentLimit bounds how many calls the site has at a time.
func concurrentLimit(n int64) toll.Limit {
	return toll.Limit{ID: "at-once", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite}, Act: n}
}

// denyCountry is a rule against a country.
func denyCountry(country string) toll.Setting {
	return toll.Setting{Rule: &toll.Rule{ID: "no-" + strings.ToLower(country), Country: country, Do: toll.Forbid}}
}

// agreesWithCDR compares what the ledger remembers of a call with Asterisk's
// own record of it. The record has whole seconds, rounded down; the ledger
// learns of each step by an event, a moment after it.
func agreesWithCDR(t *testing.T, e toll.Entry, cdr CDR) {
	t.Helper()
	l := e.Lease
	if cdr.Uniqueid != l.Key.Uniqueid || cdr.Destination != l.To.Dialled || cdr.Disposition != "ANSWERED" {
		t.Fatalf("the ledger has %+v, the call record is %+v", l, cdr)
	}
	for what, times := range map[string][2]time.Time{
		"asked": {l.Granted, cdr.Start}, "answered": {l.Answered, cdr.Answer}, "ended": {l.Ended, cdr.End},
	} {
		if d := times[0].Sub(times[1]); d < 0 || d > 1500*time.Millisecond {
			t.Errorf("%s at %v, by the call record at %v", what, times[0].UTC(), times[1])
		}
	}
	if got := l.Talked.Truncate(time.Second); got != cdr.Billed {
		t.Errorf("talked for %v, by the call record for %v", l.Talked, cdr.Billed)
	}
	if d := l.Ended.Sub(l.Answered) - l.Talked; d.Abs() > time.Millisecond {
		t.Errorf("talked for %v from %v to %v", l.Talked, l.Answered, l.Ended)
	}
	if want := l.Price.Cost(l.Talked + toll.Blur); l.Cost != want || want == 0 {
		t.Errorf("cost %v, want %v", l.Cost, want)
	}
}

// A permitted simple call completes, and what the ledger remembers agrees with
// Asterisk's own record.
func TestPermittedCall(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		carrier.Always(Answer{Ring: 300 * time.Millisecond})
		call := phone.Dial(london)
		call.WaitAnswered(t, 10*time.Second)
		// Half a second away from where rounding would tip over.
		call.StaysUp(t, 2500*time.Millisecond)
		live := d.WaitLive(t, 1, 5*time.Second)[0]
		if live.State != toll.Answered || live.Caller.String() != "extension:1001" || live.To.E164 != "+442079460000" {
			t.Errorf("live lease %+v", live)
		}
		call.Hangup()
		d.WaitLive(t, 0, 5*time.Second)

		ended := d.WaitHistory(t, admin.HistoryQuery{Lease: live.ID}, 1)[0]
		cdrs := l.WaitCDRs(t, 1, 5*time.Second)
		if len(cdrs) != 1 {
			t.Fatalf("call records: %+v", cdrs)
		}
		agreesWithCDR(t, ended, cdrs[0])
		billed := carrier.WaitCalls(t, 1, time.Second)[0].WaitEnded(t, 5*time.Second)
		if off := (ended.Lease.Talked - billed.Talk).Abs(); off > 500*time.Millisecond {
			t.Errorf("the ledger has %v, the carrier %v", ended.Lease.Talked, billed.Talk)
		}
		t.Logf("measured: talk time by the carrier %v, by the ledger %v, by the call record %v", billed.Talk, ended.Lease.Talked, cdrs[0].Billed)
		if got := carrier.Numbers(); len(got) != 1 || got[0] != london {
			t.Errorf("the carrier got %v", got)
		}
		id := "lease=" + live.ID
		d.WaitDecision(t, "allowed", "caller=extension:1001", "number=+442079460000", "reason=default", id)
		d.WaitDecision(t, "ended", "reason=hangup", id)
	})
}

// The same with a phone that is not our own.
func TestPermittedCallOfSIPp(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		SIPp{Scenario: "phone.xml", Extension: "1002", Number: london, Talk: 1500 * time.Millisecond}.Run(t, l)
		ended := d.WaitHistory(t, admin.HistoryQuery{Caller: "extension:1002"}, 1)[0]
		agreesWithCDR(t, ended, l.WaitCDRs(t, 1, 5*time.Second)[0])
		if got := carrier.Numbers(); len(got) != 1 || got[0] != london {
			t.Errorf("the carrier got %v", got)
		}
	})
}

// A refused call never reaches the carrier, and the phone learns why.
func TestRefusedCall(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		phones := map[string]*Phone{"1001": l.Phone(t, "1001"), "1002": l.Phone(t, "1002")}
		d.Lock(t, "1002")
		d.Set(t, denyCountry("SL"))
		d.Set(t, toll.Setting{Limit: &toll.Limit{ID: "no-mobiles", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite, Where: toll.Where(toll.HomeMobile)}}})
		for _, test := range []struct {
			what, extension, number string
			reason                  toll.Reason
			status, cause           int
		}{
			{"a limit that is full", "1001", "015112345678", toll.ReasonLimit, 403, 21},
			{"a rule against the country", "1001", sierraLeone, toll.ReasonDeniedRule, 403, 21},
			{"premium at home", "1001", "09001123456", toll.ReasonDeniedClass, 403, 21},
			{"a satellite", "1001", "00881612345678", toll.ReasonDeniedClass, 403, 21},
			{"a locked caller", "1002", berlin, toll.ReasonLocked, 403, 21},
			{"no number", "1001", "0049*30#", toll.ReasonBadNumber, 484, 28},
		} {
			call := phones[test.extension].Dial(test.number)
			o := call.WaitEnded(t, 10*time.Second)
			if o.Status != test.status || o.Cause != test.cause || o.EndedBy != ByPBX || !o.Answered.IsZero() {
				t.Errorf("%s: %+v, want %d and cause %d", test.what, o, test.status, test.cause)
			}
			d.WaitDecision(t, "refused", "caller=extension:"+test.extension, "reason="+string(test.reason))
		}
		l.WaitIdle(t, 5*time.Second)
		if got := carrier.Numbers(); len(got) != 0 {
			t.Errorf("the carrier got %v", got)
		}
		if live := d.Live(t); len(live) != 0 {
			t.Errorf("live leases %+v", live)
		}
		// A call that is in order still goes out.
		phones["1001"].Dial(berlin).WaitAnswered(t, 5*time.Second)
	})
}

// Of fifty calls in the same instant under a limit of two, two go out, and
// nothing is left of the others.
func TestCallsInTheSameInstant(t *testing.T) {
	const calls, limit = 50, 2
	forEachVersion(t, DaemonOptions{Limits: []toll.Limit{concurrentLimit(limit)}}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		storm := func() (up, refused []*Call) {
			var dialled []*Call
			for range calls {
				dialled = append(dialled, phone.Dial(london))
			}
			for _, call := range dialled {
				select {
				case <-call.answered:
					up = append(up, call)
				case <-call.ended:
					refused = append(refused, call)
				case <-time.After(20 * time.Second):
					t.Fatalf("neither answered nor refused: %+v", call.Outcome())
				}
			}
			return up, refused
		}
		for round := 1; round <= 2; round++ {
			up, refused := storm()
			if len(up) != limit || len(refused) != calls-limit {
				t.Fatalf("round %d: %d calls went out and %d were refused", round, len(up), len(refused))
			}
			for _, call := range refused {
				if o := call.Outcome(); o.Status != 403 || o.Cause != 21 {
					t.Errorf("round %d: refused with %+v", round, o)
				}
			}
			if got := len(carrier.Calls()); got != round*limit {
				t.Errorf("round %d: %d calls at the carrier", round, got)
			}
			if got := len(d.DecisionLines(t, "refused", "reason=limit", "by=at-once")); got != round*(calls-limit) {
				t.Errorf("round %d: %d refusals in the decision log", round, got)
			}
			for _, call := range up {
				call.Hangup()
			}
			d.WaitLive(t, 0, 5*time.Second)
			l.WaitIdle(t, 5*time.Second)
		}
	})
}
