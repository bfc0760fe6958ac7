// Package report writes what a backtest has found as a page of HTML that stands by
// itself: without scripts, without anything to load, for screens of all sizes, light
// and dark, and for paper.
//
// Names in it come from call records, and so from whoever has called. They are
// escaped by html/template according to where they stand, and a policy in the page
// forbids the browser to run or load anything whatever it holds.
package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

//go:embed backtest.html
var backtestPage string

// How much is on the page; a browser shall not be slow with it.
const (
	mostBars    = 12  // of countries and reasons, in a chart
	mostRows    = 100 // of a table
	mostStopped = 300 // calls that are listed
)

// page is what the template writes.
type page struct {
	File string
	*backtest.Result

	Stops      int // calls that were refused or cut
	OneIn      int // so many calls one of them was stopped
	ByHour     chart
	CostByHour chart
	ByDay      chart
	PerBar     string // what a bar of ByDay is: day, week, month or year
	Places     bars
	Against    bars
	Touched    []backtest.Group // callers something stood against
	Listed     []backtest.Stopped
	NotListed  int
	Left       []count
}

// count is how many of something there are.
type count struct {
	N    int
	What string
}

// Backtest writes the page about a file of call records.
func Backtest(w io.Writer, file string, r *backtest.Result) error {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		zone = time.UTC
	}
	t, err := template.New("backtest").Funcs(template.FuncMap{
		"grouped": grouped[int],
		"amount":  amount,
		"talk":    talk,
		"day":     func(t time.Time) string { return t.In(zone).Format("2 January 2006") },
		"moment":  func(t time.Time) string { return t.In(zone).Format("2006-01-02 15:04:05") },
		"country": country,
		"outcome": outcome,
		"plural":  plural,
		"groups":  newGroupTable,
	}).Parse(backtestPage)
	if err != nil {
		return fmt.Errorf("the template of the page: %w", err)
	}
	var text strings.Builder
	if err := t.Execute(&text, newPage(file, r)); err != nil {
		return fmt.Errorf("fill the page: %w", err)
	}
	if _, err := io.WriteString(w, strings.Map(visible, text.String())); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// visible keeps out what cannot be seen, such as a mark that turns the direction of a
// text, and what is no text at all.
func visible(r rune) rune {
	if r != '\n' && !unicode.IsPrint(r) {
		return unicode.ReplacementChar
	}
	return r
}

func newPage(file string, r *backtest.Result) page {
	p := page{File: file, Result: r, Stops: r.Total.Refused + r.Total.Cut}
	if p.Stops > 0 {
		p.OneIn = (r.Total.Calls + p.Stops - 1) / p.Stops
	}
	p.ByHour = columns(r.Hours, calls(), everyThird, hour)
	p.CostByHour = columns(r.Hours, costs(), everyThird, hour)
	days, per := spans(r.Days)
	p.ByDay, p.PerBar = columns(days, calls(), some(shortSpan(per)), longSpan(per)), per
	p.Places = rows(byCost(r.Countries), costs())
	p.Against = rows(r.Reasons, stopped())
	for _, g := range r.Callers {
		if g.Refused+g.Cut+g.PIN > 0 {
			p.Touched = append(p.Touched, g)
		}
	}
	p.Listed = r.Stopped[:min(len(r.Stopped), mostStopped)]
	p.NotListed = len(r.Stopped) - len(p.Listed) + r.StoppedMore
	for _, left := range []count{
		{r.Records.NotTrunk, "without a leg to a trunk: inside, inbound, or the extension h"},
		{r.Records.Retries, "further attempts of a call, on the next trunk"},
		{r.Records.NoNumber, "to a trunk without a number"},
		{r.Records.Late, "far out of order, and left out"},
		{r.BadRows, "that cannot be read"},
	} {
		if left.N > 0 {
			p.Left = append(p.Left, left)
		}
	}
	return p
}

// everyThird writes every third hour below a chart.
func everyThird(i, _ int, name string) string {
	if i%3 == 0 {
		return name
	}
	return ""
}

// hour names an hour of the day.
func hour(name string) string { return name + ":00 to " + name + ":59" }

// some writes about five names below a chart: a phone has room for no more.
func some(write func(name string) string) func(i, n int, name string) string {
	const wanted = 5
	return func(i, n int, name string) string {
		step := max((n+wanted-1)/wanted, 1)
		if i%step != step/2 {
			return ""
		}
		return write(name)
	}
}

// byCost is the dearest first.
func byCost(all []backtest.Group) []backtest.Group {
	return slices.SortedStableFunc(slices.Values(all), func(a, b backtest.Group) int {
		switch {
		case a.Cost > b.Cost:
			return -1
		case a.Cost < b.Cost:
			return 1
		}
		return b.Calls - a.Calls
	})
}

// groupTable is a table of groups.
type groupTable struct {
	Title string
	Rows  []backtest.Group
	More  int
}

func newGroupTable(title string, all []backtest.Group) groupTable {
	shown := all[:min(len(all), mostRows)]
	return groupTable{title, shown, len(all) - len(shown)}
}

// grouped writes a number with a comma before each three digits: 12,345.
func grouped[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// amount writes money to the cent, rounded up as commands do: what cost a little is
// not shown as nothing.
func amount(m toll.Money) string {
	const cent = toll.Unit / 100
	if m < 0 {
		return "-" + amount(-m)
	}
	whole := int64(m / cent)
	if m%cent > 0 {
		whole++
	}
	return fmt.Sprintf("%s.%02d", grouped(whole/100), whole%100)
}

// talk writes how long somebody talked; from an hour on nobody cares for seconds.
func talk(seconds int64) string {
	d := time.Duration(seconds) * time.Second
	if d >= time.Hour {
		d = d.Round(time.Minute)
	}
	return toll.SayLength(d)
}

// country is a country's name in English, or its code where it has none.
func country(code string) string {
	switch code {
	case "", "-":
		return "no country"
	case "001":
		return "international services"
	}
	if region, err := language.ParseRegion(code); err == nil {
		if name := display.English.Regions().Name(region); name != "" {
			return name
		}
	}
	return code
}

// outcome says what would have become of a call.
func outcome(s backtest.Stopped) string {
	switch s.Outcome {
	case backtest.OutcomeCut:
		return "cut after " + talk(s.After)
	case backtest.OutcomePIN:
		return "asked for a PIN"
	case backtest.OutcomeRefused:
	}
	return string(s.Outcome)
}

// plural counts things: "1 call", "1,200 calls".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}
