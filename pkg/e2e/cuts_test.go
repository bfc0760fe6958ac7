//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// shortSlices makes grants of so many seconds, and calls of at most longest.
func shortSlices(slice, longest time.Duration) func(*config.Config) {
	return func(c *config.Config) {
		c.Calls.MinSlice, c.Calls.MaxSlice, c.Calls.Max = slice, slice, longest
	}
}

// overdue is how much later than its last second a call may end: Asterisk
// looks at its timers in whole seconds, and the machine is busy.
const overdue = 1500 * time.Millisecond

// cutWithin checks that a call was cut by us, and lasted what it should.
func cutWithin(t *testing.T, o Outcome, from, to time.Duration) {
	t.Helper()
	if o.EndedBy != ByPBX || o.Talk < from-100*time.Millisecond || o.Talk > to+overdue {
		t.Errorf("%+v, want it cut after %v to %v", o, from, to)
	}
}

// vanish answers a call and lets its phone vanish: no BYE will ever come.
func vanish(t *testing.T, carrier *Carrier, phone *Phone, number string) *Call {
	t.Helper()
	call := phone.Dial(number)
	call.WaitAnswered(t, 10*time.Second)
	call.Vanish()
	return carrier.WaitCalls(t, 1, 5*time.Second)[0]
}

// The timer on the trunk leg ends a call when nobody else is there to do it.
func TestTimerCutsWithTheDaemonKilled(t *testing.T) {
	const slice = 4 * time.Second
	forEachVersion(t, DaemonOptions{Change: shortSlices(slice, time.Hour)}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		trunk := vanish(t, carrier, phone, london)
		d.Kill(t)
		o := trunk.WaitEnded(t, slice+10*time.Second)
		cutWithin(t, o, slice, slice)
		t.Logf("measured: granted %v, the carrier bills %v", slice, o.Talk)
		l.WaitIdle(t, 5*time.Second)
	})
}

// untimedDialplan asks, and then dials without the timer.
const untimedDialplan = `
[internal]
exten => _[0-9+*#].,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60)
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
#include extensions_tollfuse.conf
`

// The watcher ends a call when its timer was taken away. The call may be no
// longer than its first slice, so no renewal gives it another timer.
func TestWatcherCutsWithoutTheTimer(t *testing.T) {
	const slice = 4 * time.Second
	forEachVersion(t, DaemonOptions{Change: shortSlices(slice, slice)}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", untimedDialplan)
		l.Reload(t)
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		trunk := vanish(t, carrier, phone, london)
		if _, timers := marks(t, l.Manager(t, nil), "carrier"); len(timers) != 1 || timers[0] != 0 {
			t.Fatalf("the trunk leg has a timer: %v", timers)
		}
		o := trunk.WaitEnded(t, slice+10*time.Second)
		cutWithin(t, o, slice, slice)
		t.Logf("measured: granted %v, the carrier bills %v", slice, o.Talk)
		d.WaitDecision(t, "cutting", "caller=extension:1001", "reason=spent")
		ended := d.WaitHistory(t, admin.HistoryQuery{Caller: "extension:1001"}, 1)[0].Lease
		if ended.Cut != toll.ReasonSpent || ended.By != "option:max_call" || (ended.Talked-o.Talk).Abs() > 500*time.Millisecond {
			t.Errorf("ended as %+v", ended)
		}
		l.WaitIdle(t, 5*time.Second)
	})
}

// A call that may go on is renewed, slice for slice, and nobody notices: the
// carrier has one call, and its timer moves.
func TestRenewedWithoutAGap(t *testing.T) {
	const slice = 4 * time.Second
	forEachVersion(t, DaemonOptions{Change: shortSlices(slice, time.Hour)}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		call := phone.Dial(london)
		call.WaitAnswered(t, 10*time.Second)
		lease := d.WaitLive(t, 1, 5*time.Second)[0].ID
		manager := l.Manager(t, nil)
		began := time.Now()
		var deadlines []int64                     // in Asterisk, each further than the one before
		for time.Since(began) < 3*slice+slice/4 { // not at half a slice, when it is renewed
			call.StaysUp(t, 200*time.Millisecond)
			leases, left := marks(t, manager, "carrier")
			if len(leases) != 1 || leases[0] != lease {
				t.Fatalf("marks %q, want %q", leases, lease)
			}
			deadline := time.Now().Unix() + int64(left[0])
			if n := len(deadlines); n == 0 || deadline > deadlines[n-1]+1 { // a second is Asterisk's rounding
				deadlines = append(deadlines, deadline)
			}
		}
		if got := carrier.Calls(); len(got) != 1 || !got[0].Up() {
			t.Fatalf("%d calls at the carrier", len(got))
		}
		call.Hangup()
		o := carrier.Calls()[0].WaitEnded(t, 5*time.Second)
		if o.Talk < 3*slice {
			t.Errorf("the carrier bills %v", o.Talk)
		}
		renewals := d.DecisionLines(t, "renewed", "lease="+lease)
		moved := len(deadlines) - 1
		if len(renewals) < 3 || moved != len(renewals) {
			t.Errorf("renewed %d times, the deadline moved %d times: %v", len(renewals), moved, deadlines)
		}
		t.Logf("measured: slices of %v, talk %v, %d renewals, deadline in Asterisk moved %d times", slice, o.Talk, len(renewals), moved)
		ended := d.WaitHistory(t, admin.HistoryQuery{Lease: lease}, 1)[0].Lease
		if ended.Cut != "" || ended.Why != toll.EndedHangup || (ended.Talked-o.Talk).Abs() > 500*time.Millisecond {
			t.Errorf("ended as %+v", ended)
		}
	})
}

// A dead daemon does not cut the firm's own business: a home call has its long
// timer from the beginning, while only slices are reserved.
func TestHomeCallOutlivesTheDaemon(t *testing.T) {
	const slice = 2 * time.Second
	forEachVersion(t, DaemonOptions{Change: shortSlices(slice, time.Hour)}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		call := phone.Dial(berlin)
		call.WaitAnswered(t, 10*time.Second)
		live := d.WaitLive(t, 1, 5*time.Second)[0]
		long := d.Config.Calls.MaxHome
		if live.Timer != long || live.Covered > 2*slice {
			t.Errorf("timer %v, reserved for %v", live.Timer, live.Covered)
		}
		d.WaitDecision(t, "renewed", "lease="+live.ID)
		if _, left := marks(t, l.Manager(t, nil), "carrier"); len(left) != 1 || left[0] < (long-time.Minute).Seconds() {
			t.Errorf("the timer in Asterisk has %v left", left)
		}
		d.Kill(t)
		call.StaysUp(t, 3*slice)
		if got := carrier.Up(); got != 1 {
			t.Errorf("%d calls at the carrier", got)
		}
	})
}

// untilBye is how long after a change the carrier had its BYE or CANCEL.
func untilBye(t *testing.T, change time.Time, trunk *Call) time.Duration {
	t.Helper()
	o := trunk.WaitEnded(t, 10*time.Second)
	if o.EndedBy != ByPBX {
		t.Fatalf("%+v, want it cut", o)
	}
	after := o.Ended.Sub(change)
	if after > 2*time.Second {
		t.Errorf("cut only %v after the change", after)
	}
	return after
}

// A lock ends what the caller has going on, both legs, and nothing else.
func TestLockCutsLiveCalls(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		locked, other := l.Phone(t, "1001"), l.Phone(t, "1002")
		bystander := other.Dial(london)
		bystander.WaitAnswered(t, 10*time.Second)
		var times []string
		for round := range 5 {
			call := locked.Dial(london)
			call.WaitAnswered(t, 5*time.Second)
			trunk := carrier.WaitCalls(t, round+2, 5*time.Second)[round+1]
			d.WaitAnswered(t, 2)
			change := time.Now()
			d.Lock(t, "1001")
			times = append(times, untilBye(t, change, trunk).Round(100*time.Microsecond).String())
			if o := call.WaitEnded(t, 5*time.Second); o.EndedBy != ByPBX || o.Ended.Sub(change) > 2*time.Second {
				t.Errorf("the phone's leg: %+v", o)
			}
			if o := trunk.Outcome(); o.Cause != 21 {
				t.Errorf("the carrier is told cause %d", o.Cause)
			}
			if o := locked.Dial(london).WaitEnded(t, 5*time.Second); o.Status != 403 {
				t.Errorf("while locked: %+v", o)
			}
			d.Set(t, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}, Removed: true})
		}
		t.Logf("measured: from the lock to the carrier's BYE %s", strings.Join(times, ", "))
		if !bystander.Up() || carrier.Up() != 1 {
			t.Errorf("the call of somebody else was cut: %+v", bystander.Outcome())
		}
		for _, e := range d.WaitHistory(t, admin.HistoryQuery{Caller: "extension:1001", Outcome: toll.EntryEnded}, 5) {
			if e.Lease.Cut != toll.ReasonLocked || e.Lease.By != "caller=1001" {
				t.Errorf("ended as %+v", e.Lease)
			}
		}
	})
}

// A new rule ends the calls that it does not allow.
func TestRuleCutsLiveCalls(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		var trunks []*Call
		for i, number := range []string{sierraLeone, london, berlin} {
			phone.Dial(number).WaitAnswered(t, 10*time.Second)
			trunks = append(trunks, carrier.WaitCalls(t, i+1, 5*time.Second)[i])
		}
		d.WaitAnswered(t, 3)
		change := time.Now()
		d.Set(t, denyCountry("SL"))
		t.Logf("measured: from the rule to the carrier's BYE %v", untilBye(t, change, trunks[0]))
		d.WaitDecision(t, "cutting", "country=SL", "reason=denied_rule", "by=no-sl")
		d.WaitLive(t, 2, 5*time.Second)
		if !trunks[1].Up() || !trunks[2].Up() {
			t.Errorf("calls to other countries were cut: %+v, %+v", trunks[1].Outcome(), trunks[2].Outcome())
		}
	})
}

// failoverDialplan tries a second trunk when the first does not connect.
const failoverDialplan = `
[internal]
exten => _[0-9+*#].,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier2,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
#include extensions_tollfuse.conf
`

// A call that still rings is cut as well, and does not go on by another trunk.
func TestLockCutsRingingCall(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", failoverDialplan)
		l.Reload(t)
		first, second, phone := l.Carrier(t), l.SecondCarrier(t), l.Phone(t, "1001")

		// So that the test can fail: what the first refuses goes to the second.
		first.Always(Answer{Status: 503})
		failedOver := phone.Dial(london)
		failedOver.WaitAnswered(t, 10*time.Second)
		failedOver.Hangup()
		d.WaitLive(t, 0, 5*time.Second)

		first.Always(Answer{Ring: time.Minute})
		call := phone.Dial(london)
		trunk := first.WaitCalls(t, 2, 10*time.Second)[1]
		Eventually(t, 5*time.Second, "the daemon knows the trunk leg", func() bool {
			live := d.Live(t)
			return len(live) == 1 && live[0].Leg != ""
		})
		change := time.Now()
		d.Lock(t, "1001")
		t.Logf("measured: from the lock to the carrier's CANCEL %v", untilBye(t, change, trunk))
		if o := call.WaitEnded(t, 5*time.Second); o.EndedBy != ByPBX || o.Status < 400 {
			t.Errorf("the phone's leg: %+v", o)
		}
		l.WaitIdle(t, 5*time.Second)
		if got := second.Numbers(); len(got) != 1 {
			t.Errorf("the second carrier got %v, want the one that failed over", got)
		}
		d.WaitLive(t, 0, 5*time.Second)
	})
}
