package policy

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The sizes that Default scales by.
const (
	smallestSite = 1
	largestSite  = 10_000
)

// Default is the policy that protects a site from its first minute, without
// history and without a rate deck: limits only, since the defaults of the
// classes already say where one may call. Size is the number of extensions.
//
// The figures leave room for what honest sites do (a salesman in five new
// countries a day, Christmas calls to twelve, fifteen phones on one conference
// for four hours, a fax broadcast, a call centre) and bound what a weekend of
// fraud can take: with ten extensions, 300 units of the site's currency in any
// 24 hours and 1,200 in any seven days.
//
// Each setting carries its revision, 1 and up.
func Default(size int, author string, at time.Time) []toll.Setting {
	n := int64(min(max(size, smallestSite), largestSite))
	var settings []toll.Setting
	for _, l := range append(abroad(n), home(n)...) {
		settings = append(settings, toll.Setting{Limit: &l, Author: author, At: at, Revision: int64(len(settings) + 1)})
	}
	return settings
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// money and minutes write thresholds in the units of their measures: millionths
// and seconds.
func money(units int64) int64   { return units * int64(toll.Unit) }
func minutes(count int64) int64 { return count * 60 }

// meter names a meter in one line.
func meter(m toll.Measure, s toll.Scope, window time.Duration, w toll.Where) toll.Meter {
	return toll.Meter{Measure: m, Scope: s, Window: window, Where: w}
}

// abroad is where the money goes: budgets for the site, each caller and each
// country, in money and in minutes, and bounds on how many calls there are.
func abroad(n int64) []toll.Limit {
	site := 150 + 15*n
	return []toll.Limit{
		{
			ID: "abroad-site-day", Meter: meter(toll.Cost, toll.PerSite, day, toll.Abroad),
			Warn: money(site / 2), Act: money(site),
			Comment: "The most that all calls abroad may cost in any 24 hours. Attacks burn 66 to 220 a minute; this is what a night can take.",
		},
		{
			ID: "abroad-site-week", Meter: meter(toll.Cost, toll.PerSite, week, toll.Abroad),
			Warn: money(2 * site), Act: money(4 * site),
			Comment: "The most in any 7 days, for the fraud that stays below the daily budget night after night.",
		},
		{
			ID: "abroad-caller-day", Meter: meter(toll.Cost, toll.PerCaller, day, toll.Abroad),
			Warn: money(75), Act: money(150),
			Comment: "One stolen password takes at most this in any 24 hours. It holds 100 minutes at the price assumed for an unlisted country.",
		},
		{
			ID: "abroad-country-day", Meter: meter(toll.Cost, toll.PerCountry, day, toll.Abroad),
			Warn: money(site / 3), Act: money(2 * site / 3),
			Comment: "Fraud goes to few destinations, again and again. One country leaves a third of the budget to the others.",
		},
		{
			ID: "abroad-site-minutes", Meter: meter(toll.Seconds, toll.PerSite, day, toll.Abroad),
			Warn: minutes(360 + 45*n), Act: minutes(720 + 90*n),
			Comment: "Prices may be assumed or out of date, minutes never are. Twelve hours of talk a day and an hour and a half for each extension.",
		},
		{
			ID: "abroad-caller-minutes", Meter: meter(toll.Seconds, toll.PerCaller, day, toll.Abroad),
			Warn: minutes(180), Act: minutes(360),
			Comment: "Six hours abroad a day for one caller. A call that was left open over night ends here at the latest.",
		},
		{
			ID: "abroad-range-calls", Meter: meter(toll.Calls, toll.PerRange, time.Hour, toll.Abroad),
			Warn: 30 + n, Act: 60 + 2*n,
			Comment: "Pumps of short calls live on connect fees. Premium numbers come in blocks, so calls are counted per block, not per number.",
		},
		{
			ID: "abroad-caller-live", Meter: meter(toll.Concurrent, toll.PerCaller, 0, toll.Abroad),
			Act:     3,
			Comment: "A person makes one call abroad at a time; a conference or a consultation makes it two or three.",
		},
		{
			ID: "abroad-site-live", Meter: meter(toll.Concurrent, toll.PerSite, 0, toll.Abroad),
			Act:     4 + n/4,
			Comment: "One attack had 220 calls abroad up within a minute. Few sites ever have one in four extensions abroad at once.",
		},
	}
}

// home leaves everyday business alone. It watches for pumping, and bounds what
// can be dialled at home and is dearer than a plain call.
func home(n int64) []toll.Limit {
	return []toll.Limit{
		{
			ID: "home-number-calls", Meter: meter(toll.Calls, toll.PerNumber, day, toll.AtHome),
			Warn: 250 + 10*n, Act: 1000 + 50*n,
			Comment: "One attack made 5,000 calls to one ordinary number at home. A conference, a redial or a diversion stays far below.",
		},
		{
			ID: "shared-cost-caller", Meter: meter(toll.Seconds, toll.PerCaller, day, toll.Where(toll.SharedCost)),
			Warn: minutes(270), Act: minutes(330),
			Comment: "Shared-cost numbers pay those who own them. A conference of four hours and some calls more fit.",
		},
		{
			ID: "shared-cost-site", Meter: meter(toll.Seconds, toll.PerSite, day, toll.Where(toll.SharedCost)),
			Warn: minutes(120 + 240*n), Act: minutes(240 + 300*n),
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
		{
			ID: "refused-caller", Meter: meter(toll.RefusedAttempts, toll.PerCaller, 10*time.Minute, toll.Anywhere),
			Warn: 10, Act: 20, Do: []toll.Action{toll.Alert},
			Comment: "Somebody who tries one door after the other. It only alerts: a phone that redials by itself must not lose its line.",
		},
		{
			ID: "refused-site", Meter: meter(toll.RefusedAttempts, toll.PerSite, time.Hour, toll.Anywhere),
			Act: 50 + n, Do: []toll.Action{toll.Alert},
			Comment: "The same, spread over many callers.",
		},
	}
}
