package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// ledgerOf makes a closed ledger with so many calls and one rule.
func ledgerOf(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lead(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, calls(n)...)
	mustAppend(t, s, ruleSet(int64(3*n+1), noon.Add(1000*time.Hour), "abroad", 1, false))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func contents(t *testing.T, path string) []toll.Entry {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return replayed(t, s.Reader, time.Time{})
}

func TestRestore(t *testing.T) {
	backup, ledger := ledgerOf(t, 50), ledgerOf(t, 3)
	want, before := contents(t, backup), contents(t, ledger)
	r, err := Restore(t.Context(), ledger, backup)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Settings) != 1 || r.Settings[0].ID() != "abroad" || !r.Newest.Equal(noon.Add(1000*time.Hour)) {
		t.Errorf("%+v", r)
	}
	if got := contents(t, ledger); !reflect.DeepEqual(got, want) {
		t.Errorf("the ledger replays %d entries, the backup %d", len(got), len(want))
	}
	if got := contents(t, r.Kept); !reflect.DeepEqual(got, before) {
		t.Errorf("what was kept replays %d entries, the old ledger %d", len(got), len(before))
	}
	if got := contents(t, backup); !reflect.DeepEqual(got, want) {
		t.Error("the backup itself has changed")
	}
	if info, err := os.Stat(ledger); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	again, err := Restore(t.Context(), ledger, backup)
	if err != nil || again.Kept == r.Kept {
		t.Errorf("a second time: %+v, %v", again, err)
	}
}

// TestRestoreLeavesTheBackupAlone is about a backup on a disk that cannot be
// written, or in the folder of somebody who counts files.
func TestRestoreLeavesTheBackupAlone(t *testing.T) {
	backup := ledgerOf(t, 5)
	if _, err := Restore(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), backup); err != nil {
		t.Fatal(err)
	}
	for _, beside := range []string{"-wal", "-shm", "-journal"} {
		if _, err := os.Lstat(backup + beside); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was left beside the backup: %v", beside, err)
		}
	}
	if _, err := Restore(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), t.TempDir()); !errors.Is(err, ErrNotLedger) {
		t.Errorf("a folder: %v", err)
	}
}

// TestRestoreWhereThereIsNone is on a new machine.
func TestRestoreWhereThereIsNone(t *testing.T) {
	backup := ledgerOf(t, 5)
	ledger := filepath.Join(t.TempDir(), "ledger.db")
	r, err := Restore(t.Context(), ledger, backup)
	if err != nil || r.Kept != "" {
		t.Fatalf("%+v, %v", r, err)
	}
	if got, want := contents(t, ledger), contents(t, backup); !reflect.DeepEqual(got, want) {
		t.Errorf("%d entries, want %d", len(got), len(want))
	}
}

// TestRestoreKeepsWhatStandsInTheWAL has a ledger whose daemon was killed: a
// part of it is still beside the file, and must not be taken for the new one's.
func TestRestoreKeepsWhatStandsInTheWAL(t *testing.T) {
	backup := ledgerOf(t, 50)
	folder := t.TempDir()
	ledger := filepath.Join(folder, "ledger.db")
	s := newLedger(t)
	mustAppend(t, s, calls(20)...)
	for _, end := range []string{"", "-wal"} { // as kill -9 leaves it
		text, err := os.ReadFile(s.path + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(ledger+end, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := replayed(t, s.Reader, time.Time{})
	r, err := Restore(t.Context(), ledger, backup)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := contents(t, ledger), contents(t, backup); !reflect.DeepEqual(got, want) {
		t.Errorf("the ledger replays %d entries, the backup %d", len(got), len(want))
	}
	if got := contents(t, r.Kept); !reflect.DeepEqual(got, before) {
		t.Errorf("what was kept replays %d entries, the old ledger %d", len(got), len(before))
	}
}

// TestRestoreChecksFirst offers files that are no good: the ledger stays as it
// is, and nothing is left behind.
func TestRestoreChecksFirst(t *testing.T) {
	ledger := ledgerOf(t, 3)
	want, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	bad := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(bad, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, err := os.ReadFile(ledgerOf(t, 2000))
	if err != nil {
		t.Fatal(err)
	}
	torn := bytes.Clone(good)
	for i := len(torn) / 2; i < len(torn)/2+9000; i++ {
		torn[i] ^= 0xff
	}
	later := bytes.Clone(good)
	later[63] = 99 // the version of the schema, big-endian at 60 (SQLite file format, 1.3)
	other := bytes.Clone(good)
	other[68] ^= 0xff // the application's ID
	for name, test := range map[string]struct {
		file string
		want error
	}{
		"missing":      {filepath.Join(bad, "none"), fs.ErrNotExist},
		"no database":  {write("text", []byte("precious, but no ledger")), ErrDamaged},
		"empty":        {write("empty", nil), ErrNotLedger},
		"torn":         {write("torn", torn), ErrDamaged},
		"cut short":    {write("short", good[:len(good)/2]), ErrDamaged},
		"newer":        {write("newer", later), ErrNewer},
		"not ours":     {write("other", other), ErrNotLedger},
		"a folder":     {bad, nil},
		"itself":       {ledger, nil},
		"a row is bad": {badRow(t), nil},
		"past is torn": {badHistory(t), ErrDamaged},
	} {
		_, err := Restore(t.Context(), ledger, test.file)
		if err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := os.ReadFile(ledger); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s: the ledger has changed, %v", name, err)
		}
		onlyFiles(t, filepath.Dir(ledger), "ledger.db", "ledger.db.lock")
	}
}

// badRow is a whole SQLite file with entries that nobody can read.
func badRow(t *testing.T) string {
	t.Helper()
	path := ledgerOf(t, 3)
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.write(func(w *writer) error {
		_, err := w.conn.Exec("UPDATE entry SET body = x'ffffff'", nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return path
}

// badHistory is a ledger with a torn page in the table of past calls, which
// nothing reads at a start: only a look at every page finds it.
func badHistory(t *testing.T) string {
	t.Helper()
	path := ledgerOf(t, 500)
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	var page, size int
	if err := r.db.QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = 'call'").Scan(&page); err != nil {
		t.Fatal(err)
	}
	if err := r.db.QueryRow("PRAGMA page_size").Scan(&size); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 { // places of cells, after the header of the page
		text[(page-1)*size+12+i] ^= 0xff
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRestoreNeedsTheDaemonStopped(t *testing.T) {
	backup := ledgerOf(t, 3)
	s := newLedger(t)
	if _, err := Restore(t.Context(), s.path, backup); !errors.Is(err, ErrInUse) {
		t.Errorf("%v", err)
	}
	mustAppend(t, s, calls(1)...)
}
