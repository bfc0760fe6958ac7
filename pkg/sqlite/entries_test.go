package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The tests count time from here.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// lease is a lease as the book writes it, in the state given.
func lease(id string, state toll.State, asked time.Time) toll.Lease {
	l := toll.Lease{
		ID:     id,
		State:  state,
		Key:    toll.Key{PBX: "office", Uniqueid: "1772452800.17", Number: "+23222123456"},
		Caller: toll.Caller{Kind: toll.Extension, ID: "1001", Group: "sales"},
		To: toll.Destination{
			Dialled: "0023222123456", E164: "+23222123456", Country: "SL", Class: toll.IntlFixed, Range: "+23222", Valid: true,
		},
		Price:    toll.Price{PerMinute: 300_000, Increment: time.Second, Assumed: true},
		Trunk:    "carrier",
		Granted:  asked,
		Timer:    10 * time.Minute,
		Covered:  10 * time.Minute,
		Reserved: 3_010_000,
		Why:      toll.ReasonRule,
		By:       "rule:abroad",
		Revision: 3,
	}
	if state == toll.Answered || state == toll.Ended {
		l.Leg, l.Answered = "1772452800.18", asked.Add(5*time.Second)
	}
	if state == toll.Ended {
		l.Ended, l.Talked, l.Cost, l.Why = asked.Add(65*time.Second), time.Minute, 300_000, toll.EndedHangup
	}
	return l
}

// entry is a line of the log about the lease.
func entry(seq int64, at time.Time, kind toll.EntryKind, id string) toll.Entry {
	state := map[toll.EntryKind]toll.State{
		toll.EntryChanged: toll.Answered, toll.EntryRenewed: toll.Answered, toll.EntryCutting: toll.Answered,
		toll.EntryEnded: toll.Ended, toll.EntryRefused: toll.Refused,
	}[kind]
	if state == "" {
		state = toll.Granted
	}
	return toll.Entry{Seq: seq, At: at, Kind: kind, Lease: lease(id, state, at)}
}

// ruleSet is an entry that sets or removes the rule with this ID.
func ruleSet(seq int64, at time.Time, id string, revision int64, removed bool) toll.Entry {
	return toll.Entry{Seq: seq, At: at, Kind: toll.EntrySetting, Setting: &toll.Setting{
		Rule: &toll.Rule{ID: id, Where: toll.Abroad, Do: toll.Forbid}, Removed: removed, Author: "anna", At: at, Revision: revision,
	}}
}

// calls is a log of n whole calls: granted, answered, ended.
func calls(n int) []toll.Entry {
	var es []toll.Entry
	for i := range n {
		id := fmt.Sprintf("office-1772452800.17-%d", i)
		for _, kind := range []toll.EntryKind{toll.EntryGranted, toll.EntryChanged, toll.EntryEnded} {
			seq := int64(len(es) + 1)
			es = append(es, entry(seq, noon.Add(time.Duration(seq)*time.Second), kind, id))
		}
	}
	return es
}

func openStore(tb testing.TB, path string) *Store {
	tb.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

// newLedger is an empty ledger with a leader of epoch 1.
func newLedger(tb testing.TB) *Store {
	tb.Helper()
	s := openStore(tb, filepath.Join(tb.TempDir(), "ledger.db"))
	if epoch, err := s.Lead(tb.Context()); err != nil || epoch != 1 {
		tb.Fatalf("Lead = %d, %v", epoch, err)
	}
	return s
}

func mustAppend(tb testing.TB, s *Store, es ...toll.Entry) {
	tb.Helper()
	if err := s.Append(tb.Context(), 1, es); err != nil {
		tb.Fatal(err)
	}
}

func replayed(tb testing.TB, r *Reader, since time.Time) []toll.Entry {
	tb.Helper()
	var es []toll.Entry
	err := r.Replay(tb.Context(), since, func(e toll.Entry) error {
		es = append(es, e)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return es
}
