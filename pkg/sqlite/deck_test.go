package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// someRates are n rows in order, each with something different.
func someRates(n int) []Rate {
	all := make([]Rate, n)
	for i := range all {
		all[i] = Rate{Prefix: fmt.Sprintf("2%07d", i), Description: "Größe <&> \x01",
			Price: toll.Price{PerMinute: toll.Money(i), Connect: 1 << 40, Minimum: time.Minute, Increment: 6 * time.Second, Free: time.Hour}}
		if i%3 == 0 {
			all[i].ValidFrom = noon.Add(time.Duration(i) * time.Hour)
		}
	}
	return all
}

func mustStage(tb testing.TB, s *Store, rates []Rate) toll.Deck {
	tb.Helper()
	id, err := s.Stage(tb.Context(), slices.Values(rates))
	if err != nil {
		tb.Fatal(err)
	}
	return toll.Deck{ID: id, Trunk: "carrier", File: "list.csv", Rows: len(rates)}
}

// deckSet is an entry that lets a deck count, or removes it.
func deckSet(seq int64, d toll.Deck, removed bool) toll.Entry {
	return toll.Entry{Seq: seq, At: noon, Kind: toll.EntrySetting,
		Setting: &toll.Setting{Deck: &d, Removed: removed, Author: "anna", At: noon, Revision: seq}}
}

func deckRows(tb testing.TB, r *Reader, d toll.Deck) []Rate {
	tb.Helper()
	var all []Rate
	if err := r.Rates(tb.Context(), d, func(r Rate) error { all = append(all, r); return nil }); err != nil {
		tb.Fatal(err)
	}
	return all
}

func mustSweep(tb testing.TB, s *Store) {
	tb.Helper()
	if _, err := s.Sweep(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

// counting are the decks that the settings name.
func counting(tb testing.TB, r *Reader) (decks []toll.Deck) {
	tb.Helper()
	for _, e := range replayed(tb, r, time.Time{}) {
		if e.Setting != nil && e.Seq == 0 && e.Setting.Deck != nil {
			decks = append(decks, *e.Setting.Deck)
		}
	}
	return decks
}

func TestDeckComesBack(t *testing.T) {
	s := newLedger(t)
	for i, n := range []int{0, 1, stageStep - 1, stageStep, 2*stageStep + 1} {
		want := someRates(n)
		d := mustStage(t, s, want)
		mustAppend(t, s, deckSet(int64(i+1), d, false))
		s.Unstage(d.ID)
		if got := deckRows(t, s.Reader, d); len(got) != n || n > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%d rows came back as %d, or changed", n, len(got))
		}
	}
	mustSweep(t, s)
	if n := rows(t, s, "rate"); n != 2*stageStep+1 || rows(t, s, "deck") != 1 {
		t.Errorf("%d rows of %d decks are left", n, rows(t, s, "deck"))
	}
}

// A deck that is staged is nobody's until a setting names it, and one that was
// replaced or removed is swept away. Numbers never recur.
func TestDecksComeAndGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := openStore(t, path)
	if _, err := s.Lead(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := mustStage(t, s, someRates(3))
	mustAppend(t, s, deckSet(1, first, false))
	s.Unstage(first.ID)
	second := mustStage(t, s, someRates(700))
	mustSweep(t, s)
	if len(deckRows(t, s.Reader, second)) != 700 || len(deckRows(t, s.Reader, first)) != 3 {
		t.Fatal("what counts, or is about to, was swept away")
	}
	mustAppend(t, s, deckSet(2, second, false))
	s.Unstage(second.ID)
	mustSweep(t, s)
	if err := s.Rates(t.Context(), first, func(Rate) error { return nil }); !errors.Is(err, ErrNoDeck) {
		t.Errorf("the deck that was replaced: %v", err)
	}
	mustAppend(t, s, deckSet(3, second, true))
	mustSweep(t, s)
	if n, decks := rows(t, s, "rate"), rows(t, s, "deck"); n != 0 || decks != 0 {
		t.Errorf("%d rows of %d decks are left", n, decks)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, path)
	if third := mustStage(t, s, someRates(1)); third.ID <= second.ID {
		t.Errorf("number %d after %d", third.ID, second.ID)
	}
}

// Only a whole deck may count, whoever asks, and then nothing has changed.
func TestOnlyAWholeDeckCounts(t *testing.T) {
	s := newLedger(t)
	d := mustStage(t, s, someRates(5))
	mustAppend(t, s, deckSet(1, d, false))
	half, stop := context.WithCancel(t.Context())
	broken, err := s.stage(half, func(yield func(Rate) bool) {
		for i, r := range someRates(2 * stageStep) {
			if i == stageStep {
				stop()
			}
			if !yield(r) {
				return
			}
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("staged: %v", err)
	}
	for name, d := range map[string]toll.Deck{
		"half":       {ID: broken, Trunk: "carrier", Rows: 2 * stageStep},
		"unknown":    {ID: 99, Trunk: "carrier"},
		"other rows": {ID: d.ID, Trunk: "carrier", Rows: 4},
	} {
		if err := s.Append(t.Context(), 1, []toll.Entry{deckSet(2, d, false)}); !errors.Is(err, ErrNoDeck) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := counting(t, s.Reader); !reflect.DeepEqual(got, []toll.Deck{d}) {
		t.Errorf("what counts is %+v", got)
	}
	s.Unstage(broken)
	mustSweep(t, s)
	if n := rows(t, s, "rate"); n != 5 {
		t.Errorf("%d rows are left", n)
	}
}

// TestKilledWhileADeckIsWritten copies the files as they are at each step of an
// import, as kill -9 would leave them, and opens the copies.
func TestKilledWhileADeckIsWritten(t *testing.T) {
	s := newLedger(t)
	old := mustStage(t, s, someRates(900))
	mustAppend(t, s, deckSet(1, old, false))
	s.Unstage(old.ID)
	fresh := someRates(3*stageStep + 7)
	check := func(at string, want ...toll.Deck) {
		t.Helper()
		killed := openStore(t, killedCopy(t, s))
		if got := counting(t, killed.Reader); !reflect.DeepEqual(got, want) {
			t.Errorf("killed %s: %+v counts, want %+v", at, got, want)
		}
		for i, swept := range []string{"before", "after"} {
			for _, d := range want {
				if n := len(deckRows(t, killed.Reader, d)); n != d.Rows {
					t.Errorf("killed %s, %s sweeping: %d rows of %d", at, swept, n, d.Rows)
				}
			}
			if i == 0 {
				mustSweep(t, killed)
			}
		}
		if n := rows(t, killed, "deck"); n != int64(len(want)) {
			t.Errorf("killed %s: %d decks are left", at, n)
		}
	}
	id, err := s.Stage(t.Context(), watched(fresh, func(i int) {
		if i%stageStep == 0 {
			check(fmt.Sprintf("at row %d", i), old)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	check("before it counts", old)
	next := toll.Deck{ID: id, Trunk: "carrier", Rows: len(fresh)}
	mustAppend(t, s, deckSet(2, next, false))
	check("once it counts", next)
	s.Unstage(id)
	for done := false; !done; {
		if _, done, err = s.sweepOnce(); err != nil {
			t.Fatal(err)
		}
		check("while the old one is swept away", next)
	}
	mustAppend(t, s, deckSet(3, next, true))
	check("once it was removed")
}

// watched tells of each row before it is taken.
func watched(rates []Rate, see func(i int)) iter.Seq[Rate] {
	return func(yield func(Rate) bool) {
		for i, r := range rates {
			see(i)
			if !yield(r) {
				return
			}
		}
	}
}

// killedCopy is the ledger as it lies on the disk at this moment.
func killedCopy(t *testing.T, s *Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	for _, end := range []string{"", "-wal"} {
		text, err := os.ReadFile(s.path + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+end, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestDiskIsFullWhileADeckIsWritten(t *testing.T) {
	s := newLedger(t)
	old := mustStage(t, s, someRates(900))
	mustAppend(t, s, deckSet(1, old, false))
	s.Unstage(old.ID)
	pages, err := integer(s.w.conn, "PRAGMA page_count")
	if err != nil {
		t.Fatal(err)
	}
	limit := func(n int64) {
		t.Helper()
		if _, err := s.w.conn.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", n), nil); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 20)
	if _, err := s.Stage(t.Context(), slices.Values(someRates(20*stageStep))); !errors.Is(err, ErrFull) {
		t.Fatalf("staged: %v", err)
	}
	if got := counting(t, s.Reader); !reflect.DeepEqual(got, []toll.Deck{old}) || len(deckRows(t, s.Reader, old)) != 900 {
		t.Errorf("what counts is %+v", got)
	}
	mustSweep(t, s) // gives the room back, for calls to be written
	mustAppend(t, s, entry(2, noon, toll.EntryGranted, "a"))
	limit(1 << 20)
	mustStage(t, s, someRates(20*stageStep))
}

// A backup has the decks that count, also one that is made amid an import; what
// was half done there is swept away where it is restored.
func TestBackupHasDecks(t *testing.T) {
	s := newLedger(t)
	old := mustStage(t, s, someRates(900))
	mustAppend(t, s, deckSet(1, old, false))
	s.Unstage(old.ID)
	backup := filepath.Join(t.TempDir(), "backup.db")
	id, err := s.Stage(t.Context(), watched(someRates(3*stageStep), func(i int) {
		if i == 2*stageStep {
			if err := s.Backup(t.Context(), backup); err != nil {
				t.Fatal(err)
			}
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, deckSet(2, toll.Deck{ID: id, Trunk: "carrier", Rows: 3 * stageStep}, false))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Restore(t.Context(), s.path, backup)
	if err != nil || len(r.Settings) != 1 || r.Settings[0].Deck == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	back := openStore(t, s.path)
	if got := counting(t, back.Reader); !reflect.DeepEqual(got, []toll.Deck{old}) || !reflect.DeepEqual(deckRows(t, back.Reader, old), someRates(900)) {
		t.Errorf("what counts is %+v", got)
	}
	if again := mustStage(t, back, someRates(1)); again.ID <= id-1 {
		t.Errorf("number %d, though the backup has %d half done", again.ID, id)
	}
	mustSweep(t, back)
	if n := rows(t, back, "rate"); n != 901 {
		t.Errorf("%d rows are left, want those that count and those just staged", n)
	}
}

// The newest change is kept whatever its age, when it is of a deck too, and so is
// every other one.
func TestDecksOutliveTheLog(t *testing.T) {
	s := newLedger(t)
	d := mustStage(t, s, someRates(2))
	mustAppend(t, s, deckSet(1, d, false))
	s.Unstage(d.ID)
	mustAppend(t, s, entry(2, noon, toll.EntryRefused, "a"), entry(3, noon, toll.EntryRefused, "b"))
	if _, err := s.Prune(t.Context(), noon.Add(time.Hour), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	es := replayed(t, s.Reader, noon.Add(24*time.Hour))
	if len(es) != 3 || es[0].Setting == nil || es[0].Setting.Deck == nil || es[1].Seq != 1 || es[2].Seq != 3 {
		t.Errorf("replayed %+v", es)
	}
	changes, err := s.Changes(t.Context(), ChangesQuery{Kind: "deck", ID: "carrier"})
	if err != nil || len(changes) != 1 || *changes[0].Setting.Deck != d {
		t.Errorf("changes %+v, %v", changes, err)
	}
}

func TestRatesAreDamaged(t *testing.T) {
	s := newLedger(t)
	d := mustStage(t, s, someRates(5))
	mustAppend(t, s, deckSet(1, d, false))
	for _, damage := range []string{
		"UPDATE rate SET valid_from = 'tomorrow' WHERE prefix = '20000003'",
		"UPDATE rate SET valid_from = '', per_minute = 'much' WHERE prefix = '20000003'",
		"DELETE FROM rate WHERE prefix = '20000003'",
	} {
		if _, err := s.w.conn.Exec(damage, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Rates(t.Context(), d, func(Rate) error { return nil }); err == nil {
			t.Errorf("%s: not noticed", damage)
		}
	}
	if err := s.Rates(t.Context(), d, func(Rate) error { return os.ErrInvalid }); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkStage(b *testing.B) {
	s := newLedger(b)
	rates := someRates(50_000)
	b.ReportAllocs()
	for b.Loop() {
		d := mustStage(b, s, rates)
		s.Unstage(d.ID)
		mustSweep(b, s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(rates)), "ns/row")
}
