package policy

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// listedCopy is the destination at a site that does business there.
func listedCopy(d toll.Destination) toll.Destination {
	d.Listed = true
	return d
}

func TestRulesForUnlistedCountries(t *testing.T) {
	premium := gambia
	premium.Class = toll.IntlPremium
	p := build(t, Options{Countries: []string{"AT"}},
		toll.Rule{ID: "class", Where: toll.Where(toll.IntlFixed), Do: toll.Permit},
		toll.Rule{ID: "new", Where: toll.Unlisted, Do: toll.AskPIN},
		toll.Rule{ID: "far", Where: toll.Abroad, Do: toll.Forbid},
	)
	fixed := gambia
	fixed.Class = toll.IntlFixed
	for _, tt := range []struct {
		name   string
		to     toll.Destination
		reason toll.Reason
		by     string
	}{
		{"unlisted", gambia, toll.ReasonPINNeeded, "new"},
		{"listed", listedCopy(gambia), toll.ReasonDeniedRule, "far"},
		{"no ordinary number", premium, toll.ReasonDeniedRule, "far"},
		{"a class says more", fixed, toll.ReasonRule, "class"},
		{"at home", munich, toll.ReasonDefault, "default:home_fixed"},
	} {
		if j := p.Judge(noon, ask(tt.to, "1"), quiet()); j.Reason != tt.reason || j.By != tt.by {
			t.Errorf("%s: %s by %s, want %s by %s", tt.name, j.Reason, j.By, tt.reason, tt.by)
		}
	}
}

func TestRulesForDearCountries(t *testing.T) {
	p := build(t, Options{},
		toll.Rule{ID: "new", Where: toll.Unlisted, Do: toll.Permit},
		toll.Rule{ID: "far", Where: toll.Dear, Do: toll.AskPIN},
	)
	moderate := gambia
	moderate.Country = "FR"
	for _, tt := range []struct {
		name string
		to   toll.Destination
		by   string
	}{
		{"dear", gambia, "far"},
		{"moderate", moderate, "new"},
		{"listed", listedCopy(gambia), "default:intl_mobile"},
		{"at home", munich, "default:home_fixed"},
	} {
		if j := p.Judge(noon, ask(tt.to, "1"), quiet()); j.By != tt.by {
			t.Errorf("%s: %s by %s, want %s", tt.name, j.Reason, j.By, tt.by)
		}
	}
}

// A limit on the unlisted neither refuses, shortens nor shows for a listed country.
func TestLimitsForUnlistedCountries(t *testing.T) {
	budget := per("budget", toll.Cost, toll.PerSite, time.Hour, 0)
	budget.Meter.Where = toll.Unlisted
	each := perCallOf(per("each", toll.Seconds, toll.PerSite, time.Hour, 300))
	each.Meter.Where, each.Do = toll.Unlisted, []toll.Action{toll.Deny, toll.Alert}
	everywhere := per("abroad", toll.Calls, toll.PerSite, time.Hour, 9)
	everywhere.Meter.Where = toll.Abroad
	p := build(t, Options{}, everywhere, each)
	if j := p.Judge(noon, ask(gambia, "1"), quiet()); j.Maximum != 5*time.Minute {
		t.Errorf("unlisted: %+v", j)
	}
	if j := p.Judge(noon, ask(listedCopy(gambia), "1"), quiet()); j.Maximum != 2*time.Hour {
		t.Errorf("listed: %+v", j)
	}
	long := again(ask(listedCopy(gambia), "1"), toll.Renew, time.Hour)
	if alarms := p.Alarms(long, "", quiet()); len(alarms) != 0 {
		t.Errorf("a long call to a listed country: %+v", alarms)
	}
	long.To.Listed = false
	if alarms := p.Alarms(long, "", quiet()); len(alarms) != 1 {
		t.Errorf("a long call to an unlisted country: %+v", alarms)
	}
	p = build(t, Options{}, everywhere, budget)
	if j := p.Judge(noon, ask(gambia, "1"), quiet()); j.Allow || j.By != "budget" {
		t.Errorf("unlisted: %+v", j)
	}
	if j := p.Judge(noon, ask(listedCopy(gambia), "1"), quiet()); !j.Allow || j.Slice != p.Options().MaxSlice {
		t.Errorf("listed: %+v", j)
	}
	for _, f := range p.Judge(noon, again(ask(listedCopy(gambia), "1"), toll.Explain, 0), quiet()).Figures {
		if f.By == "budget" {
			t.Errorf("explained for a listed country: %+v", f)
		}
	}
}
