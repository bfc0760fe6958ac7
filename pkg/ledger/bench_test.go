package ledger

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// BenchmarkTick is what the book does each time with 5,000 answered calls, and
// once for each of them: to renew it.
func BenchmarkTick(b *testing.B) {
	const live = 5000
	book := NewBook(newJudge(b, budget(1<<50, toll.PerSite), budget(1<<50, toll.PerCaller)), Options{Epoch: 1})
	book.Begin(start)
	book.Record(start, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
	for i := range live {
		v, _ := book.Decide(start, abroad(id(i), id(i)))
		if !v.Allow {
			b.Fatal(v)
		}
		book.Record(start, toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Channel: "leg-" + v.Lease.ID, Lease: v.Lease.ID})
		book.Record(start, toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: "leg-" + v.Lease.ID})
	}
	book.Tick(start)
	now := start
	b.Run("idle", func(b *testing.B) {
		for b.Loop() {
			now = now.Add(time.Microsecond)
			book.Tick(now)
		}
		b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "tick-of-5000-ms,aim<=5")
	})
	b.Run("renew", func(b *testing.B) {
		renewed := 0
		for b.Loop() {
			now = now.Add(time.Second)
			_, entries := book.Tick(now)
			for i := range entries {
				if entries[i].Kind == toll.EntryRenewed {
					renewed++
				}
			}
		}
		if renewed > 0 {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(renewed), "ns/renewal")
		}
	})
}
