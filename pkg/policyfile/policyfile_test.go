package policyfile

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const sample = `# A comment of the owner's.
schedules:
  open: {hours: ["mon-fri 08:00-18:00", 'sat 09:00-13:00'], holidays: [DE-BY], closed: [12-24, "2026-12-24/2027-01-01"]}
rules:
  no-norway: {do: deny, country: NO, when: "!open"}
  boss:
    do: allow
    caller: 1001
    prefix: +4420
    comment: >-
      sailing
      until May
limits:
  day: {act: 150.00, measure: cost, scope: site, window: 7d, warn: 75}
  talk: {measure: seconds, scope: caller, window: 24h, act: 1h30m, do: [alert, lock_caller], lock_for: 2h, observe: true}
  none: {measure: concurrent, scope: site, act: 0}
locks:
  caller=1009: {reason: "password: stolen", until: 2126-12-24T08:00:00Z}
  site: {}
`

func TestParse(t *testing.T) {
	p, err := Parse("policy.yaml", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, s := range p.Settings {
		line := s.Kind() + " " + s.ID()
		for _, v := range Values(s) {
			line += " " + v.Key + "=" + v.Text
		}
		said = append(said, line)
	}
	want := []string{
		"schedule open hours=mon-fri 08:00-18:00, sat 09:00-13:00 holidays=DE-BY closed=12-24, 2026-12-24/2027-01-01",
		"rule no-norway do=deny country=NO when=!open",
		"rule boss do=allow caller=1001 prefix=+4420 comment=sailing until May",
		"limit day measure=cost scope=site window=7d warn=75.00 act=150.00",
		"limit talk measure=seconds scope=caller window=24h act=1h30m do=alert, lock_caller lock_for=2h observe=true",
		"limit none measure=concurrent scope=site act=0",
		"lock caller=1009 until=2126-12-24T08:00:00Z reason=password: stolen",
		"lock site=",
	}
	if !slices.Equal(said, want) {
		t.Errorf("read\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
	if got := p.Settings[3].Limit; got.Act != 150_000_000 || got.Meter.Window != 7*24*time.Hour {
		t.Errorf("%+v", got)
	}
	if got := p.Problem(4, "x").Error(); got != "line 15, column 3: limits.talk: x" {
		t.Error(got)
	}
	for _, section := range Sections() {
		if !p.Has(section) {
			t.Errorf("there is no section %s", section)
		}
	}
}

// TestParseRefuses names the place of each mistake.
func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"rule:\n  a: {do: deny}\n":                                            "f:1:1: unknown key \"rule\"; known here: schedules, rules, limits, locks",
		"rules: {}\nrules: {}\n":                                              "f:2:1:",
		"rules:\n  a: {do: deny}\n  a: {do: deny}\n":                          "f:3:3:",
		"rules:\n  a: {do: deny}\n  \"a\": {do: deny}\n":                      "f:3:3: this is no YAML: mapping key",
		"rules:\n  a: {do: deny, do: deny}\n":                                 "f:2:17:",
		"rules:\n  a:\n    does: deny\n":                                      "f:3:5: rules.a: unknown key \"does\"; known here: do, kind,",
		"rules:\n  a: {country: FR}\n":                                        "f:2:3: rules.a: the key do is missing",
		"rules:\n  a: {do: deny, country: \"\"}\n":                            "f:2:26: rules.a.country: it is empty; leave the key out",
		"rules:\n  a: {do: deny, when: !open}\n":                              "f:2:",
		"rules:\n  a: {do: deny, observe: yes}\n":                             "f:2:26: rules.a.observe: want true or false, not \"yes\"",
		"rules:\n  a: deny\n":                                                 "f:2:6: rules.a: want keys with values",
		"rules:\n  a:\n":                                                      "rules.a: there is nothing behind it; write {} if that is meant",
		"rules:\n":                                                            "rules: there is nothing behind it",
		"rules: [a]\n":                                                        "f:1:8: rules: want keys with values",
		"rules: &r {}\n":                                                      "rules: anchors, aliases and tags are not used here",
		"rules:\n  [a]: {do: deny}\n":                                         "f:2:",
		"limits:\n  a: {measure: cost, scope: site, act: cheap}\n":            "f:2:40: limits.a.act: amount \"cheap\"",
		"limits:\n  a: {measure: seconds, scope: site, act: 5}\n":             "limits.a.act: \"5\": want a length",
		"limits:\n  a: {measure: calls, scope: site, act: -1}\n":              "limits.a.act: \"-1\": want zero or more",
		"limits:\n  a: {measure: calls, scope: site, act: 0x10}\n":            "want a whole number",
		"limits:\n  a: {measure: calls, scope: site, act: 1, window: soon}\n": "limits.a.window: \"soon\": want a length",
		"limits:\n  a: {measure: calls, scope: site, act: 1, do: alert}\n":    "limits.a.do: want a list",
		"limits:\n  a: {measure: calls, scope: site, act: [1]}\n":             "limits.a.act: want a single value",
		"locks:\n  1001: {}\n":                                                "f:2:3: locks.1001: want what is locked, such as caller=1001 or site",
		"locks:\n  caller=1: {until: tomorrow}\n":                             "locks.caller=1.until: want a time such as",
		"rules: {}\n---\nlimits: {}\n":                                        "a second document begins here",
		"rules: {a: \x00}\n":                                                  "zero bytes",
		"rules: {a: {do: deny}\n":                                             "this is no YAML",
		"a plain text\n":                                                      "want keys with values",
		"rules: {}\n#" + strings.Repeat("x", Largest):                         "the file has more than",
	} {
		_, err := Parse("f", []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), "f:") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, want %s", text, err, want)
		}
		if err != nil && len(err.Error()) > 600 {
			t.Errorf("%.80q: a long error: %s", text, err)
		}
	}
}

// TestDefaultPolicy is the file that an owner begins with, for eyes too.
func TestDefaultPolicy(t *testing.T) {
	open, err := policy.Opening("US", nil)
	if err != nil {
		t.Fatal(err)
	}
	settings := policy.DefaultOpen(12, open, "", time.Time{})
	text := Write(settings, false)
	p, err := Parse("", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(p.Settings) != len(settings) || !p.Has("rules") || !p.Has("schedules") || p.Has(SectionLocks) {
		t.Errorf("%d settings, %d read", len(settings), len(p.Settings))
	}
	want, err := os.ReadFile("testdata/default.yaml")
	if err != nil || string(want) != string(text) {
		t.Errorf("testdata/default.yaml differs, %v; written is\n%s", err, text)
	}
}

func TestCompare(t *testing.T) {
	before := toll.Setting{Limit: &toll.Limit{ID: "a", Meter: toll.Meter{Measure: toll.Cost}, Act: 2_000_000, Warn: 1_000_000, Comment: "x"}}
	after := toll.Setting{Limit: &toll.Limit{ID: "a", Meter: toll.Meter{Measure: toll.Cost}, Act: 3_000_000, Do: []toll.Action{toll.Alert, toll.Deny}, Comment: "x"}}
	want := []Difference{{"warn", "1.00", ""}, {"act", "2.00", "3.00"}, {"do", "", "alert, deny"}}
	if got := Compare(before, after); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := Compare(before, before); got != nil {
		t.Errorf("%+v", got)
	}
}

// settings draws what an owner can have in the ledger.
func settings() *rapid.Generator[[]toll.Setting] {
	name := rapid.StringMatching(`[a-z0-9-]{1,40}`)
	free := rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"NO", "~", "null", "true", "- a", "a: b", "{}", "#", "'", "\"", "\\", "|", ">", "%", "@", "1e3", "0x1", "=", "<<", " x ", "1:30"}), rapid.String())
	line := rapid.OneOf(rapid.SampledFrom([]string{"mon-fri 08:00-18:00", "12-24", "US", "2026-12-06 10:00-16:00"}), rapid.StringMatching(`[ -~]{1,20}`))
	lines := rapid.SliceOfN(line, 0, 3)
	spans := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(0, 31*24*3600).Draw(t, "seconds")) * time.Second
	})
	return rapid.Custom(func(t *rapid.T) []toll.Setting {
		var all []toll.Setting
		for _, id := range rapid.SliceOfNDistinct(name, 0, 4, rapid.ID).Draw(t, "rules") {
			all = append(all, toll.Setting{Rule: &toll.Rule{
				ID: id, Do: rapid.SampledFrom([]toll.Effect{toll.Permit, toll.Forbid}).Draw(t, "do"), Kind: toll.CallerKind(free.Draw(t, "kind")),
				Caller: free.Draw(t, "caller"), Group: free.Draw(t, "group"), Prefix: free.Draw(t, "prefix"), Country: free.Draw(t, "country"),
				Where: toll.Where(free.Draw(t, "where")), When: free.Draw(t, "when"), Observe: rapid.Bool().Draw(t, "observe"), Comment: free.Draw(t, "comment"),
			}})
		}
		for _, id := range rapid.SliceOfNDistinct(name, 0, 4, rapid.ID).Draw(t, "limits") {
			m := rapid.SampledFrom(toll.Measures()).Draw(t, "measure")
			all = append(all, toll.Setting{Limit: &toll.Limit{
				ID: id, Meter: toll.Meter{Measure: m, Scope: rapid.SampledFrom(toll.Scopes()).Draw(t, "scope"), Window: spans.Draw(t, "window"), When: free.Draw(t, "when")},
				Warn: rapid.Int64Range(0, 1<<32).Draw(t, "warn"), Act: rapid.Int64Range(0, 1<<33).Draw(t, "act"), LockFor: spans.Draw(t, "for"),
				Do:      rapid.SliceOfN(rapid.SampledFrom([]toll.Action{toll.Alert, toll.Deny, toll.Cut, toll.LockCaller}), 0, 3).Draw(t, "do"),
				Observe: rapid.Bool().Draw(t, "observe"), Comment: free.Draw(t, "comment"),
			}})
		}
		for _, id := range rapid.SliceOfNDistinct(name, 0, 3, rapid.ID).Draw(t, "schedules") {
			all = append(all, toll.Setting{Schedule: &toll.Schedule{Name: id, Hours: lines.Draw(t, "hours"), Holidays: lines.Draw(t, "holidays"),
				Closed: lines.Draw(t, "closed"), Open: lines.Draw(t, "open"), Comment: free.Draw(t, "comment")}})
		}
		for _, subject := range rapid.SliceOfNDistinct(rapid.StringMatching(`[!-~]{1,20}`), 0, 3, rapid.ID).Draw(t, "locks") {
			until := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "until"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
			all = append(all, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: subject, Until: until, Reason: free.Draw(t, "reason")}})
		}
		return all
	})
}

// TestWhatIsWrittenIsRead: nothing is lost or changed on the way through a file.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := settings().Draw(t, "settings")
		text := Write(all, true)
		p, err := Parse("", text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if again := Write(p.Settings, true); string(again) != string(text) {
			t.Fatalf("written\n%s\nand again\n%s", text, again)
		}
		if len(p.Settings) != len(all) {
			t.Fatalf("%d of %d settings were read", len(p.Settings), len(all))
		}
		for _, before := range all {
			i := slices.IndexFunc(p.Settings, func(s toll.Setting) bool { return s.Kind() == before.Kind() && s.ID() == before.ID() })
			if i < 0 {
				t.Fatalf("%s %q is lost", before.Kind(), before.ID())
			}
			if d := Compare(before, p.Settings[i]); d != nil {
				t.Fatalf("%s %q differs: %+v", before.Kind(), before.ID(), d)
			}
		}
	})
}

// FuzzParse: what is read can be written and is then read as the same; nothing
// makes the reader panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add(Write(policy.Default(12, "", time.Time{}), true))
	for _, text := range []string{"", "rules:", "rules: {a: {do: [x]}}", "&a rules: *a", "? a\n: b", "limits: {a: {measure: cost, act: 1_0}}", "\xff", "rules:\n\tx"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("f", text)
		if err != nil {
			return
		}
		written := Write(p.Settings, true)
		back, err := Parse("f", written)
		if err != nil {
			t.Fatalf("%q is written\n%s\nand not read: %v", text, written, err)
		}
		if again := Write(back.Settings, true); string(again) != string(written) {
			t.Fatalf("%q is written\n%s\nand again\n%s", text, written, again)
		}
	})
}
