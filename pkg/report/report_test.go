package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

var update = flag.Bool("update", false, "write the golden page anew")

const unit = toll.Unit

// firm is what a backtest finds at a firm that was attacked one night.
func firm() *backtest.Result {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	first := time.Date(2026, 2, 2, 8, 3, 0, 0, zone)
	r := &backtest.Result{
		Policy: "current", Currency: "USD", Zone: zone.String(), First: first, Last: first.AddDate(0, 0, 34), Rows: 5120, BadRows: 1,
		Bad:     []cdr.Problem{{Line: 977, Text: `start: "yesterday" is no time`}},
		Records: cdr.Counts{Calls: 3011, Retries: 41, NotTrunk: 2060},
		Assumed: 61 * unit, Mails: 2,
		Countries: []backtest.Group{
			{Name: "SL", Calls: 61, Answered: 61, Seconds: 36_600, Cost: 915 * unit, Refused: 55, Cut: 6, Stopped: 904 * unit},
			{Name: "US", Calls: 2811, Answered: 2100, Seconds: 402_000, Cost: 134 * unit},
			{Name: "GB", Calls: 131, Answered: 101, Seconds: 31_000, Cost: 155 * unit, Refused: 1, PIN: 7, Stopped: 2*unit + 345_000},
			{Name: "001", Calls: 1, Answered: 1, Seconds: 60, Cost: 9_999}, {Name: "-", Calls: 7},
		},
		Reasons: []backtest.Group{
			{Name: "limit unlisted-caller-hour", Calls: 61, Refused: 55, Cut: 6, Cost: 915 * unit, Stopped: 904 * unit},
			{Name: "pin_needed night-abroad", Calls: 7, PIN: 7, Cost: 12 * unit},
			{Name: "denied_rule no-premium", Calls: 1, Refused: 1, Stopped: 2*unit + 345_000},
		},
		Callers: []backtest.Group{
			{Name: "extension:1001", Calls: 65, Answered: 63, Seconds: 37_000, Cost: 917 * unit, Refused: 56, Cut: 6, Stopped: 906*unit + 345_000},
			{Name: "extension:1002", Calls: 200, Answered: 160, Seconds: 20_000, Cost: 30 * unit, PIN: 7},
			{Name: "extension:1003", Calls: 2746, Answered: 2040, Seconds: 400_000, Cost: 257 * unit},
		},
		Stopped: []backtest.Stopped{
			{Line: 4001, At: first.AddDate(0, 0, 26).Add(18 * time.Hour), Caller: "extension:1001", Number: "+23222123456", Country: "SL", Outcome: backtest.OutcomeRefused, Reason: toll.ReasonLimit, By: "unlisted-caller-hour", Seconds: 600, Cost: 15 * unit},
			{Line: 4002, At: first.AddDate(0, 0, 26).Add(19 * time.Hour), Caller: "extension:1001", Number: "+23222123457", Country: "SL", Outcome: backtest.OutcomeCut, Reason: toll.ReasonLimit, By: "unlisted-caller-hour", Seconds: 600, After: 42, Cost: 15 * unit},
			{Line: 4010, At: first.AddDate(0, 0, 27), Caller: "extension:1002", Number: "+442079460123", Country: "GB", Outcome: backtest.OutcomePIN, Reason: toll.ReasonPINNeeded, By: "night-abroad", Seconds: 61, Cost: unit},
		},
		StoppedMore: 66,
		Proposals: []backtest.Proposal{
			{About: "countries", Text: "Your site talks to countries that its configuration does not name: GB (101 calls on 21 days, 8 h 36 min 40 s, 155.00). If it does business there, name them under site", Command: "countries: [GB]"},
			{About: "limit", Name: "abroad-site-day", Text: "abroad-site-day is higher than you need: it acts at 150.00, and the busiest moment came to 12.40 on 2026-02-18 at 15:20. To leave an attack less", Command: "tollfuse limit set abroad-site-day --act 25.00"},
		},
	}
	r.Total = backtest.Group{Calls: 3011, Answered: 2263, Seconds: 469_660, Cost: 1204 * unit, Refused: 56, Cut: 6, PIN: 7, Stopped: 906*unit + 345_000}
	shape := [24]int{2, 1, 0, 0, 0, 1, 6, 60, 260, 340, 350, 330, 210, 260, 330, 310, 290, 180, 50, 15, 7, 4, 3, 2}
	for h, calls := range shape {
		r.Hours = append(r.Hours, backtest.Group{Name: fmt.Sprintf("%02d", h), Calls: calls, Cost: toll.Money(calls) * unit / 10})
	}
	r.Hours[2] = backtest.Group{Name: "02", Calls: 61, Refused: 55, Cut: 6, Cost: 915 * unit, Stopped: 904 * unit}
	r.Hours[20].PIN, r.Hours[10].Refused = 7, 1
	for d := range 35 {
		day := first.AddDate(0, 0, d)
		if day.Weekday() != time.Sunday {
			r.Days = append(r.Days, backtest.Group{Name: day.Format(time.DateOnly), Calls: 70 + d*37%41, Cost: toll.Money(9+d%5) * unit})
		}
	}
	r.Days[22].Refused, r.Days[22].Cut = 55, 6
	return r
}

func written(t *testing.T, file string, r *backtest.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := Backtest(&b, file, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPage(t *testing.T) {
	got := written(t, "/var/log/asterisk/cdr-csv/Master.csv", firm())
	golden := filepath.Join("testdata", "backtest.html")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("the page is another one: look at it, then write it anew: go test ./pkg/report -update")
	}
	for _, text := range []string{
		"<em>62</em> of 3,011 calls would have been stopped", "2 February 2026 to 8 March 2026", "1 in 49", "<small>USD, 61.00 of it at assumed prices</small>",
		"Sierra Leone", "United Kingdom", "international services", "no country", "0.01 for 1 call", "cut after 42 s", "and 66 calls more",
		"<b>1 row</b> that cannot be read", "line 977: start: &#34;yesterday&#34; is no time", "Calls by day", "02:00 to 02:59: 61 calls, 55 refused, 6 cut",
	} {
		if !strings.Contains(got, text) {
			t.Errorf("the page does not say %s", text)
		}
	}
	if strings.Contains(got, "extension:1003") {
		t.Error("a caller nothing stood against is listed")
	}
}

// Nothing is loaded from elsewhere, and nothing runs.
func TestPageStandsByItself(t *testing.T) {
	for _, elsewhere := range []string{"http:", "https:", "src=", "href=", "url(", "@import", "<script", "<iframe", "<link"} {
		if strings.Contains(written(t, "Master.csv", firm()), elsewhere) {
			t.Errorf("the page has %s", elsewhere)
		}
	}
}

// hostile is what somebody may call himself.
var hostile = []string{
	`<script>alert(1)</script>`, `</svg></title><img src=x onerror=alert(1)>`, `"><rect onload="alert(1)"`, `' onmouseover='alert(1)`,
	`</style><style>*{display:none}`, `</pre><b>`, `{{.File}}`, `<!--`, `]]>`, `&lt;script&gt;`, "javascript:alert(1)", "\x00\xff\u202e",
}

func TestPageEscapes(t *testing.T) {
	for _, evil := range hostile {
		t.Run(evil, func(t *testing.T) {
			got := wantHarmless(t, evil)
			for _, raw := range []string{"<script", "<img", "onload=\"", "onmouseover='", "<b></pre>", "</svg></title><", "\x00", "\xff", "\u202e"} {
				if strings.Contains(got, raw) {
					t.Errorf("the page has %s", raw)
				}
			}
		})
	}
}

func FuzzPageEscapes(f *testing.F) {
	for _, evil := range hostile {
		f.Add(evil)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text != "" { // which leaves elements out
			wantHarmless(t, text)
		}
	})
}

// wantHarmless checks that a text, wherever it stands, changes no element of the page.
func wantHarmless(t *testing.T, text string) string {
	t.Helper()
	got := written(t, text, spoiled(firm(), text))
	if tags(t, got) != tags(t, written(t, "x", spoiled(firm(), "x"))) {
		t.Errorf("%q has made other elements of the page", text)
	}
	return got
}

// spoiled puts a text wherever one comes from records, files or a person.
func spoiled(r *backtest.Result, text string) *backtest.Result {
	r.Policy, r.Currency, r.Zone = text, text, text
	r.Bad[0].Text = text
	r.Elsewhere = []string{text}
	for _, groups := range [][]backtest.Group{r.Countries, r.Reasons, r.Callers, r.Hours, r.Days} {
		for i := range groups {
			groups[i].Name = text
		}
	}
	r.Days = r.Days[:0]
	for i := range r.Stopped {
		s := &r.Stopped[i]
		s.Caller, s.Number, s.Country, s.By, s.Reason, s.Outcome = text, text, text, text, toll.Reason(text), backtest.Outcome(text)
	}
	for i := range r.Proposals {
		r.Proposals[i].Text, r.Proposals[i].Command = text, text
	}
	return r
}

// tags are the elements of a page with the names of their attributes, in order. It
// fails where an element is not closed.
func tags(t *testing.T, page string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta"}, xml.HTMLEntity
	var all strings.Builder
	depth := 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "meta" {
				depth--
			}
			depth++
			all.WriteString("<" + token.Name.Local)
			for _, a := range token.Attr {
				all.WriteString(" " + a.Name.Local)
			}
		case xml.EndElement:
			depth--
			all.WriteString(">")
		case xml.Comment:
			t.Error("there is a comment")
		}
	}
	if depth != 0 {
		t.Errorf("%d elements are not closed", depth)
	}
	return all.String()
}

// A page about nothing says so.
func TestPageOfNoCalls(t *testing.T) {
	got := written(t, "empty.csv", &backtest.Result{Policy: "default", Zone: "UTC", Rows: 3, Records: cdr.Counts{NotTrunk: 3}, Elsewhere: []string{"PJSIP/voiptalk"}})
	for _, text := range []string{"No call in these records went to a trunk", "Legs went to PJSIP/voiptalk"} {
		if !strings.Contains(got, text) {
			t.Errorf("the page does not say %s", text)
		}
	}
	if strings.Contains(got, "NaN") || strings.Contains(got, "<figure") {
		t.Error("the page has a chart of nothing")
	}
	one := &backtest.Result{Zone: "UTC", Total: backtest.Group{Calls: 1}, Hours: []backtest.Group{{Name: "00"}}, Days: []backtest.Group{{Name: "2026-01-01", Calls: 1}}}
	if got := written(t, "one.csv", one); strings.Contains(got, "NaN") || strings.Contains(got, "Inf") || !strings.Contains(got, "of 1 call would") {
		t.Error("a page of one call that cost nothing is wrong")
	}
}
