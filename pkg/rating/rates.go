package rating

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Assumed are the prices of a minute where no rate deck names one. They are
// ceilings rather than guesses: a budget that is held with them is held with
// what carriers really charge.
type Assumed struct {
	Home     toll.Money // fixed and mobile in the site's own country
	Special  toll.Money // shared cost in the site's own country
	Allowed  toll.Money // fixed and mobile in the countries that AllowedCountries names
	Abroad   toll.Money // fixed and mobile elsewhere, +1 neighbours included
	Premium  toll.Money // premium, personal, satellites, and what cannot be placed
	TollFree toll.Money

	AllowedCountries []string // ISO 3166-1 alpha-2
}

// DefaultAssumed is what a site without any configuration assumes, in whole and
// hundredths of its currency.
func DefaultAssumed() Assumed {
	return Assumed{
		Home:    toll.Unit / 50,      // 0.02
		Special: toll.Unit * 3 / 10,  // 0.30
		Allowed: toll.Unit * 3 / 10,  // 0.30
		Abroad:  toll.Unit * 15 / 10, // 1.50
		Premium: toll.Unit * 10,
	}
}

// Rates prices destinations. It never changes: a new deck is a new Rates, and
// live leases keep the price they were granted at. Many goroutines may use one.
type Rates struct {
	assumed Assumed
	allowed map[string]bool
	decks   map[string]*Deck
}

// New checks the assumed prices and takes the decks by trunk. The deck of the
// trunk "" counts for every trunk without one of its own.
func New(assumed Assumed, decks map[string]*Deck) (*Rates, error) {
	for _, price := range []struct {
		name  string
		value toll.Money
	}{
		{"home", assumed.Home}, {"special", assumed.Special}, {"allowed countries", assumed.Allowed},
		{"abroad", assumed.Abroad}, {"premium", assumed.Premium}, {"toll-free", assumed.TollFree},
	} {
		if price.value < 0 {
			return nil, fmt.Errorf("assumed prices: %s is %s; a price cannot be negative", price.name, price.value)
		}
	}
	if assumed.Abroad == 0 || assumed.Premium == 0 {
		return nil, errors.New("assumed prices: abroad and premium cannot be free, or no budget in money would hold")
	}
	if assumed.Premium < assumed.Abroad || assumed.Abroad < assumed.Allowed {
		return nil, errors.New("assumed prices: premium cannot be below abroad, nor abroad below the allowed countries")
	}
	r := &Rates{assumed: assumed, allowed: make(map[string]bool), decks: make(map[string]*Deck)}
	for _, country := range assumed.AllowedCountries {
		if len(country) != 2 {
			return nil, fmt.Errorf("assumed prices: country %q is not an ISO 3166-1 code such as GB", country)
		}
		r.allowed[country] = true
	}
	for trunk, deck := range decks {
		if deck != nil {
			r.decks[trunk] = deck
		}
	}
	return r, nil
}

// Price is what a call there costs by that trunk at that moment: as the trunk's deck says,
// else as assumed. An empty trunk is one that is not known yet, and then the
// dearest of what the decks say counts: a later trunk must not cost more than
// was reserved.
func (r *Rates) Price(to toll.Destination, trunk string, at time.Time) toll.Price {
	if !to.Class.Metered() {
		return toll.Price{}
	}
	assumed := toll.Price{PerMinute: r.perMinute(to), Assumed: true}
	price, named, ok := r.deckPrice(to, trunk, at)
	switch {
	case !ok:
		return assumed
	case named:
		return price
	}
	return dearer(price, assumed)
}

// names tells whether a row speaks of this very kind of destination. The row of
// a whole country, such as 44 or 1, does not mean its premium numbers, nor the
// islands that share its code.
func (row Row) names(to toll.Destination) bool {
	switch to.Class {
	case toll.ForeignNANP, toll.HomePremium, toll.IntlPremium, toll.Personal, toll.SharedCost:
		return len(row.Prefix) >= 4
	}
	return true
}

// deckPrice is what the decks say, and whether they name the destination.
func (r *Rates) deckPrice(to toll.Destination, trunk string, at time.Time) (price toll.Price, named, ok bool) {
	if deck := r.deckOf(trunk); deck != nil {
		row, ok := deck.Find(to.E164, at)
		return row.Price, row.names(to), ok
	}
	if trunk != "" || len(r.decks) == 0 {
		return toll.Price{}, false, false
	}
	named = true
	for _, name := range r.trunks() {
		row, ok := r.decks[name].Find(to.E164, at)
		if !ok {
			return toll.Price{}, false, false // one that does not say leaves the assumed price
		}
		price, named = dearer(price, row.Price), named && row.names(to)
	}
	return price, named, true
}

// deckOf is the deck that counts for a trunk; nil if there is none.
func (r *Rates) deckOf(trunk string) *Deck {
	if deck, ok := r.decks[trunk]; ok {
		return deck
	}
	return r.decks[""]
}

// trunks lists the trunks with decks, in a fixed order.
func (r *Rates) trunks() []string {
	names := make([]string, 0, len(r.decks))
	for name := range r.decks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// dearer picks the price at which three minutes cost more: long enough for the
// price of the minute to weigh, short enough for the connect fee to.
func dearer(a, b toll.Price) toll.Price {
	if b.Cost(yardstick) > a.Cost(yardstick) {
		return b
	}
	return a
}

// perMinute is the assumed price of a class.
func (r *Rates) perMinute(to toll.Destination) toll.Money {
	switch to.Class {
	case toll.TollFree:
		return r.assumed.TollFree
	case toll.HomeFixed, toll.HomeMobile:
		return r.assumed.Home
	case toll.SharedCost:
		return r.assumed.Special
	case toll.IntlFixed, toll.IntlMobile, toll.ForeignNANP:
		if r.allowed[to.Country] {
			return r.assumed.Allowed
		}
		return r.assumed.Abroad
	}
	return r.assumed.Premium
}

// FarAbove lists destinations of a deck whose price exceeds what would be
// assumed for them by more than the factor: either the deck has an error, or
// the assumption was too kind. Class and country come from the resolver.
func (r *Rates) FarAbove(deck *Deck, factor int64, resolve func(prefix string) toll.Destination) []Row {
	var far []Row
	for row := range deck.Rows() {
		assumed := r.perMinute(resolve("+" + row.Prefix))
		if row.Price.PerMinute > assumed*toll.Money(factor) {
			far = append(far, row)
		}
	}
	return far
}
