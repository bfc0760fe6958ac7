package policy

import (
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
			Warn: money(15), Act: money(30),
			Comment: "Twenty minutes a night to countries where the site does no business, at the assumed price.",
		},
		{
			ID: "closed-unlisted-week", Meter: meter(toll.Cost, toll.PerSite, week, toll.Unlisted),
			Act:     money(45),
			Comment: "One attack took four nights, after eleven days in which nobody noticed anything.",
		},
		{
			ID: "closed-shared-cost", Meter: meter(toll.Seconds, toll.PerSite, day, toll.Where(toll.SharedCost)),
			Warn: minutes(90), Act: minutes(180),
			Comment: "Conferences on shared-cost numbers are held while the firm is open.",
		},
	}
	for i := range limits {
		limits[i].Meter.When = when
	}
	return limits
}
