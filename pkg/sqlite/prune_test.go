package sqlite

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestPrune(t *testing.T) {
	s := newLedger(t)
	log := calls(600) // a second for each of 1800 entries
	log[1] = ruleSet(2, log[1].At, "abroad", 1, false)
	log[2] = entry(3, log[2].At, toll.EntryGranted, log[0].Lease.ID) // this one stays up
	mustAppend(t, s, log...)
	calls, entries := rows(t, s, "call"), rows(t, s, "entry")
	// The log up to entry 1500, but for the live lease
	// and the setting; history up to 900.
	removed, err := s.Prune(t.Context(), noon.Add(1501*time.Second), noon.Add(901*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if left := rows(t, s, "entry"); left != entries-1498 {
		t.Errorf("%d of %d entries are left", left, entries)
	}
	if left := rows(t, s, "call"); left != calls-299 {
		t.Errorf("%d of %d calls are left", left, calls)
	}
	if removed != 1498+299 {
		t.Errorf("removed %d", removed)
	}
	if again, err := s.Prune(t.Context(), noon.Add(1501*time.Second), noon.Add(901*time.Second)); again != 0 || err != nil {
		t.Errorf("a second time: %d, %v", again, err)
	}
}

func TestPruneKeepsTheNewest(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(3)...)
	future := noon.Add(1000 * time.Hour)
	if _, err := s.Prune(t.Context(), future, future); err != nil {
		t.Fatal(err)
	}
	if seq, at, err := s.Last(t.Context()); seq != 9 || !at.Equal(noon.Add(9*time.Second)) || err != nil {
		t.Errorf("Last = %d, %v, %v", seq, at, err)
	}
	if n := rows(t, s, "call"); n != 0 {
		t.Errorf("%d calls are left", n)
	}
	if n, err := s.Prune(t.Context(), time.Time{}, time.Time{}); n != 0 || err != nil {
		t.Errorf("nothing was to go: %d, %v", n, err)
	}
}

// TestPruneLetsOthersWrite appends between the steps.
func TestPruneLetsOthersWrite(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(4000)...)
	var wait sync.WaitGroup
	wait.Go(func() {
		if n, err := s.Prune(t.Context(), noon.Add(5000*time.Hour), time.Time{}); n < 11_999 || err != nil {
			t.Errorf("removed %d, %v", n, err)
		}
	})
	for i := range 50 {
		mustAppend(t, s, entry(int64(12_001+i), noon.Add(6000*time.Hour), toll.EntryRefused, ""))
	}
	wait.Wait()
	if seq, _, err := s.Last(t.Context()); seq != 12_050 || err != nil {
		t.Errorf("Last = %d, %v", seq, err)
	}
}

func TestPruneStopsWithItsContext(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(1000)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := s.Prune(ctx, noon.Add(time.Hour), time.Time{}); n > pruneStep || !errors.Is(err, context.Canceled) {
		t.Errorf("removed %d, %v", n, err)
	}
}

// BenchmarkAppendBesidePrune is what a decision waits while the log is pruned.
func BenchmarkAppendBesidePrune(b *testing.B) {
	s := newLedger(b)
	es := calls(100_000)
	mustAppend(b, s, es...)
	ctx, cancel := context.WithCancel(b.Context())
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = s.Prune(ctx, noon.Add(5000*time.Hour), noon.Add(5000*time.Hour)) })
	seq := int64(len(es))
	var longest time.Duration
	for b.Loop() {
		seq++
		begun := time.Now()
		mustAppend(b, s, entry(seq, noon.Add(6000*time.Hour), toll.EntryGranted, "a"))
		longest = max(longest, time.Since(begun))
	}
	cancel()
	wait.Wait()
	b.ReportMetric(float64(longest.Microseconds())/1000, "ms-longest")
}
