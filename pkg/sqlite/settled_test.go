package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// settledBy is what a reader of the past hears.
func settledBy(t *testing.T, s *Store, since time.Time, upTo int64) (seqs []int64) {
	t.Helper()
	err := s.Settled(t.Context(), since, upTo, func(e toll.Entry) error {
		if e.Kind != toll.EntryEnded && e.Kind != toll.EntryRefused {
			t.Errorf("entry %d is %s", e.Seq, e.Kind)
		}
		seqs = append(seqs, e.Seq)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return seqs
}

func TestSettled(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "ledger.db"))
	epoch, err := s.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log := calls(3) // the ends are 3, 6 and 9, a second each
	log = append(log, entry(10, noon.Add(10*time.Second), toll.EntryRefused, ""), ruleSet(11, noon.Add(11*time.Second), "abroad", 1, false))
	if err := s.Append(t.Context(), epoch, log); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		since time.Time
		upTo  int64
		want  []int64
	}{
		{time.Time{}, 11, []int64{3, 6, 9, 10}},
		{time.Time{}, 9, []int64{3, 6, 9}},
		{time.Time{}, 8, []int64{3, 6}},
		{time.Time{}, 0, nil},
		{noon.Add(6 * time.Second), 11, []int64{6, 9, 10}},
		{noon.Add(7 * time.Second), 9, []int64{9}},
		{noon.Add(time.Hour), 11, nil},
	} {
		if got := settledBy(t, s, tc.since, tc.upTo); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("since %s up to %d: %v, want %v", tc.since, tc.upTo, got, tc.want)
		}
	}
}

// A long past is read piece by piece, and nothing is lost between two of them.
func TestSettledOverManySteps(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "ledger.db"))
	epoch, err := s.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var log []toll.Entry
	for seq := range int64(settledStep + 10) {
		log = append(log, entry(seq+1, noon, toll.EntryRefused, ""))
	}
	if err := s.Append(t.Context(), epoch, log); err != nil {
		t.Fatal(err)
	}
	got := settledBy(t, s, noon, settledStep+10)
	for i, seq := range got {
		if seq != int64(i+1) {
			t.Fatalf("%d is followed by %d", i, seq)
		}
	}
	if len(got) != settledStep+10 {
		t.Errorf("%d of %d", len(got), settledStep+10)
	}
}

func TestSettledStops(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "ledger.db"))
	epoch, err := s.Lead(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), epoch, calls(3)); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	if err := s.Settled(t.Context(), noon, 9, func(toll.Entry) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Settled(ctx, noon, 9, func(toll.Entry) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
