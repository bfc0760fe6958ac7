package rating

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Rates prices destinations. It never changes: a new deck is a new Rates, and
// live leases keep the price they were granted at. Many goroutines may use one.
type Rates struct {
	assumed Assumed
	allowed map[string]bool
	decks   map[string]*Deck
	known   []string // trunks of the site, in order
	trunks  []string // that a call may leave by while nobody knows: the known ones, and those with a deck
}

// New checks the assumed prices and takes the decks by trunk. The deck of the
// trunk "" counts for every trunk without one of its own. The trunks are all
// that the site has: a call may leave by one that has no deck.
func New(assumed Assumed, decks map[string]*Deck, trunks ...string) (*Rates, error) {
	if err := assumed.check(); err != nil {
		return nil, err
	}
	r := &Rates{assumed: assumed, allowed: make(map[string]bool), decks: make(map[string]*Deck), known: slices.Clone(trunks)}
	for _, country := range assumed.AllowedCountries {
		r.allowed[country] = true
	}
	for trunk, deck := range decks {
		if deck != nil {
			r.decks[trunk] = deck
		}
	}
	r.list()
	return r, nil
}

// With is these rates with another deck for a trunk; nil takes its deck away.
// The original stays as it was.
func (r *Rates) With(trunk string, deck *Deck) *Rates {
	changed := *r
	changed.decks = maps.Clone(r.decks)
	if deck == nil {
		delete(changed.decks, trunk)
	} else {
		changed.decks[trunk] = deck
	}
	changed.list()
	return &changed
}

// Deck is the deck of that very trunk, or the common one for ""; nil if it has
// none.
func (r *Rates) Deck(trunk string) *Deck { return r.decks[trunk] }

// list names the trunks that a call may leave by while nobody knows, always in
// the same order.
func (r *Rates) list() {
	r.trunks = slices.AppendSeq(slices.Clone(r.known), maps.Keys(r.decks))
	slices.Sort(r.trunks)
	r.trunks = slices.Compact(r.trunks)
}

// Price is what a call there costs by that trunk at that moment: as the trunk's
// deck says, else as assumed. An empty trunk is one that is not known yet, and
// then that counts by which a call of three minutes costs the most: a later trunk
// should not cost more than was reserved. Where one trunk is dear by the call and
// another by the minute it still can, if the call is much longer or shorter.
func (r *Rates) Price(to toll.Destination, trunk string, at time.Time) toll.Price {
	return r.find(to, trunk, at).price
}

// Quote is what Price says, and why.
func (r *Rates) Quote(to toll.Destination, trunk string, at time.Time) Quote {
	f := r.find(to, trunk, at)
	if f.price.Assumed || !to.Class.Metered() {
		return Quote{Price: f.price, Why: f.why(to)}
	}
	return Quote{
		Price: f.price, Deck: deckName(f.deck), Prefix: f.row.Prefix,
		Description: f.row.Description, ValidFrom: f.row.ValidFrom,
	}
}

// found is a price and where it was found, or what stood in its place.
type found struct {
	price toll.Price
	row   Row
	deck  string // trunk that the deck belongs to
	trunk string
	doubt doubt
}

// doubt is why a price is assumed though there are decks.
type doubt int

const (
	none     doubt = iota
	noDeck         // for the trunk
	noNumber       // that a deck could be asked about
	noRow
	tooEarly // for the row that there is
	coarse   // is the row, and it says less than is assumed
	nothing  // is what the row says that it costs
)

// find prices a call by a trunk, or by the dearest of all.
func (r *Rates) find(to toll.Destination, trunk string, at time.Time) found {
	switch {
	case !to.Class.Metered():
		return found{}
	case len(r.decks) == 0:
		return found{price: r.assume(to)}
	case trunk != "":
		return r.findBy(to, trunk, at)
	}
	dearest := r.findBy(to, r.trunks[0], at)
	for _, other := range r.trunks[1:] {
		if f := r.findBy(to, other, at); costs(f.price) > costs(dearest.price) {
			dearest = f
		}
	}
	return dearest
}

// findBy prices a call by one trunk.
func (r *Rates) findBy(to toll.Destination, trunk string, at time.Time) found {
	f := found{price: r.assume(to), deck: trunk, trunk: trunk}
	deck, own := r.decks[trunk]
	if !own {
		deck, f.deck = r.decks[""], ""
	}
	if deck == nil {
		f.doubt = noDeck
		return f
	}
	if to.E164 == "" {
		f.doubt = noNumber
		return f
	}
	row, ok := deck.Find(to.E164, at)
	if !ok {
		f.doubt = noRow
		if _, later := deck.Find(to.E164, endOfTime()); later {
			f.doubt = tooEarly
		}
		return f
	}
	f.row = row
	if row.Price.Nothing() && f.price.PerMinute > 0 && !to.Class.Ordinary() {
		f.doubt = nothing
		return f
	}
	if !row.names(to) && costs(f.price) >= costs(row.Price) {
		f.doubt = coarse
		return f
	}
	f.price = row.Price
	return f
}

// endOfTime is a moment at which every row is valid.
func endOfTime() time.Time { return time.Date(lastYear+1, time.January, 1, 0, 0, 0, 0, time.UTC) }

// names tells whether a row speaks of this very kind of destination. The row of
// a whole country, or of a large part of it, does not mean its premium numbers:
// those stand behind two digits more at least. And the row of +1 does not mean the
// islands that share that code.
func (row Row) names(to toll.Destination) bool {
	special := false
	switch to.Class {
	case toll.ForeignNANP, toll.HomePremium, toll.IntlPremium, toll.Personal, toll.SharedCost:
		special = true
	}
	code := codeLength(row.Prefix)
	switch {
	case row.Prefix[0] == '1':
		return len(row.Prefix) >= 4 || !special && (to.Country == "US" || to.Country == "CA")
	case special:
		return len(row.Prefix) >= max(code+2, 4)
	}
	return len(row.Prefix) >= code // 88 is neither 881 nor 882
}

// twoDigits are the country codes that have two digits; 1 and 7 have one, and all
// others three (ITU-T E.164, list of assigned country codes).
const twoDigits = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "

// codeLength is how many digits the country code has that a prefix begins with.
func codeLength(prefix string) int {
	switch {
	case prefix[0] == '1' || prefix[0] == '7':
		return 1
	case len(prefix) >= 2 && strings.Contains(twoDigits, " "+prefix[:2]+" "):
		return 2
	}
	return 3
}

// assume is the assumed price of a destination.
func (r *Rates) assume(to toll.Destination) toll.Price {
	return toll.Price{PerMinute: r.perMinute(to), Assumed: true}
}

// why says why a price is assumed though there are decks.
func (f found) why(to toll.Destination) string {
	switch f.doubt {
	case noDeck:
		return fmt.Sprintf("trunk %s has no rate deck", f.trunk)
	case noNumber:
		return "it is no number that a rate deck could name"
	case noRow:
		return fmt.Sprintf("the rate deck of %s has no row for it", deckName(f.deck))
	case tooEarly:
		return fmt.Sprintf("the rate deck of %s has no row for it that is valid yet", deckName(f.deck))
	case coarse:
		return fmt.Sprintf("row %s of the rate deck of %s is a wide one, does not mean numbers of class %s in %s, and is cheaper", f.row.Prefix, deckName(f.deck), to.Class, to.Country)
	case nothing:
		return fmt.Sprintf("row %s of the rate deck of %s says that it costs nothing, which is taken of ordinary numbers at home alone", f.row.Prefix, deckName(f.deck))
	}
	return ""
}

// deckName is how the deck of a trunk is called.
func deckName(trunk string) string { return toll.Deck{Trunk: trunk}.Name() }
