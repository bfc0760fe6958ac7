package app

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// stolen is an extension whose password somebody else uses beside its owner.
const stolen = `
name: stolen
site: {country: US, timezone: America/New_York, countries: [GB], size: 12}
starts: 2026-03-07T00:30:00
lasts: 4h
traffic:
- {label: legitimate, from: "extensions:1001-1003", to: [01144207946xxxx], every: 1m, until: 1h}
- label: attack
  from: extension:1001
  to: [011220700xxxx]
  concurrent: 10
  after: 2h
  talk: {min: 4m, max: 4m}
  %s
`

// What a rule says of an origin holds in a story that tells of one, and in no other.
// A wrong password counts for an hour, half of the attack. Facts outlive the daemon and
// the link: the question itself says where it is from.
func TestSimulatedOrigins(t *testing.T) {
	for _, test := range []struct {
		origin    toll.Origin
		phones    string
		fault     replay.FaultKind
		leaksLess bool
	}{
		{toll.NewNetwork, "addresses: [203.0.113.7]", "", true},
		{toll.NewNetwork, "addresses: [\"2001:db8::7\"]", "", true},
		{toll.NewNetwork, "addresses: [203.0.113.7]", replay.AMILost, true},
		{toll.NewNetwork, "addresses: [203.0.113.7]", replay.DaemonKilled, true},
		{toll.NewNetwork, "addresses: [192.0.2.99]", "", false}, // the office itself
		{toll.NewNetwork, "guesses: 3", "", false},
		{toll.NewNetwork, "", "", false},
		{toll.ManyNetworks, "addresses: [203.0.113.7, 198.51.100.7]", "", true},
		{toll.ManyNetworks, "addresses: [203.0.113.7]", "", false}, // by then nobody has called from the office for an hour
		{toll.AfterFailures, "guesses: 3", "", true},
		{toll.AfterFailures, "guesses: 2", "", false},
	} {
		name := fmt.Sprintf("%s, %s %s", test.origin, test.phones, test.fault)
		rule := toll.Rule{ID: "odd", Do: toll.Forbid, Where: toll.Abroad, Origin: test.origin}
		var faults []replay.Fault
		if test.fault != "" {
			faults = []replay.Fault{{At: 90 * time.Minute, For: 20 * time.Minute, Kind: test.fault}}
		}
		r := simulate(t, fmt.Sprintf(stolen, test.phones), []toll.Setting{{Rule: &rule}}, faults...)
		if r.FalseDenials != 0 || r.LegitimateCalls != 60 || r.AttackCalls < 200 {
			t.Errorf("%s: honest calls were refused: %+v", name, r)
		}
		if (r.LeakedCalls < 200) != test.leaksLess {
			t.Errorf("%s: %d calls of the attack went through", name, r.LeakedCalls)
		}
	}
}

const joined = `
name: joined
site: {country: US, timezone: America/New_York, size: 12}
starts: 2026-03-07T00:30:00
lasts: 1h
traffic: [{label: attack, from: "%s:1003", to: [011220700xxxx], every: 5m, talk: {min: 4m, max: 4m}%s}]
`

// A phone that joins two calls and leaves is charged for what it began, as long as it
// goes on, and its budget ends that, also where the join was not heard.
func TestSimulatedAttendedTransfer(t *testing.T) {
	bare := simulate(t, fmt.Sprintf(joined, "attended", ""), []toll.Setting{})
	if bare.LeakedCost != bare.UnprotectedCost || bare.LeakedCalls != 12 || bare.LeakedCost < 60*toll.Unit {
		t.Errorf("without limits: %+v", bare)
	}
	limit := toll.Limit{
		ID: "two", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerCaller, Window: 24 * time.Hour}, Act: int64(2 * toll.Unit),
		Do: []toll.Action{toll.Deny},
	}
	for _, kind := range []replay.FaultKind{"", replay.AMILost, replay.DaemonKilled} {
		var faults []replay.Fault
		if kind != "" {
			faults = []replay.Fault{{At: 4 * time.Second, For: time.Minute, Kind: kind}}
		}
		r := simulate(t, fmt.Sprintf(joined, "attended", ""), []toll.Setting{{Limit: &limit}}, faults...)
		if r.LeakedCost > 2*toll.Unit || r.LeakedCost == 0 || r.BudgetBreach || r.LeakedCalls != 1 {
			t.Errorf("with a budget, %s: %+v", kind, r)
		}
	}
}
