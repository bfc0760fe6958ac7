package toll

// Class is the kind of destination, as far as cost and risk are concerned.
type Class string

// The classes. What is stored stays meaningful when a number plan changes, so
// they are text and are never renumbered.
const (
	Emergency   Class = "emergency"
	Internal    Class = "internal"     // an extension of the site
	FeatureCode Class = "feature"      // a code that Asterisk itself answers
	TollFree    Class = "toll_free"    // free for the caller
	HomeFixed   Class = "home_fixed"   // geographic, in the site's own country
	HomeMobile  Class = "home_mobile"  // mobile, in the site's own country
	SharedCost  Class = "shared_cost"  // dearer than a plain call, in the site's own country
	HomePremium Class = "home_premium" // premium rate in the site's own country
	Personal    Class = "personal"     // follow-me numbers such as UK 070
	ForeignNANP Class = "foreign_nanp" // looks domestic in +1 and is not
	IntlFixed   Class = "intl_fixed"   // fixed or unspecified, abroad
	IntlMobile  Class = "intl_mobile"  // mobile, abroad
	IntlPremium Class = "intl_premium" // premium, shared cost or personal, abroad
	Global      Class = "global"       // satellite and other codes that no country owns
	Unassigned  Class = "unassigned"   // E.164 code that nobody has been given
	Unplaced    Class = "unplaced"     // cannot be made into a number at all
)

// Classes are all of them, in the order above.
func Classes() []Class {
	return []Class{
		Emergency, Internal, FeatureCode, TollFree, HomeFixed, HomeMobile, SharedCost, HomePremium, Personal,
		ForeignNANP, IntlFixed, IntlMobile, IntlPremium, Global, Unassigned, Unplaced,
	}
}

// Ordinary tells whether this is the everyday business of the site: home
// fixed, home mobile and toll-free numbers.
func (c Class) Ordinary() bool { return c == HomeFixed || c == HomeMobile || c == TollFree }

// Abroad tells whether the class lies outside the site's own country,
// +1 neighbours and satellites included.
func (c Class) Abroad() bool {
	switch c {
	case ForeignNANP, IntlFixed, IntlMobile, IntlPremium, Global, Unassigned:
		return true
	}
	return false
}

// Metered tells whether a call there weighs in any meter. Emergency calls must
// never be counted against anybody, and internal ones never leave the site.
func (c Class) Metered() bool { return c != Emergency && c != Internal && c != FeatureCode }

// Destination is a dialled string, resolved.
type Destination struct {
	Dialled string `json:"dialled"`           // as dialled, filtered to 0-9*#+ and bounded
	E164    string `json:"e164,omitempty"`    // with +; empty where there is none (internal, unplaced)
	Country string `json:"country,omitempty"` // ISO 3166-1 alpha-2; "001" for codes no country owns
	Class   Class  `json:"class"`

	// Subdivision is the state, province or territory of a number of +1, as
	// ISO 3166-2 writes it: US-NY, CA-ON. Empty elsewhere, and where nobody knows.
	Subdivision string `json:"subdivision,omitempty"`

	Range string `json:"range,omitempty"` // the block the number belongs to, as an E.164 prefix with +
	Valid bool   `json:"valid,omitempty"` // a number that the plan of its country can have

	// Listed tells that the site named the country as one where it does business.
	Listed bool `json:"listed,omitempty"`
}

// Number is what names the destination in keys, figures and mails: E.164
// where there is one, else what was dialled.
func (d Destination) Number() string {
	if d.E164 != "" {
		return d.E164
	}
	return d.Dialled
}
