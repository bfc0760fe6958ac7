package rating

import (
	"iter"
	"math"
	"math/bits"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Deck is the rate deck of a carrier: prices by prefix, the longest prefix
// wins, and of its rows the newest that is valid. It never changes; import
// makes a new one. Many goroutines may use one.
//
// It is made for half a million prefixes: a prefix is a packed integer, prices
// and descriptions are kept once each, and nothing in it is a pointer to a row.
type Deck struct {
	prefixes []packed // each once, in order
	begin    []uint32 // by the first three digits: where their prefixes begin in that order, and end
	parents  []uint32 // of each prefix: the place of the longest other one that it begins with; orphan if none
	first    []uint32 // of each prefix: where its terms begin; and, at the end, where the last ones end
	terms    []term   // of one prefix after the other, by the moment they are valid from

	prices       []toll.Price
	descriptions []string
}

// orphan is the parent of a prefix that begins with no other one.
const orphan = math.MaxUint32

// term is what one row says of a prefix.
type term struct {
	from        int64 // Unix seconds; always for a row that is valid since ever
	price       uint32
	description uint32
}

// always is the moment from which a row without ValidFrom is valid.
const always = math.MinInt64

// packed is a prefix in an integer: a digit and one, four bits each, from the
// top. So the order of the integers is that of the prefixes.
type packed uint64

// pack packs the leading digits of a number, as many as a prefix may have.
func pack(number string) packed {
	var p packed
	shift := 60
	for i := 0; i < len(number) && i < maxPrefix; i++ {
		digit := number[i] - '0'
		if digit > 9 {
			break
		}
		p |= packed(digit+1) << shift
		shift -= 4
	}
	return p
}

// String is the prefix again.
func (p packed) String() string {
	var digits [maxPrefix]byte
	n := 0
	for ; p != 0; p <<= 4 {
		digits[n] = '0' + byte(p>>60) - 1
		n++
	}
	return string(digits[:n])
}

// begins tells whether a number begins with the prefix.
func (p packed) begins(number packed) bool {
	rest := bits.TrailingZeros64(uint64(p)) &^ 3
	return p>>rest == number>>rest
}

// leading is what a prefix has in the place of its first three digits. Half of a
// search is to look there first, in memory that is always at hand.
func (p packed) leading() int { return int(p >> 52) }

// leads is how many of them there are.
const leads = 1 << 12

// length is how many digits a prefix has.
func (p packed) length() int { return (64 - bits.TrailingZeros64(uint64(p))&^3) / 4 }

// Len is how many rows the deck has.
func (d *Deck) Len() int { return len(d.terms) }

// Find is the row that prices an E.164 number at a moment: the newest valid one
// of the longest prefix that has any valid row.
func (d *Deck) Find(e164 string, at time.Time) (Row, bool) {
	digits := strings.TrimPrefix(e164, "+")
	number := pack(digits)
	// Whatever the number begins with, the last prefix in order that is not
	// behind it begins with that too, so the answer is it or one of its parents.
	i := uint32(d.behind(number)) - 1 // orphan if the first prefix is behind it already
	for ; i != orphan; i = d.parents[i] {
		if !d.prefixes[i].begins(number) {
			continue
		}
		if t, ok := d.valid(i, at); ok {
			return d.row(digits[:d.prefixes[i].length()], t), true
		}
	}
	return Row{}, false
}

// behind is the place of the first prefix that comes after a number.
func (d *Deck) behind(number packed) int {
	if len(d.prefixes) == 0 {
		return 0
	}
	low, high := int(d.begin[number.leading()]), int(d.begin[number.leading()+1])
	for low < high {
		middle := int(uint(low+high) >> 1)
		if d.prefixes[middle] <= number {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// valid is the newest term of a prefix that is valid at a moment.
func (d *Deck) valid(prefix uint32, at time.Time) (term, bool) {
	terms := d.terms[d.first[prefix]:d.first[prefix+1]]
	now := at.Unix()
	n := sort.Search(len(terms), func(i int) bool { return terms[i].from > now })
	if n == 0 {
		return term{}, false
	}
	return terms[n-1], true
}

// row makes a row of a prefix and a term.
func (d *Deck) row(prefix string, t term) Row {
	row := Row{Prefix: prefix, Description: d.descriptions[t.description], Price: d.prices[t.price]}
	if t.from != always {
		row.ValidFrom = time.Unix(t.from, 0).UTC()
	}
	return row
}

// Rows walks the deck in the order of the prefixes, and those of one prefix in
// the order they become valid.
func (d *Deck) Rows() iter.Seq[Row] { return d.RowsUnder("", "") }

// RowsUnder walks the rows whose prefix begins with some digits, and comes
// behind another prefix: the one that the page before ended with. A page must
// end between two prefixes, or the rest of a prefix's rows are skipped. Either
// may be empty.
func (d *Deck) RowsUnder(prefix, after string) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		under := pack(prefix)
		start, _ := slices.BinarySearch(d.prefixes, under)
		if after != "" {
			start = max(start, d.behind(pack(after)))
		}
		for i := start; i < len(d.prefixes); i++ {
			if under != 0 && !under.begins(d.prefixes[i]) {
				return
			}
			digits := d.prefixes[i].String()
			for _, t := range d.terms[d.first[i]:d.first[i+1]] {
				if !yield(d.row(digits, t)) {
					return
				}
			}
		}
	}
}

// current walks what is in force at a moment: each prefix that has a valid
// term, by its place.
func (d *Deck) current(at time.Time) iter.Seq2[uint32, term] {
	return func(yield func(uint32, term) bool) {
		if d == nil {
			return
		}
		for i := range uint32(len(d.prefixes)) {
			if t, ok := d.valid(i, at); ok && !yield(i, t) {
				return
			}
		}
	}
}
