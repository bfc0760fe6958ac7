package policy

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// abroad is where the money goes: budgets for the site, each caller and each
// country, in money and in minutes, and bounds on how many calls are up.
func abroad(n int64) []toll.Limit {
	site := siteDay(n)
	return []toll.Limit{
		{
			ID: "abroad-site-day", Meter: meter(toll.Cost, toll.PerSite, day, toll.Abroad),
			Warn: money(site / 2), Act: money(site),
			Comment: "The most that all calls abroad may cost in any 24 hours. Attacks burn 66 to 220 a minute; this is what a night can take.",
		},
		{
			ID: "abroad-site-hour", Meter: meter(toll.Cost, toll.PerSite, time.Hour, toll.Abroad),
			Act:     money(40 + site/3),
			Comment: "An attack takes all at once what honest calls take over a day. Half of the extensions can sit on one conference in a listed country.",
		},
		{
			ID: "abroad-site-week", Meter: meter(toll.Cost, toll.PerSite, week, toll.Abroad),
			Warn: money(2 * site), Act: money(4 * site),
			Comment: "The most in any 7 days, for the fraud that stays below the daily budget night after night.",
		},
		{
			ID: "abroad-site-month", Meter: meter(toll.Cost, toll.PerSite, month, toll.Abroad),
			Act: money(2 * site), Do: []toll.Action{toll.Alert},
			Comment: "For the fraud with the patience to stay below all budgets. It only alerts: a firm with business abroad may well come here.",
		},
		{
			ID: "abroad-caller-day", Meter: meter(toll.Cost, toll.PerCaller, day, toll.Abroad),
			Warn: money(60), Act: money(120),
			Comment: "What one stolen password can take in any 24 hours. A salesman who talks for six hours a day to listed countries stays below.",
		},
		{
			ID: "abroad-caller-hour", Meter: meter(toll.Cost, toll.PerCaller, time.Hour, toll.Abroad),
			Act:     money(40),
			Comment: "A person talks an hour in an hour, which is 18 at the price assumed for listed countries. A stolen password makes several calls at once.",
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

// repeats are what machines do and people do not: the same again and again. Two of
// them lock the caller, since a program tries on until it is shut out.
func repeats(n int64) []toll.Limit {
	return []toll.Limit{
		{
			ID: "abroad-number-minutes", Meter: meter(toll.Seconds, toll.PerNumber, day, toll.Abroad),
			Warn: minutes(120 + 8*n), Act: minutes(240 + 15*n),
			Comment: "One attack made 144 calls of two hours to one number of a country that nobody watches. A daily conference of a few people fits.",
		},
		{
			ID: "abroad-range-calls", Meter: meter(toll.Calls, toll.PerRange, time.Hour, toll.Abroad),
			Warn: 30 + n, Act: 60 + 2*n,
			Comment: "Pumps of short calls live on connect fees. Premium numbers come in blocks, so calls are counted per block, not per number.",
		},
		{
			ID: "abroad-caller-short", Meter: meter(toll.ConnectsUnder+"5s", toll.PerCaller, time.Hour, toll.Abroad),
			Warn: 6, Act: 12, Do: []toll.Action{toll.Deny, toll.LockCaller}, LockFor: overNight,
			Comment: "Who is answered abroad and hangs up within five seconds, twelve times in an hour, pumps connect fees. Some do it every three minutes only.",
		},
		{
			ID: "abroad-site-short", Meter: meter(toll.ConnectsUnder+"30s", toll.PerSite, time.Hour, toll.Abroad),
			Warn: 10 + 2*n, Act: 20 + 5*n,
			Comment: "The same for a pump that talks a little longer, out of several lines. Of honest calls that are answered few end within half a minute.",
		},
		{
			ID: "abroad-caller-refused", Meter: meter(toll.RefusedAttempts, toll.PerCaller, 10*time.Minute, toll.Abroad),
			Act: 30, Do: []toll.Action{toll.Deny, toll.LockCaller}, LockFor: overNight,
			Comment: "An attack does not stop when it is refused. Thirty refused calls abroad in ten minutes are beyond any phone that redials by itself.",
		},
		{
			ID: "new-countries-caller", Meter: meter(toll.NewCountries, toll.PerCaller, day, toll.Abroad),
			Act: 8, Do: []toll.Action{toll.Alert},
			Comment: "Attackers try first which countries can be reached, and come back days later. It only alerts: a new site has called none yet.",
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
