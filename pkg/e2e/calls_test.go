//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	london      = "00442079460000" // allowed, 0.30 a minute
	sierraLeone = "0023222123456"  // not listed, 1.50 a minute
	berlin      = "030123456"      // home
)

// concurrentLimit bounds how many calls each caller has at a time.
func concurrentLimit(n int64) toll.Limit {
	return toll.Limit{ID: "at-once", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite}, Act: n}
}

// A permitted simple call completes, and what the ledger remembers agrees with
// Asterisk's own record.
func TestPermittedCall(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		call := phone.Dial(london)
		call.WaitAnswered(t, 10*time.Second)
		d.WaitLive(t, 1, 5*time.Second)
		call.StaysUp(t, 3*time.Second)
		call.Hangup()
		d.WaitLive(t, 0, 5*time.Second)
		if got := carrier.Numbers(); len(got) != 1 || got[0] != london {
			t.Fatalf("the carrier got %v", got)
		}
		t.Logf("decisions:\n%s", d.Decisions(t))
	})
}
