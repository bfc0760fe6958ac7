//go:build e2e

package e2e

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// More numbers in London, one for each call of a test.
const (
	londonRinging = "00442079460001"
	londonEnding  = "00442079460002"
	londonNew     = "00442079460003"
)

// e164 is a number as the ledger knows it that was dialled in Germany.
func e164(dialled string) string {
	if abroad, is := strings.CutPrefix(dialled, "00"); is {
		return "+" + abroad
	}
	return "+49" + strings.TrimPrefix(dialled, "0")
}

// Calls live through a kill of the daemon: one that talks, one that is answered while nobody watches, one that
// ends meanwhile. Afterwards a limit of three leaves room for exactly one more.
func TestKillDuringLiveCalls(t *testing.T) {
	o := DaemonOptions{Limits: []toll.Limit{concurrentLimit(3)}}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		carrier.OnCall(func(c *Call) Answer {
			if c.Number == londonRinging {
				return Answer{Ring: 4 * time.Second}
			}
			return Answer{}
		})
		one, two, three := l.Phone(t, "1001"), l.Phone(t, "1002"), l.Phone(t, "1003")
		talking, ending, ringing := one.Dial(london), two.Dial(londonEnding), three.Dial(londonRinging)
		talking.WaitAnswered(t, 5*time.Second)
		ending.WaitAnswered(t, 5*time.Second)
		before := map[string]toll.Lease{
			london:        d.WaitLease(t, e164(london), "is answered", 5*time.Second, answered),
			londonEnding:  d.WaitLease(t, e164(londonEnding), "is answered", 5*time.Second, answered),
			londonRinging: d.WaitLease(t, e164(londonRinging), "has a leg", 5*time.Second, func(l toll.Lease) bool { return l.Leg != "" }),
		}
		talking.StaysUp(t, time.Second)

		d.Kill(t)
		ending.Hangup()
		endedAt := time.Now()
		ringing.WaitAnswered(t, 10*time.Second)
		restarted := time.Now()
		d.Start(t)
		d.WaitLive(t, 2, 10*time.Second)
		t.Logf("measured: from the start of the daemon to both calls adopted: %v", time.Since(restarted).Round(time.Millisecond))
		for _, number := range []string{london, londonRinging} {
			if got := d.WaitLease(t, e164(number), "is answered", 5*time.Second, answered); got.ID != before[number].ID || got.Leg != before[number].Leg {
				t.Errorf("the call to %s has lease %s of leg %s, had %s of %s", number, got.ID, got.Leg, before[number].ID, before[number].Leg)
			}
		}
		d.settledLost(t, before[londonEnding], trunkCall(t, carrier, londonEnding).Outcome().Talk, time.Since(endedAt))

		// Two are live, so one more goes out and the next does not.
		more := two.Dial(londonNew)
		more.WaitAnswered(t, 5*time.Second)
		refusedFor(t, two.Dial(sierraLeone), toll.ReasonLimit)
		for _, call := range []*Call{talking, ringing, more} {
			call.StaysUp(t, 0)
			call.Hangup()
		}
		d.WaitLive(t, 0, 5*time.Second)
		for _, number := range []string{london, londonRinging, londonNew} {
			lease := d.WaitEnded(t, e164(number), 1, 5*time.Second)[0]
			talk := trunkCall(t, carrier, number).Outcome().Talk
			// Of the call that was answered while nobody looked only the second is known, and rounded up.
			tolerance := 500 * time.Millisecond
			if number == londonRinging {
				if lease.Talked < talk-tolerance || lease.Talked > talk+6*time.Second {
					t.Errorf("%s: talked %v in the ledger, %v at the carrier", number, lease.Talked, talk)
				}
				continue
			}
			if !near(lease.Talked, talk, tolerance) {
				t.Errorf("%s: talked %v in the ledger, %v at the carrier", number, lease.Talked, talk)
			}
		}
		if d.WaitEnded(t, e164(londonEnding), 1, time.Second); len(d.History(t)) != 5 {
			t.Errorf("the history has %d calls, want 4 that ended and 1 refused: %+v", len(d.History(t)), d.History(t))
		}
		oneGrantEach(t, d)
	})
}

// settledLost shows that a call which ended unseen is settled once, for no less than it cost and no longer than
// until it was found gone.
func (d *Daemon) settledLost(t *testing.T, l toll.Lease, talk, unseen time.Duration) {
	t.Helper()
	ended := d.WaitEnded(t, l.Key.Number, 1, 10*time.Second)[0]
	if ended.ID != l.ID || ended.Why != toll.EndedLost || ended.Talked < talk-500*time.Millisecond || ended.Talked > talk+unseen+time.Second {
		t.Errorf("settled as %s of lease %s with %v; it was %s and talked %v, unseen for %v", ended.Why, ended.ID, ended.Talked, l.ID, talk, unseen)
	}
	t.Logf("a call that ended unseen: talked %v, settled %v", talk, ended.Talked)
}

// oneGrantEach shows that no call was given two leases and none was adopted although it had one.
func oneGrantEach(t *testing.T, d *Daemon) {
	t.Helper()
	leases := map[toll.Key]map[string]bool{}
	for _, e := range d.Replayed(t) {
		if e.Kind == toll.EntrySetting || e.Kind == toll.EntryRefused {
			continue
		}
		if e.Lease.Adopted {
			t.Errorf("adopted although it has a lease: %+v", e.Lease)
		}
		if leases[e.Lease.Key] == nil {
			leases[e.Lease.Key] = map[string]bool{}
		}
		leases[e.Lease.Key][e.Lease.ID] = true
	}
	for key, ids := range leases {
		if len(ids) != 1 {
			t.Errorf("%d leases for %+v", len(ids), key)
		}
	}
}

// holdWrites keeps everybody else from writing to the ledger until the returned function is called, as a person
// with an SQL tool would.
func holdWrites(t *testing.T, d *Daemon) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+d.Config.Ledger.Path+"?_busy_timeout=5000")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatalf("hold the ledger's write lock: %v", err)
	}
	return func() {
		_, _ = conn.ExecContext(context.Background(), "ROLLBACK")
		_ = conn.Close()
		_ = db.Close()
	}
}

// The daemon is killed between a permission and its commit: nobody has heard of it, so the call does not go out
// and the next daemon does not know it.
func TestKillBeforeTheCommit(t *testing.T) {
	o := DaemonOptions{Limits: []toll.Limit{concurrentLimit(1)}}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		release := holdWrites(t, d)
		call := phone.Dial(london)
		d.LeaseOf(t, e164(london), time.Second)
		d.Kill(t)
		release()
		refusedFor(t, call, toll.ReasonLedgerDown)
		d.Start(t)
		if live, history := d.Live(t), d.History(t); len(live)+len(history) != 0 {
			t.Errorf("a permission that was never committed is known: %+v %+v", live, history)
		}
		if n := len(carrier.Calls()); n != 0 {
			t.Errorf("%d calls at the carrier", n)
		}
		again := phone.Dial(london) // holds nothing of a limit of one
		again.WaitAnswered(t, 5*time.Second)
	})
}
