//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A call is renewed while its budget lasts, and cut when another has spent it: at the end of its last paid second, and
// not before. What the carrier bills for both is within the budget.
func TestCutWhenAnotherHasSpentTheBudget(t *testing.T) {
	const (
		slice  = 4 * time.Second
		budget = toll.Unit / 4
	)
	o := DaemonOptions{
		Change: shortSlices(slice, time.Hour),
		Limits: []toll.Limit{{ID: "budget", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerSite, Window: time.Hour}, Act: int64(budget)}},
	}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		l.Phone(t, "1001").Dial(london).WaitAnswered(t, 10*time.Second)
		lease := d.WaitLease(t, e164(london), "is answered", 5*time.Second, answered)
		d.WaitDecision(t, "renewed", "lease="+lease.ID)
		l.Phone(t, "1002").Dial(sierraLeone).WaitAnswered(t, 10*time.Second) // at five times the price
		price := map[string]toll.Price{london: lease.Price, sierraLeone: d.LeaseOf(t, e164(sierraLeone), time.Second).Price}
		var bill toll.Money
		for _, trunk := range carrier.WaitCalls(t, 2, time.Second) {
			o := trunk.WaitEnded(t, 40*time.Second)
			if o.EndedBy != ByPBX {
				t.Errorf("the call to %s: %+v, want it cut", trunk.Number, o)
			}
			bill += price[trunk.Number].Cost(o.Talk)
		}
		if bill > budget || bill < budget*8/10 {
			t.Errorf("the carrier bills %v, the budget was %v", bill, budget)
		}
		talk := trunkCall(t, carrier, london).Outcome().Talk
		paid := d.paid(t, lease.ID)
		if talk < paid-100*time.Millisecond || talk > paid+time.Second || paid < 2*slice {
			t.Errorf("paid for %v, the carrier bills %v", paid, talk)
		}
		ended := d.WaitHistory(t, admin.HistoryQuery{Lease: lease.ID}, 1)[0].Lease
		if ended.Cut != toll.ReasonSpent || ended.By != "budget" || !near(ended.Talked, talk, 500*time.Millisecond) {
			t.Errorf("ended as %+v", ended)
		}
		t.Logf("measured: of a budget of %v the carrier bills %v; the first call paid for %v in slices of %v and talked %v", budget, bill, paid, slice, talk)
	})
}

// paid is the talk time that was reserved for a call in the end.
func (d *Daemon) paid(t *testing.T, lease string) (covered time.Duration) {
	t.Helper()
	for _, e := range d.Replayed(t) {
		if e.Lease.ID == lease {
			covered = max(covered, e.Lease.Covered)
		}
	}
	return covered
}
