package toll

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseMoney(t *testing.T) {
	for _, test := range []struct {
		in   string
		want Money
		ok   bool
	}{
		{"0", 0, true}, {"0.30", 300_000, true}, {"12", 12_000_000, true}, {"-1.5", -1_500_000, true}, {"0.000001", 1, true},
		{"", 0, false}, {".", 0, false}, {"1.", 0, false}, {".5", 0, false}, {"0.0000001", 0, false}, {"1,5", 0, false},
		{"1e3", 0, false}, {"--1", 0, false}, {"+1", 0, false}, {"9999999999999999999", 0, false}, {"1_000", 0, false},
	} {
		got, err := ParseMoney(test.in)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("%q: got %d, %v", test.in, got, err)
		}
	}
}

func TestMoneyReadsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Money(rapid.Int64Range(-int64(maxMoney)+1, int64(maxMoney)-1).Draw(t, "money"))
		if back, err := ParseMoney(m.String()); err != nil || back != m {
			t.Fatalf("%d is written %s and read %d, %v", m, m, back, err)
		}
	})
}

// Worked examples of carriers' billing.
func TestCost(t *testing.T) {
	minute := Price{PerMinute: 600_000}
	for _, test := range []struct {
		name  string
		price Price
		talk  time.Duration
		want  Money
	}{
		{"a second of 0.60 a minute", minute, time.Second, 10_000},
		{"a started second is a second", minute, 10 * time.Millisecond, 10_000},
		{"a minute and a half", minute, 90 * time.Second, 900_000},
		{"answered and hung up at once", minute, 0, 0},
		{"the same with a connect fee", Price{PerMinute: 600_000, Connect: 50_000}, 0, 50_000},
		{"60/60", Price{PerMinute: 600_000, Increment: time.Minute}, 61 * time.Second, 1_200_000},
		{"45/60", Price{PerMinute: 600_000, Minimum: 45 * time.Second, Increment: time.Minute}, 46 * time.Second, 1_050_000},
		{"30/6, short", Price{PerMinute: 600_000, Minimum: 30 * time.Second, Increment: 6 * time.Second}, 4 * time.Second, 300_000},
		{"30/6, longer", Price{PerMinute: 600_000, Minimum: 30 * time.Second, Increment: 6 * time.Second}, 31 * time.Second, 360_000},
		{"5 seconds free", Price{PerMinute: 600_000, Free: 5 * time.Second}, 5 * time.Second, 0},
		{"5 seconds free, 6 talked", Price{PerMinute: 600_000, Free: 5 * time.Second}, 6 * time.Second, 10_000},
		{"a third of a cent rounds up", Price{PerMinute: 1}, time.Second, 1},
		{"an absurd price saturates", Price{PerMinute: maxMoney}, time.Hour, maxMoney/60 + 1},
	} {
		if got := test.price.Cost(test.talk); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

func TestCostNeverFallsWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seconds := func(label string, most int64) time.Duration {
			return time.Duration(rapid.Int64Range(0, most).Draw(t, label)) * time.Second
		}
		p := Price{
			PerMinute: Money(rapid.Int64Range(0, int64(maxMoney)).Draw(t, "per minute")), Connect: Money(rapid.Int64Range(0, int64(maxMoney)).Draw(t, "connect")),
			Minimum: seconds("minimum", 120), Increment: seconds("increment", 120), Free: seconds("free", 60),
		}
		talk, more := seconds("talk", 1e6), seconds("more", 1e6)
		if a, b := p.Cost(talk), p.Cost(talk+more); a < 0 || b < a || b > maxMoney {
			t.Fatalf("%+v: %s costs %d and %s costs %d", p, talk, a, talk+more, b)
		}
	})
}

func TestMeterSaysWhatItCounts(t *testing.T) {
	m := Meter{Measure: Cost, Scope: PerCaller, Window: 24 * time.Hour, Where: Abroad}
	if got := m.String(); got != "cost per caller abroad in 24h" {
		t.Error(got)
	}
	m.Window = 7 * 24 * time.Hour
	if got := m.String(); got != "cost per caller abroad in 7 days" {
		t.Error(got)
	}
}

// Emergency, internal and feature calls never count in anything.
func TestWhatIsNeverMetered(t *testing.T) {
	for _, class := range []Class{Emergency, Internal, FeatureCode} {
		for _, where := range []Where{Anywhere, AtHome, Abroad, Unlisted, Chargeable, Where(class)} {
			if where.Covers(Destination{Class: class}) {
				t.Errorf("%q covers %s", where, class)
			}
		}
	}
}

func TestEveryMeasureWeighs(t *testing.T) {
	for _, m := range Measures() {
		w, known := m.Weigher()
		if !known {
			t.Errorf("%s has no weigher", m)
			continue
		}
		p := Price{PerMinute: 600_000}
		if w.Held(p, time.Minute) > w.Held(p, time.Hour) {
			t.Errorf("%s: a longer call holds less", m)
		}
		if w.Spent(time.Minute, p.Cost(time.Minute)) > w.Held(p, time.Minute) {
			t.Errorf("%s: a call that ends in time spends more than it held", m)
		}
	}
}
