package admin

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// RatesImport says how a carrier's price list is to be read, and whose calls it
// prices.
type RatesImport struct {
	Trunk   string        `json:"trunk,omitempty"` // empty: every trunk without a deck of its own
	File    string        `json:"file"`            // the name of the file, for the record
	Format  rating.Format `json:"format,omitzero"`
	SkipBad bool          `json:"skip_bad,omitempty"` // rows that cannot be read are left out
	DryRun  bool          `json:"dry_run,omitempty"`  // only look
}

// RatesReport is what was found in a price list. Unless Imported is true
// nothing has changed.
type RatesReport struct {
	Imported   bool              `json:"imported"`
	Deck       toll.Deck         `json:"deck"`    // ID is 0 where it was not imported
	Columns    map[string]string `json:"columns"` // field of rating.Columns, and the heading or number that it was found in
	Bad        []rating.Problem  `json:"bad"`     // the first of them
	BadRows    int               `json:"bad_rows"`
	Dear       []rating.Dear     `json:"dear"` // far above what is assumed; the worst of them
	DearRows   int               `json:"dear_rows"`
	FarBelow   toll.Money        `json:"far_below,omitempty"`   // what a minute costs in the country in the middle, where that is so little that these are perhaps prices a second
	FreeRows   int               `json:"free_rows"`             // that cost nothing
	FirstFree  string            `json:"first_free,omitempty"`  // prefix of the first of them
	NotYet     int               `json:"not_yet"`               // prefixes none of whose rows is valid yet
	NotYetFrom time.Time         `json:"not_yet_from,omitzero"` // when the first of them will be
	Before     *toll.Deck        `json:"before,omitempty"`      // that this one takes the place of
	Difference rating.Difference `json:"difference"`
}

// DeckStanding is a deck that counts.
type DeckStanding struct {
	Deck     toll.Deck `json:"deck"`
	Author   string    `json:"author"`
	Imported time.Time `json:"imported"`
	Trunks   []string  `json:"trunks"`          // whose calls it prices
	Error    string    `json:"error,omitempty"` // why it cannot be read, where that is so: then its calls are priced by assumption
}

// RatesQuery chooses rows of a deck.
type RatesQuery struct {
	Deck   string `json:"deck"`             // toll.Deck.Name
	Prefix string `json:"prefix,omitempty"` // rows that begin so
	Text   string `json:"text,omitempty"`   // rows whose description has it, whatever the case
	After  string `json:"after,omitempty"`  // page on: Prefix of the last row of the page before
	Limit  int    `json:"limit,omitempty"`  // rows; 100 if zero, at most 10,000
}

// RatesPage is a part of a deck, in the order of the prefixes.
type RatesPage struct {
	Rows []rating.Row `json:"rows"`
	More bool         `json:"more"` // there are rows behind these
}

// PriceQuery asks what a call costs.
type PriceQuery struct {
	To    string        `json:"to"`              // as dialled, or E.164 with +
	Trunk string        `json:"trunk,omitempty"` // empty: every trunk
	Talk  time.Duration `json:"talk,omitempty"`  // the length of the call; 1 min if zero
	At    time.Time     `json:"at,omitzero"`     // the moment; now if zero
}

// PriceAnswer is what a call costs by each trunk.
type PriceAnswer struct {
	At     time.Time        `json:"at"`
	To     toll.Destination `json:"to"`
	Steps  []numbering.Step `json:"steps"`
	Talk   time.Duration    `json:"talk"`
	Trunks []TrunkPrice     `json:"trunks"`
}

// TrunkPrice is what a call costs by one trunk.
type TrunkPrice struct {
	Trunk string       `json:"trunk"` // empty: whichever it leaves by, as it is reserved when nobody knows yet
	Quote rating.Quote `json:"quote"`
	Cost  toll.Money   `json:"cost"` // of Talk
}
