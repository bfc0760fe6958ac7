package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestWithRejects(t *testing.T) {
	rule := func(change func(*toll.Rule)) toll.Setting {
		r := toll.Rule{ID: "r", Do: toll.Forbid, Country: "AT"}
		change(&r)
		return toll.Setting{Rule: &r}
	}
	limit := func(change func(*toll.Limit)) toll.Setting {
		l := per("l", toll.Cost, toll.PerSite, time.Hour, 10)
		change(&l)
		return toll.Setting{Limit: &l}
	}
	tests := []struct {
		setting toll.Setting
		want    string
	}{
		{toll.Setting{}, "exactly one"},
		{toll.Setting{Rule: &toll.Rule{}, Lock: &toll.Lock{}}, "exactly one"},
		{rule(func(r *toll.Rule) { r.ID = "" }), "1 to 40 of a-z"},
		{rule(func(r *toll.Rule) { r.ID = "Upper" }), "1 to 40 of a-z"},
		{rule(func(r *toll.Rule) { r.ID = strings.Repeat("x", 41) }), "1 to 40 of a-z"},
		{rule(func(r *toll.Rule) { r.Do = "explode" }), `effect "explode"`},
		{rule(func(r *toll.Rule) { r.Do = "" }), "want one of allow, deny, pin"},
		{rule(func(r *toll.Rule) { r.Kind = "phone" }), `kind of caller "phone"`},
		{rule(func(r *toll.Rule) { r.Caller = "1001\r\n" }), "printable"},
		{rule(func(r *toll.Rule) { r.Group = strings.Repeat("x", 81) }), "at most 80"},
		{rule(func(r *toll.Rule) { r.Prefix = "0043" }), "want + and 1 to 15 digits"},
		{rule(func(r *toll.Rule) { r.Prefix = "+" }), "want + and 1 to 15 digits"},
		{rule(func(r *toll.Rule) { r.Prefix = "+43-1" }), "want + and 1 to 15 digits"},
		{rule(func(r *toll.Rule) { r.Prefix = "+1234567890123456" }), "want + and 1 to 15 digits"},
		{rule(func(r *toll.Rule) { r.Country = "UK" }), "United Kingdom is GB"},
		{rule(func(r *toll.Rule) { r.Country = "at" }), `country "at" is unknown`},
		{rule(func(r *toll.Rule) { r.Country = "C " }), "is unknown"},
		{rule(func(r *toll.Rule) { r.Country = "ZZ" }), "is unknown"},
		{rule(func(r *toll.Rule) { r.Where = "emergency" }), `destinations "emergency"`},
		{rule(func(r *toll.Rule) { r.Where = "internal" }), `destinations "internal"`},
		{rule(func(r *toll.Rule) { r.Where = "nowhere" }), `destinations "nowhere"`},
		{rule(func(r *toll.Rule) { r.When = "closed" }), `schedule "closed" is not defined`},
		{rule(func(r *toll.Rule) { r.Comment = strings.Repeat("x", 501) }), "comment"},
		{rule(func(r *toll.Rule) { r.Country = "GM" }), `same calls as rule "taken"`},
		{limit(func(l *toll.Limit) { l.ID = "a b" }), "1 to 40 of a-z"},
		{limit(func(l *toll.Limit) { l.Meter.Measure = "miles" }), `measure "miles"`},
		{limit(func(l *toll.Limit) { l.Meter.Scope = "planet" }), `scope "planet"`},
		{limit(func(l *toll.Limit) { l.Meter.Where = "nowhere" }), `destinations "nowhere"`},
		{limit(func(l *toll.Limit) { l.Meter.Window = 32 * 24 * time.Hour }), "31 days"},
		{limit(func(l *toll.Limit) { l.Meter.Window = time.Second }), "from 1m0s"},
		{limit(func(l *toll.Limit) { l.Meter.Window = -time.Hour }), "from 1m0s"},
		{limit(func(l *toll.Limit) { l.Meter.Window = time.Hour + 1 }), "whole seconds"},
		{limit(func(l *toll.Limit) { l.Meter.Measure = toll.Concurrent }), "has no window"},
		{limit(func(l *toll.Limit) { l.Meter.Measure, l.Meter.Window = toll.Calls, 0 }), "needs a window"},
		{limit(func(l *toll.Limit) { l.Meter.Measure, l.Meter.Window = toll.RefusedAttempts, 0 }), "needs a window"},
		{limit(func(l *toll.Limit) { l.Meter.Scope = toll.PerCall }), "per call has no window"},
		{limit(func(l *toll.Limit) { *l = perCallOf(*l); l.Meter.Measure = toll.Calls }), "cannot be limited per call"},
		{limit(func(l *toll.Limit) { l.Act = -1 }), "threshold -1"},
		{limit(func(l *toll.Limit) { l.Act = 1<<60 + 1 }), "threshold 1152921504606846977"},
		{limit(func(l *toll.Limit) { l.Warn = 11 }), "threshold to warn 11"},
		{limit(func(l *toll.Limit) { l.Warn = -1 }), "threshold to warn -1"},
		{limit(func(l *toll.Limit) { l.Do = []toll.Action{"explode"} }), `action "explode"`},
		{limit(func(l *toll.Limit) { l.Do = []toll.Action{toll.Deny, toll.Deny} }), "stands twice"},
		{limit(func(l *toll.Limit) { l.Meter.When = "closed" }), `schedule "closed" is not defined`},
	}
	p := build(t, Options{}, toll.Rule{ID: "taken", Country: "GM", Do: toll.Permit})
	for _, tt := range tests {
		next, err := p.With(tt.setting)
		if err == nil || next != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %s: error %v, want one with %q", tt.setting.Kind(), tt.setting.ID(), err, tt.want)
		}
	}
}

func TestNewRejects(t *testing.T) {
	for want, o := range map[string]Options{
		"share":                    {Share: -1},
		"shortest slice -1s":       {MinSlice: -time.Second},
		"longest slice 500ms":      {MaxSlice: 500 * time.Millisecond},
		"longest call 25h0m0s":     {MaxCall: 25 * time.Hour},
		"longest home call 1.5s":   {MaxHomeCall: 1500 * time.Millisecond},
		"is above the longest":     {MinSlice: time.Hour},
		"United Kingdom is GB":     {Countries: []string{"FR", "UK"}},
		`country "Franc" is unkno`: {Countries: []string{"Franc"}},
	} {
		if p, err := New(o); err == nil || p != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
}

func TestWithLeavesTheOldPolicyAlone(t *testing.T) {
	l := per("full", toll.Calls, toll.PerSite, time.Hour, 0)
	l.Do = []toll.Action{toll.Deny}
	before := build(t, Options{})
	after, err := before.With(toll.Setting{Limit: &l, Revision: 7})
	if err != nil {
		t.Fatal(err)
	}
	l.Act, l.Do[0] = 100, toll.Alert // what the caller does later is his own affair
	if j := before.Judge(noon, ask(munich, "0"), quiet()); !j.Allow {
		t.Errorf("the old policy has changed: %+v", j)
	}
	if j := after.Judge(noon, ask(munich, "0"), quiet()); j.Allow {
		t.Errorf("the new policy has changed: %+v", j)
	}
	if before.Revision() != 0 || after.Revision() != 7 {
		t.Errorf("revisions %d and %d", before.Revision(), after.Revision())
	}
	locked, err := after.With(toll.Setting{Lock: &toll.Lock{}, Revision: 8})
	if err != nil || locked.Revision() != 8 || len(locked.Limits()) != 1 {
		t.Errorf("after a lock: %v", err)
	}
}

func TestSettingsAreReplacedAndRemoved(t *testing.T) {
	removed := func(id string) toll.Setting {
		return toll.Setting{Rule: &toll.Rule{ID: id}, Removed: true, Revision: 9}
	}
	p := build(t, Options{},
		toll.Rule{ID: "b", Country: "GM", Do: toll.Forbid},
		toll.Rule{ID: "a", Country: "AT", Do: toll.Forbid},
		toll.Rule{ID: "b", Country: "GM", Do: toll.Permit},
		removed("a"), removed("never-was"),
		toll.Rule{ID: "c", Country: "AT", Do: toll.Permit}, // free again
		per("x", toll.Cost, toll.PerSite, time.Hour, 1),
		per("y", toll.Cost, toll.PerSite, time.Hour, 2),
		per("z", toll.Cost, toll.PerCaller, time.Hour, 2),
		toll.Setting{Limit: &toll.Limit{ID: "z"}, Removed: true, Revision: 10})
	var ids []string
	for _, r := range p.Rules() {
		ids = append(ids, r.ID+" "+string(r.Do))
	}
	if !slices.Equal(ids, []string{"b allow", "c allow"}) {
		t.Errorf("rules: %v", ids)
	}
	want := []toll.Meter{{Measure: toll.Cost, Scope: toll.PerSite, Window: time.Hour}}
	if !slices.Equal(p.Meters(), want) || len(p.Limits()) != 2 {
		t.Errorf("meters: %v, limits: %v", p.Meters(), p.Limits())
	}
}

func TestALongHistoryIsReplayed(t *testing.T) {
	p := build(t, Options{})
	for i := range 1000 {
		r := toll.Rule{ID: fmt.Sprintf("r-%d", i), Prefix: fmt.Sprintf("+%d", 1000+i), Do: toll.Forbid}
		next, err := p.With(toll.Setting{Rule: &r, Revision: int64(i)})
		if err != nil {
			t.Fatal(err)
		}
		p = next
	}
	if len(p.Rules()) != 1000 || p.Revision() != 999 {
		t.Errorf("%d rules, revision %d", len(p.Rules()), p.Revision())
	}
}

func TestPoliciesOfOneOriginDoNotMeet(t *testing.T) {
	rule := func(id, country string) toll.Rule { return toll.Rule{ID: id, Country: country, Do: toll.Forbid} }
	origin := build(t, Options{}, rule("a", "AT"), rule("b", "BE"), rule("c", "CH"))
	change := func(r toll.Rule, removed bool) *Policy {
		p, err := origin.With(toll.Setting{Rule: &r, Removed: removed})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	said := func(p *Policy) string {
		var s string
		for _, r := range p.Rules() {
			s += r.ID + r.Country + " "
		}
		return s
	}
	for want, p := range map[string]*Policy{
		"aAT bBE cCH dDE ": change(rule("d", "DE"), false),
		"aAT bBE cCH eEE ": change(rule("e", "EE"), false),
		"aAT bFR cCH ":     change(rule("b", "FR"), false),
		"bBE cCH ":         change(rule("a", ""), true),
		"aAT bBE cCH ":     origin,
	} {
		if got := said(p); got != want {
			t.Errorf("rules %q, want %q", got, want)
		}
	}
}
