package replay

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// catalogue are the scenarios that this repository tells of, by their files.
func catalogue(t *testing.T, pattern string) map[string]*Scenario {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "scenarios", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no such scenario (%v)", pattern, err)
	}
	found := make(map[string]*Scenario)
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Parse(path, text)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(path)] = s
	}
	return found
}

// Names tell the results apart, and draw the numbers.
func TestCatalogueHasNamesOfItsOwn(t *testing.T) {
	names := make(map[string]string)
	for file, s := range catalogue(t, "*.yaml") {
		if other := names[s.Name]; other != "" {
			t.Errorf("%s and %s are both called %q", file, other, s.Name)
		}
		names[s.Name] = file
	}
}

// The weekend blast calls as many numbers as it says.
func TestWeekendBlastCallsSoManyNumbers(t *testing.T) {
	for file, s := range catalogue(t, "attack-01-*.yaml") {
		numbers := make(map[string]bool)
		for _, n := range newSource(s, 0, time.UTC, workdays).pool {
			numbers[n] = true
		}
		if ranges := len(s.Traffic[0].To); len(numbers) != 750 || ranges != 40 {
			t.Errorf("%s: %d numbers in %d ranges", file, len(numbers), ranges)
		}
	}
}

// Who stays one call below the limit must know it: the file says what the default is.
func TestOneBelowTheLimitIsSo(t *testing.T) {
	for file, s := range catalogue(t, "attack-18b-*.yaml") {
		open, err := policy.Opening(s.Site.Country, s.Site.Hours)
		if err != nil {
			t.Fatal(err)
		}
		var limit int64
		for _, one := range policy.DefaultOpen(s.Site.Size, open, "", time.Time{}) {
			if one.Limit != nil && one.Limit.ID == "closed-home-number" {
				limit = one.Limit.Act
			}
		}
		for n := range s.Traffic {
			if got := int64(s.Traffic[n].Calls); got != limit-1 {
				t.Errorf("%s: %s: %d calls, and the limit is %d", file, indexed("traffic", n), got, limit)
			}
		}
	}
}

// A month has the calls that its file promises: their number, how many go abroad,
// how many are a caller's first to a country, how few come on days off.
func TestMonthsAreAsTheySay(t *testing.T) {
	type share struct{ least, most float64 }
	for file, want := range map[string]struct {
		calls   share
		abroad  share // of all calls
		first   share // … that are their caller's first to that country
		daysOff share
	}{
		"month-firm-us.yaml":        {share{2_800, 3_800}, share{0.05, 0.09}, share{0.006, 0.013}, share{0.01, 0.08}},
		"month-clinic-gb.yaml":      {share{9_500, 12_000}, share{0.004, 0.02}, share{0.003, 0.01}, share{0.03, 0.12}},
		"month-call-centre-de.yaml": {share{55_000, 75_000}, share{0.015, 0.03}, share{0.003, 0.012}, share{0.2, 0.35}}, // its first ten days
	} {
		s := catalogue(t, file)[file]
		if s.Site.Size > 100 {
			s.Lasts = 10 * 24 * time.Hour // which is calls enough to count
		}
		plan, err := numbering.New(numbering.Plan{Country: s.Site.Country, Countries: s.Site.Countries})
		if err != nil {
			t.Fatal(err)
		}
		all, abroad, first, daysOff := 0., 0., 0., 0.
		classes := make(map[toll.Class]int)
		known := make(map[string]bool)
		holiday := s.holidays()
		for n := range s.Traffic {
			times, calls := drawTraffic(s, n, holiday)
			for i, c := range calls {
				to := plan.Resolve(c.number)
				all++
				classes[to.Class]++
				if to.Class.Abroad() {
					abroad++
					if pair := c.from + " " + to.Country; !known[pair] {
						known[pair] = true
						first++
					}
				}
				if day := s.Starts.Add(times[i]); holiday(day) || day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
					daysOff++
				}
			}
		}
		for what, got := range map[string]struct {
			value float64
			share
		}{"calls": {all, want.calls}, "abroad": {abroad / all, want.abroad}, "first": {first / all, want.first}, "on days off": {daysOff / all, want.daysOff}} {
			if got.value < got.least || got.value > got.most {
				t.Errorf("%s: %s: %v, want %v to %v", file, what, got.value, got.least, got.most)
			}
		}
		for _, c := range []toll.Class{toll.Emergency, toll.HomeFixed, toll.TollFree, toll.Unplaced} {
			if classes[c] == 0 {
				t.Errorf("%s: no call is to %s: %v", file, c, classes)
			}
		}
		t.Logf("%s: %v calls, %.4f abroad, %.4f first, %.3f on days off; %v", file, all, abroad/all, first/all, daysOff/all, classes)
	}
}
