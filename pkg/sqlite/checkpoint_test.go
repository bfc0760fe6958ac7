package sqlite

import (
	"os"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// TestCheckpointLetsTheWALBeginAnew writes more into the WAL, which stays as
// long as it is once it was written back, and grows where it was not.
func TestCheckpointLetsTheWALBeginAnew(t *testing.T) {
	s := newLedger(t)
	seq := int64(0)
	grown := func() bool {
		before := walSize(t, s)
		for range 20 {
			seq++
			mustAppend(t, s, entry(seq, noon, toll.EntryGranted, "a"))
		}
		return walSize(t, s) > before
	}
	if !grown() {
		t.Fatal("the WAL does not grow, so this test says nothing")
	}
	s.checkpoints.checkpoint()
	if grown() {
		t.Error("the WAL grows on after it was written back")
	}
}

// TestCheckpointsComeBesideTheCommits lets so much run that one is due, and waits
// until it has come.
func TestCheckpointsComeBesideTheCommits(t *testing.T) {
	s := newLedger(t)
	before := fileSize(t, s.path)
	es := make([]toll.Entry, checkpointAfter)
	for i := range es {
		es[i] = entry(int64(i)+1, noon, toll.EntryRefused, "")
	}
	mustAppend(t, s, es...)
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for fileSize(t, s.path) == before {
		select {
		case <-look.C:
		case <-t.Context().Done():
			t.Fatal("nothing was written back into the file")
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func walSize(t *testing.T, s *Store) int64 { return fileSize(t, s.path+"-wal") }

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
