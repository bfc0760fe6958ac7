package policy

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// closed is what goes abroad while the firm is: who is on call, and little else.
// A call counts by when it began, so one that goes on over the closing hour is not
// ended by these.
func closed(n int64, when string) []toll.Limit {
	limits := []toll.Limit{
		{
			ID: "closed-abroad-site", Meter: meter(toll.Cost, toll.PerSite, day, toll.Abroad),
			Warn: money(siteDay(n) / 8), Act: money(siteDay(n) / 4),
			Comment: "A quarter of the daily budget abroad. Most attacks come when nobody is there to hear of it.",
		},
		{
			ID: "closed-abroad-caller", Meter: meter(toll.Cost, toll.PerCaller, day, toll.Abroad),
			Act:     money(40),
			Comment: "Two hours to listed countries at the assumed price: a night on call whose calls are passed on abroad stays below.",
		},
		{
			ID: "closed-abroad-minutes", Meter: meter(toll.Seconds, toll.PerSite, day, toll.Abroad),
			Warn: minutes(120 + 5*n), Act: minutes(240 + 10*n),
			Comment: "The same in minutes, whatever the prices say.",
		},
		{
			ID: "closed-unlisted-site", Meter: meter(toll.Cost, toll.PerSite, day, toll.Unlisted),
			Warn: money(25), Act: money(50 + n/2),
			Comment: "Countries where the site does no business. Christmas calls of everybody to a dozen of them fit, most of which are moderate.",
		},
		{
			ID: "closed-dear-site", Meter: meter(toll.Cost, toll.PerSite, day, toll.Dear),
			Act:     money(4 + n/6),
			Comment: "Four minutes a night to the dear ones of them, at the assumed price; one firm was billed eight times that price.",
		},
		{
			ID: "closed-dear-caller", Meter: meter(toll.Cost, toll.PerCaller, day, toll.Dear),
			Act:     money(6 + n/40),
			Comment: "Four minutes a night for one caller.",
		},
		{
			ID: "closed-dear-country", Meter: meter(toll.Cost, toll.PerCountry, day, toll.Dear),
			Act: money(4 + n/24), Do: []toll.Action{toll.Deny, toll.LockRange}, LockFor: 2 * time.Hour,
			Comment: "Some two minutes a night to one country: time to say that one calls back. One attack was a single call of ten hours.",
		},
		{
			ID: "closed-dear-month", Meter: meter(toll.Cost, toll.PerCountry, month, toll.Dear),
			Warn: money(12), Act: money(25 + n/6),
			Comment: "One attack took four nights, after eleven days in which nobody noticed anything.",
		},
		{
			ID: "closed-dear-short", Meter: meter(toll.ConnectsUnder+"5s", toll.PerCountry, time.Hour, toll.Dear),
			Act: 4, Do: []toll.Action{toll.Deny, toll.LockCaller}, LockFor: overNight,
			Comment: "A pump of short calls, which lives on connect fees.",
		},
		{
			ID: "closed-refused", Meter: meter(toll.RefusedAttempts, toll.PerCaller, 10*time.Minute, toll.Abroad),
			Act: 8, Do: []toll.Action{toll.Deny, toll.LockCaller}, LockFor: overNight,
			Comment: "Who tries on while he is refused is a program, or will call the owner.",
		},
		{
			ID: "closed-home-number", Meter: meter(toll.Calls, toll.PerNumber, day, toll.AtHome),
			Act: max(300, 40+26*n), Do: []toll.Action{toll.Deny, toll.LockRange}, LockFor: overNight,
			Comment: "One attack made 5,000 calls to one ordinary number at home in a weekend. An alarm that is told every five minutes stays below.",
		},
		{
			ID: "closed-home-number-minutes", Meter: meter(toll.Seconds, toll.PerNumber, day, toll.AtHome),
			Warn: minutes(450 + 25*n), Act: minutes(900 + 50*n), Do: []toll.Action{toll.Deny, toll.LockRange}, LockFor: overNight,
			Comment: "The same by longer calls. Diversions to whoever is on call, or to an answering service, stay below.",
		},
		{
			ID: "closed-home-minutes", Meter: meter(toll.Seconds, toll.PerSite, day, toll.AtHome),
			Warn: minutes(150 + 60*n), Act: minutes(300 + 125*n),
			Comment: "Numbers at home can be rented too, many of them. Five hours of talk, and two for each extension, while nobody is there.",
		},
		{
			ID: "closed-shared-cost", Meter: meter(toll.Seconds, toll.PerSite, day, toll.Where(toll.SharedCost)),
			Warn: minutes(75), Act: minutes(150),
			Comment: "Conferences on shared-cost numbers are held while the firm is open.",
		},
	}
	for i := range limits {
		limits[i].Meter.When = when
	}
	return limits
}
