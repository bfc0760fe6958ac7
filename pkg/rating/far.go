package rating

import (
	"cmp"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// How much of a deck FarAbove looks at, and how many rows it names.
const (
	maxAsked = 10_000
	maxDear  = 100
)

// FarAbove finds rows of a deck in force at a moment whose first minute costs
// more than factor times what would be assumed: either the deck has an error,
// or the assumption was too kind. It gives the worst of them, the worst first,
// and how many rows there are.
//
// Class and country come from resolve, which is asked about made-up numbers
// that begin with the prefix. It is slow, so rows of one description, one price
// and the same first three digits count as one kind of destination, and only the shortest prefix of each
// kind is asked about; kinds that not even the smallest assumed price makes
// dear are not asked about at all. Of the others it takes the dearest, until
// resolve was asked 10,000 times. Where nothing is assumed, as for toll-free
// numbers, a row is held against the smallest price that is.
func (r *Rates) FarAbove(deck *Deck, factor int64, resolve func(e164 string) toll.Destination, at time.Time) ([]Dear, int) {
	floor := r.floor()
	var dear []Dear
	rows, asked := 0, 0
	for _, k := range deck.kinds(at, func(p toll.Price) bool { return far(p, floor, factor) }) {
		if asked >= maxAsked {
			break
		}
		row := deck.row(deck.prefixes[k.prefix].String(), k.term)
		to := likeliest(row.Prefix, func(e164 string) toll.Destination { asked++; return resolve(e164) })
		assumed := max(r.perMinute(to), floor)
		if !to.Class.Metered() || !far(row.Price, assumed, factor) {
			continue
		}
		rows += k.rows
		dear = append(dear, Dear{Row: row, Class: string(to.Class), Assumed: assumed})
	}
	slices.SortStableFunc(dear, func(a, b Dear) int { return cmp.Compare(b.times(), a.times()) })
	return dear[:min(len(dear), maxDear)], rows
}

// times is how many times the assumed price a row costs, near enough to sort by.
func (d Dear) times() float64 {
	return float64(d.Row.Price.Cost(time.Minute)) / float64(d.Assumed)
}

// far tells whether a price is far above an assumed one.
func far(p toll.Price, assumed toll.Money, factor int64) bool {
	cost := p.Cost(time.Minute)
	return cost > 0 && (cost-1)/toll.Money(max(factor, 1)) >= assumed // cost > assumed × factor, and cannot overflow
}

// floor is the smallest price that is assumed for anything that is not free.
func (r *Rates) floor() toll.Money {
	floor := r.assumed.Premium
	for _, price := range []toll.Money{r.assumed.Home, r.assumed.Special, r.assumed.Allowed, r.assumed.Abroad} {
		if price > 0 {
			floor = min(floor, price)
		}
	}
	return floor
}

// likeliest is what most numbers with a prefix are: the class of a made-up one
// of the length that makes it valid, or else of the first that has a class.
func likeliest(prefix string, resolve func(e164 string) toll.Destination) toll.Destination {
	var likely toll.Destination
	for _, length := range []int{11, 12, 10, 9, 13, 8, 15} {
		if length < len(prefix) {
			continue
		}
		to := resolve("+" + prefix + "23456789012345"[:length-len(prefix)])
		if to.Valid {
			return to
		}
		if likely.Class == "" || likely.Class == toll.Unplaced {
			likely = to
		}
	}
	return likely
}

// kind is what rows of a deck are taken for that are alike.
type kind struct {
	prefix uint32 // the shortest of them
	term   term
	rows   int
}

// kinds lists the kinds of row in force at a moment that may be dear, the
// dearest first.
func (d *Deck) kinds(at time.Time, mayBeDear func(toll.Price) bool) []kind {
	type look struct {
		price, description uint32
		country            int // its first three digits
	}
	candidate := make([]bool, len(d.prices))
	for i, p := range d.prices {
		candidate[i] = mayBeDear(p)
	}
	place := make(map[look]int)
	var kinds []kind
	for i, t := range d.current(at) {
		if !candidate[t.price] {
			continue
		}
		key := look{t.price, t.description, d.prefixes[i].leading()}
		n, known := place[key]
		if !known {
			n = len(kinds)
			place[key] = n
			kinds = append(kinds, kind{prefix: i, term: t})
		}
		kinds[n].rows++
		if d.prefixes[i].length() < d.prefixes[kinds[n].prefix].length() {
			kinds[n].prefix, kinds[n].term = i, t
		}
	}
	slices.SortStableFunc(kinds, func(a, b kind) int {
		return cmp.Compare(d.prices[b.term.price].Cost(time.Minute), d.prices[a.term.price].Cost(time.Minute))
	})
	return kinds
}
