package rating

import (
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A list for the world has this many countries at least. Of its countries half
// cost more than the price assumed abroad, divided by this: lists have some 0.10
// in the middle where 1.50 is assumed, and those in prices a second 0.002.
const (
	manyCountries = 20
	farBelow      = 200
)

// FarBelow tells whether the prices of a deck at a moment are so low that they
// are perhaps prices a second: it gives the price of the country in the middle
// if that is so, and 0 if not. It judges no list of a few countries, for which
// any price may be right.
func (r *Rates) FarBelow(deck *Deck, at time.Time) toll.Money {
	var prices []toll.Money
	last := ""
	for i, t := range deck.current(at) {
		prefix := deck.prefixes[i].String()
		code := prefix[:min(codeLength(prefix), len(prefix))]
		price := deck.prices[t.price]
		if code == last || price.PerMinute == 0 {
			continue
		}
		last = code // the first prefix is that of the whole country, where it has one
		prices = append(prices, price.PerMinute)
	}
	if len(prices) < manyCountries {
		return 0
	}
	slices.Sort(prices)
	if middle := prices[len(prices)/2]; middle < r.assumed.Abroad/farBelow {
		return middle
	}
	return 0
}

// Nothing counts the rows in force at a moment that cost nothing, and gives the
// first of them.
func (d *Deck) Nothing(at time.Time) (rows int, first Row) {
	for i, t := range d.current(at) {
		if !d.prices[t.price].Nothing() {
			continue
		}
		if rows == 0 {
			first = d.row(d.prefixes[i].String(), t)
		}
		rows++
	}
	return rows, first
}

// NotYet counts the prefixes none of whose rows is valid at a moment, and tells
// when the first of them will be. Until then the deck does not price them.
func (d *Deck) NotYet(at time.Time) (prefixes int, first time.Time) {
	soonest := int64(0)
	for i := range uint32(len(d.prefixes)) {
		if _, ok := d.valid(i, at); ok {
			continue
		}
		if from := d.terms[d.first[i]].from; prefixes == 0 || from < soonest {
			soonest = from
		}
		prefixes++
	}
	if prefixes == 0 {
		return 0, time.Time{}
	}
	return prefixes, time.Unix(soonest, 0).UTC()
}
