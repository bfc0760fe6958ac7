package rating

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The bills here were worked out by hand: what a carrier writes behind a call of
// that length.
func TestCost(t *testing.T) {
	const second, minute = time.Second, time.Minute
	price := func(perMinute, connect string, minimum, increment, free int) toll.Price {
		p := toll.Price{
			Minimum: time.Duration(minimum) * second, Increment: time.Duration(increment) * second, Free: time.Duration(free) * second,
		}
		for text, into := range map[string]*toll.Money{perMinute: &p.PerMinute, connect: &p.Connect} {
			amount, err := toll.ParseMoney(text)
			if err != nil {
				t.Fatal(err)
			}
			*into = amount
		}
		return p
	}
	for _, tc := range []struct {
		name  string
		price toll.Price
		talk  time.Duration
		want  string
	}{
		{"1/1, a second", price("0.012", "0.0", 1, 1, 0), second, "0.0002"},
		{"1/1, 61 s", price("0.012", "0.0", 1, 1, 0), 61 * second, "0.0122"},
		{"1/1, a started second counts", price("0.012", "0.0", 1, 1, 0), 61*second + 1, "0.0124"},
		{"1/1, rounded up to the millionth", price("0.0085", "0.0", 1, 1, 0), 7 * second, "0.000992"}, // 0.00099166…
		{"60/60, a second", price("0.012", "0.0", 60, 60, 0), second, "0.012"},
		{"60/60, a minute", price("0.012", "0.0", 60, 60, 0), minute, "0.012"},
		{"60/60, 61 s", price("0.012", "0.0", 60, 60, 0), 61 * second, "0.024"},
		{"6/6, a second", price("0.01", "0.0", 6, 6, 0), second, "0.001"},
		{"6/6, 61 s are 66", price("0.01", "0.0", 6, 6, 0), 61 * second, "0.011"},
		{"30/6, 10 s are 30", price("0.02", "0.0", 30, 6, 0), 10 * second, "0.01"},
		{"30/6, 30 s", price("0.02", "0.0", 30, 6, 0), 30 * second, "0.01"},
		{"30/6, 31 s are 36", price("0.02", "0.0", 30, 6, 0), 31 * second, "0.012"},
		{"Mexico 60/1, 10 s are 60", price("0.0098", "0.0", 60, 1, 0), 10 * second, "0.0098"},
		{"Mexico 60/1, 90 s", price("0.0098", "0.0", 60, 1, 0), 90 * second, "0.0147"},
		{"Gambia 60/1, 61 s", price("0.5832", "0.0", 60, 1, 0), 61 * second, "0.59292"},
		{"Gambia 60/60, 61 s", price("0.5832", "0.0", 60, 60, 0), 61 * second, "1.1664"},
		{"connect fee, 3 min", price("0.80", "0.15", 60, 60, 0), 3 * minute, "2.55"},
		{"connect fee, answered and hung up", price("0.80", "0.15", 60, 60, 0), 0, "0.15"},
		{"answered and hung up", price("0.80", "0.0", 60, 60, 0), 0, "0.00"},
		{"3 s free, 3 s", price("0.60", "0.0", 0, 1, 3), 3 * second, "0.00"},
		{"3 s free, 4 s", price("0.60", "0.0", 0, 1, 3), 4 * second, "0.01"},
		{"3 s free and a connect fee, 2 s", price("0.60", "0.05", 0, 1, 3), 2 * second, "0.05"},
		{"3 s free and 60/60, 4 s", price("0.60", "0.0", 60, 60, 3), 4 * second, "0.60"},
		{"a price by the call", price("0.0", "0.35", 0, 0, 0), 2 * time.Hour, "0.35"},
		{"nothing said of billing is a second", price("6.0", "0.0", 0, 0, 0), 1500 * time.Millisecond, "0.20"},
		{"satellite, an hour", price("5.9", "0.0", 30, 6, 0), time.Hour, "354.00"},
		{"a day of the dearest price there is", toll.Price{PerMinute: maxPrice}, 24 * time.Hour, "1440000000.00"},
	} {
		if got := tc.price.Cost(tc.talk); got.String() != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

// A longer call never costs less, nor does any call cost less than its seconds.
func TestCostGrows(t *testing.T) {
	for _, billing := range [][2]int{{1, 1}, {60, 60}, {6, 6}, {30, 6}, {60, 1}, {0, 0}} {
		p := toll.Price{PerMinute: 12_345, Connect: 7, Minimum: time.Duration(billing[0]) * time.Second, Increment: time.Duration(billing[1]) * time.Second}
		last := toll.Money(0)
		for talk := time.Duration(0); talk < 5*time.Minute; talk += 500 * time.Millisecond {
			cost := p.Cost(talk)
			if milliseconds := toll.Money(talk.Milliseconds()); cost < last || (cost-p.Connect)*60_000 < p.PerMinute*milliseconds {
				t.Fatalf("%v: %s cost %s, after %s for less", billing, talk, cost, last)
			}
			last = cost
		}
	}
}
