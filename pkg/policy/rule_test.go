package policy

import (
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestTheMostSpecificRuleWins(t *testing.T) {
	abroad := toll.Abroad
	// Each rule beats all those after it.
	ranked := []toll.Rule{
		{ID: "a", Caller: "1001", Prefix: "+2203", Country: "GM"},
		{ID: "b", Caller: "1001", Prefix: "+220399"},
		{ID: "c", Group: "sales", Prefix: "+220399"},
		{ID: "d", Caller: "1001", Prefix: "+220"},
		{ID: "e", Caller: "1001", Kind: toll.Extension},
		{ID: "f", Caller: "1001", Country: "GM"},
		{ID: "g", Caller: "1001", Where: toll.Where(toll.IntlMobile)},
		{ID: "gd", Caller: "1001", Where: toll.Dear},
		{ID: "gu", Caller: "1001", Where: toll.Unlisted},
		{ID: "h", Caller: "1001", Where: abroad},
		{ID: "i", Group: "sales", Country: "GM"},
		{ID: "j", Kind: toll.Extension, Country: "GM"},
		{ID: "k", Prefix: "+220"},
		{ID: "l", Caller: "1001"},
		{ID: "m", Group: "sales"},
		{ID: "n", Kind: toll.Extension},
		{ID: "o", Country: "GM"},
		{ID: "p", Where: toll.Where(toll.IntlMobile)},
		{ID: "pd", Where: toll.Dear},
		{ID: "pu", Where: toll.Unlisted},
		{ID: "q", Where: abroad},
		{ID: "qa", Origin: toll.NewNetwork},
		{ID: "qb", Origin: toll.AfterFailures},
		{ID: "r"},
	}
	seen := ask(gambia, "1")
	seen.Origin = "new-network,after-failures"
	for i := range ranked {
		var settings []any
		for at := len(ranked) - 1; at >= i; at-- {
			r := ranked[at]
			r.Do = toll.Permit
			if at == i {
				r.Do = toll.Forbid
			}
			settings = append(settings, r)
		}
		j := build(t, Options{}, settings...).Judge(noon, seen, quiet())
		if j.Allow || j.By != ranked[i].ID || j.Reason != toll.ReasonDeniedRule {
			t.Errorf("without those before %s: %s by %s", ranked[i].ID, j.Reason, j.By)
		}
	}
}

func TestRulesThatSpeakOfOthers(t *testing.T) {
	for _, r := range []toll.Rule{
		{Kind: toll.Forward},
		{Origin: toll.NewNetwork},
		{Caller: "1002"},
		{Group: "support"},
		{Prefix: "+2204"},
		{Prefix: "+22039912345"},
		{Country: "AT"},
		{Where: toll.AtHome},
		{Where: toll.Where(toll.IntlFixed)},
		{Caller: "1001", Country: "AT"},
	} {
		r.ID, r.Do = "other", toll.Forbid
		if j := build(t, Options{}, r).Judge(noon, ask(gambia, "1"), quiet()); !j.Allow {
			t.Errorf("%+v speaks of the call", r)
		}
	}
}

func TestARuleOpensWhatTheClassShuts(t *testing.T) {
	p := build(t, Options{}, toll.Rule{ID: "ship", Prefix: "+8811", Do: toll.Permit})
	ship := toll.Destination{E164: "+88112345678", Country: "001", Class: toll.Global, Range: "+8811"}
	if j := p.Judge(noon, ask(ship, "10"), quiet()); !j.Allow || j.Reason != toll.ReasonRule || j.By != "ship" {
		t.Errorf("%+v", j)
	}
}
