package sqlite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// rows counts what a table holds.
func rows(tb testing.TB, s *Store, table string) int64 {
	tb.Helper()
	var n int64
	if err := s.db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestAppendIsAllOrNothing(t *testing.T) {
	for name, bad := range map[string]toll.Entry{
		"number used":            entry(3, noon, toll.EntryGranted, "b"),
		"number falls":           entry(2, noon, toll.EntryGranted, "b"),
		"setting without one":    {Seq: 5, At: noon, Kind: toll.EntrySetting},
		"setting about nothing":  {Seq: 5, At: noon, Kind: toll.EntrySetting, Setting: &toll.Setting{}},
		"setting beyond JSON":    ruleSet(5, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "a", 1, false),
		"entry longer than ever": {Seq: 5, Lease: toll.Lease{ID: strings.Repeat("a", maxBody)}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLedger(t)
			mustAppend(t, s, calls(1)...)
			good := entry(4, noon.Add(time.Minute), toll.EntryGranted, "b")
			if err := s.Append(t.Context(), 1, []toll.Entry{good, bad}); err == nil {
				t.Fatal("was appended")
			}
			if n, live := rows(t, s, "entry"), rows(t, s, "live"); n != 3 || live != 0 {
				t.Errorf("%d entries and %d live leases after the failure", n, live)
			}
			mustAppend(t, s, good)
		})
	}
}

func TestAppendOfNothing(t *testing.T) {
	s := newLedger(t)
	if err := s.Append(t.Context(), 99, nil); err != nil {
		t.Error(err)
	}
}

// TestAppendWorksAgain makes the store fail in each way that it can without
// help from outside, takes the cause away, and appends the same entries.
func TestAppendWorksAgain(t *testing.T) {
	for name, c := range map[string]struct {
		begin, end string
		want       error
	}{
		"disk full":       {"PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", ErrFull},
		"read-only":       {"PRAGMA query_only = 1", "PRAGMA query_only = 0", nil},
		"transaction":     {"BEGIN", "SELECT 1", nil}, // one left open is an error once, then gone
		"table is broken": {"ALTER TABLE call RENAME TO moved", "ALTER TABLE moved RENAME TO call", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newLedger(t)
			first, more := calls(1), calls(300)[3:]
			mustAppend(t, s, first...)
			if _, err := s.w.conn.Exec(c.begin, nil); err != nil {
				t.Fatal(err)
			}
			err := s.Append(t.Context(), 1, more)
			if err == nil || (c.want != nil && !errors.Is(err, c.want)) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if n := rows(t, s, "entry"); n != 3 {
				t.Errorf("%d entries after the failure", n)
			}
			if _, err := s.w.conn.Exec(c.end, nil); err != nil {
				t.Fatal(err)
			}
			mustAppend(t, s, more...)
			if n := len(replayed(t, s.Reader, time.Time{})); n != 300 {
				t.Errorf("%d calls in the end", n)
			}
		})
	}
}

func TestAppendWaitsForAnotherWriterOnlySoLong(t *testing.T) {
	s := newLedger(t)
	if _, err := s.w.conn.Exec("PRAGMA busy_timeout = 10", nil); err != nil {
		t.Fatal(err)
	}
	other, err := openWriter(s.path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.exec(other.begin); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), 1, calls(1)); err == nil || !strings.Contains(err.Error(), "locked") {
		t.Errorf("error %v", err)
	}
	if err := rollback(other.conn); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, calls(1)...)
}

// TestAppendAfterWritesFail lets the kernel refuse every write beyond a size,
// which also stops root, and then take them again. It runs in a process of its
// own because the limit is the process's.
func TestAppendAfterWritesFail(t *testing.T) {
	if os.Getenv("LEDGER_WRITES_FAIL") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestAppendAfterWritesFail$", "-test.v")
		cmd.Env = append(os.Environ(), "LEDGER_WRITES_FAIL=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	s := newLedger(t)
	es := calls(200)
	mustAppend(t, s, es[:3]...)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 90_000, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	err := s.Append(t.Context(), 1, es[3:])
	err2 := s.Append(t.Context(), 1, es[3:])
	if limitErr := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); limitErr != nil {
		t.Fatal(limitErr)
	}
	if err == nil || err2 == nil || !strings.Contains(err.Error(), "I/O error") {
		t.Fatalf("appended although writes failed: %v, %v", err, err2)
	}
	if n := rows(t, s, "entry"); n != 3 {
		t.Errorf("%d entries after the failure", n)
	}
	mustAppend(t, s, es[3:]...)
	if n := len(replayed(t, s.Reader, time.Time{})); n != 200 {
		t.Errorf("%d calls in the end", n)
	}
}

// TestAppendAfterTheConnectionIsGivenUp begins where a failed rollback ends.
func TestAppendAfterTheConnectionIsGivenUp(t *testing.T) {
	s := newLedger(t)
	es := calls(2)
	mustAppend(t, s, es[:3]...)
	if err := s.w.close(); err != nil {
		t.Fatal(err)
	}
	s.w = nil
	mustAppend(t, s, es[3:]...)
	if n := rows(t, s, "entry"); n != 6 {
		t.Errorf("%d entries in the end", n)
	}
}

// TestTimeInTheLogNeverFalls shows that finding a time by halving stays right
// even if the times do fall.
func TestTimeInTheLogNeverFalls(t *testing.T) {
	s := newLedger(t)
	for i, at := range []time.Duration{0, 2 * time.Hour, time.Hour, 3 * time.Hour} {
		mustAppend(t, s, entry(int64(i+1), noon.Add(at), toll.EntryRefused, ""))
	}
	if es := replayed(t, s.Reader, noon.Add(90*time.Minute)); len(es) != 3 || es[0].Seq != 2 {
		t.Errorf("replayed %v", es)
	}
	if seq, at, err := s.Last(t.Context()); seq != 4 || !at.Equal(noon.Add(3*time.Hour)) || err != nil {
		t.Errorf("Last = %d, %v, %v", seq, at, err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d", size), func(b *testing.B) {
			s := newLedger(b)
			es := make([]toll.Entry, size)
			kinds := []toll.EntryKind{toll.EntryGranted, toll.EntryChanged, toll.EntryEnded}
			seq := int64(0)
			b.ReportAllocs()
			for b.Loop() {
				for i := range es {
					es[i] = entry(seq+1, noon.Add(time.Duration(seq)), kinds[seq%3], fmt.Sprintf("office-%d", seq/3))
					seq++
				}
				if err := s.Append(b.Context(), 1, es); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(seq), "µs/entry")
		})
	}
}
