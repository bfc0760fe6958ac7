package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// BenchmarkHistory opens a ledger with a long past, of which a tenth lies inside
// the windows, and holds its decisions against those of a ledger without one.
// CALLS in the environment says how many calls there are; the aims are for ten
// million.
func BenchmarkHistory(b *testing.B) {
	calls, err := strconv.Atoi(cmp.Or(os.Getenv("CALLS"), "200000"))
	if err != nil {
		b.Fatal(err)
	}
	path := pastOf(b, calls)
	s := benchmarkSite(b)
	debug.FreeOSMemory()
	forgetPeak(b)
	begun := time.Now()
	long := openLedger(b, path, s)
	if _, err := long.View(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(begun).Seconds(), "start-s,aim<=4")
	b.ReportMetric(peak(b), "start-MB,aim<=300")
	b.ReportMetric(float64(calls), "calls")
	none := openLedger(b, filepath.Join(b.TempDir(), "ledger.db"), s)
	var with, without []float64
	for round := range max(b.N, 15) + 1 {
		w, n := decisions(b, long, round), decisions(b, none, round)
		if round > 0 { // the first one warms up
			with, without = append(with, w), append(without, n)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ratio(with, without), "time-of-none,aim<=1.1")
}

// decisions is how long it takes to grant two thousand calls at home, 64 at a
// time, each of which ends at once.
func decisions(b *testing.B, l *ledger.Ledger, round int) float64 {
	b.Helper()
	var all sync.WaitGroup
	begun := time.Now()
	for asker := range atOnce {
		all.Go(func() {
			for i := range 2000 / atOnce {
				past := pastCall(1, asker, time.Time{})
				q := past.Question(toll.Ask)
				q.Caller.ID = fmt.Sprintf("now-%d", asker)
				q.Key.Uniqueid = fmt.Sprintf("now-%d.%d.%d", round, asker, i)
				v, err := l.Decide(b.Context(), q)
				if err == nil && !v.Allow {
					err = fmt.Errorf("refused: %s by %s", v.Reason, v.By)
				}
				if err == nil {
					err = l.Record(b.Context(), toll.Event{Kind: toll.ChannelGone, PBX: q.Key.PBX, Channel: q.Key.Uniqueid})
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(begun).Seconds()
}

// pastOf is a ledger with so many calls. It takes long to make, so it is kept in
// the folder for temporary files; by the next day the calls have left the windows,
// and another is made.
func pastOf(b *testing.B, calls int) string {
	b.Helper()
	folder := filepath.Join(os.TempDir(), "tollfuse-bench")
	path := filepath.Join(folder, fmt.Sprintf("%s-%d.db", time.Now().UTC().Format(time.DateOnly), calls))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if err := os.RemoveAll(folder); err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		b.Fatal(err)
	}
	if err := writePast(b.Context(), path+".new", calls); err != nil {
		b.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		b.Fatal(err)
	}
	return path
}

// writePast writes nine tenths of the calls into the year before the longest
// window and a tenth into that.
func writePast(ctx context.Context, path string, calls int) error {
	store, err := sqlite.Open(path, sqlite.Options{})
	if err != nil {
		return err
	}
	epoch, err := store.Lead(ctx)
	if err != nil {
		return err
	}
	const year, batch = 365 * 24 * time.Hour, 10_000
	end := time.Now()
	old := calls * 9 / 10
	apart, apartNow := year/time.Duration(max(old, 1)), ledger.LongestWindow/time.Duration(max(calls-old, 1))
	first := end.Add(-ledger.LongestWindow - year)
	var es []toll.Entry
	for i, s := range policy.Default(10_000, "benchmark", first) {
		es = append(es, toll.Entry{Seq: int64(i + 1), At: first, Kind: toll.EntrySetting, Setting: &s})
	}
	seq := int64(len(es))
	for i := range calls {
		at := end.Add(-ledger.LongestWindow - apart*time.Duration(old-i))
		if i >= old {
			at = end.Add(-apartNow * time.Duration(calls-i))
		}
		l := pastCall(i, i, at)
		es = append(es, toll.Entry{Seq: seq + 1, At: at, Kind: toll.EntryGranted, Lease: l})
		l.State, l.Answered, l.Ended, l.Talked, l.Leg = toll.Ended, at, at, time.Minute, l.Key.Uniqueid+"1"
		l.Why, l.Cost = toll.EndedHangup, l.Price.Cost(l.Talked)
		es = append(es, toll.Entry{Seq: seq + 2, At: at, Kind: toll.EntryEnded, Lease: l})
		seq += 2
		if len(es) >= batch || i == calls-1 {
			if err := store.Append(ctx, epoch, es); err != nil {
				return err
			}
			es = es[:0]
		}
	}
	return store.Close()
}

// pastCall is a call of one of a thousand callers, at home or abroad.
func pastCall(i, caller int, at time.Time) toll.Lease {
	l := toll.Lease{
		ID: "past-" + strconv.FormatInt(int64(i), 36), State: toll.Granted,
		Key:     toll.Key{PBX: "pbx1", Uniqueid: fmt.Sprintf("pbx1-1700000000.%d", i), Number: "+44207946" + fmt.Sprintf("%04d", i%10_000)},
		Caller:  toll.Caller{Kind: toll.Extension, ID: strconv.Itoa(1000 + caller%1000)},
		Price:   toll.Price{PerMinute: 20_000, Assumed: true},
		Trunk:   "carrier",
		Granted: at, Timer: time.Minute, Covered: time.Minute, Reserved: 20_000, Why: toll.ReasonDefault, By: "default:home_fixed", Revision: 1,
	}
	l.To = toll.Destination{Dialled: l.Key.Number, E164: l.Key.Number, Country: "GB", Class: toll.IntlFixed, Range: "+44207946", Valid: true, Listed: true}
	if i%10 != 0 {
		l.Key.Number = fmt.Sprintf("+1202555%04d", i%10_000)
		l.To = toll.Destination{Dialled: l.Key.Number, E164: l.Key.Number, Country: "US", Class: toll.HomeFixed, Range: "+1202555", Valid: true}
	}
	return l
}

// forgetPeak lets the kernel measure the most memory anew.
//
// See "clear_refs" in proc(5).
func forgetPeak(b *testing.B) {
	b.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Fatal(err)
	}
}

// peak is the most memory that the process has held since, in MB.
func peak(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kB, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kB / 1024
}
