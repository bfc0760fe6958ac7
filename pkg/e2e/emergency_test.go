//go:build e2e

package e2e

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// everythingShut are settings that let no call out at all: no call at a time, no money, no home calls while
// the daemon cannot decide, and what goes round the dialplan is cut.
func everythingShut(c *config.Config) {
	c.Bypass, c.Failure.Home = config.BypassCut, config.Deny
}

var limitsOfZero = []toll.Limit{
	{ID: "no-calls", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite}},
	{ID: "no-money", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerSite, Window: 24 * time.Hour}},
}

// lockOut locks whatever a call of 1001 to the emergency number could be locked by.
func lockOut(t *testing.T, d *Daemon) {
	t.Helper()
	for scope, subject := range map[toll.Scope]string{toll.PerCaller: "1001", toll.PerTrunk: "carrier", toll.PerCountry: "DE"} {
		d.Set(t, toll.Setting{Lock: &toll.Lock{Scope: scope, Subject: subject, Reason: "test"}})
	}
	number := toll.Lock{Scope: toll.PerNumber, Subject: emergencyNumber, Reason: "test"}
	if _, err := d.Admin.Change(t.Context(), toll.Setting{Lock: &number}); err == nil {
		t.Error("the emergency number itself can be locked")
	}
}

// dialsEmergency dials the emergency number and shows that it is at the carrier at once and answered.
func dialsEmergency(t *testing.T, carrier *Carrier, phone *Phone, when string) *Call {
	t.Helper()
	n := len(carrier.Calls())
	call := phone.Dial(emergencyNumber)
	_, after := reaches(t, carrier, n+1, call, emergencyNumber)
	if after > atOnce {
		t.Errorf("the emergency call, %s, took %v to the carrier", when, after)
	}
	call.WaitAnswered(t, 5*time.Second)
	t.Logf("measured: emergency call, %s: at the carrier after %v", when, after.Round(100*time.Microsecond))
	return call
}

// One emergency call stays up through everything that can be done to it, and others go out meanwhile.
func TestEmergencyCallIsNeverStopped(t *testing.T) {
	o := DaemonOptions{Change: everythingShut, Limits: limitsOfZero}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone, bypasser := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1004")
		lockOut(t, d)
		refusedFor(t, phone.Dial(homeNumber), toll.ReasonLocked)

		call := dialsEmergency(t, carrier, phone, "all shut")
		lease := d.WaitLease(t, emergencyNumber, "is answered", 5*time.Second, answered)
		if !lease.Adopted || lease.To.Class != toll.Emergency || lease.Caller.ID != "1001" {
			t.Errorf("the emergency call in the ledger: %+v", lease)
		}
		d.Lock(t, "1001") // again, so that live calls are reviewed
		if _, err := d.Admin.Hangup(t.Context(), admin.Selection{Lease: lease.ID}); err == nil {
			t.Error("the owner can hang up an emergency call")
		}

		// Round the dialplan: another call is cut there, this one is not.
		cutCall := bypasser.Dial(sierraLeone)
		if o := cutCall.WaitEnded(t, 10*time.Second); o.EndedBy != ByPBX {
			t.Errorf("the call round the dialplan: %+v", o)
		}
		d.WaitLive(t, 1, 5*time.Second)
		round := bypasser.Dial(emergencyNumber)
		round.WaitAnswered(t, 5*time.Second)
		d.WaitLive(t, 2, 5*time.Second)

		d.Kill(t)
		dialsEmergency(t, carrier, phone, "daemon killed").Hangup()
		d.Start(t)
		for _, again := range d.WaitLive(t, 2, 10*time.Second) {
			if again.To.Class != toll.Emergency || again.Cut != "" {
				t.Errorf("after the restart: %+v", again)
			}
		}
		d.Signal(t, syscall.SIGSTOP)
		dialsEmergency(t, carrier, phone, "daemon stopped with SIGSTOP").Hangup()
		d.Signal(t, syscall.SIGCONT)
		d.Stop(t)
		dialsEmergency(t, carrier, phone, "daemon not running").Hangup()
		d.Start(t)

		round.StaysUp(t, time.Second)
		round.Hangup()
		call.StaysUp(t, 0)
		call.Hangup()
		d.WaitLive(t, 0, 5*time.Second)
		settledOnce(t, d, lease.ID, call.Outcome().Talk)
	})
}

// settledOnce shows that a lease is in the history exactly once, not cut, with the talk time that the phone
// measured.
func settledOnce(t *testing.T, d *Daemon, id string, talk time.Duration) {
	t.Helper()
	var ended []toll.Lease
	Eventually(t, 5*time.Second, "lease "+id+" is settled", func() bool {
		ended = nil
		for _, e := range d.History(t) {
			if e.Lease.ID == id && e.Kind == toll.EntryEnded {
				ended = append(ended, e.Lease)
			}
		}
		return len(ended) > 0
	})
	if l := ended[0]; len(ended) != 1 || l.Cut != "" || !near(l.Talked, talk, time.Second) {
		t.Errorf("settled %d times, cut %q, talked %v instead of %v", len(ended), l.Cut, l.Talked, talk)
	}
}

// With the disk of the ledger full an emergency call goes out, is known to the daemon, and is in the ledger
// once there is room again.
func TestEmergencyCallWithTheDiskFull(t *testing.T) {
	options := func(t *testing.T, _ *Lab) DaemonOptions {
		disk := SmallDisk(t, 4<<20)
		return DaemonOptions{Change: func(c *config.Config) {
			everythingShut(c)
			ledgerOn(disk)(c)
		}, Limits: limitsOfZero}
	}
	forEachVersionWith(t, options, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		d.Lock(t, "1001")
		free := FillDisk(t, filepath.Dir(d.Config.Ledger.Path))
		call := dialsEmergency(t, carrier, phone, "disk of the ledger full")
		d.WaitLogged(t, 5*time.Second, "the ledger cannot be written")
		lease := d.WaitLease(t, emergencyNumber, "is answered", 5*time.Second, answered)
		call.StaysUp(t, 2*time.Second)
		free()
		d.WaitLogged(t, 5*time.Second, "the ledger can be written again")
		call.Hangup()
		d.WaitLive(t, 0, 5*time.Second)
		settledOnce(t, d, lease.ID, call.Outcome().Talk)
	})
}
