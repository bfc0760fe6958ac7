package rating

import (
	"cmp"
	"iter"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Compare tells what a new deck changes of an old one, prefix by prefix, in
// what is in force at a moment. Either may be nil. A price is dearer if three
// minutes cost more, or, where those cost the same, the first second does.
func Compare(before, after *Deck, at time.Time) Difference {
	var d Difference
	nextOld, stop := iter.Pull2(before.current(at))
	defer stop()
	old, oldTerm, more := nextOld()
	for i, t := range after.current(at) {
		for more && before.prefixes[old] < after.prefixes[i] {
			d.Removed++
			old, oldTerm, more = nextOld()
		}
		if !more || before.prefixes[old] != after.prefixes[i] {
			d.Added++
			continue
		}
		switch comparePrices(after.prices[t.price], before.prices[oldTerm.price]) {
		case 1:
			d.Dearer++
		case -1:
			d.Cheaper++
		}
		old, oldTerm, more = nextOld()
	}
	for more {
		d.Removed++
		_, _, more = nextOld()
	}
	return d
}

// comparePrices is 1 if the first is dearer, -1 if it is cheaper.
func comparePrices(a, b toll.Price) int {
	return cmp.Or(cmp.Compare(costs(a), costs(b)), cmp.Compare(a.Cost(time.Second), b.Cost(time.Second)))
}
