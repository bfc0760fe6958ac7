package replay

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const whole = `name: weekend blast
site: {country: US, timezone: America/New_York, currency: USD, countries: [GB, CA], size: 12, hours: ["mon-fri 09:00-17:00"]}
policy: default
starts: 2026-03-07T00:30:00
lasts: 30h
seed: 7
traffic:
- label: attack
  from: extensions:1001-1003
  to: [011220700xxxx, {number: "+4420xxxxxxxx", weight: 3}]
  pick: round-robin
  per_minute: 10
  talk: {min: 2m, mean: 4m, max: 10m}
  answered: 0.9
  addresses: [203.0.113.7, "2001:db8::7"]
  guesses: 3
  days: [sat, sun]
  between: ["22:00", "06:00"]
  price: {per_minute: 1.20, connect: 0}
- label: legitimate
  from: forward:1002
  to: ["911"]
  per_day: 20
  shape: office
  repeat: 0.5
  numbers: 750
- {label: attack, from: originate, to: [00], concurrent: 12, after: 1h, until: 2h, calls: 5}
faults:
- {at: 2h, kind: daemon_killed, for: 10m}
`

func TestParse(t *testing.T) {
	s, err := Parse("x.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	ny, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	rings := Talk{Min: 3 * time.Second, Max: 15 * time.Second}
	talks := Talk{Min: time.Minute, Max: 3 * time.Minute}
	want := &Scenario{
		Name: "weekend blast", Policy: "default", Seed: 7, Lasts: 30 * time.Hour,
		Site:       SiteFacts{Country: "US", Zone: "America/New_York", Currency: "USD", Countries: []string{"GB", "CA"}, Size: 12, Hours: []string{"mon-fri 09:00-17:00"}},
		Starts:     time.Date(2026, 3, 7, 0, 30, 0, 0, ny),
		policyLine: 3, policyColumn: 9,
		Traffic: []Traffic{
			{
				Label: Attack, From: Origin{FromExtension, []string{"1001", "1002", "1003"}},
				To: []Target{{"011220700xxxx", 1}, {"+4420xxxxxxxx", 3}}, InOrder: true, Every: 6 * time.Second,
				Talk: Talk{2 * time.Minute, 10 * time.Minute, 4 * time.Minute}, Ring: rings, Answered: 0.9,
				Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("2001:db8::7")}, Guesses: 3,
				Days: []time.Weekday{time.Saturday, time.Sunday}, Between: []Hours{{22 * time.Hour, 6 * time.Hour}},
				Price: &toll.Price{PerMinute: 1_200_000},
			},
			{Label: Legitimate, From: Origin{FromForward, []string{"1002"}}, To: []Target{{"911", 1}}, Daily: 20, Shape: Office, Repeat: 0.5, Numbers: 750, Talk: talks, Ring: rings, Answered: 1},
			{Label: Attack, From: Origin{Kind: FromNowhere}, To: []Target{{"00", 1}}, Concurrent: 12, After: time.Hour, Until: 2 * time.Hour, Calls: 5, Talk: talks, Ring: rings, Answered: 1},
		},
		Faults: []Fault{{At: 2 * time.Hour, For: 10 * time.Minute, Kind: DaemonKilled}},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

// Each slip is told with its line, its key and what is wanted there.
func TestParseSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{"name: weekend blast", "name: 'a\tb'", `x.yaml:1:7: name: want a name of at most 80 letters, digits and marks, not "a\tb"`},
		{"starts: 2026-03-07T00:30:00", "starts: yesterday", `x.yaml:4:9: starts: want a moment on the site's clock, such as 2026-03-07T00:30:00, not "yesterday"`},
		{"lasts: 30h", "lasts: 30", `x.yaml:5:8: lasts: "30": want a length such as 90m, 6h, 7d or 2w`},
		{"lasts: 30h", "lasts: 1s", `x.yaml:5:8: lasts: want a length from 1m0s to 9600h0m0s, not "1s"`},
		{"seed: 7", "seed: -7", `x.yaml:6:7: seed: want a whole number, not "-7"`},
		{"seed: 7", "sead: 7", `x.yaml:6:1: unknown key "sead"; known here: name, site, policy, starts, lasts, seed, traffic, faults`},
		{"country: US", "country: us", `x.yaml:2:17: site.country: want a country with a number plan, as ISO 3166 has it, such as US, not "us"`},
		{"country: US, ", "", `x.yaml:2:`},
		{"country: US", "country: UK", `x.yaml:2:17: site.country: want a country with a number plan, as ISO 3166 has it, such as US, not "UK"`},
		{"GB, CA", "GB, XX", `x.yaml:2:80: site.countries: want a country with a number plan, as ISO 3166 has it, such as US, not "XX"`},
		{"GB, CA", "GB, AQ", `x.yaml:2:80: site.countries: want a country with a number plan, as ISO 3166 has it, such as US, not "AQ"`},
		{"GB, CA", "GB, GB", `x.yaml:2:80: site.countries: want each country once, not "GB"`},
		{"country: US", "country: GM", `x.yaml:2:17: site.country: want a country from which it is known here how to call abroad, such as US, not "GM"`},
		{"mon-fri 09:00-17:00", "mon-fri 9-17", `x.yaml:2:103: site.hours: hours "mon-fri 9-17": "9" is no time; want 00:00 to 24:00`},
		{`"mon-fri 09:00-17:00"`, `always, "mon-fri 09:00-17:00"`, `x.yaml:2:111: site.hours: always stands alone, without other hours`},
		{"2026-03-07T00:30:00", "2026-03-08T02:30:00", `x.yaml:4:9: starts: want a moment that the site's clock shows; it is set forward then, not "2026-03-08T02:30:00"`},
		{"until: 2h", "until: 1h", `traffic[2].until: want a later time than after, 1h`},
		{"after: 1h", "after: 30h", `traffic[2].after: want a time before the story is over: it lasts 30h`},
		{"203.0.113.7", "203.0.113", `traffic[0].addresses: want an IP address such as 203.0.113.7, and at most 100 of them, not "203.0.113"`},
		{"guesses: 3", "guesses: 0", `traffic[0].guesses: want a whole number from 1 to 1000, not "0"`},
		{"numbers: 750", "guesses: 1", `traffic[1].guesses: only a phone shows where it is: want it with extension, extensions, attended, or transfer and via`},
		{"  repeat: 0.5\n", "  via: [1212555xxxx]\n", `traffic[1].via: only a call that is transferred was another one first: want it with transfer or attended`},
		{"from: originate", "from: transfer:1003, via: {GB: [\"020\"]}", `traffic[2]: via: there are no numbers for a site in US, only for GB`},
		{"numbers: 750", "numbers: 0", `traffic[1].numbers: want a whole number from 1 to 100000, not "0"`},
		{"America/New_York", "America/Nowhere", `site.timezone: want a time zone such as America/New_York, not "America/Nowhere"`},
		{"size: 12", "size: 0", `site.size: want a whole number from 1 to 10000, not "0"`},
		{"label: attack\n", "label: atack\n", `x.yaml:8:10: traffic[0].label: want one of attack, legitimate, misdial, not "atack"`},
		{"extensions:1001-1003", "extensions:1003-1001", `traffic[0].from: want a range upward, of at most 10000 extensions, not "extensions:1003-1001"`},
		{"extensions:1001-1003", "1001", `traffic[0].from: want extension:1001, extensions:1001-1040, forward:1002, transfer:1003, attended:1003, trunk:NAME or originate, not "1001"`},
		{"per_minute: 10", "per_minute: 10\n  every: 3m", `x.yaml:8:3: traffic[0]: want exactly one of per_minute, every, per_day and concurrent`},
		{"  per_minute: 10\n", "", `traffic[0]: want exactly one of per_minute, every, per_day and concurrent`},
		{"per_minute: 10", "per_minute: .nan", `traffic[0].per_minute: want a number from 0.001 to 10000, not ".nan"`},
		{"talk: {min: 2m, mean: 4m, max: 10m}", "talk: {min: 12m, max: 10m}", `traffic[0].talk: want min, then mean if there is one, then max, in rising order`},
		{"talk: {min: 2m, mean: 4m, max: 10m}", "talk: {min: 2m}", `traffic[0].talk: the key max is missing`},
		{"answered: 0.9", "answered: 90", `traffic[0].answered: want a number from 0 to 1, not "90"`},
		{"[sat, sun]", "[saturday]", `traffic[0].days: want one of mon, tue, wed, thu, fri, sat, sun, not "saturday"`},
		{`["22:00", "06:00"]`, `["22:00"]`, `traffic[0].between: want two different times of day, such as ["22:00", "06:00"]`},
		{`"06:00"`, `"22:00"`, `traffic[0].between: want two different times of day`},
		{`"06:00"`, `"25:00"`, `traffic[0].between: want a time of day such as 22:00, not "25:00"`},
		{"connect: 0", "connect: -1", `traffic[0].price.connect: want an amount that is not negative, not "-1"`},
		{"per_day: 20", "every: 1m", `traffic[1].shape: a shape spreads the calls of a day; it needs per_day`},
		{"calls: 5}", "calls: 5, lines: 1}", `traffic[2].lines: so many at a time is what concurrent says`},
		{"  repeat: 0.5\n", "  repeat: 0.5\n  lines: 0\n", `traffic[1].lines: want a whole number from 1 to 5000, not "0"`},
		{"weight: 3", "weight: 0", `traffic[0].to[1].weight: want a number from 0.0001 to 1e+06, not "0"`},
		{"kind: daemon_killed", "kind: flood", `faults[0].kind: want one of daemon_killed, ami_lost, ledger_full, clock_back, smtp_down, not "flood"`},
		{"at: 2h, ", "", `faults[0]: the key at is missing`},
		{"traffic:\n", "traffic: {}\nt:\n", `traffic: want a list`},
		{whole, "", "the file is empty"},
		{whole, "a: [", "this is no YAML"},
	} {
		text := strings.Replace(whole, test.from, test.to, 1)
		_, err := Parse("x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q instead of %q: %v\nwant %s", test.to, test.from, err, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("name: x\nstarts: 2026-01-01T00:00:00\nlasts: 1h\ntraffic: [{label: attack, from: originate, to: [0], every: 1s}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("f", text)
		if err != nil {
			return
		}
		if s.Lasts <= 0 || s.Lasts > longestStory || len(s.Traffic) == 0 || s.Starts.IsZero() {
			t.Errorf("a story that cannot be played: %+v", s)
		}
		for n := range s.Traffic {
			one := &s.Traffic[n]
			if len(one.To)+len(one.ToIn) == 0 || one.Every <= 0 && one.Daily <= 0 && one.Concurrent <= 0 {
				t.Errorf("traffic that does not flow: %+v", one)
			}
			if len(one.To) == 0 {
				continue // it is chosen by the site
			}
			newSource(s, n, time.UTC, func(time.Time) bool { return false }).draw(0)
		}
	})
}
