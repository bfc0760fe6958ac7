package admin_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	london  = "011442079460123"
	premium = "19005551234"
)

func lockOn(scope toll.Scope, subject string) toll.Setting {
	return toll.Setting{Lock: &toll.Lock{Scope: scope, Subject: subject}}
}

func TestExplain(t *testing.T) {
	tests := []struct {
		name     string
		settings []toll.Setting
		query    admin.Query
		allow    bool
		reason   toll.Reason
		hint     string
	}{
		{"home", nil, admin.Query{From: "1001", To: "2125551234"}, true, toll.ReasonDefault, "tollfuse lock caller=1001"},
		{"listed country", nil, admin.Query{From: "1001", To: london}, true, toll.ReasonDefault, "tollfuse rule set deny-442079460123 --deny --prefix +442079460123"},
		{"premium", nil, admin.Query{From: "1001", To: premium}, false, toll.ReasonDeniedClass, "tollfuse rule set allow-19005551234 --caller 1001 --allow --prefix +19005551234"},
		{"denied by a rule", []toll.Setting{{Rule: &toll.Rule{ID: "no-gb", Country: "GB", Do: toll.Forbid}}},
			admin.Query{From: "1001", To: london}, false, toll.ReasonDeniedRule, "tollfuse rule remove no-gb"},
		{"locked caller", []toll.Setting{lockOn(toll.PerCaller, "1001")},
			admin.Query{From: "1001", To: "2125551234"}, false, toll.ReasonLocked, "tollfuse lock release caller=1001"},
		{"locked site", []toll.Setting{lockOn(toll.PerSite, "")},
			admin.Query{From: "1001", To: "2125551234"}, false, toll.ReasonLocked, "tollfuse lock release site"},
		{"locked trunk", []toll.Setting{lockOn(toll.PerTrunk, "carrier")},
			admin.Query{From: "1001", To: "2125551234", Trunk: "carrier", PBX: "pbx"}, false, toll.ReasonLocked, "tollfuse lock release trunk=carrier"},
		{"limit", []toll.Setting{{Limit: &toll.Limit{ID: "none-abroad", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerCaller, Where: toll.Abroad}}}},
			admin.Query{From: "1001", To: london}, false, toll.ReasonLimit, "tollfuse limit set none-abroad --act 1"},
		{"budget", []toll.Setting{{Limit: &toll.Limit{ID: "little", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerSite, Window: time.Hour, Where: toll.Abroad}, Act: 1000}}},
			admin.Query{From: "1001", To: london}, false, toll.ReasonLimit, "tollfuse limit set little --act 0."},
		{"talk time", []toll.Setting{{Limit: &toll.Limit{ID: "brief", Meter: toll.Meter{Measure: toll.Seconds, Scope: toll.PerSite, Window: time.Hour, Where: toll.Abroad}, Act: 1}}},
			admin.Query{From: "1001", To: london}, false, toll.ReasonLimit, "tollfuse limit set brief --act 1m3s"},
		{"observed", []toll.Setting{{Rule: &toll.Rule{ID: "no-gb", Country: "GB", Do: toll.Forbid, Observe: true}}},
			admin.Query{From: "1001", To: london}, true, toll.ReasonObserve, "tollfuse rule remove no-gb"},
		{"emergency though locked", []toll.Setting{lockOn(toll.PerCaller, "1001"), lockOn(toll.PerSite, "")},
			admin.Query{From: "1001", To: "911"}, true, toll.ReasonEmergency, ""},
		{"inside", nil, admin.Query{From: "1001", To: "1002"}, true, toll.ReasonInternal, ""},
		{"no number", nil, admin.Query{From: "1001", To: "0023222123456%40carrier,60,L(30000)"}, false, toll.ReasonBadNumber, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			for _, setting := range test.settings {
				s.change(t, setting)
			}
			e, err := s.Explain(t.Context(), test.query)
			if err != nil {
				t.Fatal(err)
			}
			if e.Verdict.Allow != test.allow || e.Verdict.Reason != test.reason {
				t.Errorf("allow %v, reason %s; want %v, %s", e.Verdict.Allow, e.Verdict.Reason, test.allow, test.reason)
			}
			if len(e.Steps) == 0 || len(e.Verdict.Figures) == 0 || len(e.Hints) == 0 || e.At.IsZero() || e.PBX != "pbx" {
				t.Errorf("something is missing: %+v", e)
			}
			var commands []string
			for _, h := range e.Hints {
				commands = append(commands, h.Command)
			}
			if all := strings.Join(commands, "\n"); !strings.Contains(all, test.hint) || (test.hint == "") != (all == "") {
				t.Errorf("hints %q, want %q", all, test.hint)
			}
			if live, err := s.Live(t.Context()); err != nil || len(live) != 0 {
				t.Errorf("explaining left %d leases, %v", len(live), err)
			}
		})
	}
}

func TestExplainKnowsTheCaller(t *testing.T) {
	s := newStage(t)
	for from, want := range map[string]toll.Caller{
		"1001":    {Kind: toll.Extension, ID: "1001", Group: "sales"},
		"carrier": {Kind: toll.FromTrunk, ID: "carrier"},
	} {
		e, err := s.Explain(t.Context(), admin.Query{From: from, To: london})
		if err != nil || e.Caller != want {
			t.Errorf("%s: got %+v, %v", from, e.Caller, err)
		}
	}
}

func TestExplainRefuses(t *testing.T) {
	s := newStage(t)
	for name, q := range map[string]admin.Query{
		"no caller":      {To: london},
		"hostile caller": {From: "1001\x1b[2J", To: london},
		"spaces":         {From: "10 01", To: london},
		"no number":      {From: "1001"},
		"endless":        {From: "1001", To: strings.Repeat("1", 301)},
		"unknown pbx":    {From: "1001", To: london, PBX: "other"},
		"unknown trunk":  {From: "1001", To: london, Trunk: "other"},
	} {
		if _, err := s.Explain(t.Context(), q); admin.KindOf(err) != admin.BadInput {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChangeRecordsWhoAndWhen(t *testing.T) {
	s := newStage(t)
	before := s.ledger.Now()
	s.change(t, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001", Reason: "stolen", Author: "somebody else"}, Author: "somebody else"})
	settings, err := s.Settings(t.Context())
	if err != nil || len(settings) != 1 {
		t.Fatalf("%d settings, %v", len(settings), err)
	}
	got := settings[0]
	if got.Author != "kim" || got.Lock.Author != "kim" || got.At.Before(before) || got.Revision != 1 || got.Lock.Since.Before(before) {
		t.Errorf("recorded %+v, lock %+v", got, got.Lock)
	}
	s.change(t, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}, Removed: true})
	if settings, err = s.Settings(t.Context()); err != nil || len(settings) != 0 {
		t.Errorf("after the release %+v, %v", settings, err)
	}
	status, err := s.Status(t.Context())
	if err != nil || status.Revision != 2 {
		t.Errorf("status %+v, %v", status, err)
	}
}

func TestChangeRefuses(t *testing.T) {
	s := newStage(t)
	s.change(t, toll.Setting{Rule: &toll.Rule{ID: "gb", Country: "GB", Do: toll.Permit}})
	now := s.ledger.Now()
	lock := func(change func(*toll.Lock)) toll.Setting {
		l := toll.Lock{Scope: toll.PerCaller, Subject: "1001"}
		change(&l)
		return toll.Setting{Lock: &l}
	}
	tests := []struct {
		name    string
		setting toll.Setting
		kind    admin.Kind
		text    string
	}{
		{"nothing", toll.Setting{}, admin.BadInput, "exactly one"},
		{"two things", toll.Setting{Rule: &toll.Rule{}, Lock: &toll.Lock{}}, admin.BadInput, "exactly one"},
		{"release what is not locked", toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}, Removed: true}, admin.NotFound, `there is no lock "caller=1001"`},
		{"remove what is not there", toll.Setting{Rule: &toll.Rule{ID: "other"}, Removed: true}, admin.NotFound, `there is no rule "other"`},
		{"no subject", lock(func(l *toll.Lock) { l.Subject = "" }), admin.BadInput, "1 to 80"},
		{"hostile subject", lock(func(l *toll.Lock) { l.Subject = "1001\r\n" }), admin.BadInput, "1 to 80"},
		{"one call", lock(func(l *toll.Lock) { l.Scope = toll.PerCall }), admin.BadInput, "cannot be locked"},
		{"unknown scope", lock(func(l *toll.Lock) { l.Scope = "planet" }), admin.BadInput, "cannot be locked"},
		{"unknown trunk", lock(func(l *toll.Lock) { l.Scope, l.Subject = toll.PerTrunk, "carier" }), admin.BadInput, "no trunk"},
		{"unknown pbx", lock(func(l *toll.Lock) { l.Scope, l.Subject = toll.PerPBX, "pxb" }), admin.BadInput, "no pbx"},
		{"unknown country", lock(func(l *toll.Lock) { l.Scope, l.Subject = toll.PerCountry, "gambia" }), admin.BadInput, "ISO 3166-1"},
		{"no number", lock(func(l *toll.Lock) { l.Scope, l.Subject = toll.PerNumber, "hello" }), admin.BadInput, "not a number"},
		{"emergency number", lock(func(l *toll.Lock) { l.Scope, l.Subject = toll.PerNumber, "911" }), admin.BadInput, "never locked"},
		{"half a range", lock(func(l *toll.Lock) { l.Scope, l.Subject = toll.PerRange, "+23" }), admin.BadInput, "neither a range"},
		{"end in the past", lock(func(l *toll.Lock) { l.Until = now.Add(-time.Second) }), admin.BadInput, "has passed"},
		{"end out of sight", lock(func(l *toll.Lock) { l.Until = now.AddDate(11, 0, 0) }), admin.BadInput, "ten years"},
		{"long reason", lock(func(l *toll.Lock) { l.Reason = strings.Repeat("x", 201) }), admin.BadInput, "200 bytes"},
		{"reason with an escape", lock(func(l *toll.Lock) { l.Reason = "\x1b[31mred" }), admin.BadInput, "cannot be printed"},
		{"reason with a line break", lock(func(l *toll.Lock) { l.Reason = "a\nSubject: b" }), admin.BadInput, "cannot be printed"},
		{"reason turned round", lock(func(l *toll.Lock) { l.Reason = "a\u202eb" }), admin.BadInput, "cannot be printed"},
		{"reason that is no text", lock(func(l *toll.Lock) { l.Reason = "\xff" }), admin.BadInput, "not UTF-8"},
		{"rule without effect", toll.Setting{Rule: &toll.Rule{ID: "x"}}, admin.BadInput, "effect"},
		{"rule like another", toll.Setting{Rule: &toll.Rule{ID: "gb-again", Country: "GB", Do: toll.Forbid}}, admin.BadInput, "same calls"},
		{"comment with an escape", toll.Setting{Rule: &toll.Rule{ID: "x", Do: toll.Permit, Comment: "\x07"}}, admin.BadInput, "comment"},
		{"limit without a window", toll.Setting{Limit: &toll.Limit{ID: "x", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerSite}}}, admin.BadInput, "window"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.Change(t.Context(), test.setting)
			if admin.KindOf(err) != test.kind || err == nil || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v (%s), want %q (%s)", err, admin.KindOf(err), test.text, test.kind)
			}
		})
	}
	if settings, err := s.Settings(t.Context()); err != nil || len(settings) != 1 {
		t.Errorf("a refused change left %+v, %v", settings, err)
	}
	if _, err := s.As("").Change(t.Context(), lockOn(toll.PerCaller, "1001")); err == nil {
		t.Error("a change without an author was taken")
	}
}

// TestLocksShut checks that a lock, however its subject was written, is one
// that the ledger finds.
func TestLocksShut(t *testing.T) {
	for _, test := range []struct {
		scope         toll.Scope
		subject, want string
	}{
		{toll.PerCaller, "1001", "1001"},
		{toll.PerCountry, "GB", "GB"},
		{toll.PerNumber, london, "+442079460123"},
		{toll.PerNumber, "9" + london, "+442079460123"},
		{toll.PerNumber, "+442079460123", "+442079460123"},
		{toll.PerRange, "+442079460123", "+44207946"},
		{toll.PerRange, "+44207946", "+44207946"},
		{toll.PerTrunk, "carrier", "carrier"},
		{toll.PerPBX, "pbx", "pbx"},
		{toll.PerSite, "", ""},
	} {
		t.Run(string(test.scope)+"="+test.subject, func(t *testing.T) {
			s := newStage(t)
			if v := s.call(t, "1", "1001", london); !v.Allow {
				t.Fatalf("refused before the lock: %s", v.Reason)
			}
			got := s.change(t, lockOn(test.scope, test.subject))
			if got.Lock.Subject != test.want {
				t.Errorf("locked %q, want %q", got.Lock.Subject, test.want)
			}
			if v := s.call(t, "2", "1001", london); v.Allow || v.Reason != toll.ReasonLocked {
				t.Errorf("after the lock: allow %v, reason %s", v.Allow, v.Reason)
			}
			if v := s.call(t, "3", "1001", "911"); !v.Allow || v.Reason != toll.ReasonEmergency {
				t.Errorf("the lock stops an emergency call: %s", v.Reason)
			}
			live, err := s.Live(t.Context())
			if err != nil || len(live) != 2 || live[0].Cut != toll.ReasonLocked || live[1].Cut != "" {
				t.Errorf("live calls %+v, %v", live, err)
			}
			s.change(t, toll.Setting{Lock: &toll.Lock{Scope: test.scope, Subject: test.subject}, Removed: true})
			if v := s.call(t, "4", "1001", london); !v.Allow {
				t.Errorf("refused after the release: %s", v.Reason)
			}
		})
	}
}

func TestLocksRunOut(t *testing.T) {
	s := newStage(t)
	setting := lockOn(toll.PerCaller, "1001")
	setting.Lock.Until = s.ledger.Now().Add(50 * time.Millisecond)
	s.change(t, setting)
	status, err := s.Status(t.Context())
	if err != nil || status.Locks != 1 {
		t.Fatalf("%+v, %v", status, err)
	}
	deadline := time.After(5 * time.Second)
	for status.Locks != 0 {
		select {
		case <-deadline:
			t.Fatal("the lock is still shown")
		case <-time.After(5 * time.Millisecond):
		}
		if status, err = s.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if settings, err := s.Settings(t.Context()); err != nil || len(settings) != 0 {
		t.Errorf("%+v, %v", settings, err)
	}
}

func TestHangup(t *testing.T) {
	s := newStage(t)
	plain, emergency := s.call(t, "1", "1001", london), s.call(t, "2", "1001", "911")
	if !plain.Allow || !emergency.Allow {
		t.Fatal("the calls were refused")
	}
	if _, err := s.Hangup(t.Context(), admin.Selection{Lease: "none"}); admin.KindOf(err) != admin.NotFound {
		t.Errorf("a lease that is not there: %v", err)
	}
	if _, err := s.Hangup(t.Context(), admin.Selection{Lease: emergency.Lease.ID}); admin.KindOf(err) != admin.BadInput {
		t.Errorf("an emergency call: %v", err)
	}
	was, err := s.Hangup(t.Context(), admin.Selection{All: true})
	if err != nil || len(was) != 1 || was[0].ID != plain.Lease.ID {
		t.Fatalf("%+v, %v", was, err)
	}
	orders, err := s.ledger.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var cuts []toll.Order
	for _, o := range orders {
		if o.Kind == toll.OrderCut {
			cuts = append(cuts, o)
		}
	}
	if len(cuts) != 1 || cuts[0].Lease.ID != plain.Lease.ID || cuts[0].Why != toll.ReasonManual || cuts[0].By != "kim" {
		t.Errorf("orders %+v", cuts)
	}
}

func TestHistory(t *testing.T) {
	s := newStage(t)
	s.call(t, "1", "1001", premium)
	deadline := time.After(5 * time.Second)
	var page []toll.Entry
	for len(page) == 0 { // a refusal is durable a little later
		var err error
		if page, err = s.History(t.Context(), admin.HistoryQuery{Caller: "extension:1001"}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-deadline:
			t.Fatal("the refusal is not in the history")
		case <-time.After(5 * time.Millisecond):
		}
	}
	if page[0].Kind != toll.EntryRefused || page[0].Lease.Why != toll.ReasonDeniedClass {
		t.Errorf("%+v", page[0])
	}
	for name, q := range map[string]admin.HistoryQuery{
		"too much":  {Limit: 1001},
		"negative":  {Limit: -1},
		"outcome":   {Outcome: "granted"},
		"backwards": {From: time.Unix(2, 0), To: time.Unix(1, 0)},
	} {
		if _, err := s.History(t.Context(), q); admin.KindOf(err) != admin.BadInput {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStatus(t *testing.T) {
	s := newStage(t)
	s.call(t, "1", "1001", london)
	s.change(t, lockOn(toll.PerCaller, "1002"))
	s.change(t, toll.Setting{Rule: &toll.Rule{ID: "gb", Country: "GB", Do: toll.Permit}})
	for _, d := range admin.Defaults(10) {
		s.change(t, d)
	}
	got, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Live != 1 || got.Locks != 1 || got.Rules != 1 || got.Limits != len(policy.Default(10, "", time.Time{})) ||
		got.Site.Timezone != "America/New_York" || got.Process.PID != 42 || got.At.IsZero() {
		t.Errorf("%+v", got)
	}
}

// deadLedger is one whose disk is gone.
type deadLedger struct{ admin.Ledger }

var errDisk = errors.New("disk on fire")

func (deadLedger) View(context.Context) (admin.View, error) {
	return admin.View{At: time.Unix(1, 0)}, nil
}
func (deadLedger) Change(context.Context, toll.Setting) error {
	return admin.Errorf(admin.LedgerDown, "look at the disk", "the ledger cannot be written: %w", errDisk)
}

func TestKindsSurviveWrapping(t *testing.T) {
	s, err := admin.NewLocal(admin.Parts{Ledger: deadLedger{}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.As("kim").Change(t.Context(), lockOn(toll.PerCaller, "1001"))
	if admin.KindOf(err) != admin.LedgerDown || !errors.Is(err, errDisk) {
		t.Errorf("%v is %s", err, admin.KindOf(err))
	}
	if _, err := admin.NewLocal(admin.Parts{Policy: policy.Options{Share: -1}}); err == nil {
		t.Error("bad options were taken")
	}
}
