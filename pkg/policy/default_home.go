package policy

import (
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// home leaves everyday business alone. It watches for pumping, and bounds what
// can be dialled at home and is dearer than a plain call.
func home(n int64) []toll.Limit {
	return []toll.Limit{
		{
			ID: "home-number-calls", Meter: meter(toll.Calls, toll.PerNumber, day, toll.AtHome),
			Warn: 250 + 10*n, Act: 500 + 50*n,
			Comment: "One attack made 5,000 calls to one ordinary number at home. A conference, a redial or a diversion stays far below.",
		},
		{
			ID: "home-site-minutes", Meter: meter(toll.Seconds, toll.PerSite, day, toll.AtHome),
			Act: minutes(240 + 240*n), Do: []toll.Action{toll.Alert},
			Comment: "Four hours of talk at home for each extension in a day. It only alerts: a call centre comes here every day, and should raise it.",
		},
		{
			ID: "shared-cost-caller", Meter: meter(toll.Seconds, toll.PerCaller, day, toll.Where(toll.SharedCost)),
			Warn: minutes(270), Act: minutes(330),
			Comment: "Shared-cost numbers pay those who own them. A conference of four hours and some calls more fit.",
		},
		{
			ID: "shared-cost-site", Meter: meter(toll.Seconds, toll.PerSite, day, toll.Where(toll.SharedCost)),
			Warn: minutes(60 + 60*n), Act: minutes(240 + 300*n),
			Comment: "All extensions may sit on one shared-cost conference for four hours and more, once a day.",
		},
		{
			ID: "premium-site-day", Meter: meter(toll.Cost, toll.PerSite, day, toll.Where(toll.HomePremium)),
			Warn: money(25), Act: money(50),
			Comment: "Premium numbers are refused unless a rule allows them. Where one does, this is the most they may cost in any 24 hours.",
		},
		{
			ID: "personal-site-day", Meter: meter(toll.Cost, toll.PerSite, day, toll.Where(toll.Personal)),
			Warn: money(25), Act: money(50),
			Comment: "Personal numbers are refused unless a rule allows them. Where one does, this is the most they may cost in any 24 hours.",
		},
	}
}
