package policy

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// byDefault is what Judgement.By says where no rule spoke. A colon is in no
// rule's ID, so that the two are never confused.
const byDefault = "default:"

// What Judgement.By says where a call is as long as it may be at all.
const (
	byMaxCall     = "option:max_call"
	byMaxHomeCall = "option:max_home_call"
)

// stance is what the defaults say about a destination, and why.
type stance struct {
	allow bool
	text  string
}

// classDefault says whether a destination may be called where no rule speaks
// of it. Nine in ten known fraud numbers fall outside ordinary numbers of a
// handful of countries, so that is the line. Ordinary numbers of other
// countries stay open, because a first call to a new country is everyday
// business; the limits abroad keep them cheap.
func (p *Policy) classDefault(d *toll.Destination) stance {
	listed := p.countries[d.Country]
	switch d.Class {
	case toll.HomeFixed, toll.HomeMobile, toll.TollFree:
		return stance{true, "ordinary home numbers are allowed"}
	case toll.SharedCost:
		return stance{true, "shared-cost home numbers are allowed within their budgets"}
	case toll.IntlFixed, toll.IntlMobile:
		switch {
		case listed:
			return stance{true, "ordinary numbers of listed countries are allowed"}
		case d.Valid:
			return stance{true, "ordinary numbers of unlisted countries are allowed within the budgets abroad"}
		}
		return stance{false, "no such number exists in its country, which is not listed"}
	case toll.ForeignNANP:
		switch {
		case listed:
			return stance{true, "its country in +1 is listed"}
		case tariffed(d.Country):
			return stance{true, "the United States, their territories and Canada are allowed within the budgets abroad"}
		}
		return stance{false, "it looks domestic, but lies in a country of +1 that is not listed"}
	case toll.HomePremium, toll.IntlPremium:
		return stance{false, "premium numbers are refused unless a rule allows them"}
	case toll.Personal:
		return stance{false, "personal numbers may lead anywhere and are refused unless a rule allows them"}
	case toll.Global:
		return stance{false, "satellite and other global numbers are refused unless a rule allows them"}
	case toll.Unassigned:
		return stance{false, "the number begins with a code that belongs to nobody"}
	case toll.Unplaced:
		return stance{false, "what was dialled is not a number"}
	}
	return stance{false, "the class of the destination is not known"}
}

// longestCall is how long a call to the class may be, and what says so. A
// conference on a shared-cost number lasts as long as one on a plain number.
func (p *Policy) longestCall(c toll.Class) (time.Duration, string) {
	if c.Ordinary() || c == toll.SharedCost {
		return p.options.MaxHomeCall, byMaxHomeCall
	}
	return p.options.MaxCall, byMaxCall
}
