package rating

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// FuzzRead reads whatever comes. What it makes of it must hold together, and
// must be bounded.
func FuzzRead(f *testing.F) {
	lists, err := filepath.Glob(filepath.Join("testdata", "*.csv"))
	if err != nil || len(lists) == 0 {
		f.Fatal("no lists", err)
	}
	for _, name := range lists {
		list, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(list, "", "", "", "", false)
	}
	f.Add([]byte("44;0,0120\n"), "1", "2", ";", "0.01", true)
	f.Add([]byte("x\ty\n44\t0,0120\n"), "x", "y", "tab", "60", false)
	f.Fuzz(func(t *testing.T, list []byte, prefix, price, delimiter, times string, bare bool) {
		format := Format{Columns: Columns{Prefix: prefix, PerMinute: price}, Delimiter: delimiter, Times: times, NoHeading: bare}
		got, err := Read(strings.NewReader(string(list)), format, time.UTC)
		if err != nil {
			if len(err.Error()) > 4<<10 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		if len(got.Bad) > maxTold || got.BadRows < len(got.Bad) || len(got.SHA256) != 64 {
			t.Fatalf("got %d told of %d bad rows, sum %q", len(got.Bad), got.BadRows, got.SHA256)
		}
		for _, problem := range got.Bad {
			if problem.Line < 1 || len(problem.Text) > 400 {
				t.Fatalf("line %d: a problem of %d bytes", problem.Line, len(problem.Text))
			}
		}
		last, n := "", 0
		for row := range got.Deck.Rows() {
			n++
			if err := row.check(); err != nil || row.Prefix < last {
				t.Fatalf("row %+v after %s: %v", row, last, err)
			}
			last = row.Prefix
			if found, ok := got.Deck.Find("+"+row.Prefix, endOfTime()); !ok || found.Prefix != row.Prefix {
				t.Fatalf("%s finds %+v", row.Prefix, found)
			}
			if printable(row.Description) != row.Description {
				t.Fatalf("description %q", row.Description)
			}
		}
		if n != got.Deck.Len() {
			t.Fatalf("%d rows, and Len is %d", n, got.Deck.Len())
		}
	})
}

// FuzzCells reads one cell as everything that a cell can be.
func FuzzCells(f *testing.F) {
	for _, cell := range []string{
		"44", "+44 (0) 20", "0044-20", "01144", "20,21,207-209", "4477-4479", "1-242", "27-83", "4.42E+11", "'44",
		"0.0123", "1.234,56", "1 234.5", "$ 0.05", "0,05 EUR", "NaN", "1e-5", "-1", ".5", "1'000.00", "0.30000000000000004",
		"60/6", "1/1", "30 sec", "60.00", "2026-03-01", "01.03.2026 10:30", "03/14/2026 12:00 AM", "2026-03-01T00:00:00+01:00", "1 Mar 2026",
	} {
		f.Add(cell, "44", "0.01")
		f.Add(cell, "", "")
	}
	f.Fuzz(func(t *testing.T, cell, country, times string) {
		if prefixes, err := parsePrefixes(cell, country, nil); err == nil {
			if len(prefixes) == 0 || len(prefixes) > maxInCell {
				t.Fatalf("%q: %d prefixes", cell, len(prefixes))
			}
			for _, prefix := range prefixes {
				if err := (Row{Prefix: prefix}).check(); err != nil {
					t.Fatalf("%q: %v", cell, err)
				}
			}
		}
		for _, mark := range []string{"", ".", ","} {
			a, err := newAmounts(Format{Decimal: mark, Times: times})
			if err != nil {
				continue
			}
			if amount, err := a.parse(cell); err == nil && (amount < 0 || amount > maxPrice) {
				t.Fatalf("%q: %s", cell, amount)
			}
		}
		for _, read := range []func() (time.Duration, error){
			func() (time.Duration, error) { return parseSeconds(cell) },
			func() (time.Duration, error) { d, _, _, err := parseBilling(cell); return d, err },
			func() (time.Duration, error) { _, d, _, err := parseBilling(cell); return d, err },
		} {
			if d, err := read(); err == nil && (d < 0 || d > longest || d%time.Second != 0) {
				t.Fatalf("%q: %s", cell, d)
			}
		}
		for _, order := range []string{"", yearFirst, dayFirst, monthFirst} {
			m := moments{order: order, zone: time.UTC}
			if at, err := m.parse(cell); err == nil {
				if err := (Row{Prefix: "1", ValidFrom: at}).check(); err != nil && at.UTC().Year() >= firstYear && at.UTC().Year() <= lastYear {
					t.Fatalf("%q: %v", cell, err)
				}
			}
		}
	})
}
