package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A phone that calls a cheap number, sends that call on to a dear one and leaves pays
// for both, as long as either goes on. What ends the dear one ends the cheap one.
func TestSimulatedTransferOfAnOwnCall(t *testing.T) {
	const via = `, via: [1212555xxxx], price: {per_minute: 2.00}`
	day := toll.Meter{Measure: toll.Cost, Scope: toll.PerCaller, Window: 24 * time.Hour}
	abroad := toll.Limit{ID: "two", Meter: day, Act: int64(2 * toll.Unit), Do: []toll.Action{toll.Deny}}
	abroad.Meter.Where = toll.Abroad
	forbidden := toll.Rule{ID: "none", Do: toll.Forbid, Where: toll.Abroad}
	for _, from := range []string{"transfer", "attended"} {
		text := fmt.Sprintf(joined, from, via)
		bare := simulate(t, text, []toll.Setting{})
		// 12 calls of 4 minutes at 2.00, and those at home, which are billed at what the site pays.
		if bare.LeakedCost != bare.UnprotectedCost || bare.LeakedCalls != 24 || bare.AttackCalls != 24 || bare.LeakedCost <= 96*toll.Unit || bare.LeakedCost > 100*toll.Unit {
			t.Errorf("%s without limits: %+v", from, bare)
		}
		for _, kind := range []replay.FaultKind{"", replay.AMILost, replay.DaemonKilled} {
			var faults []replay.Fault
			if kind != "" {
				faults = []replay.Fault{{At: 30 * time.Second, For: time.Minute, Kind: kind}}
			}
			r := simulate(t, text, []toll.Setting{{Limit: &abroad}}, faults...)
			if r.LeakedCostRated < toll.Unit || r.LeakedCostRated > 5*toll.Unit/2 || r.BudgetBreach || r.LeakedCalls != 13 || r.SecondsToBlock == nil {
				t.Errorf("%s with a budget, %s: %+v", from, kind, r)
			}
		}
		// The cheap calls end with the refusal: five seconds each.
		r := simulate(t, text, []toll.Setting{{Rule: &forbidden}})
		if r.LeakedCalls != 12 || r.LeakedCost != r.LeakedCostRated || r.LeakedCost > bare.LeakedCost/100 || r.LeakedCost == 0 {
			t.Errorf("%s forbidden: %+v", from, r)
		}
	}
}
