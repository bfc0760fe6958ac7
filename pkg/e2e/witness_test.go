//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// forEachVersionWith is forEachVersion for options that must know the prepared Asterisk, such as its ports, or
// that need a directory of each version's own.
func forEachVersionWith(t *testing.T, options func(*testing.T, *Lab) DaemonOptions, test func(*testing.T, *Lab, *Daemon)) {
	t.Helper()
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := Prepare(t, Options{Suite: suite})
			o := options(t, l)
			d := PrepareDaemon(t, l, o)
			l.Run(t)
			d.Start(t)
			for i := range o.Limits {
				d.Set(t, toll.Setting{Limit: &o.Limits[i]})
			}
			test(t, l, d)
		})
	}
}

// ledgerOn puts the ledger alone into a directory; logs and socket stay elsewhere.
func ledgerOn(dir string) func(*config.Config) {
	return func(c *config.Config) { c.Ledger.Path = filepath.Join(dir, "ledger.db") }
}

// History are the settled and the refused calls, the newest first.
func (d *Daemon) History(t testing.TB) []toll.Entry {
	t.Helper()
	h, err := d.Admin.History(context.Background(), admin.HistoryQuery{Limit: 1000})
	if err != nil {
		t.Fatalf("list the history: %v", err)
	}
	return h
}

// WaitEnded waits until so many calls to a number have been settled and returns them, the newest first. A
// permission that was taken back before anybody heard of it was no call.
func (d *Daemon) WaitEnded(t testing.TB, number string, n int, limit time.Duration) []toll.Lease {
	t.Helper()
	var ended []toll.Lease
	Eventually(t, limit, fmt.Sprintf("%d settled calls to %s", n, number), func() bool {
		ended = nil
		for _, e := range d.History(t) {
			if e.Kind == toll.EntryEnded && e.Lease.To.Number() == number && e.Lease.Why != toll.EndedWithdraw {
				ended = append(ended, e.Lease)
			}
		}
		return len(ended) >= n
	})
	if len(ended) != n {
		t.Errorf("%d settled calls to %s, want %d: %+v", len(ended), number, n, ended)
	}
	return ended
}

// LeaseOf is the live lease of a call to a number.
func (d *Daemon) LeaseOf(t testing.TB, number string, limit time.Duration) toll.Lease {
	t.Helper()
	var found toll.Lease
	Eventually(t, limit, "a live lease to "+number, func() bool {
		for _, l := range d.Live(t) {
			if l.To.Number() == number {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

// WaitLease waits until the live lease of a call to a number is as it should be.
func (d *Daemon) WaitLease(t testing.TB, number, what string, limit time.Duration, is func(toll.Lease) bool) toll.Lease {
	t.Helper()
	var found toll.Lease
	Eventually(t, limit, fmt.Sprintf("the lease to %s %s", number, what), func() bool {
		for _, l := range d.Live(t) {
			if l.To.Number() == number && is(l) {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

func answered(l toll.Lease) bool { return l.State == toll.Answered }

// Logged counts the lines of the daemon's log in which all of the words are.
func (d *Daemon) Logged(t testing.TB, words ...string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.Dir, "daemon.log"))
	if err != nil {
		t.Fatal(err)
	}
	return linesWith(string(text), words...)
}

// WaitLogged waits for such a line.
func (d *Daemon) WaitLogged(t testing.TB, limit time.Duration, words ...string) {
	t.Helper()
	Eventually(t, limit, fmt.Sprintf("a line with %q in the daemon's log", words), func() bool { return d.Logged(t, words...) > 0 })
}

func linesWith(text string, words ...string) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		all := true
		for _, word := range words {
			all = all && strings.Contains(line, word)
		}
		if all {
			n++
		}
	}
	return n
}

// trunkCall is the carrier's end of the only call to a number.
func trunkCall(t testing.TB, carrier *Carrier, number string) *Call {
	t.Helper()
	var found []*Call
	for _, c := range carrier.Calls() {
		if c.Number == number {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d calls to %s at the carrier: %v", len(found), number, carrier.Numbers())
	}
	return found[0]
}

// refusedFor waits until a call is refused and fails the test when it is not with the Q.850 cause of that reason.
func refusedFor(t testing.TB, call *Call, why toll.Reason) {
	t.Helper()
	if o := call.WaitEnded(t, 10*time.Second); o.Status < 400 || o.Cause != why.Cause() {
		t.Errorf("the call to %s ended with %d and cause %d, want a refusal with cause %d (%s)", call.Number, o.Status, o.Cause, why.Cause(), why)
	}
}

// near tells whether two talk times agree: Asterisk reports an answer and an end a moment later than the
// carrier sees them.
func near(a, b, tolerance time.Duration) bool { return (a - b).Abs() <= tolerance }
