package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/schedule"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The sizes that Default scales by.
const (
	smallestSite = 1
	largestSite  = 10_000
)

// Default is the policy that protects a site from its first minute, without
// history and without a rate deck: limits only, since the defaults of the
// classes already say where one may call. Size is the number of extensions. It is
// for a site that never closes, such as a hotel.
//
// The figures leave room for what honest sites do (a salesman in five new
// countries a day, Christmas calls to twelve, fifteen phones on one conference
// for four hours, a fax broadcast, a call centre), and bound what fraud can take:
// at the prices that are assumed without a deck, an attack out of one line is shut
// out after some 40 units of the site's currency, and one into a single unlisted
// country after 45.
//
// Each setting carries its revision, 1 and up.
func Default(size int, author string, at time.Time) []toll.Setting {
	return DefaultOpen(size, nil, author, at)
}

// DefaultOpen is Default for a site with opening hours: outside of them less goes
// abroad. Most fraud comes at night, at weekends and on holidays, when nobody
// hears of it and honest calls are few. Without a schedule it is Default.
func DefaultOpen(size int, open *toll.Schedule, author string, at time.Time) []toll.Setting {
	n := int64(min(max(size, smallestSite), largestSite))
	var settings []toll.Setting
	limits := slices.Concat(abroad(n), repeats(n), elsewhere(n), home(n))
	if open != nil {
		settings = append(settings, toll.Setting{Schedule: open})
		limits = append(limits, closed(n, toll.Outside+open.Name)...)
	}
	for _, l := range limits {
		settings = append(settings, toll.Setting{Limit: &l})
	}
	for i := range settings {
		settings[i].Author, settings[i].At, settings[i].Revision = author, at, int64(i+1)
	}
	return settings
}

// Around is what stands instead of opening hours for a site that never closes.
const Around = "always"

// UsualHours are the opening hours of a site that names none.
const UsualHours = "mon-fri 08:00-18:00"

// Opening is the schedule of a site with such opening hours, and with the public
// holidays of its country where those are known; nil for a site that never
// closes. No hours at all mean the usual ones.
func Opening(country string, hours []string) (*toll.Schedule, error) {
	if slices.Contains(hours, Around) {
		if len(hours) > 1 {
			return nil, fmt.Errorf("%q stands alone, without other hours", Around)
		}
		return nil, nil
	}
	if len(hours) == 0 {
		hours = []string{UsualHours}
	}
	open := &toll.Schedule{
		Name: "open", Hours: slices.Clone(hours),
		Comment: "When the site works. Outside of it less goes abroad.",
	}
	if slices.Contains(schedule.Calendars(), country) {
		open.Holidays = []string{country}
	}
	if _, err := schedule.New(*open, time.UTC); err != nil {
		return nil, err
	}
	return open, nil
}

const (
	day  = 24 * time.Hour
	week = 7 * day
	// month is four weeks, so that it has as many weekends wherever it lies.
	month = 4 * week
	// overNight is how long a caller stays locked who does what nobody does by hand:
	// until somebody who reads his mail in the morning has looked.
	overNight = 12 * time.Hour
)

// money and minutes write thresholds in the units of their measures: millionths
// and seconds.
func money(units int64) int64   { return units * int64(toll.Unit) }
func minutes(count int64) int64 { return count * 60 }

// meter names a meter in one line.
func meter(m toll.Measure, s toll.Scope, window time.Duration, w toll.Where) toll.Meter {
	return toll.Meter{Measure: m, Scope: s, Window: window, Where: w}
}

// siteDay is what all calls abroad of a site may cost in a day.
func siteDay(n int64) int64 { return 150 + 15*n }
