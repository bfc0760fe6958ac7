package rating

import (
	"bytes"
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
	b.ReportMetric((float64(heap())-float64(before))/1e6, "MB/deck")
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

// priceList writes a list of that many prefixes in the way carriers do: many
// prefixes of a destination, at few prices.
func priceList(rows int) []byte {
	var list bytes.Buffer
	list.WriteString("Prefix,Destination,Rate,Billing increment,Effective date\n")
	for i := range rows {
		place := i / 50
		fmt.Fprintf(&list, "%d,Destination %d - Mobile,%d.%04d,60/%d,2026-03-01\n", 1_000_000+i*17, place, place%3, place%7919, 1+place%2*59)
	}
	return list.Bytes()
}

// BenchmarkRead imports a price list, and tells how much memory the deck keeps.
func BenchmarkRead(b *testing.B) {
	file := priceList(benchRows)
	before := heap()
	var got Reading
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		var err error
		if got, err = Read(bytes.NewReader(file), Format{}, noon.Location()); err != nil || got.BadRows > 0 || got.Deck.Len() != benchRows {
			b.Fatalf("got %+v, %v", got.Bad, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
	b.ReportMetric((float64(heap())-float64(before))/1e6, "MB/deck")
	runtime.KeepAlive(got)
	runtime.KeepAlive(file)
}

// BenchmarkCompare tells what a new deck changes of an old one.
func BenchmarkCompare(b *testing.B) {
	before, after := benchDeck(b), benchDeck(b)
	for b.Loop() {
		Compare(before, after, noon)
	}
}
