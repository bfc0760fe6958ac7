package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// officeHours are open at noon, a Monday.
func officeHours() toll.Setting {
	return toll.Setting{Schedule: &toll.Schedule{Name: "open", Hours: []string{"mon-fri 08:00-18:00"}}}
}

var midnight = noon.Add(12 * time.Hour)

// at is the question of a call that begins then.
func at(p *Policy, begins time.Time, q toll.Question) toll.Question {
	q.Times = p.Times(begins)
	return q
}

func TestTimesOfThePolicy(t *testing.T) {
	late := toll.Setting{Schedule: &toll.Schedule{Name: "late", Hours: []string{"daily 10:00-02:00"}}}
	p := build(t, Options{}, officeHours(), late)
	for when, want := range map[time.Time]string{noon: "late,open", midnight: "late", noon.Add(-3 * time.Hour): "open", noon.Add(-8 * time.Hour): ""} {
		if got := p.Times(when); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	there := build(t, Options{Zone: vienna}, officeHours())
	if got := there.Times(noon.Add(5*time.Hour + 30*time.Minute)); got != "" { // 18:30 there
		t.Errorf("in the site's zone the day goes on: %q", got)
	}
}

func TestRulesForTimes(t *testing.T) {
	shut := toll.Rule{ID: "closed", When: "!open", Where: toll.Abroad, Do: toll.Forbid}
	gm := toll.Rule{ID: "gm", Country: "GM", Do: toll.Permit}
	p := build(t, Options{}, officeHours(), shut, gm)
	if j := p.Judge(noon, at(p, noon, ask(gambia, "1")), quiet()); !j.Allow || j.By != "gm" {
		t.Errorf("open: %+v", j)
	}
	if j := p.Judge(midnight, at(p, midnight, ask(gambia, "1")), quiet()); j.Allow || j.By != "closed" || j.Reason != toll.ReasonDeniedRule {
		t.Errorf("closed: %+v", j)
	}
	// A conversation goes on over the closing hour: it began when that was right.
	q := at(p, noon, ask(gambia, "1"))
	q.Purpose, q.Covered = toll.Review, time.Minute
	if j := p.Judge(midnight, q, quiet()); !j.Allow {
		t.Errorf("a call that began before: %+v", j)
	}
	q = at(p, noon, ask(gambia, "1"))
	q.Purpose = toll.Explain
	j := p.Judge(noon, q, quiet())
	if len(j.Figures) < 2 || j.Figures[0].By != "closed" || !strings.HasSuffix(j.Figures[0].Text, "; not now") ||
		!strings.Contains(j.Figures[0].Text, `that begin outside "open"`) {
		t.Errorf("explained: %+v", j.Figures)
	}
}

func TestRulesOfOppositeTimesLiveSideBySide(t *testing.T) {
	p := build(t, Options{}, officeHours(),
		toll.Rule{ID: "day", Country: "GM", When: "open", Do: toll.Permit},
		toll.Rule{ID: "night", Country: "GM", When: "!open", Do: toll.Forbid},
		toll.Rule{ID: "ever", Country: "GM", Do: toll.Forbid})
	for when, want := range map[time.Time]string{noon: "day", midnight: "night"} {
		if j := p.Judge(when, at(p, when, ask(gambia, "1")), quiet()); j.By != want {
			t.Errorf("%s: %s by %s", when, j.Reason, j.By)
		}
	}
	p = build(t, Options{}, officeHours(), toll.Setting{Schedule: &toll.Schedule{Name: "lunch", Hours: []string{"daily 12:00-13:00"}}},
		toll.Rule{ID: "day", Country: "GM", When: "open", Do: toll.Permit})
	for _, when := range []string{"lunch", "!lunch", "open"} {
		r := toll.Rule{ID: "other", Country: "GM", When: when, Do: toll.Forbid}
		if _, err := p.With(toll.Setting{Rule: &r}); err == nil || !strings.Contains(err.Error(), `same calls as rule "day"`) {
			t.Errorf("a rule for %s beside one for open: %v", when, err)
		}
	}
}

func TestLimitsForTimes(t *testing.T) {
	closed := per("closed", toll.Concurrent, toll.PerSite, 0, 0)
	closed.Meter.When = "!open"
	short := perCallOf(per("short", toll.Seconds, toll.PerSite, time.Hour, 300))
	short.Meter.When = "!open"
	p := build(t, Options{}, officeHours(), closed, short)
	if j := p.Judge(noon, at(p, noon, ask(gambia, "1")), quiet()); !j.Allow || j.Maximum < time.Hour {
		t.Errorf("open: %+v", j)
	}
	if j := p.Judge(midnight, at(p, midnight, ask(gambia, "1")), quiet()); j.Allow || j.By != "closed" {
		t.Errorf("closed: %+v", j)
	}
	p = build(t, Options{}, officeHours(), short)
	if j := p.Judge(midnight, at(p, midnight, ask(gambia, "1")), quiet()); !j.Allow || j.Maximum != 5*time.Minute {
		t.Errorf("a short call when closed: %+v", j)
	}
	q := at(p, noon, ask(gambia, "1"))
	q.Purpose = toll.Explain
	shown := false
	for _, f := range p.Judge(noon, q, quiet()).Figures {
		shown = shown || f.By == "short" && strings.HasSuffix(f.Text, "; not now")
	}
	if !shown {
		t.Error("a limit for other times is not shown")
	}
}

func TestScheduleSettings(t *testing.T) {
	p := build(t, Options{}, officeHours(), toll.Rule{ID: "day", When: "open", Do: toll.Permit})
	for want, s := range map[string]toll.Setting{
		`rule "day" names the schedule "open"`: {Schedule: &toll.Schedule{Name: "open"}, Removed: true},
		`schedule "late" is not defined`:       {Rule: &toll.Rule{ID: "x", When: "!late", Do: toll.Permit}},
		"a schedule must be named":             {Rule: &toll.Rule{ID: "x", When: "!", Do: toll.Permit}},
		"the name must be":                     {Schedule: &toll.Schedule{Name: "Open Hours"}},
		`"moon" is no weekday`:                 {Schedule: &toll.Schedule{Name: "x", Hours: []string{"moon 08:00-18:00"}}},
		"the comment must be":                  {Schedule: &toll.Schedule{Name: "x", Comment: strings.Repeat("x", 501)}},
	} {
		if _, err := p.With(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", s, err, want)
		}
	}
	limited := per("night", toll.Calls, toll.PerSite, time.Hour, 5)
	limited.Meter.When = "!open"
	p = build(t, Options{}, officeHours(), limited)
	if _, err := p.With(toll.Setting{Schedule: &toll.Schedule{Name: "open"}, Removed: true}); err == nil || !strings.Contains(err.Error(), `limit "night" names`) {
		t.Errorf("the schedule of a limit is taken away: %v", err)
	}
	p, err := p.With(toll.Setting{Limit: &limited, Removed: true})
	if err != nil {
		t.Fatal(err)
	}
	if p, err = p.With(toll.Setting{Schedule: &toll.Schedule{Name: "open"}, Removed: true}); err != nil || p.Times(noon) != "" {
		t.Errorf("removed: %v", err)
	}
}
