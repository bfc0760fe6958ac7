package rating

import (
	"fmt"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// maxPrefix bounds a prefix: an E.164 number has at most 15 digits (ITU-T
// E.164, section 6).
const maxPrefix = 15

// maxDescription bounds a description, in bytes.
const maxDescription = 120

// maxPrice bounds a price and a connect fee. What is dearer was never a price,
// but a telephone number in the wrong column.
const maxPrice = 1_000_000 * toll.Unit

// longest bounds a minimum, an increment and a free time.
const longest = time.Hour

// Moments before and after these are slips of a date.
const (
	firstYear = 1980
	lastYear  = 2200
)

// Row is one line of a rate deck.
type Row struct {
	Prefix      string     `json:"prefix"` // E.164 without the +
	Description string     `json:"description,omitempty"`
	Price       toll.Price `json:"price"`
	ValidFrom   time.Time  `json:"valid_from,omitzero"` // in whole seconds; zero: since ever
}

// check tells what is wrong with a row.
func (row Row) check() error {
	if row.Prefix == "" || len(row.Prefix) > maxPrefix || strings.Trim(row.Prefix, "0123456789") != "" {
		return fmt.Errorf("prefix %s: want 1 to %d digits", quoted(row.Prefix), maxPrefix)
	}
	if row.Prefix[0] == '0' {
		return fmt.Errorf("prefix %s: no country code begins with 0", quoted(row.Prefix))
	}
	if len(row.Description) > maxDescription {
		return fmt.Errorf("prefix %s: the description has more than %d bytes", row.Prefix, maxDescription)
	}
	p := row.Price
	if p.PerMinute < 0 || p.Connect < 0 {
		return fmt.Errorf("prefix %s: a price cannot be negative", row.Prefix)
	}
	if p.PerMinute > maxPrice || p.Connect > maxPrice {
		return fmt.Errorf("prefix %s: a price above %s is none", row.Prefix, maxPrice)
	}
	for _, length := range []time.Duration{p.Minimum, p.Increment, p.Free} {
		if length < 0 || length > longest || length%time.Second != 0 {
			return fmt.Errorf("prefix %s: minimum, increment and free time are whole seconds up to an hour", row.Prefix)
		}
	}
	return checkMoment(row)
}

// checkMoment tells what is wrong with the moment from which a row is valid.
func checkMoment(row Row) error {
	from := row.ValidFrom
	if from.IsZero() {
		return nil
	}
	if year := from.UTC().Year(); year < firstYear || year > lastYear {
		return fmt.Errorf("prefix %s: valid from the year %d; want %d to %d", row.Prefix, year, firstYear, lastYear)
	}
	if from.Nanosecond() != 0 {
		return fmt.Errorf("prefix %s: valid from a part of a second", row.Prefix)
	}
	return nil
}

// echo bounds what an error repeats of a file, in bytes.
const echo = 40

// quoted is a text of a file as an error may repeat it: bounded, and without
// anything that a terminal would obey.
func quoted(s string) string {
	if len(s) > echo {
		s = strings.ToValidUTF8(s[:echo], "") + "…"
	}
	return fmt.Sprintf("%+q", s)
}
