package rating

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func deck(t *testing.T, rows ...Row) *Deck {
	t.Helper()
	d, err := build(rows)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// build makes a deck of rows.
func build(rows []Row) (*Deck, error) {
	var b Builder
	for i, row := range rows {
		if err := b.Add(row); err != nil {
			return nil, fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return b.Deck()
}

func row(prefix string, perMinute toll.Money) Row {
	return Row{Prefix: prefix, Price: toll.Price{PerMinute: perMinute}}
}

func TestLongestPrefixWins(t *testing.T) {
	d := deck(t, row("44", 100), row("447", 200), row("44791", 300), row("1", 50))
	for number, want := range map[string]toll.Money{
		"+442079460958": 100, "+447400123456": 200, "+447911123456": 300, "+12125551234": 50, "+44": 100, "+4479": 200,
	} {
		if row, ok := d.Find(number, noon); !ok || row.Price.PerMinute != want {
			t.Errorf("%s: got %s, %t; want %s", number, row.Price.PerMinute, ok, want)
		}
	}
	for _, number := range []string{"", "+", "+49301234567", "+4", "0"} {
		if row, ok := d.Find(number, noon); ok {
			t.Errorf("%q has a price: %+v", number, row)
		}
	}
}

func TestDeckRefuses(t *testing.T) {
	for _, tc := range []struct {
		row  Row
		want string
	}{
		{row("", 1), "1 to 15 digits"},
		{row("+44", 1), "1 to 15 digits"},
		{row("0044", 1), "begins with 0"},
		{row("1234567890123456", 1), "1 to 15 digits"},
		{row("４４", 1), "1 to 15 digits"},
		{row("44", -1), "negative"},
		{Row{Prefix: "44", Price: toll.Price{Connect: -1}}, "negative"},
		{Row{Prefix: "44", Price: toll.Price{Minimum: -time.Second}}, "whole seconds"},
		{Row{Prefix: "44", Price: toll.Price{Increment: time.Millisecond}}, "whole seconds"},
		{Row{Prefix: "44", Price: toll.Price{Free: 2 * time.Hour}}, "whole seconds"},
	} {
		_, err := build([]Row{row("1", 50), tc.row})
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "row 2") {
			t.Errorf("row %+v: got %v, want an error with row 2 and %q", tc.row, err, tc.want)
		}
	}
}

func TestBuilderRefuses(t *testing.T) {
	for _, tc := range []struct {
		row  Row
		want string
	}{
		{row("１", 1), "1 to 15 digits"},
		{Row{Prefix: "44", Description: strings.Repeat("x", maxDescription+1)}, "120 bytes"},
		{row("44", maxPrice+1), "above 1000000.00"},
		{Row{Prefix: "44", ValidFrom: noon.Add(time.Millisecond)}, "part of a second"},
		{Row{Prefix: "44", ValidFrom: noon.AddDate(1000, 0, 0)}, "the year 3026"},
		{row(strings.Repeat("9", 5000)+"\x1b[2J", 1), `"9999999999999999999999999999999999999999\u2026"`},
	} {
		var b Builder
		if err := b.Add(tc.row); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("got %v, want an error with %s", err, tc.want)
		}
		if d, err := b.Deck(); err != nil || d.Len() != 0 {
			t.Errorf("%d rows are in the deck (%v), and none was good", d.Len(), err)
		}
	}
}

func TestDeckIsBounded(t *testing.T) {
	b := Builder{entries: make([]entry, MaxRows-1)}
	if err := b.Add(row("44", 1)); err != nil {
		t.Fatal(err)
	}
	if err := b.Add(row("45", 1)); !errors.Is(err, errTooMany) {
		t.Errorf("got %v for one row more than a deck can have", err)
	}
}

func TestTwins(t *testing.T) {
	d := deck(t, row("44", 100), row("371", 5), row("44", 100))
	if got := slices.Collect(d.Rows()); len(got) != 2 || d.Len() != 2 {
		t.Errorf("got %+v, want a row that was given twice once", got)
	}
	_, err := build([]Row{row("44", 100), row("371", 5), row("44", 101), from("44", 102, noon)})
	if err == nil || !strings.Contains(err.Error(), "prefix 44 has two prices") {
		t.Errorf("got %v, want an error that names the prefix with two prices", err)
	}
}

// from is a row that is valid from a moment.
func from(prefix string, perMinute toll.Money, at time.Time) Row {
	r := row(prefix, perMinute)
	r.ValidFrom = at
	return r
}

func TestNewestValidRowCounts(t *testing.T) {
	day := 24 * time.Hour
	d := deck(t, from("44", 300, noon.Add(day)), row("44", 100), from("44", 200, noon), from("4479", 900, noon.Add(2*day)))
	for _, tc := range []struct {
		at   time.Time
		want toll.Money
	}{
		{time.Time{}, 100},
		{noon.Add(-time.Second), 100},
		{noon.Add(-time.Nanosecond), 100},
		{noon, 200},
		{noon.Add(day - 1), 200},
		{noon.Add(day), 300}, // 4479 is not valid yet, so 44 speaks for it
		{noon.Add(2 * day), 900},
	} {
		if got, ok := d.Find("+447911123456", tc.at); !ok || got.Price.PerMinute != tc.want {
			t.Errorf("at %s: got %s, %t; want %s", tc.at, got.Price.PerMinute, ok, tc.want)
		}
	}
	if _, ok := deck(t, from("44", 1, noon)).Find("+44", noon.Add(-1)); ok {
		t.Error("a row that is not valid yet has a price")
	}
}

func TestRowsUnder(t *testing.T) {
	d := deck(t, row("44", 1), row("447", 2), row("4420", 3), row("45", 4), from("45", 5, noon), row("1", 6))
	for _, tc := range []struct{ under, after, want string }{
		{"", "", "1 44 4420 447 45 45"},
		{"44", "", "44 4420 447"},
		{"44", "44", "4420 447"},
		{"44", "4420", "447"},
		{"44", "447", ""},
		{"44", "1", "44 4420 447"},
		{"447", "45", ""},
		{"", "447", "45 45"},
		{"", "45", ""},
		{"9", "", ""},
		{"4", "443", "447 45 45"},
	} {
		var got []string
		for r := range d.RowsUnder(tc.under, tc.after) {
			got = append(got, r.Prefix)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("under %q after %q: got %v, want %s", tc.under, tc.after, got, tc.want)
		}
	}
	for range d.Rows() {
		break // may end early
	}
}

// drawn makes a row whose prefix, price and moment often meet those of others.
func drawn(t *rapid.T) Row {
	r := row(rapid.StringMatching(`[1-3][0-3]{0,5}|9[0-9]{14}`).Draw(t, "prefix"), toll.Money(rapid.IntRange(0, 3).Draw(t, "price")))
	r.Price.Connect = toll.Money(rapid.IntRange(0, 1).Draw(t, "connect"))
	r.Description = rapid.SampledFrom([]string{"", "somewhere", "elsewhere"}).Draw(t, "description")
	if day := rapid.IntRange(0, 3).Draw(t, "day"); day > 0 {
		r.ValidFrom = noon.AddDate(0, 0, day)
	}
	return r
}

// A walk over all rows is the plainest longest-prefix search there is; the
// deck must agree with it on any deck, number and moment.
func TestFindAgreesWithAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []Row
		taken := make(map[string]bool)
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			r := drawn(t)
			if key := fmt.Sprint(r.Prefix, r.ValidFrom); !taken[key] {
				taken[key] = true
				rows = append(rows, r)
			}
		}
		d, err := build(rows)
		if err != nil {
			t.Fatal(err)
		}
		number := rapid.StringMatching(`\+([1-3][0-3]{0,8}|9[0-9]{14}|[0-9a-f:/]{0,20})`).Draw(t, "number")
		at := noon.AddDate(0, 0, rapid.IntRange(0, 4).Draw(t, "at"))
		var want Row
		for _, r := range rows {
			if !strings.HasPrefix(number[1:], r.Prefix) || r.ValidFrom.After(at) {
				continue
			}
			if len(r.Prefix) > len(want.Prefix) || len(r.Prefix) == len(want.Prefix) && r.ValidFrom.After(want.ValidFrom) {
				want = r
			}
		}
		got, ok := d.Find(number, at)
		if got != want || ok != (want.Prefix != "") {
			t.Fatalf("%s: got %+v, %t; want %+v", number, got, ok, want)
		}
	})
}

// What goes into a deck comes out of it, in order, whatever order it came in.
func TestRowsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := make(map[string]Row)
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			r := drawn(t)
			rows[fmt.Sprintf("%s %012d", r.Prefix, max(r.ValidFrom.Unix(), 0))] = r
		}
		var b Builder
		var keys []string
		for key, r := range rows {
			keys = append(keys, key)
			if err := b.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		d, err := b.Deck()
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(keys)
		at := 0
		for got := range d.Rows() {
			if want := rows[keys[at]]; got != want {
				t.Fatalf("row %d: got %+v, want %+v", at, got, want)
			}
			at++
		}
		if at != len(rows) || d.Len() != len(rows) {
			t.Fatalf("%d rows came back, Len is %d; want %d", at, d.Len(), len(rows))
		}
	})
}
