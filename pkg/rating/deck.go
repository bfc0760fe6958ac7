package rating

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// maxPrefix bounds a prefix: an E.164 number has at most 15 digits.
const maxPrefix = 15

// yardstick is the length of call that prices are compared by.
const yardstick = 3 * time.Minute

// Row is one line of a rate deck.
type Row struct {
	Prefix      string     `json:"prefix"` // E.164 without the +
	Description string     `json:"description,omitempty"`
	Price       toll.Price `json:"price"`
	ValidFrom   time.Time  `json:"valid_from,omitzero"` // zero: since ever
}

// Deck is the rate deck of a carrier: prices by prefix, the longest prefix
// wins. It never changes; import makes a new one.
type Deck struct {
	rows    map[string]Row
	lengths []int // of the prefixes that exist, longest first
}

// NewDeck makes a deck of rows. Any bad row is an error that names it, because
// half a deck would price the other half by assumption.
func NewDeck(rows []Row) (*Deck, error) {
	d := &Deck{rows: make(map[string]Row, len(rows))}
	var seen [maxPrefix + 1]bool
	for i, row := range rows {
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("rate deck, row %d: %w", i+1, err)
		}
		if other, twice := d.rows[row.Prefix]; twice && other.Price != row.Price {
			return nil, fmt.Errorf("rate deck, row %d: prefix %s has another price before", i+1, row.Prefix)
		}
		d.rows[row.Prefix] = row
		seen[len(row.Prefix)] = true
	}
	for n := maxPrefix; n > 0; n-- {
		if seen[n] {
			d.lengths = append(d.lengths, n)
		}
	}
	return d, nil
}

// check tells what is wrong with a row.
func (row Row) check() error {
	if row.Prefix == "" || len(row.Prefix) > maxPrefix || strings.Trim(row.Prefix, "0123456789") != "" {
		return fmt.Errorf("prefix %q: want 1 to %d digits", clip(row.Prefix), maxPrefix)
	}
	if row.Prefix[0] == '0' {
		return fmt.Errorf("prefix %q: no country code begins with 0; write it without 00", row.Prefix)
	}
	p := row.Price
	if p.PerMinute < 0 || p.Connect < 0 {
		return fmt.Errorf("prefix %s: a price cannot be negative", row.Prefix)
	}
	for _, length := range []time.Duration{p.Minimum, p.Increment, p.Free} {
		if length < 0 || length > time.Hour || length%time.Second != 0 {
			return fmt.Errorf("prefix %s: minimum, increment and free time are whole seconds up to an hour", row.Prefix)
		}
	}
	return nil
}

// clip bounds what an error repeats of a file.
func clip(s string) string {
	if len(s) > 2*maxPrefix {
		return s[:2*maxPrefix] + "…"
	}
	return s
}

// Len is how many prefixes the deck has.
func (d *Deck) Len() int { return len(d.rows) }

// Price is the price of the longest prefix of an E.164 number; false where the
// deck says nothing.
func (d *Deck) Price(e164 string, at time.Time) (toll.Price, bool) {
	row, ok := d.Find(e164, at)
	return row.Price, ok
}

// Find is the row with the longest prefix of an E.164 number that is valid then.
func (d *Deck) Find(e164 string, at time.Time) (Row, bool) {
	digits := strings.TrimPrefix(e164, "+")
	for _, n := range d.lengths {
		if n > len(digits) {
			continue
		}
		if row, ok := d.rows[digits[:n]]; ok && !row.ValidFrom.After(at) {
			return row, true
		}
	}
	return Row{}, false
}

// Rows walks the deck in the order of the prefixes.
func (d *Deck) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		prefixes := make([]string, 0, len(d.rows))
		for prefix := range d.rows {
			prefixes = append(prefixes, prefix)
		}
		slices.Sort(prefixes)
		for _, prefix := range prefixes {
			if !yield(d.rows[prefix]) {
				return
			}
		}
	}
}
