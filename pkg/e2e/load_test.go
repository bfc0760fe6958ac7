//go:build e2e

package e2e

import (
	"os"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var sorted []time.Duration
	for i := range 200 {
		sorted = append(sorted, time.Duration(i))
	}
	for _, c := range []struct {
		sorted []time.Duration
		n      int
		want   time.Duration
	}{
		{nil, 99, 0}, {sorted[:1], 50, 0}, {sorted, 50, 100}, {sorted, 99, 198}, {sorted, 100, 199}, {sorted[7:8], 99, 7},
	} {
		if got := percentile(c.sorted, c.n); got != c.want {
			t.Errorf("of %d, %d: %d, want %d", len(c.sorted), c.n, got, c.want)
		}
	}
}

func TestProcessorTimeRises(t *testing.T) {
	before := processorTime(t, os.Getpid())
	Eventually(t, 20*time.Second, "a busy process has used a tenth of a second", func() bool {
		for begun := time.Now(); time.Since(begun) < 20*time.Millisecond; {
		}
		return processorTime(t, os.Getpid()) >= before+100*time.Millisecond
	})
}

func TestLoadDialsEachNumberOnce(t *testing.T) {
	dialled := map[string]bool{}
	for n := range 100_000 {
		if number := loadNumber(n); dialled[number] {
			t.Fatalf("call %d dials %s again", n, number)
		} else {
			dialled[number] = true
		}
	}
}
