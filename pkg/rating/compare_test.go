package rating

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestCompare(t *testing.T) {
	tomorrow := noon.AddDate(0, 0, 1)
	connect := row("33", 100)
	connect.Price.Connect = 1
	perMinute := row("34", 300)
	perMinute.Price.Increment = time.Minute
	before := deck(t, row("1", 10), row("33", 100), row("34", 300), row("44", 100), row("447", 200), row("49", 50), from("45", 1, tomorrow), row("9", 1))
	after := deck(t, row("1", 10), connect, perMinute, row("44", 90), row("447", 201), row("5", 1), row("45", 2), from("49", 60, tomorrow), row("49", 50))
	for _, tc := range []struct {
		before, after *Deck
		at            time.Time
		want          Difference
	}{
		{before, after, noon, Difference{Added: 2, Removed: 1, Dearer: 3, Cheaper: 1}},
		{before, after, tomorrow, Difference{Added: 1, Removed: 1, Dearer: 5, Cheaper: 1}},
		{nil, after, noon, Difference{Added: 8}},
		{before, nil, noon, Difference{Removed: 7}},
		{nil, nil, noon, Difference{}},
		{before, before, noon, Difference{}},
	} {
		if got := Compare(tc.before, tc.after, tc.at); got != tc.want {
			t.Errorf("got %+v, want %+v", got, tc.want)
		}
	}
}

// plan classifies well enough to try what is far above.
func plan(e164 string) toll.Destination {
	d := to(toll.IntlFixed, "XX", e164)
	switch {
	case len(e164) < 9:
		return toll.Destination{Class: toll.Unplaced}
	case e164[:2] == "+1":
		d.Class, d.Country, d.Valid = toll.HomeFixed, "US", true
	case e164[:4] == "+882":
		d.Class = toll.Global
	case e164[:5] == "+4480":
		d.Class = toll.TollFree
	}
	return d
}

func TestFarAbove(t *testing.T) {
	fee := row("45", 1)
	fee.Price.Connect = 90 * toll.Unit
	d := deck(t,
		row("44", 20_000), row("371", 90*toll.Unit), row("3712", 90*toll.Unit), row("1", toll.Unit/5), row("1212", toll.Unit/5+1),
		row("882", 90*toll.Unit), fee, row("88213", 101*toll.Unit), row("4480", toll.Unit), from("46", 90*toll.Unit, noon.AddDate(0, 0, 1)),
		row("123456789012345", toll.Unit*3), row("48", 15*toll.Unit), row("49", 15*toll.Unit+1),
	)
	dear, rows := rates(t, nil, nil).FarAbove(d, 10, plan, noon)
	got := fmt.Sprintln(rows)
	for _, d := range dear {
		got += fmt.Sprintln(d.Row.Prefix, d.Class, d.Assumed)
	}
	const want = `8
123456789012345 home_fixed 0.02
45 intl_fixed 1.50
371 intl_fixed 1.50
4480 toll_free 0.02
88213 global 10.00
1212 home_fixed 0.02
49 intl_fixed 1.50
`
	if got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

func TestFarAboveIsBounded(t *testing.T) {
	var rows []Row
	for i := range 300 {
		r := row(fmt.Sprint(370_000+i), toll.Money(100+i)*toll.Unit)
		r.Description = fmt.Sprint("place ", i)
		rows = append(rows, r)
	}
	dear, n := rates(t, nil, nil).FarAbove(deck(t, rows...), 10, plan, noon)
	if len(dear) != maxDear || n != 300 || dear[0].Row.Price.PerMinute != 399*toll.Unit {
		t.Errorf("got %d of %d rows, the first %+v; want the worst 100 of 300", len(dear), n, dear[0].Row)
	}

	rows, asked := nil, 0
	for i := range 2 * maxAsked {
		r := row(fmt.Sprint(3_700_000+i), 100*toll.Unit)
		r.Description = fmt.Sprint("place ", i)
		rows = append(rows, r)
	}
	rates(t, nil, nil).FarAbove(deck(t, rows...), 10, func(e164 string) toll.Destination { asked++; return plan(e164) }, noon)
	if asked < maxAsked || asked > maxAsked+10 {
		t.Errorf("resolve was asked %d times, want about %d", asked, maxAsked)
	}
}
