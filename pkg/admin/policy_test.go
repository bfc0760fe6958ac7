package admin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func rule(id, country, when string) toll.Setting {
	return toll.Setting{Rule: &toll.Rule{ID: id, Country: country, When: when, Do: toll.Forbid}}
}

func hours(name string) toll.Setting {
	return toll.Setting{Schedule: &toll.Schedule{Name: name, Hours: []string{"mon-fri 08:00-18:00"}}}
}

func atMost(id string, act int64, when string) toll.Setting {
	return toll.Setting{Limit: &toll.Limit{ID: id, Act: act, Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerCaller, When: when}}}
}

func locked(subject, reason string) toll.Setting {
	return toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: subject, Reason: reason}}
}

// brief writes changes in short: "+rule a", "~limit b", "-lock caller=1001".
func brief(changes []admin.PolicyChange) string {
	var all []string
	for _, c := range changes {
		mark, s := "~", c.After
		switch {
		case c.Before == nil:
			mark = "+"
		case c.After == nil:
			mark, s = "-", c.Before
		}
		all = append(all, mark+s.Kind()+" "+s.ID())
	}
	return strings.Join(all, ", ")
}

func (s *stage) policy(t *testing.T, in admin.PolicyImport) string {
	t.Helper()
	r, err := s.ImportPolicy(t.Context(), in)
	if err != nil || len(r.Wrong) > 0 || r.Imported == in.DryRun {
		t.Fatalf("%+v, %v", r, err)
	}
	return brief(r.Changes)
}

func (s *stage) stands(t *testing.T) string {
	t.Helper()
	all, err := s.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, setting := range all {
		names = append(names, setting.Kind()+" "+setting.ID())
	}
	return strings.Join(names, ", ")
}

func TestImportPolicy(t *testing.T) {
	s := newStage(t)
	s.change(t, locked("1009", "by hand"))
	first := []toll.Setting{rule("nights", "FR", "!open"), atMost("live", 2, "open"), hours("open"), rule("a", "SL", "")}
	want := "+limit live, +rule a, +rule nights, +schedule open"
	if got := s.policy(t, admin.PolicyImport{Settings: first, DryRun: true}); got != want {
		t.Errorf("it would change %s, want %s", got, want)
	}
	if got := s.stands(t); got != "lock caller=1009" {
		t.Errorf("after a look there stands %s", got)
	}
	if got := s.policy(t, admin.PolicyImport{Settings: first}); got != want {
		t.Errorf("it changed %s, want %s", got, want)
	}
	if got := s.policy(t, admin.PolicyImport{Settings: first}); got != "" {
		t.Errorf("the second time it changed %s", got)
	}

	// All at once: a schedule by another name, a limit by another name, two rules
	// that change places.
	second := []toll.Setting{hours("work"), rule("nights", "SL", ""), rule("a", "FR", "!work"), atMost("talks", 2, "work")}
	want = "-limit live, +limit talks, ~rule a, ~rule nights, -schedule open, +schedule work"
	if got := s.policy(t, admin.PolicyImport{Settings: second}); got != want {
		t.Errorf("it changed %s, want %s", got, want)
	}
	if got := s.stands(t); got != "limit talks, lock caller=1009, rule a, rule nights, schedule work" {
		t.Errorf("there stands %s", got)
	}
	if got := s.policy(t, admin.PolicyImport{Settings: []toll.Setting{rule("b", "DE", "")}, Keep: true}); got != "+rule b" {
		t.Errorf("beside the others it changed %s", got)
	}
	entries, err := s.Changes(t.Context(), admin.ChangesQuery{})
	if err != nil || len(entries) < 11 {
		t.Fatalf("%d changes, %v", len(entries), err)
	}
	for _, e := range entries {
		if e.Setting.Author != "kim" {
			t.Errorf("%s %s was changed by %q", e.Setting.Kind(), e.Setting.ID(), e.Setting.Author)
		}
	}
}

func TestImportLocks(t *testing.T) {
	s := newStage(t)
	s.change(t, locked("1009", "by hand"))
	s.change(t, locked("1008", "by hand"))
	over := locked("1007", "long ago")
	over.Lock.Until = time.Now().Add(-time.Hour)
	in := admin.PolicyImport{Settings: []toll.Setting{locked("1009", "by hand"), locked("1001", "new"), over}, Locks: true}
	if got := s.policy(t, in); got != "+lock caller=1001, -lock caller=1008" {
		t.Errorf("it changed %s", got)
	}
	if v := s.call(t, "1", "1001", "2125551234"); v.Reason != toll.ReasonLocked {
		t.Errorf("a locked caller: %s", v.Reason)
	}
	if v := s.call(t, "2", "1008", "2125551234"); !v.Allow {
		t.Errorf("a released caller: %s", v.Reason)
	}
	if got := s.policy(t, in); got != "" {
		t.Errorf("the second time it changed %s", got)
	}
}

// TestImportSaysWhatIsWrong changes nothing then, and names each fault.
func TestImportSaysWhatIsWrong(t *testing.T) {
	grouped := rule("g", "FR", "")
	grouped.Rule.Group = "slaes"
	gone := rule("r", "FR", "")
	gone.Removed = true
	for name, c := range map[string]struct {
		settings []toll.Setting
		want     string
	}{
		"country":       {[]toll.Setting{rule("a", "UK", ""), rule("b", "XX", "")}, "0 rule \"a\": country \"UK\": the code of the United Kingdom is GB; 1 rule \"b\": country"},
		"schedule":      {[]toll.Setting{rule("a", "FR", ""), rule("b", "DE", "open")}, "1 rule \"b\": schedule \"open\" is not defined"},
		"clash":         {[]toll.Setting{rule("a", "FR", ""), rule("b", "FR", "")}, "1 rule \"b\" speaks of the same calls as rule \"a\""},
		"twice":         {[]toll.Setting{rule("a", "FR", ""), rule("a", "DE", "")}, "1 the rule \"a\" stands twice"},
		"group":         {[]toll.Setting{grouped}, "0 there is no group \"slaes\""},
		"removed":       {[]toll.Setting{gone}, "0 a policy is made of"},
		"a lock":        {[]toll.Setting{locked("1001", "")}, "0 a policy is made of"},
		"nothing":       {[]toll.Setting{{}}, "0 a policy is made of"},
		"a deck":        {[]toll.Setting{{Deck: &toll.Deck{}}}, "0 a policy is made of"},
		"two in one":    {[]toll.Setting{{Rule: &toll.Rule{ID: "a"}, Deck: &toll.Deck{}}}, "0 a policy is made of"},
		"a PIN":         {[]toll.Setting{{Rule: &toll.Rule{ID: "a", Do: toll.Forbid}, PIN: &toll.PIN{Caller: "1001"}}}, "0 a policy is made of"},
		"two rules":     {[]toll.Setting{{Rule: &toll.Rule{ID: "a"}, Limit: &toll.Limit{ID: "a"}}}, "0 a change must be of exactly one"},
		"bad hours":     {[]toll.Setting{{Schedule: &toll.Schedule{Name: "x", Hours: []string{"moon"}}}}, "0 schedule \"x\": "},
		"bad threshold": {[]toll.Setting{atMost("l", -1, "")}, "0 limit \"l\": threshold -1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.change(t, rule("stays", "SL", ""))
			r, err := s.ImportPolicy(t.Context(), admin.PolicyImport{Settings: c.settings})
			var wrong []string
			for _, f := range r.Wrong {
				wrong = append(wrong, fmt.Sprint(f.Setting, " ", f.Text))
			}
			if got := strings.Join(wrong, "; "); err != nil || r.Imported || len(r.Changes) > 0 || !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, %+v, %v; want %s", got, r, err, c.want)
			}
			if got := s.stands(t); got != "rule stays" {
				t.Errorf("there stands %s", got)
			}
		})
	}
}

// TestKeptClash: what is kept can stand in the way of what is new, which is then
// at fault.
func TestKeptClash(t *testing.T) {
	s := newStage(t)
	s.change(t, rule("z", "SL", ""))
	r, err := s.ImportPolicy(t.Context(), admin.PolicyImport{Settings: []toll.Setting{rule("ok", "FR", ""), rule("a", "SL", "")}, Keep: true})
	if err != nil || len(r.Wrong) != 1 || r.Wrong[0].Setting != 1 || !strings.Contains(r.Wrong[0].Text, "same calls as rule \"z\"") {
		t.Errorf("%+v, %v", r, err)
	}
}

// meddled is a ledger that somebody else changes between look and change.
type meddled struct {
	admin.Ledger
	meanwhile []func()
}

func (m *meddled) ChangeAll(ctx context.Context, revision int64, all []toll.Setting) error {
	if len(m.meanwhile) > 0 {
		m.meanwhile[0]()
		m.meanwhile = m.meanwhile[1:]
	}
	return m.Ledger.ChangeAll(ctx, revision, all)
}

// TestImportMeetsOthers: what somebody has set meanwhile goes too, since the
// ledger shall say what the file says; where that never ends the import does.
func TestImportMeetsOthers(t *testing.T) {
	s := newStage(t)
	n := 0
	meddle := func() {
		n++
		s.change(t, rule(fmt.Sprint("other-", n), "FR", ""))
		if n > 1 {
			s.change(t, toll.Setting{Rule: &toll.Rule{ID: fmt.Sprint("other-", n)}, Removed: true})
		}
	}
	m := &meddled{Ledger: book{s.ledger}, meanwhile: []func(){meddle}}
	l, err := admin.NewLocal(admin.Parts{Ledger: m, Policy: policy.Options{}})
	if err != nil {
		t.Fatal(err)
	}
	in := admin.PolicyImport{Settings: []toll.Setting{rule("mine", "SL", "")}}
	r, err := l.As("lee").ImportPolicy(t.Context(), in)
	if err != nil || brief(r.Changes) != "+rule mine, -rule other-1" {
		t.Errorf("%s, %v", brief(r.Changes), err)
	}
	if got := s.stands(t); got != "rule mine" {
		t.Errorf("there stands %s", got)
	}
	m.meanwhile = slices.Repeat([]func(){meddle}, 10)
	in.Settings = []toll.Setting{rule("never", "SL", "")}
	if _, err := l.As("lee").ImportPolicy(t.Context(), in); err == nil || s.stands(t) != "rule mine" {
		t.Errorf("%v, %s", err, s.stands(t))
	}
	if _, err := l.ImportPolicy(t.Context(), in); err == nil {
		t.Error("nobody may change a policy")
	}
}

// TestImportReviewsLiveCallsOnce ends the calls that the new policy does not
// agree with, and none that only an order of steps would have ended.
func TestImportReviewsLiveCallsOnce(t *testing.T) {
	s := newStage(t)
	stays, ends := s.call(t, "1", "1001", "011442079460123"), s.call(t, "2", "1002", "011442079460124")
	boss := toll.Setting{Rule: &toll.Rule{ID: "boss", Country: "GB", Caller: "1001", Do: toll.Permit}}
	s.policy(t, admin.PolicyImport{Settings: []toll.Setting{rule("a", "GB", ""), boss}})
	live, err := s.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range live {
		if (l.Cut != "") != (l.ID == ends.Lease.ID) {
			t.Errorf("%s is cut for %q; %s stays", l.ID, l.Cut, stays.Lease.ID)
		}
	}
}

// TestRenamedLimitKeepsItsFigures: what was counted under the old name counts.
func TestRenamedLimitKeepsItsFigures(t *testing.T) {
	s := newStage(t)
	calls := func(id string) toll.Setting {
		return toll.Setting{Limit: &toll.Limit{ID: id, Act: 1, Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerCaller, Window: time.Hour}}}
	}
	s.policy(t, admin.PolicyImport{Settings: []toll.Setting{calls("z")}})
	if v := s.call(t, "1", "1001", "2125551234"); !v.Allow {
		t.Fatalf("refused: %s", v.Reason)
	}
	s.policy(t, admin.PolicyImport{Settings: []toll.Setting{calls("a")}})
	if v := s.call(t, "2", "1001", "2125551235"); v.Allow || v.By != "a" {
		t.Errorf("allowed %t by %s", v.Allow, v.By)
	}
}

// TestImportFromAnywhere goes from any policy to any other one, in steps that
// policy agrees to.
func TestImportFromAnywhere(t *testing.T) {
	s := newStage(t)
	some := rapid.Custom(func(t *rapid.T) (all []toll.Setting) {
		times := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"x", "y", "z"}), 1, 3, rapid.ID).Draw(t, "schedules")
		whens := []string{""}
		for _, name := range times {
			h := hours(name)
			h.Schedule.Comment = rapid.SampledFrom([]string{"", "other"}).Draw(t, "comment")
			all, whens = append(all, h), append(whens, name, "!"+name)
		}
		when := rapid.SampledFrom(whens)
		countries := rapid.Permutation([]string{"FR", "DE", "SL", "GB"}).Draw(t, "countries")
		for i, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 4, rapid.ID).Draw(t, "rules") {
			all = append(all, rule(id, countries[i], when.Draw(t, "when")))
		}
		for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"l", "m", "n"}), 0, 3, rapid.ID).Draw(t, "limits") {
			all = append(all, atMost(id, rapid.Int64Range(0, 3).Draw(t, "act"), when.Draw(t, "when")))
		}
		return all
	})
	rapid.Check(t, func(r *rapid.T) {
		in := admin.PolicyImport{Settings: some.Draw(r, "policy")}
		report, err := s.ImportPolicy(context.Background(), in)
		if err != nil || !report.Imported {
			r.Fatalf("%+v, %v", report, err)
		}
		again, err := s.ImportPolicy(context.Background(), in)
		if err != nil || len(again.Changes) > 0 {
			r.Fatalf("the second time it changed %s, %v", brief(again.Changes), err)
		}
	})
}
