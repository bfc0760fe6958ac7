package rating

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// MaxRows bounds a deck. The longest lists that carriers send have a tenth of it.
const MaxRows = 5_000_000

// errTooMany is a deck beyond MaxRows.
var errTooMany = fmt.Errorf("a rate deck has at most %d rows", MaxRows)

// Builder makes a deck of rows, in whatever order they come. The zero Builder
// is ready.
type Builder struct {
	entries      []entry
	prices       []toll.Price
	descriptions []string
	priceOf      map[toll.Price]uint32
	describedBy  map[string]uint32
}

// entry is a row on its way into a deck.
type entry struct {
	prefix packed
	term
	line uint32 // of the file, or how manieth row it was
}

// Add takes a row, or says what is wrong with it; then nothing is taken.
func (b *Builder) Add(row Row) error { return b.add(row, len(b.entries)+1) }

func (b *Builder) add(row Row, line int) error {
	if err := row.check(); err != nil {
		return err
	}
	if len(b.entries) >= MaxRows {
		return errTooMany
	}
	if b.priceOf == nil {
		b.priceOf, b.describedBy = make(map[toll.Price]uint32), make(map[string]uint32)
	}
	row.Price.Assumed = false
	price, known := b.priceOf[row.Price]
	if !known {
		price = uint32(len(b.prices))
		b.prices = append(b.prices, row.Price)
		b.priceOf[row.Price] = price
	}
	description, known := b.describedBy[row.Description]
	if !known {
		text := strings.Clone(row.Description) // not the whole line that it is a part of
		description = uint32(len(b.descriptions))
		b.descriptions = append(b.descriptions, text)
		b.describedBy[text] = description
	}
	from := int64(always)
	if !row.ValidFrom.IsZero() {
		from = row.ValidFrom.Unix()
	}
	b.entries = append(b.entries, entry{prefix: pack(row.Prefix), term: term{from, price, description}, line: uint32(line)})
	return nil
}

// free tells whether there are rows, and each costs nothing: then the prices were
// somewhere else.
func (b *Builder) free() bool {
	paid := func(p toll.Price) bool { return !p.Nothing() }
	return len(b.prices) > 0 && !slices.ContainsFunc(b.prices, paid)
}

// Deck is the deck of the rows that were added. A row that was given twice
// counts once; two that price the same prefix from the same moment differently
// are an error that names the prefix. The builder is spent then.
func (b *Builder) Deck() (*Deck, error) {
	var errs []error
	d := b.deck(func(c conflict) {
		if len(errs) < 10 {
			errs = append(errs, fmt.Errorf("rate deck: prefix %s has two prices from the same moment", c.prefix))
		}
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return d, nil
}

// conflict is a pair of rows that price the same prefix from the same moment
// differently.
type conflict struct {
	prefix        packed
	line, earlier uint32
}

// deck makes the deck, reports every conflict, and keeps the dearer row of it.
func (b *Builder) deck(report func(conflict)) *Deck {
	slices.SortFunc(b.entries, func(x, y entry) int {
		return cmp.Or(cmp.Compare(x.prefix, y.prefix), cmp.Compare(x.from, y.from), cmp.Compare(x.line, y.line))
	})
	kept := b.entries[:0]
	for _, e := range b.entries {
		last := len(kept) - 1
		if last < 0 || kept[last].prefix != e.prefix || kept[last].from != e.from {
			kept = append(kept, e)
			continue
		}
		if earlier := kept[last]; earlier.price != e.price {
			report(conflict{prefix: e.prefix, line: e.line, earlier: earlier.line})
			if costs(b.prices[e.price]) > costs(b.prices[earlier.price]) {
				kept[last] = e
			}
		}
	}
	d := &Deck{prices: slices.Clip(b.prices), descriptions: slices.Clip(b.descriptions)}
	d.index(kept)
	*b = Builder{}
	return d
}

// index lays the entries, which are in order, into the deck.
func (d *Deck) index(entries []entry) {
	distinct := 0
	for i, e := range entries {
		if i == 0 || entries[i-1].prefix != e.prefix {
			distinct++
		}
	}
	d.prefixes, d.parents = make([]packed, 0, distinct), make([]uint32, 0, distinct)
	d.first, d.terms = make([]uint32, 0, distinct+1), make([]term, 0, len(entries))
	for i, e := range entries {
		if i == 0 || entries[i-1].prefix != e.prefix {
			d.parents = append(d.parents, d.parentOf(e.prefix))
			d.prefixes = append(d.prefixes, e.prefix)
			d.first = append(d.first, uint32(i))
		}
		d.terms = append(d.terms, e.term)
	}
	d.first = append(d.first, uint32(len(entries)))
	d.begin = make([]uint32, leads+1)
	for _, p := range d.prefixes {
		d.begin[p.leading()+1]++
	}
	for lead := range leads {
		d.begin[lead+1] += d.begin[lead]
	}
}

// parentOf is the place of the longest prefix so far that this one, which comes
// next, begins with: the one before it, or one of that one's parents.
func (d *Deck) parentOf(p packed) uint32 {
	i := uint32(len(d.prefixes)) - 1
	for i != orphan && !d.prefixes[i].begins(p) {
		i = d.parents[i]
	}
	return i
}

// yardstick is the length of call that prices are compared by: long enough for
// the price of the minute to weigh, short enough for the connect fee to.
const yardstick = 3 * time.Minute

// costs is what prices are compared by.
func costs(p toll.Price) toll.Money { return p.Cost(yardstick) }
