package rating

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// benchRows is as long as the longest price lists that carriers send.
const benchRows = 500_000

// benchDeck is a deck of that many prefixes.
func benchDeck(b *testing.B) *Deck {
	b.Helper()
	var builder Builder
	for prefix := range benchRows {
		r := row(strconv.Itoa(1_000_000+prefix*17), toll.Money(prefix%5000))
		if prefix%100 == 0 {
			r.Prefix = r.Prefix[:3+prefix%4]
			r.ValidFrom = noon.Add(time.Duration(prefix) * time.Minute) // each once
		}
		if err := builder.Add(r); err != nil {
			b.Fatal(err)
		}
	}
	d, err := builder.Deck()
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// BenchmarkFind looks up numbers all over a deck: those it has, and those it
// has not.
func BenchmarkFind(b *testing.B) {
	d := benchDeck(b)
	var hits, misses []string
	for range 1 << 14 {
		hits = append(hits, fmt.Sprintf("+%d12345", 1_000_000+rand.IntN(benchRows)*17))
		misses = append(misses, fmt.Sprintf("+%d", 2e11+rand.Int64N(7e11)))
	}
	for name, numbers := range map[string][]string{"hit": hits, "miss": misses} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				d.Find(numbers[i%len(numbers)], noon)
				i++
			}
		})
	}
}

// heap is how much memory is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkDeckMemory tells how much memory a deck takes.
func BenchmarkDeckMemory(b *testing.B) {
	before := heap()
	var d *Deck
	for b.Loop() {
		d = benchDeck(b)
	}
	b.ReportMetric(float64(heap()-before)/1e6, "MB/deck")
	runtime.KeepAlive(d)
}

// BenchmarkPrice prices a number by one trunk, and by whichever is the dearest.
func BenchmarkPrice(b *testing.B) {
	d := benchDeck(b)
	r, err := New(DefaultAssumed(), map[string]*Deck{"a": d, "b": d}, "a", "b", "c")
	if err != nil {
		b.Fatal(err)
	}
	there := to(toll.IntlFixed, "GB", "+4420794609581")
	for name, trunk := range map[string]string{"known": "a", "unknown": ""} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Price(there, trunk, noon)
			}
		})
	}
}
