package app

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// longDeck is as long as the longest that carriers send.
const longDeck = 500_000

// BenchmarkImport measures what it takes until a long deck counts that takes the
// place of one as long, on a ledger that is otherwise idle.
func BenchmarkImport(b *testing.B) {
	d, stop := keep(b, testConfig(b))
	defer stop()
	decks := []*rating.Deck{deckOf(b, longDeck, 20_000), deckOf(b, longDeck, 30_000)}
	for n := 0; b.Loop(); n++ {
		d.mustReplace(b, about("carrier"), decks[n%2])
		b.StopTimer()
		if _, err := d.store.Sweep(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*longDeck), "ns/row")
}

// BenchmarkLoad measures what a long deck adds to the start of the daemon, in
// time and in memory that stays.
func BenchmarkLoad(b *testing.B) {
	c := testConfig(b)
	d, stop := keep(b, c)
	defer stop()
	s := d.mustReplace(b, about("carrier"), deckOf(b, longDeck, 20_000))
	d.prices.current.Store(d.prices.current.Load().With("carrier", nil))
	before := inUse()
	var deck *rating.Deck
	var err error
	for b.Loop() {
		if deck, err = d.read(b.Context(), *s.Deck); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(inUse()-before)/megabyte, "MB")
	runtime.KeepAlive(deck)
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkDecideDuringImport measures how long a question waits for its answer,
// asked 200 times a second: while nothing else happens, while a long deck is
// imported over another, and while the one that it took the place of is swept
// away.
func BenchmarkDecideDuringImport(b *testing.B) {
	for _, meanwhile := range []string{"quiet", "importing"} {
		b.Run(meanwhile, func(b *testing.B) {
			d, stop := keep(b, testConfig(b))
			defer stop()
			decks := []*rating.Deck{deckOf(b, longDeck, 20_000), deckOf(b, longDeck, 30_000)}
			over := make(chan struct{})
			var importing sync.WaitGroup
			if meanwhile == "importing" {
				d.mustReplace(b, about("carrier"), decks[0])
				importing.Go(func() {
					for n := 1; ; n++ {
						select {
						case <-over:
							return
						default:
							d.mustReplace(b, about("carrier"), decks[n%2])
						}
					}
				})
			}
			b.ResetTimer()
			waits := askEvery(b, 5*time.Millisecond, d)
			b.StopTimer()
			close(over)
			importing.Wait()
			slices.Sort(waits)
			for name, share := range map[string]float64{"p50-ms": 0.5, "p99-ms": 0.99, "max-ms": 1} {
				b.ReportMetric(float64(waits[int(share*float64(len(waits)-1))].Microseconds())/1000, name)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// askEvery asks b.N questions at that pace and tells how long each waited, from
// the moment when it should have been asked.
func askEvery(b *testing.B, pace time.Duration, d *decks) []time.Duration {
	b.Helper()
	waits := make([]time.Duration, b.N)
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	var asking sync.WaitGroup
	for i := range waits {
		<-ticker.C
		asking.Go(func() {
			begun := time.Now()
			if err := askOnce(b, d.ledger, d.prices, fmt.Sprintf("pbx1-%d.%d", b.N, i)); err != nil {
				b.Error(err)
			}
			waits[i] = time.Since(begun)
		})
	}
	asking.Wait()
	return waits
}

// askOnce asks for a call abroad, which is granted durably and given up at once.
func askOnce(b *testing.B, l *ledger.Ledger, p *prices, uniqueid string) error {
	_, err := l.Decide(b.Context(), toll.Question{
		Purpose: toll.Ask, Key: toll.Key{PBX: "pbx1", Uniqueid: uniqueid, Number: toLondon.Number()},
		Caller: toll.Caller{Kind: toll.Extension, ID: "1001"}, To: toLondon, Price: p.Price(toLondon, "carrier"), Trunk: "carrier",
	})
	if err != nil {
		return err
	}
	return l.Record(b.Context(), toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: uniqueid})
}
