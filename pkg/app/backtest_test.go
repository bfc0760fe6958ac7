package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// recordedSite is the firm whose records are played.
func recordedSite() config.Config {
	c := ScenarioConfig(replay.SiteFacts{Country: "US", Zone: "America/New_York", Currency: "USD", Countries: []string{"CA"}, Size: 12})
	c.Numbering.Extensions = []string{"1XXX"}
	return c
}

// recorded plays records under a policy.
func recorded(t testing.TB, c config.Config, settings []toll.Setting, file io.Reader) *backtest.Result {
	t.Helper()
	r, err := Backtest(t.Context(), c, settings, Records{File: file})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// noon is when the records of a test begin, on a Monday.
func noon(t testing.TB) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, time.March, 2, 12, 0, 0, 0, zone)
}

// one is a record of a call, with the names of its channels but for their numbers.
type one struct {
	at         time.Time
	from, to   string
	leg        string // carrier where it is empty
	ring, talk time.Duration
}

// file is Master.csv of some calls.
func file(calls ...one) io.Reader {
	var text strings.Builder
	for i, c := range calls {
		disposition, leg := "ANSWERED", c.leg
		if c.talk == 0 {
			disposition = "NO ANSWER"
		}
		if leg == "" {
			leg = "carrier"
		}
		fmt.Fprintf(&text, `"","x","%s","internal","","PJSIP/%s-%08x","PJSIP/%s-%08x","Dial","","%s","","%s",%d,%d,"%s","DOCUMENTATION","1.%d",""`+"\n",
			c.to, c.from, i, leg, i, c.at.Format(time.DateTime), c.at.Add(c.ring+c.talk).Format(time.DateTime), int((c.ring+c.talk)/time.Second), int(c.talk/time.Second), disposition, i)
	}
	return strings.NewReader(text.String())
}

// What is said of recorded calls is what the daemon would have done: the same attack,
// played as a scenario against all of it, is refused and cut at the same calls.
func TestBacktestJudgesAsTheDaemon(t *testing.T) {
	const calls = 400
	for _, c := range []struct {
		to   string
		talk time.Duration
	}{{"011442079460000", 7 * time.Minute}, {"0112207001234", 100 * time.Second}, {"12125550123", 2 * time.Hour}, {"18765550123", 3 * time.Hour}, {"14165550123", 3 * time.Hour}, {"011442079460000", 3 * time.Second}} {
		s, err := replay.Parse("scenario", fmt.Appendf(nil, `
name: recorded
site: {country: US, timezone: America/New_York, currency: USD, countries: [CA], size: 12}
starts: 2026-03-02T12:00:00
lasts: %ds
traffic:
- {label: legitimate, from: extension:1001, to: ["%s"], every: 37s, ring: {min: 5s, max: 5s}, talk: {min: %s, max: %s}, answered: 1}
`, 37*calls-1, c.to, c.talk, c.talk))
		if err != nil {
			t.Fatal(err)
		}
		settings := policy.Default(12, "", time.Time{})
		played, err := Simulate(t.Context(), recordedSite(), settings, s)
		if err != nil {
			t.Fatal(err)
		}
		var made []one
		for i := range calls {
			made = append(made, one{at: noon(t).Add(time.Duration(i) * 37 * time.Second), from: "1001", to: c.to, ring: 5 * time.Second, talk: c.talk})
		}
		r := recorded(t, recordedSite(), settings, file(made...))
		if r.Total.Calls != calls || played.LegitimateCalls != calls || r.Total.Refused != played.FalseDenials || r.Total.Cut != played.FalseCuts {
			t.Errorf("%s for %s: %+v; the daemon refused %d and cut %d", c.to, c.talk, r.Total, played.FalseDenials, played.FalseCuts)
		}
		for name, n := range played.Against {
			if strings.HasPrefix(name, "limit ") && n != groupOf(r.Reasons, name).Refused {
				t.Errorf("%s for %s: %d calls against %s, not %d", c.to, c.talk, groupOf(r.Reasons, name).Refused, name, n)
			}
		}
	}
}

func groupOf(all []backtest.Group, name string) backtest.Group {
	if i := slices.IndexFunc(all, func(g backtest.Group) bool { return g.Name == name }); i >= 0 {
		return all[i]
	}
	return backtest.Group{}
}

func TestBacktestTells(t *testing.T) {
	at := func(minutes int) time.Time { return noon(t).Add(time.Duration(minutes) * time.Minute) }
	settings := []toll.Setting{
		{Limit: &toll.Limit{ID: "long", Meter: toll.Meter{Measure: toll.Seconds, Scope: toll.PerCaller, Window: 24 * time.Hour, Where: toll.Abroad}, Act: 1800}},
		{Rule: &toll.Rule{ID: "mexico", Country: "MX", Do: toll.AskPIN}},
		{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}}, // of today, and not of then
	}
	r := recorded(t, recordedSite(), settings, file(
		one{at(0), "1001", "12125550123", "", 4 * time.Second, time.Minute},
		one{at(1), "1001", "19005550123", "", 4 * time.Second, 10 * time.Minute}, // premium
		one{at(2), "1002", "911", "", 4 * time.Second, time.Minute},
		one{at(3), "1003", "011525512345678", "", 4 * time.Second, time.Minute}, // Mexico
		one{at(4), "1004", "011442079460000", "", 0, time.Hour},
		one{at(5), "1005", "1002", "1002", 0, time.Hour}, // inside
		one{at(90), "1004", "011442079460000", "", 9 * time.Second, 0},
	))
	if g := r.Total; g.Calls != 6 || g.Answered != 5 || g.Refused != 2 || g.Cut != 1 || g.PIN != 1 || r.Records.NotTrunk != 1 {
		t.Errorf("%+v, %+v", g, r.Records)
	}
	if !slices.Equal(r.Elsewhere, []string{"PJSIP/1002"}) || r.Currency != "USD" || r.Zone != "America/New_York" || !r.First.Equal(at(0)) || !r.Last.Equal(at(90)) {
		t.Errorf("%q, %q, %q, %s, %s", r.Elsewhere, r.Currency, r.Zone, r.First, r.Last)
	}
	var told []string
	for _, s := range r.Stopped {
		told = append(told, fmt.Sprintf("%d %s %s %s %s %s", s.Line, s.Caller, s.Number, s.Outcome, s.Reason, s.By))
		if cut := s.Outcome == backtest.OutcomeCut; cut != (s.After > 1700 && s.After <= 1800) {
			t.Errorf("%+v", s)
		}
	}
	want := []string{
		"2 extension:1001 +19005550123 refused denied_class default:home_premium",
		"4 extension:1003 +525512345678 pin pin_needed mexico",
		"5 extension:1004 +442079460000 cut spent long",
		"7 extension:1004 +442079460000 refused limit long",
	}
	if !slices.Equal(told, want) {
		t.Errorf("got  %q\nwant %q", told, want)
	}
	if g := groupOf(r.Reasons, "limit long"); g.Calls != 2 || g.Cut != 1 || g.Refused != 1 || g.Stopped <= 0 || g.Stopped >= g.Cost {
		t.Errorf("%+v", g)
	}
	if g := groupOf(r.Countries, "GB"); g.Calls != 2 || g.Answered != 1 || g.Seconds != 3600 {
		t.Errorf("%+v", g)
	}
	if r.Hours[12].Calls != 5 || r.Hours[13].Calls != 1 || len(r.Days) != 1 || r.Days[0].Name != "2026-03-02" {
		t.Errorf("%+v, %+v", r.Hours, r.Days)
	}
}

// All that is counted adds up, and an answer is the same each time.
func TestBacktestAddsUp(t *testing.T) {
	const rows = 20_000
	c := recordedSite()
	c.Site.Size = 200
	settings := policy.Default(200, "", time.Time{})
	r := recorded(t, c, settings, newMadeRecords(rows, 500))
	if r.Rows != rows || r.BadRows != 0 || r.Records.Calls+r.Records.NotTrunk != rows || r.Total.Calls != r.Records.Calls {
		t.Errorf("%d rows, %+v, %+v", r.Rows, r.Records, r.Total)
	}
	if r.Total.Refused == 0 || r.Total.Cut == 0 || r.Assumed != r.Total.Cost || len(r.Stopped) != min(r.Total.Refused+r.Total.Cut, 1000) ||
		len(r.Stopped)+r.StoppedMore != r.Total.Refused+r.Total.Cut {
		t.Errorf("%+v, %d and %d told", r.Total, len(r.Stopped), r.StoppedMore)
	}
	for name, all := range map[string][]backtest.Group{"callers": r.Callers, "countries": r.Countries, "hours": r.Hours, "days": r.Days} {
		sum := backtest.Group{}
		for _, g := range all {
			sum.Calls, sum.Answered, sum.Seconds, sum.Cost = sum.Calls+g.Calls, sum.Answered+g.Answered, sum.Seconds+g.Seconds, sum.Cost+g.Cost
			sum.Refused, sum.Cut, sum.PIN, sum.Stopped = sum.Refused+g.Refused, sum.Cut+g.Cut, sum.PIN+g.PIN, sum.Stopped+g.Stopped
		}
		if sum != r.Total {
			t.Errorf("%s: %+v, not %+v", name, sum, r.Total)
		}
	}
	again := recorded(t, c, settings, newMadeRecords(rows, 500))
	if a, b := asJSON(t, r), asJSON(t, again); a != b {
		t.Error("another result for the same calls")
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A site in use talks to Mexico every day and to Canada, which it has named; a call
// to Peru is none of its business yet.
func TestBacktestProposes(t *testing.T) {
	var calls []one
	for day := range 40 {
		at := noon(t).AddDate(0, 0, day)
		calls = append(calls,
			one{at, "1001", "011525512345678", "", 5 * time.Second, 10 * time.Minute},
			one{at.Add(time.Minute), "1002", "14165550123", "", 5 * time.Second, 10 * time.Minute})
	}
	calls = append(calls, one{noon(t).AddDate(0, 0, 40), "1001", "01151987654321", "", 0, time.Minute})
	limit := func(id string, act int64) toll.Setting {
		return toll.Setting{Limit: &toll.Limit{ID: id, Act: act, Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerCaller, Window: 24 * time.Hour, Where: toll.Abroad}}}
	}
	r := recorded(t, recordedSite(), []toll.Setting{limit("wide", int64(500*toll.Unit))}, file(calls...))
	if r.Total.Refused+r.Total.Cut != 0 || len(r.Proposals) != 2 {
		t.Fatalf("%+v, %+v", r.Total, r.Proposals)
	}
	if p := r.Proposals[0]; p.Command != "countries: [CA, MX]" || !strings.Contains(p.Text, "MX (40 calls on 40 days") || strings.Contains(p.Text, "PE") {
		t.Errorf("%+v", p)
	}
	if p := r.Proposals[1]; p.Name != "wide" || !strings.HasPrefix(p.Command, "tollfuse limit set wide --act ") || !strings.Contains(p.Text, "for caller 1001 on 2026-") {
		t.Errorf("%+v", p)
	}

	// Whoever does what is proposed has no calls stopped.
	tight := recorded(t, recordedSite(), []toll.Setting{limit("tight", int64(toll.Unit))}, file(calls...))
	if tight.Total.Refused == 0 || len(tight.Proposals) != 2 {
		t.Fatalf("%+v, %+v", tight.Total, tight.Proposals)
	}
	var act string
	if _, err := fmt.Sscanf(tight.Proposals[1].Command, "tollfuse limit set tight --act %s", &act); err != nil {
		t.Fatalf("%+v: %v", tight.Proposals[1], err)
	}
	figure, err := toll.ParseFigure(toll.Cost, act)
	if err != nil {
		t.Fatal(err)
	}
	if done := recorded(t, recordedSite(), []toll.Setting{limit("tight", figure)}, file(calls...)); done.Total.Refused+done.Total.Cut != 0 {
		t.Errorf("with %s: %+v", act, done.Total)
	}
}

// A few calls, of which one has a wrong date, are no month from which a limit could be
// said to be higher than need be.
func TestBacktestProposesNothingFromAFewDays(t *testing.T) {
	wide := toll.Setting{Limit: &toll.Limit{ID: "wide", Act: int64(500 * toll.Unit), Meter: toll.Meter{
		Measure: toll.Cost, Scope: toll.PerCaller, Window: 24 * time.Hour, Where: toll.Abroad,
	}}}
	var calls []one
	for n := range 10 {
		calls = append(calls, one{noon(t).Add(time.Duration(n) * time.Hour), "1001", "14165550123", "", 5 * time.Second, 10 * time.Minute})
	}
	calls = append(calls, one{noon(t).AddDate(73, 0, 0), "1001", "14165550123", "", 5 * time.Second, time.Minute})
	if r := recorded(t, recordedSite(), []toll.Setting{wide}, file(calls...)); len(r.Proposals) != 0 {
		t.Errorf("proposed: %+v", r.Proposals)
	}
}

// What a site that only observes would have refused is the question.
func TestBacktestEnforcesWhatIsObserved(t *testing.T) {
	c := recordedSite()
	c.Observe = true
	if r := recorded(t, c, nil, file(one{at: noon(t), from: "1001", to: "19005550123", talk: time.Minute})); r.Total.Refused != 1 {
		t.Errorf("%+v", r.Total)
	}
}

func TestBacktestByTheDeck(t *testing.T) {
	var b rating.Builder
	if err := b.Add(rating.Row{Prefix: "44", Price: toll.Price{PerMinute: toll.Unit}}); err != nil {
		t.Fatal(err)
	}
	deck, err := b.Deck()
	if err != nil {
		t.Fatal(err)
	}
	calls := file(one{at: noon(t), from: "1001", to: "011442079460000", talk: 3 * time.Minute})
	r, err := Backtest(t.Context(), recordedSite(), nil, Records{File: calls, Decks: []Deck{{"carrier", deck}}})
	if err != nil || r.Total.Cost != 3*toll.Unit || r.Assumed != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestBacktestCannot(t *testing.T) {
	two := recordedSite()
	two.Asterisk = append(two.Asterisk, config.Asterisk{Name: "pbx2"})
	bad := []toll.Setting{{Rule: &toll.Rule{ID: "x", Country: "UK", Do: toll.Forbid}}}
	for name, c := range map[string]struct {
		config   config.Config
		settings []toll.Setting
		records  Records
		want     string
	}{
		"no records":  {recordedSite(), nil, Records{File: strings.NewReader("a,b\n")}, "no call records: line 1"},
		"two":         {two, nil, Records{File: file()}, "the site has several Asterisks: pbx1, pbx2"},
		"none such":   {two, nil, Records{PBX: "pbx3", File: file()}, `there is no Asterisk "pbx3"`},
		"bad country": {recordedSite(), bad, Records{File: file()}, "the code of the United Kingdom is GB"},
	} {
		_, err := Backtest(t.Context(), c.config, c.settings, c.records)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		var kinded *admin.Error
		if name != "bad country" && (!errors.As(err, &kinded) || kinded.Kind != admin.BadInput || kinded.Hint == "") {
			t.Errorf("%s: %+v", name, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Backtest(ctx, recordedSite(), nil, Records{File: newMadeRecords(100_000, 10)}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	torn := io.MultiReader(newMadeRecords(2000, 10), iotest.ErrReader(errTorn))
	if _, err := Backtest(t.Context(), recordedSite(), nil, Records{File: torn}); !errors.Is(err, errTorn) {
		t.Errorf("%v", err)
	}
}

var errTorn = errors.New("the disk is torn")

// Whatever rows a file has, each is a call, no call or bad, what is told adds up, and
// no emergency call is stopped.
func TestBacktestAccountsForEachRow(t *testing.T) {
	settings := policy.Default(12, "", time.Time{})
	row := rapid.Custom(func(t *rapid.T) string {
		at := rapid.OneOf(
			rapid.Int64Range(noonUnix, noonUnix+5000), rapid.Int64Range(noonUnix, noonUnix+5_000_000), rapid.Int64Range(0, 20_000_000_000),
		).Draw(t, "start")
		to := rapid.OneOf(
			rapid.SampledFrom([]string{"911", "9911", "011442079460000", "12125550123", "19005550123", "1002", "h", ""}), rapid.StringMatching(`(011)?[0-9*#+]{1,41}`),
		).Draw(t, "dst")
		from := rapid.SampledFrom([]string{"PJSIP/1001-00000001", "PJSIP/1002-00000001", "Local/5@internal-00000001;2", "PJSIP/carrier-00000001", "", "x,y"}).Draw(t, "channel")
		leg := rapid.SampledFrom([]string{"PJSIP/carrier-00000002", "PJSIP/carrier-00000003", "PJSIP/1002-00000002", ""}).Draw(t, "dstchannel")
		talk := rapid.OneOf(rapid.Just(0), rapid.IntRange(0, 4000), rapid.IntRange(-1, 700_000)).Draw(t, "billsec")
		return fmt.Sprintf("%d,%s,%s,%s,%d,1.%d", at, to, from, leg, talk, rapid.IntRange(1, 9).Draw(t, "uniqueid"))
	})
	rapid.Check(t, func(t *rapid.T) {
		text := "start,dst,channel,dstchannel,billsec,uniqueid\n" + strings.Join(rapid.SliceOfN(row, 0, 60).Draw(t, "rows"), "\n")
		r, err := Backtest(context.Background(), recordedSite(), settings, Records{File: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		n := r.Records
		if n.Calls+n.Retries+n.NotTrunk+n.NoNumber+n.Late+r.BadRows != r.Rows || n.Calls != r.Total.Calls ||
			r.Total.Refused+r.Total.Cut > n.Calls || r.Total.Stopped > r.Total.Cost || r.Total.Stopped < 0 {
			t.Fatalf("%+v", r)
		}
		for _, s := range r.Stopped {
			if s.Number == "911" {
				t.Fatalf("an emergency call is stopped: %+v", s)
			}
		}
	})
}

// noonUnix is noon in seconds since 1970.
const noonUnix = 1772470800

// BenchmarkBacktest plays the records of a PBX with five thousand numbers in use.
func BenchmarkBacktest(b *testing.B) {
	const rows = 100_000
	c := recordedSite()
	c.Site.Size = 200
	settings := policy.Default(200, "benchmark", time.Time{})
	var calls int
	var reading time.Duration
	for b.Loop() {
		begun := time.Now()
		reader := cdr.NewReader(newMadeRecords(rows, 5000), nil, time.UTC)
		for err := error(nil); err == nil; {
			_, err = reader.Next()
		}
		reading += time.Since(begun)
		r, err := Backtest(b.Context(), c, settings, Records{File: newMadeRecords(rows, 5000)})
		if err != nil {
			b.Fatal(err)
		}
		calls += r.Total.Calls
	}
	playing := b.Elapsed() - reading
	b.ReportMetric(float64(playing)/float64(b.N*rows), "ns/row")
	b.ReportMetric(float64(playing)/float64(reading), "of-reading")
	b.ReportMetric(float64(calls)/float64(b.N), "calls/op")
}
