package app

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// heading names the columns of the rows below.
const heading = "calldate,src,dst,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,accountcode,uniqueid\n"

// rowAt is a call that began then and lasted a minute, or was not answered.
func rowAt(start, from, number, trunk, disposition string) string {
	talk := 60
	if disposition != "ANSWERED" {
		talk = 0
	}
	return fmt.Sprintf("%s,%s,%s,PJSIP/%s-00000001,PJSIP/%s-00000002,Dial,x,70,%d,%s,,%s.%s\n", start, from, number, from, trunk, talk, disposition, from, number)
}

func mustReadPast(t *testing.T, c config.Config, text string, which backtest.Chosen) *backtest.Past {
	t.Helper()
	p, err := ReadPast(t.Context(), c, Records{File: strings.NewReader(text)}, which)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// facts are who has called which country, and when first, as text.
func facts(p *backtest.Past) []string {
	var all []string
	for _, c := range p.Called {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", c.First.Format("02T15"), c.Country, c.Scope, c.Subject)))
	}
	return all
}

func TestReadPast(t *testing.T) {
	c := recordedSite()
	c.Asterisk[0].Groups = map[string][]string{"sales": {"1001"}}
	text := heading +
		rowAt("2026-03-02 09:00:00", "1002", "011442079460123", "carrier", "ANSWERED") + // in the file before the next one
		rowAt("2026-03-01 08:00:00", "1001", "011442079460123", "carrier", "ANSWERED") +
		rowAt("2026-03-03 08:00:00", "1001", "011442079460124", "carrier", "ANSWERED") + // known by then
		rowAt("2026-03-04 03:00:00", "1002", "01123222123456", "carrier", "NO ANSWER") + // a try makes no country known
		rowAt("2026-03-04 04:00:00", "1002", "01137167000000", "carrier", "ANSWERED") + // left out
		rowAt("2026-03-04 05:00:00", "1002", "911", "carrier", "ANSWERED") +
		rowAt("2026-03-05 00:00:00", "1002", "01133142685300", "carrier", "ANSWERED") // too late
	until := time.Date(2026, 3, 5, 0, 0, 0, 0, time.FixedZone("EST", -5*3600))
	p := mustReadPast(t, c, text, backtest.Chosen{Until: until, Except: []string{"LV"}})
	want := []string{
		"01T08 GB caller 1001", "01T08 GB group sales", "01T08 GB pbx pbx1", "01T08 GB site", "01T08 GB trunk carrier",
		"02T09 GB caller 1002",
	}
	if got := facts(p); !slices.Equal(got, want) {
		t.Errorf("facts\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p.Calls != 3 || p.Unanswered != 1 || p.Left != 1 || p.Unplaced != 1 || p.Later != 1 || p.Rows != 7 {
		t.Errorf("counts: %+v", p)
	}
	gb := backtest.PastCountry{Country: "GB", Calls: 3, Seconds: 180, Callers: 2, First: p.First, Last: p.Last}
	if len(p.Countries) != 1 || p.Countries[0] != gb || p.First.Day() != 1 || p.Last.Day() != 3 {
		t.Errorf("countries: %+v", p.Countries)
	}
}

// Who a record is of is said as the daemon says it: by the account code of a hot desk,
// and of nobody who only says so in a caller ID.
func TestReadPastKnowsTheCaller(t *testing.T) {
	c := recordedSite()
	c.Asterisk[0].Accounts = []string{"1009"}
	text := heading +
		"2026-03-01 08:00:00,1003,011442079460123,PJSIP/1001-00000001,PJSIP/carrier-00000002,Dial,x,70,60,ANSWERED,1005,a.1\n" +
		"2026-03-01 09:00:00,1003,011442079460123,PJSIP/1009-00000001,PJSIP/carrier-00000002,Dial,x,70,60,ANSWERED,1006,a.2\n"
	var callers []string
	for _, f := range mustReadPast(t, c, text, backtest.Chosen{Until: time.Now()}).Called {
		if f.Scope == toll.PerCaller {
			callers = append(callers, f.Subject)
		}
	}
	if !slices.Equal(callers, []string{"1001", "1006"}) {
		t.Errorf("callers %q", callers)
	}
}

// What is learned from a file, the daemon takes, and knows after a restart too.
func TestImportThePastIntoTheDaemon(t *testing.T) {
	c := testConfig(t)
	r := startDaemon(t, c)
	p := mustReadPast(t, c, heading+rowAt("2026-03-01 08:00:00", "1001", london, c.Asterisk[0].Trunks[0].Name, "ANSWERED"), backtest.Chosen{Until: time.Now()})
	in := admin.PastImport{About: toll.Past{PBX: p.PBX, File: "Master.csv", Calls: p.Calls, Countries: []string{"GB"}}, Called: p.Called}
	for n := range 2 {
		report, err := r.client.Remember(t.Context(), in)
		if err != nil || report.Imported != (n == 0) {
			t.Fatalf("time %d: %+v, %v", n, report, err)
		}
	}
	r.dial(t, "1.1", london)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r = startDaemon(t, c)
	defer func() { _ = r.stop() }()
	r.dial(t, "1.2", london)
	live, err := r.client.Live(t.Context())
	if err != nil || len(live) != 2 {
		t.Fatalf("%d calls, %v", len(live), err)
	}
	for _, l := range live {
		if strings.Contains(l.New, "site") || strings.Contains(l.New, "trunk") {
			t.Errorf("the country of %s is new to %s", l.Key.Uniqueid, l.New)
		}
	}
	report, err := r.client.Remember(t.Context(), in)
	if err != nil || report.Imported || report.Known != len(p.Called) {
		t.Errorf("after the restart: %+v, %v", report, err)
	}
}

// However long a file is, what is kept of it does not grow.
func TestReadPastKeepsLittle(t *testing.T) {
	c := recordedSite()
	grown := func(rows int) uint64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		p, err := ReadPast(t.Context(), c, Records{File: newMadeRecords(rows, 5000)}, backtest.Chosen{Until: time.Now()})
		if err != nil || p.Calls < rows/2 || p.Countries[0].Country != "US" {
			t.Fatalf("%+v, %v", p, err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(p)
		return after.HeapAlloc - min(after.HeapAlloc, before.HeapAlloc)
	}
	short, long := grown(10_000), grown(100_000)
	if long > 2*short+1<<20 {
		t.Errorf("%d bytes are kept of 10,000 rows, %d of 100,000", short, long)
	}
}

// BenchmarkReadPast reads the records of a PBX with five thousand numbers in use.
func BenchmarkReadPast(b *testing.B) {
	const rows = 1_000_000
	c := recordedSite()
	b.ReportAllocs()
	for b.Loop() {
		p, err := ReadPast(b.Context(), c, Records{File: newMadeRecords(rows, 5000)}, backtest.Chosen{Until: time.Now()})
		if err != nil || p.Calls == 0 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N*rows), "ns/row")
}
