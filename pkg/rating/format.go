package rating

import "github.com/tollfuse/tollfuse/pkg/toll"

// Format says how a carrier's price list is to be read. The zero Format
// recognizes what it can: the delimiter, the decimal mark, the form of dates,
// and the columns by their usual headings.
type Format struct {
	Columns   Columns `json:"columns,omitzero"`
	Delimiter string  `json:"delimiter,omitempty"` // one character; "tab" for the tabulator
	Decimal   string  `json:"decimal,omitempty"`   // "." or ","
	Date      string  `json:"date,omitempty"`      // order of the parts of a date: "ymd", "dmy" or "mdy"
	NoHeading bool    `json:"no_heading,omitempty"`

	// Times is what each price is multiplied with, as a decimal: 0.01 for a list
	// in cents, 60 for one in prices per second, 0.92 for another currency. Empty
	// means 1. Prices are rounded up to the millionth.
	Times string `json:"times,omitempty"`
}

// Columns name the column of each field, by its heading or by its number from
// 1. A field that is empty is looked for among the usual headings, and one that
// is "none" is not looked for.
type Columns struct {
	Prefix      string `json:"prefix,omitempty"`       // E.164, with or without + or 00; several and ranges in a cell count one by one
	CountryCode string `json:"country_code,omitempty"` // where Prefix has only what follows it
	Description string `json:"description,omitempty"`
	PerMinute   string `json:"per_minute,omitempty"`
	Connect     string `json:"connect,omitempty"`
	Minimum     string `json:"minimum,omitempty"`   // seconds
	Increment   string `json:"increment,omitempty"` // seconds; "60/6" is minimum and increment in one
	Free        string `json:"free,omitempty"`      // seconds
	ValidFrom   string `json:"valid_from,omitempty"`
}

// Problem is a row of a price list that cannot be taken.
type Problem struct {
	Line int    `json:"line"` // of the file, from 1
	Text string `json:"text"` // why, with the cell in question, bounded
}

// Difference is what a new deck changes of an old one, by prefixes, at the
// moment it is asked about.
type Difference struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Dearer  int `json:"dearer"`
	Cheaper int `json:"cheaper"`
}

// Dear is a row whose price is far above what would be assumed.
type Dear struct {
	Row     Row        `json:"row"`
	Class   string     `json:"class"`
	Assumed toll.Money `json:"assumed"` // a minute
}
