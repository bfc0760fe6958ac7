package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestOpenCreatesFilesForTheOwnerOnly(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(1)...)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(s.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("ledger.db%s has mode %o", suffix, mode)
		}
	}
}

// TestFilesBelongToWhoOwnsTheFolder lets root, who may be the first to open the
// ledger, shut out nobody.
func TestFilesBelongToWhoOwnsTheFolder(t *testing.T) {
	folder := t.TempDir()
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = 12345, 12346
	}
	if err := os.Chown(folder, uid, gid); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, filepath.Join(folder, "ledger.db"))
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		info, err := os.Stat(s.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); int(owner.Uid) != uid || int(owner.Gid) != gid {
			t.Errorf("ledger.db%s belongs to %d:%d, want %d:%d", suffix, owner.Uid, owner.Gid, uid, gid)
		}
	}
}

func TestWriterIsDurable(t *testing.T) {
	s := newLedger(t)
	for pragma, want := range map[string]int64{"synchronous": 2, "wal_autocheckpoint": 8000, "busy_timeout": 1000,
		"journal_size_limit": 32 << 20} {
		if got, err := integer(s.w.conn, "PRAGMA "+pragma); err != nil || got != want {
			t.Errorf("%s = %d, %v, want %d", pragma, got, err, want)
		}
	}
	var mode string
	if err := s.db.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal_mode = %s, %v", mode, err)
	}
}

func TestOpenTakesAnyPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?mode=memory&x=%41#é.db")
	s := openStore(t, path)
	if _, err := s.Lead(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("the ledger is elsewhere: %v, %v", info, err)
	}
}

func TestSecondDaemonIsRefused(t *testing.T) {
	s := newLedger(t)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(s.path, link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{s.path, link} {
		_, err := Open(path, Options{})
		if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "process ") {
			t.Errorf("second Open: %v", err)
		}
	}
	mustAppend(t, s, calls(1)...) // the first one is none the worse for it
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openStore(t, s.path)
}

func TestReadersWorkBesideTheDaemon(t *testing.T) {
	s := newLedger(t)
	r, err := OpenReadOnly(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	mustAppend(t, s, calls(2)...)
	if seq, at, err := r.Last(t.Context()); seq != 6 || !at.Equal(noon.Add(6*time.Second)) || err != nil {
		t.Errorf("Last = %d, %v, %v", seq, at, err)
	}
	if _, err := r.db.Exec("DELETE FROM entry"); err == nil {
		t.Error("a reader can delete")
	}
	// With the daemon gone it goes on, and a new one can be opened.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	alone, err := OpenReadOnly(s.path)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	for _, r := range []*Reader{r, alone} {
		if es := replayed(t, r, time.Time{}); len(es) != 2 {
			t.Errorf("replayed %d entries", len(es))
		}
	}
}

func TestOpenReadOnlyNeedsALedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.db")
	if _, err := OpenReadOnly(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := create(path); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(path); !errors.Is(err, ErrNotLedger) {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := os.Stat(path + ".lock"); err == nil {
		t.Error("a reader takes the lock")
	}
}

func TestNewerAndForeignFilesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		sql  string
		want error
	}{
		"newer version":   {"PRAGMA user_version = 1000", ErrNewer},
		"another program": {"PRAGMA application_id = 7", ErrNotLedger},
		"unmarked":        {"PRAGMA application_id = 0", ErrNotLedger},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLedger(t)
			if _, err := s.w.conn.Exec(c.sql, nil); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(s.path, Options{}); !errors.Is(err, c.want) {
				t.Errorf("Open: %v", err)
			}
			if _, err := OpenReadOnly(s.path); !errors.Is(err, c.want) {
				t.Errorf("OpenReadOnly: %v", err)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "not a database") {
		t.Errorf("a text file: %v", err)
	}
}

// TestMigrate goes from version 1, as released, to later ones that are made up.
func TestMigrate(t *testing.T) {
	first, err := migrationFiles.ReadFile("migrations/0001_ledger.sql")
	if err != nil {
		t.Fatal(err)
	}
	version1 := fstest.MapFS{"migrations/0001_ledger.sql": {Data: first}}
	path := filepath.Join(t.TempDir(), "old.db")
	opened, err := (&sqlite3.SQLiteDriver{}).Open(path)
	if err != nil {
		t.Fatal(err)
	}
	conn := opened.(*sqlite3.SQLiteConn)
	defer conn.Close()
	if err := migrate(conn, version1); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec("INSERT INTO entry VALUES (1, 1, 1, 'ended', x'00')", nil); err != nil {
		t.Fatal(err)
	}

	version3 := fstest.MapFS{
		"migrations/0001_ledger.sql": {Data: first},
		"migrations/0002_more.sql":   {Data: []byte("ALTER TABLE entry ADD COLUMN more INTEGER DEFAULT 5; CREATE TABLE extra (a);")},
		"migrations/0003_bad.sql":    {Data: []byte("CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);")},
	}
	if err := migrate(conn, version3); err == nil || !strings.Contains(err.Error(), "to version 3") {
		t.Errorf("a bad step: %v", err)
	}
	for query, want := range map[string]int64{
		"PRAGMA user_version":                                  2,
		"SELECT more FROM entry WHERE seq = 1":                 5,
		"SELECT count(*) FROM sqlite_schema WHERE name='half'": 0,
	} {
		if got, err := integer(conn, query); err != nil || got != want {
			t.Errorf("%s = %d, %v, want %d", query, got, err, want)
		}
	}
	if err := migrate(conn, version1); !errors.Is(err, ErrNewer) {
		t.Errorf("an older program: %v", err)
	}
	gap := fstest.MapFS{"migrations/0001_a.sql": {}, "migrations/0003_c.sql": {}}
	if err := migrate(conn, gap); err == nil {
		t.Error("a gap in the numbers is not noticed")
	}
}

// TestKilledDaemonForgetsNothing copies the files as they lie on the disk while
// the daemon still runs, which is what a kill leaves.
func TestKilledDaemonForgetsNothing(t *testing.T) {
	s := newLedger(t)
	es := calls(400)
	for len(es) > 0 {
		n := min(7, len(es))
		mustAppend(t, s, es[:n]...)
		es = es[n:]
	}
	mustAppend(t, s, entry(1201, noon.Add(time.Hour), toll.EntryGranted, "up"))
	crashed := filepath.Join(t.TempDir(), "crashed.db")
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(s.path + suffix)
		if err != nil || len(data) == 0 {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		if err := os.WriteFile(crashed+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := replayed(t, s.Reader, time.Time{})
	again := openStore(t, crashed)
	if got := replayed(t, again.Reader, time.Time{}); len(got) != 401 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d entries are left of %d", len(got), len(want))
	}
	if epoch, err := again.Lead(t.Context()); epoch != 2 || err != nil {
		t.Errorf("Lead = %d, %v", epoch, err)
	}
}

func TestFormerLeaderIsFenced(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(1)...)
	if epoch, err := s.Lead(t.Context()); epoch != 2 || err != nil {
		t.Fatalf("Lead = %d, %v", epoch, err)
	}
	next := []toll.Entry{entry(4, noon.Add(time.Minute), toll.EntryGranted, "b")}
	for _, epoch := range []int64{0, 1, 3} {
		if err := s.Append(t.Context(), epoch, next); !errors.Is(err, ErrFenced) {
			t.Errorf("epoch %d: %v", epoch, err)
		}
	}
	if err := s.Append(t.Context(), 2, next); err != nil {
		t.Error(err)
	}
}

func TestClosedStore(t *testing.T) {
	s := newLedger(t)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Append(t.Context(), 1, calls(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("Append: %v", err)
	}
	if _, _, err := s.Last(t.Context()); err == nil {
		t.Error("Last works on a closed ledger")
	}
}

func TestCancelledContext(t *testing.T) {
	s := newLedger(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Append(ctx, 1, calls(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Append: %v", err)
	}
	if _, err := s.Lead(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Lead: %v", err)
	}
	mustAppend(t, s, calls(1)...)
}
