package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// TestBackupIsALedger backs up while the daemon writes, which must neither
// disturb the copy nor make it begin again.
func TestBackupIsALedger(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(8000)...)
	mustAppend(t, s, ruleSet(24_001, noon.Add(1000*time.Hour), "abroad", 1, false))
	path := filepath.Join(t.TempDir(), "copy.db")
	var wait sync.WaitGroup
	stop := make(chan struct{})
	wait.Go(func() {
		for seq := int64(24_002); ; seq++ {
			select {
			case <-stop:
				return
			default:
				mustAppend(t, s, entry(seq, noon.Add(1001*time.Hour), toll.EntryRefused, ""))
			}
		}
	})
	err := s.Backup(t.Context(), path)
	close(stop)
	wait.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	copied := openStore(t, path)
	var whole string
	if err := copied.db.QueryRow("PRAGMA integrity_check").Scan(&whole); err != nil || whole != "ok" {
		t.Errorf("integrity: %s, %v", whole, err)
	}
	got, want := replayed(t, copied.Reader, time.Time{}), replayed(t, s.Reader, time.Time{})
	if len(got) < 8_002 || len(got) > len(want) || !reflect.DeepEqual(got, want[:len(got)]) {
		t.Errorf("the copy replays %d entries, the ledger %d", len(got), len(want))
	}
	if epoch, err := copied.Lead(t.Context()); epoch != 2 || err != nil {
		t.Errorf("Lead of the copy = %d, %v", epoch, err)
	}
	onlyFiles(t, filepath.Dir(path), "copy.db", "copy.db-shm", "copy.db-wal", "copy.db.lock")
}

func TestBackupLeavesNothingBehind(t *testing.T) {
	s := newLedger(t)
	mustAppend(t, s, calls(1)...)
	folder := t.TempDir()
	path := filepath.Join(folder, "copy.db")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file that exists: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, filepath.Join(folder, "other.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	onlyFiles(t, folder, "copy.db")
	if err := s.Backup(t.Context(), filepath.Join(folder, "none", "copy.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such folder: %v", err)
	}
	mustAppend(t, s, calls(2)[3:]...) // and the ledger is none the worse
}

// onlyFiles checks what lies in a folder.
func onlyFiles(t *testing.T, folder string, want ...string) {
	t.Helper()
	var got []string
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		got = append(got, f.Name())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}
