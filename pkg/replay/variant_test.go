package replay

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestParseSite(t *testing.T) {
	for _, test := range []struct{ text, wrong string }{
		{"country: GB\ntimezone: Europe/London\ncurrency: GBP\ncountries: [IE, FR]", ""},
		{"{country: GB, timezone: Europe/London, currency: GBP, countries: [IE, FR]}", ""},
		{"country: GB", "s.yaml:1:1: the key timezone is missing"},
		{"country: Britain\ntimezone: Europe/London", "s.yaml:1:10: country: want a country"},
		{"name: x", `unknown key "name"; known here: country, timezone`},
		{"", "the file is empty; want country and timezone"},
		{"a: [", "this is no YAML"},
		{strings.Repeat("#", Largest+1), "more than 1048576 bytes"},
	} {
		f, err := ParseSite("s.yaml", []byte(test.text))
		want := SiteFacts{Country: "GB", Zone: "Europe/London", Currency: "GBP", Countries: []string{"IE", "FR"}}
		if test.wrong == "" && (err != nil || !reflect.DeepEqual(f, want)) {
			t.Errorf("%s: %+v, %v", test.text, f, err)
		}
		if test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
			t.Errorf("%.40q: %v, want %s", test.text, err, test.wrong)
		}
	}
}

const anywhere = `name: anywhere
site: {country: US, timezone: America/New_York, size: 60, hours: ["mon-fri 08:00-18:00"]}
starts: 2026-03-07T00:30:00
lasts: 5d
traffic:
- {label: legitimate, from: extension:1, to: ["911"], every: 1h}
- {label: attack, from: extension:1, to: {US: ["17676151234"], GB: ["07797712345", {number: "07012345678", weight: 2}]}, every: 1h}
- {label: attack, from: transfer:1, via: {US: ["+12125551234"], GB: ["+442079460000"]}, to: ["+220700xxxx"], every: 1h, after: 2d}
faults:
- {at: 2h, kind: smtp_down, for: 10m}
`

func TestScenarioAtAnotherSite(t *testing.T) {
	s, err := Parse("x", []byte(anywhere))
	if err != nil {
		t.Fatal(err)
	}
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	moved, err := s.At(SiteFacts{Country: "GB", Zone: "Europe/London", Currency: "GBP"})
	if err != nil {
		t.Fatal(err)
	}
	if want := (SiteFacts{"GB", "Europe/London", "GBP", nil, 60, []string{"mon-fri 08:00-18:00"}}); !reflect.DeepEqual(moved.Site, want) {
		t.Errorf("the site is %+v", moved.Site)
	}
	if want := time.Date(2026, 3, 7, 0, 30, 0, 0, london); !moved.Starts.Equal(want) {
		t.Errorf("it starts at %s", moved.Starts)
	}
	if want := []Target{{"07797712345", 1}, {"07012345678", 2}}; !slices.Equal(moved.Traffic[1].To, want) || s.Traffic[1].To[0].Number != "17676151234" {
		t.Errorf("it calls %v, and %v where it was", moved.Traffic[1].To, s.Traffic[1].To)
	}
	if want := []Target{{"+442079460000", 1}}; !slices.Equal(moved.Traffic[2].Via, want) || s.Traffic[2].Via[0].Number != "+12125551234" {
		t.Errorf("it calls %v first, and %v where it was", moved.Traffic[2].Via, s.Traffic[2].Via)
	}
	_, err = s.At(SiteFacts{Country: "FR", Zone: "Europe/Paris"})
	if err == nil || err.Error() != "traffic[1]: to: there are no numbers for a site in FR, only for GB, US" {
		t.Errorf("in France: %v", err)
	}
	if _, err = s.At(SiteFacts{Country: "US", Zone: "Nowhere"}); err == nil {
		t.Error("nowhere is a place")
	}
	for _, test := range []struct{ from, to, want string }{
		{"{US: ", "{FR: ", "traffic[1]: to: there are no numbers for a site in US, only for FR, GB"},
		{"{US: ", "{us: ", `traffic[1].to: want a country with a number plan, as ISO 3166 has it, such as US, not "us"`},
		{"GB: [\"07797712345\"", "GB: [[]", "traffic[1].to.GB[0]: want"},
		{"US: [\"17676151234\"]", "US: []", "traffic[1].to.US: want at least one number"},
	} {
		if _, err := Parse("x", []byte(strings.Replace(anywhere, test.from, test.to, 1))); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.to, err, test.want)
		}
	}
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]Fault{
		"daemon_killed":       {10 * time.Second, 30 * time.Minute, DaemonKilled},
		"ami_lost@5m":         {5 * time.Minute, 30 * time.Minute, AMILost},
		"ledger_full/1h":      {10 * time.Second, time.Hour, LedgerFull},
		"clock_back@0s/1d":    {0, 24 * time.Hour, ClockBack},
		"smtp_down@90s/2h30m": {90 * time.Second, 150 * time.Minute, SMTPDown},
	} {
		f, err := ParseFault(text)
		if err != nil || f != want {
			t.Errorf("%s: %+v, %v", text, f, err)
		}
		if again, err := ParseFault(f.String()); err != nil || again != f {
			t.Errorf("%s is written as %s, which is %+v, %v", text, f, again, err)
		}
	}
	for text, want := range map[string]string{
		"":                    "want one of daemon_killed",
		"flood@5m":            "want one of daemon_killed",
		"smtp_down@":          "when:",
		"smtp_down@5m/":       "how long:",
		"smtp_down@-5m":       "when:",
		"smtp_down/0s":        "how long:",
		"smtp_down/5m@5m":     "how long:",
		"smtp_down@5m/9999w":  "how long:",
		"smtp_down@5m@5m/10m": "when:",
	} {
		if f, err := ParseFault(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v", text, f, err)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	f.Add("daemon_killed@5m/30m")
	f.Fuzz(func(t *testing.T, text string) {
		one, err := ParseFault(text)
		if err != nil {
			return
		}
		if again, err := ParseFault(one.String()); err != nil || again != one {
			t.Errorf("%q is %+v, written as %s it is %+v, %v", text, one, one, again, err)
		}
	})
}

// A fault comes after each attack has begun, beside those that the file tells of.
func TestFaultsComeWithTheAttack(t *testing.T) {
	s, err := Parse("x", []byte(anywhere))
	if err != nil {
		t.Fatal(err)
	}
	broken := s.Breaking(Fault{time.Minute, time.Hour, AMILost})
	want := []Fault{{2 * time.Hour, 10 * time.Minute, SMTPDown}, {time.Minute, time.Hour, AMILost}, {48*time.Hour + time.Minute, time.Hour, AMILost}}
	if !slices.Equal(broken.Faults, want) || len(s.Faults) != 1 {
		t.Errorf("%v, and %v before", broken.Faults, s.Faults)
	}
	s.Traffic = s.Traffic[:1]
	if honest := s.Breaking(Fault{time.Minute, time.Hour, AMILost}); honest.Faults[1].At != time.Minute {
		t.Errorf("without an attack: %v", honest.Faults)
	}
	kinds := make(map[FaultKind]int)
	for _, f := range EveryFault() {
		kinds[f.Kind]++
	}
	if len(kinds) != len(faultKinds) || kinds[DaemonKilled] != 2 {
		t.Errorf("all are %v", kinds)
	}
}

// Each attack of the catalogue can be played at each site, and is one there: what it
// dials leads abroad, or somewhere that costs, or nowhere at all.
func TestAttacksAtEachSite(t *testing.T) {
	sites, err := filepath.Glob(filepath.Join("..", "..", "testdata", "scenarios", "sites", "*.yaml"))
	if err != nil || len(sites) < 3 {
		t.Fatalf("sites: %v, %v", sites, err)
	}
	for _, path := range sites {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		site, err := ParseSite(path, text)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := numbering.New(numbering.Plan{Country: site.Country, Countries: site.Countries})
		if err != nil {
			t.Fatal(err)
		}
		for file, s := range catalogue(t, "attack-*.yaml") {
			moved, err := s.At(site)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			for n := range moved.Traffic {
				src := newSource(moved, n, moved.Starts.Location(), workdays)
				src.dial = plan.Dial
				for range max(20, len(moved.Traffic[n].To)) {
					one, _ := src.draw(0)
					to := plan.Resolve(one.number)
					want := (to.Valid || to.Class == toll.Global) && !to.Listed && !to.Class.Ordinary()
					switch {
					case strings.Contains(file, "domestic-pumping"), strings.Contains(file, "one-below-the-limit"):
						want = to.Class.Ordinary()
					case strings.Contains(file, "injection"), strings.Contains(file, "prefix-guessing"):
						want = !to.Class.Ordinary() // most of it is no number at all
					}
					if !want {
						t.Errorf("%s in %s: %s is %s in %s", file, site.Country, one.number, to.Class, to.Country)
					}
				}
			}
		}
	}
}

// Whoever keeps a line busy tries again soon, and seldom when it is of no use.
func TestLaneSlowsDown(t *testing.T) {
	l := &lane{}
	if got := l.pause(false); got != dialsAgain {
		t.Errorf("after a call: %s", got)
	}
	for n := 1; n < givesUp; n++ {
		if got := l.pause(true); got != dialsRefused {
			t.Fatalf("after %d refusals: %s", n, got)
		}
	}
	if got := l.pause(true); got != looksAgain {
		t.Errorf("after %d refusals: %s", givesUp, got)
	}
	l.pause(false)
	if got := l.pause(true); got != dialsRefused {
		t.Errorf("after a call in between: %s", got)
	}
}
