package policy

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// elsewhere is the small shared budget for countries where the site does no
// business by its own account. A first call to a new country is everyday business
// and goes out; nine in ten fraud numbers lie here too. Who comes to these limits
// for good reasons names the country in the configuration.
func elsewhere(n int64) []toll.Limit {
	return []toll.Limit{
		{
			ID: "unlisted-country-day", Meter: meter(toll.Cost, toll.PerCountry, day, toll.Unlisted),
			Act:     money(45),
			Comment: "Half an hour to one country at the price assumed for dear ones, hours to a moderate one. Salesmen call several for a few minutes each, fraud calls one for hours.",
		},
		{
			ID: "dear-country-month", Meter: meter(toll.Cost, toll.PerCountry, month, toll.Dear),
			Warn: money(20), Act: money(40 + n/2),
			Comment: "Half an hour in four weeks to one dear country where the site does no business by its own account. Whoever has some names it there.",
		},
		{
			ID: "unlisted-site-hour", Meter: meter(toll.Cost, toll.PerSite, time.Hour, toll.Unlisted),
			Act:     money(50 + n),
			Comment: "What an attack into several countries, out of several lines, takes in its first hour.",
		},
		{
			ID: "unlisted-site-day", Meter: meter(toll.Cost, toll.PerSite, day, toll.Unlisted),
			Warn: money((90 + 5*n) / 2), Act: money(90 + 5*n),
			Comment: "An hour a day to all unlisted countries at the assumed price, and some minutes for each extension.",
		},
		{
			ID: "unlisted-site-minutes", Meter: meter(toll.Seconds, toll.PerSite, day, toll.Unlisted),
			Warn: minutes(120 + 8*n), Act: minutes(240 + 15*n),
			Comment: "The same where the price list says that they are cheap, and may be wrong.",
		},
		{
			ID: "unlisted-site-refused", Meter: meter(toll.RefusedAttempts, toll.PerSite, time.Hour, toll.Unlisted),
			Act:     30 + n,
			Comment: "So many refused calls to unlisted countries in an hour are an attack, from however many lines. Until it rests none goes there.",
		},
	}
}
