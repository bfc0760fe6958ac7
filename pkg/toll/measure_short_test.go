package toll

import (
	"testing"
	"time"
)

func TestShortConnects(t *testing.T) {
	w, known := (ConnectsUnder + "10s").Weigher()
	if !known {
		t.Fatal("the measure is not known")
	}
	for _, tc := range []struct {
		talked time.Duration
		cost   Money
		want   int64
	}{
		{0, 0, 0}, // never answered
		{0, 1, 1}, // answered, hung up at once, and billed
		{time.Millisecond, 0, 1},
		{9999 * time.Millisecond, 0, 1},
		{10 * time.Second, 0, 0},
		{time.Hour, Unit, 0},
	} {
		if got := w.Spent(tc.talked, tc.cost); got != tc.want {
			t.Errorf("%s for %s: %d", tc.talked, tc.cost, got)
		}
	}
	for _, m := range []Measure{"connects-under-", "connects-under-0s", "connects-under-10", "connects-under-010s", "connects-under-1m", "connects-under-60s ", "connects-under-601s", "connects-under--5s", "connects-under-1.5s", "10s"} {
		if _, known := m.Weigher(); known {
			t.Errorf("%q is taken for a measure", m)
		}
	}
	for _, m := range Measures() {
		if _, known := m.Weigher(); !known {
			t.Errorf("%q is listed and not known", m)
		}
	}
}
