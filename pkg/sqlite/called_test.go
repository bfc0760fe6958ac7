package sqlite

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func called(tb testing.TB, r *Reader) []toll.Called {
	tb.Helper()
	var all []toll.Called
	err := r.Called(tb.Context(), func(c toll.Called) error {
		all = append(all, c)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func first(s toll.Scope, subject, country string, at time.Time) toll.Called {
	return toll.Called{Scope: s, Subject: subject, Country: country, First: at}
}

func wantCalled(tb testing.TB, r *Reader, want ...toll.Called) {
	tb.Helper()
	if got := called(tb, r); !slices.Equal(got, want) {
		tb.Errorf("called:\n%+v, want\n%+v", got, want)
	}
}

// A lease that is the first to call a country leaves a row for each scope, and
// later entries about it add only what they learn.
func TestFirstCallsAreKept(t *testing.T) {
	s := newLedger(t)
	granted := entry(1, noon, toll.EntryGranted, "a")
	granted.Lease.New, granted.Lease.Trunk = "site,caller", ""
	dialled := entry(2, noon.Add(time.Second), toll.EntryChanged, "a")
	dialled.Lease.New, dialled.Lease.Granted = "site,caller,trunk", noon
	refused := entry(3, noon.Add(2*time.Second), toll.EntryRefused, "")
	refused.Lease.New = "group" // a refusal calls nobody
	mustAppend(t, s, granted)
	wantCalled(t, s.Reader, first(toll.PerCaller, "1001", "SL", noon), first(toll.PerSite, "", "SL", noon))
	mustAppend(t, s, dialled, refused)
	mustAppend(t, s, calls(2)[3:]...) // nothing is new to them
	wantCalled(t, s.Reader,
		first(toll.PerCaller, "1001", "SL", noon), first(toll.PerSite, "", "SL", noon), first(toll.PerTrunk, "carrier", "SL", noon))
}

func TestPruningMakesNoCountryNew(t *testing.T) {
	s := newLedger(t)
	es := calls(3)
	es[0].Lease.New = "site"
	mustAppend(t, s, es...)
	later := noon.AddDate(1, 0, 0)
	if n, err := s.Prune(t.Context(), later, later); err != nil || n == 0 {
		t.Fatalf("pruned %d rows, %v", n, err)
	}
	wantCalled(t, s.Reader, first(toll.PerSite, "", "SL", es[0].Lease.Granted))
}

// What is added from elsewhere can be added again, and the earlier time stands.
func TestAddCalled(t *testing.T) {
	s := newLedger(t)
	one := first(toll.PerCaller, "1001", "SL", noon)
	other := first(toll.PerCaller, "100'1", "GB", noon.Add(time.Hour)) // a quote is a character like any other
	late := one
	late.First = noon.Add(time.Minute)
	for _, all := range [][]toll.Called{{late, other}, {one}, {late}, nil} {
		if err := s.AddCalled(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	wantCalled(t, s.Reader, one, other)

	if err := s.AddCalled(t.Context(), []toll.Called{first(toll.PerSite, "", "FR", noon), first(toll.PerSite, "", "DE", time.Time{})}); err == nil {
		t.Error("a time that is none was taken")
	}
	wantCalled(t, s.Reader, one, other) // all or none

	stop := errors.New("enough")
	if err := s.Called(t.Context(), func(toll.Called) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("stopped with %v", err)
	}
}

// A ledger that was written before first calls were kept takes them from its
// history.
func TestMigrationFillsCalled(t *testing.T) {
	names, err := migrations(migrationFiles)
	if err != nil {
		t.Fatal(err)
	}
	version4 := fstest.MapFS{}
	for _, name := range names[:4] {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		version4[name] = &fstest.MapFile{Data: text}
	}
	path := filepath.Join(t.TempDir(), "old.db")
	opened, err := (&sqlite3.SQLiteDriver{}).Open(path)
	if err != nil {
		t.Fatal(err)
	}
	conn := opened.(*sqlite3.SQLiteConn)
	if err := migrate(conn, version4); err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{
		// at, outcome, caller, caller_group, country, class, trunk, started
		"'2026-03-02T12:05:00.000Z', 'ended', 'extension:1001', 'sales', 'SL', 'intl_fixed', 'carrier', '2026-03-02T12:04:00.000Z'",
		"'2026-03-02T12:01:00.000Z', 'ended', 'forward:1001', 'sales', 'SL', 'intl_mobile', '', NULL",
		"'2026-03-02T12:02:00.000Z', 'ended', 'gateway:sip:7', '', 'SL', 'intl_fixed', 'carrier', '2026-03-02T12:02:00.000Z'",
		"'2026-03-02T12:00:00.000Z', 'refused', 'extension:1001', 'sales', 'LV', 'intl_fixed', 'carrier', '2026-03-02T12:00:00.000Z'",
		"'2026-03-02T12:00:00.000Z', 'ended', 'extension:1001', 'sales', 'US', 'emergency', 'carrier', '2026-03-02T12:00:00.000Z'",
		"'2026-03-02T12:00:00.000Z', 'ended', 'extension:1001', 'sales', '', 'unplaced', 'carrier', '2026-03-02T12:00:00.000Z'",
	} {
		_, err := conn.Exec(`INSERT INTO call (at, outcome, caller, caller_group, country, class, trunk, started,
				count, lease, pbx, uniqueid, number, dialled, range, leg, seconds, per_minute, assumed, cost, reason, by, cut, denied, adopted, revision)
			VALUES (`+row+`, 1, '', 'office', '', '', '', '', '', 60, 0, 1, 0, '', '', '', '', 0, 1)`, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, path)
	minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	wantCalled(t, s.Reader,
		first(toll.PerCaller, "1001", "SL", minute(1)),
		first(toll.PerGroup, "sales", "SL", minute(1)),
		first(toll.PerPBX, "office", "SL", minute(1)),
		first(toll.PerSite, "", "SL", minute(1)),
		first(toll.PerCaller, "sip:7", "SL", minute(2)),
		first(toll.PerTrunk, "carrier", "SL", minute(2)),
	)
}
