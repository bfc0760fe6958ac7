package rating

import (
	"errors"
	"fmt"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Assumed are the prices of a minute where no rate deck names one. They are
// ceilings rather than guesses: a budget that is held with them is held with
// what carriers really charge.
type Assumed struct {
	Home     toll.Money // fixed and mobile in the site's own country
	Special  toll.Money // shared cost in the site's own country
	Allowed  toll.Money // fixed and mobile in the countries that AllowedCountries names
	Moderate toll.Money // fixed and mobile in other countries where carriers ask little; never more than Abroad
	Abroad   toll.Money // fixed and mobile elsewhere, +1 neighbours included
	Premium  toll.Money // premium, personal, satellites, and what cannot be placed
	TollFree toll.Money

	AllowedCountries []string // ISO 3166-1 alpha-2
}

// DefaultAssumed is what a site without any configuration assumes, in whole and
// hundredths of its currency.
func DefaultAssumed() Assumed {
	return Assumed{
		Home:     toll.Unit / 50,      // 0.02
		Special:  toll.Unit * 3 / 10,  // 0.30
		Allowed:  toll.Unit * 3 / 10,  // 0.30
		Moderate: toll.Unit * 3 / 10,  // 0.30
		Abroad:   toll.Unit * 15 / 10, // 1.50
		Premium:  toll.Unit * 10,
	}
}

// check tells what is wrong with assumed prices.
func (a Assumed) check() error {
	for _, price := range []struct {
		name  string
		value toll.Money
	}{
		{"home", a.Home}, {"special", a.Special}, {"allowed countries", a.Allowed},
		{"moderate countries", a.Moderate}, {"abroad", a.Abroad}, {"premium", a.Premium}, {"toll-free", a.TollFree},
	} {
		if price.value < 0 {
			return fmt.Errorf("assumed prices: %s is %s; a price cannot be negative", price.name, price.value)
		}
	}
	if a.Moderate == 0 || a.Abroad == 0 || a.Premium == 0 {
		return errors.New("assumed prices: moderate countries, abroad and premium cannot be free, or no budget in money would hold")
	}
	if a.Premium < a.Abroad || a.Abroad < a.Allowed {
		return errors.New("assumed prices: premium cannot be below abroad, nor abroad below the allowed countries")
	}
	for _, country := range a.AllowedCountries {
		if len(country) != 2 {
			return fmt.Errorf("assumed prices: country %q is not an ISO 3166-1 code such as GB", country)
		}
	}
	return nil
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
		switch {
		case r.allowed[to.Country]:
			return r.assumed.Allowed
		case to.Class != toll.ForeignNANP && toll.Moderate(to.Country):
			return min(r.assumed.Moderate, r.assumed.Abroad)
		}
		return r.assumed.Abroad
	}
	return r.assumed.Premium
}
