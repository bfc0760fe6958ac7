package report

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestSpans(t *testing.T) {
	day := func(name string, calls int) backtest.Group { return backtest.Group{Name: name, Calls: calls} }
	for _, c := range []struct {
		days          []backtest.Group
		per           string
		n             int
		first, second string
	}{
		{nil, "day", 0, "", ""},
		{[]backtest.Group{day("2026-03-07", 3)}, "day", 1, "2026-03-07", ""},
		{[]backtest.Group{day("2026-02-27", 3), day("2026-03-02", 1)}, "day", 4, "2026-02-27", "2026-02-28"},
		{[]backtest.Group{day("2026-01-01", 3), day("2026-03-30", 1)}, "week", 14, "2025-12-29", "2026-01-05"},
		{[]backtest.Group{day("2024-02-29", 3), day("2026-03-30", 1)}, "month", 26, "2024-02-01", "2024-03-01"},
		{[]backtest.Group{day("2001-05-05", 3), day("2099-03-30", 1), day("others", 9)}, "year", 99, "2001-01-01", "2002-01-01"},
	} {
		all, per := spans(c.days)
		if per != c.per || len(all) != c.n || c.n > 0 && all[0].Name != c.first || c.n > 1 && all[1].Name != c.second {
			t.Errorf("%v: %d of a %s: %+v", c.days, len(all), per, all[:min(len(all), 2)])
		}
	}
}

// Whatever days there are, each call is counted once, and a chart of them stays small.
func TestSpansLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var days []backtest.Group
		want := 0
		begin := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)
		for _, n := range rapid.SliceOfDistinct(rapid.IntRange(0, 40_000), rapid.ID[int]).Draw(t, "days") {
			g := backtest.Group{Name: begin.AddDate(0, 0, n).Format(time.DateOnly), Calls: n%7 + 1, PIN: 1, Cut: 2, Refused: 3, Cost: 4, Stopped: 5, Seconds: 6, Answered: 7}
			want += g.Calls
			days = append(days, g)
		}
		all, per := spans(days)
		got, pins := 0, 0
		for i := range all {
			got += all[i].Calls
			pins += all[i].PIN
			if i > 0 && all[i].Name <= all[i-1].Name {
				t.Fatalf("%s comes after %s", all[i].Name, all[i-1].Name)
			}
		}
		if got != want || pins != len(days) || len(all) > 2*mostColumns {
			t.Fatalf("%d calls of %d in %d columns, each a %s", got, want, len(all), per)
		}
	})
}

// An axis goes at least to the highest value, with a few lines.
func TestScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		highest := float64(rapid.Int64Range(0, 1<<50).Draw(t, "highest"))
		top, step := scale(highest)
		if top < highest || top <= 0 || step < 1 || top/step > 6.5 || highest > 0 && top > 2*highest+1 {
			t.Fatalf("up to %v the axis goes to %v in steps of %v", highest, top, step)
		}
	})
}

func TestAmount(t *testing.T) {
	for m, want := range map[toll.Money]string{0: "0.00", 1: "0.01", 10_000: "0.01", 10_001: "0.02", 1_234_567_890_000: "1,234,567.89", 1<<63 - 1: "9,223,372,036,854.78", -1_500_000: "-1.50"} {
		if got := amount(m); got != want {
			t.Errorf("%d: %s, want %s", m, got, want)
		}
	}
}
