package app

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const blast = `
name: blast
site: {country: US, timezone: America/New_York, countries: [GB, CA], size: 12}
starts: 2026-03-07T00:30:00
lasts: 4h
traffic:
- label: attack
  from: extension:1001
  to: [011220700xxxx]
  per_minute: 10
  talk: {min: 10s, max: 4m}
- label: legitimate
  from: extensions:1002-1012
  to: [1212555xxxx, 01144207946xxxx]
  every: 2m
- {label: legitimate, from: extension:1001, to: ["911"], every: 20m}
`

func simulate(t *testing.T, text string, settings []toll.Setting, faults ...replay.Fault) replay.Result {
	t.Helper()
	s, err := replay.Parse("scenario", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s.Faults = faults
	if settings == nil {
		if settings, err = ScenarioPolicy(s.Site); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Simulate(t.Context(), ScenarioConfig(s.Site), settings, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// toldOf are the troubles of its own that a daemon has told of, in order.
func toldOf(r replay.Result) (kinds []toll.IncidentKind) {
	for _, m := range r.Mails {
		if m.About.Trouble() {
			kinds = append(kinds, m.About)
		}
	}
	return kinds
}

// Whatever breaks, an attack costs little, and nobody else notices it.
func TestSimulatedAttackIsBounded(t *testing.T) {
	full := []toll.IncidentKind{toll.DiskTrouble, toll.LedgerTrouble, toll.DiskTrouble, toll.LedgerTrouble} // begin, and end
	troubles := map[replay.FaultKind][]toll.IncidentKind{
		replay.AMILost:    {toll.LinkTrouble, toll.LinkTrouble}, // a minute is none yet, nor is an hour's wait of a mail
		replay.LedgerFull: slices.Concat(full, full),
	}
	for _, kind := range []replay.FaultKind{"", replay.DaemonKilled, replay.AMILost, replay.LedgerFull, replay.ClockBack, replay.SMTPDown} {
		var faults []replay.Fault
		if kind != "" {
			faults = []replay.Fault{{At: 2 * time.Minute, For: 10 * time.Minute, Kind: kind}, {At: 2 * time.Hour, For: time.Minute, Kind: kind}}
		}
		r := simulate(t, blast, nil, faults...)
		if r.UnprotectedCost < 5000*toll.Unit || r.LeakedCost > 45*toll.Unit || r.LeakedCost == 0 || r.LeakedCost != r.LeakedCostRated || r.BudgetBreach {
			t.Errorf("%s: %+v", kind, r)
		}
		if r.SecondsToBlock == nil || *r.SecondsToBlock > 300 || r.SecondsToAlert == nil || r.AttackCalls != 2400 {
			t.Errorf("%s: %+v", kind, r)
		}
		abroadRefused := kind == replay.DaemonKilled || kind == replay.LedgerFull // by the failure policy
		if r.EmergencyDenied != 0 || r.FalseCuts != 0 || r.LegitimateCalls != 132 || r.FalseDenials != 0 && !abroadRefused || r.FalseDenials > 6 {
			t.Errorf("%s: %+v", kind, r)
		}
		if kinds := toldOf(r); !slices.Equal(kinds, troubles[kind]) || r.Troubles != len(kinds) || r.Alerts+r.Troubles != len(r.Mails) {
			t.Errorf("%s: mails about %v, want %v: %+v", kind, kinds, troubles[kind], r.Mails)
		}
		if again := simulate(t, blast, nil, faults...); !reflect.DeepEqual(again, r) {
			t.Errorf("%s: played again it is %+v\nnot %+v", kind, again, r)
		}
	}
}

// Mail that does not leave for more than an hour is told of as soon as it does.
func TestSimulatedMailTrouble(t *testing.T) {
	r := simulate(t, blast, nil, replay.Fault{At: 2 * time.Minute, For: 90 * time.Minute, Kind: replay.SMTPDown})
	if kinds := toldOf(r); !slices.Equal(kinds, []toll.IncidentKind{toll.MailTrouble, toll.MailTrouble}) {
		t.Errorf("mails about %v: %+v", kinds, r.Mails)
	}
}

// Without limits nothing is stopped, and a budget that was spent shows as no breach.
func TestSimulatedPolicyDecides(t *testing.T) {
	bare := simulate(t, blast, []toll.Setting{})
	if bare.LeakedCost != bare.UnprotectedCost || bare.SecondsToBlock != nil || bare.LeakedCalls != bare.AttackCalls {
		t.Errorf("without limits: %+v", bare)
	}
	limit := toll.Limit{ID: "two", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerCaller, Window: 24 * time.Hour}, Act: int64(2 * toll.Unit), Do: []toll.Action{toll.Deny}}
	r := simulate(t, blast, []toll.Setting{{Limit: &limit}})
	if r.LeakedCost > 2*toll.Unit || r.LeakedCost == 0 || r.BudgetBreach {
		t.Errorf("with a budget of 2.00: %+v", r)
	}
}

// A price that the site does not know of costs more than it counts, and minutes bind.
func TestSimulatedCarrierKeepsItsOwnBill(t *testing.T) {
	r := simulate(t, blast, policy.Default(12, "", time.Time{}))
	s, err := replay.Parse("scenario", []byte(blast))
	if err != nil {
		t.Fatal(err)
	}
	s.Traffic[0].Price = &toll.Price{PerMinute: 15 * toll.Unit}
	dear, err := Simulate(t.Context(), ScenarioConfig(s.Site), policy.Default(12, "", time.Time{}), s)
	if err != nil {
		t.Fatal(err)
	}
	if dear.LeakedCostRated != r.LeakedCostRated || dear.LeakedCost < 9*r.LeakedCost {
		t.Errorf("at ten times the price: %+v\nand at ours: %+v", dear, r)
	}
}

// What goes round the dialplan is cut as soon as it is dialled.
func TestSimulatedBypassIsCut(t *testing.T) {
	r := simulate(t, `
name: originate
site: {country: US, timezone: America/New_York, size: 12}
starts: 2026-03-07T00:30:00
lasts: 15m
traffic: [{label: attack, from: originate, to: [011220700xxxx], per_minute: 20}]
`, nil)
	if r.LeakedCalls != 0 || r.AttackCalls != 300 || r.SecondsToBlock == nil || *r.SecondsToBlock > 1 || r.Alerts == 0 {
		t.Errorf("%+v", r)
	}
}
