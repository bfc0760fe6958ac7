package schedule

import "time"

// date is a day of the calendar.
type date struct {
	year  int
	month time.Month
	day   int
}

// dateOf is the date that the clock of the moment's own zone shows.
func dateOf(t time.Time) date {
	year, month, day := t.Date()
	return date{year, month, day}
}

// noon is a moment that certainly lies in the date, for what reckons in days.
func (d date) noon() time.Time { return time.Date(d.year, d.month, d.day, 12, 0, 0, 0, time.UTC) }

// plus is the date so many days later.
func (d date) plus(days int) date { return dateOf(d.noon().AddDate(0, 0, days)) }

// compare orders dates.
func (d date) compare(e date) int { return d.noon().Compare(e.noon()) }

// real tells whether the calendar has the date: 31 April is none.
func (d date) real() bool { return d.day > 0 && dateOf(d.noon()) == d }

// at is the first moment at which the clock in the zone shows so many minutes
// after midnight of the date, or more. The minutes may reach into the next day.
func (d date) at(minutes int, zone *time.Location) time.Time {
	wall := time.Date(d.year, d.month, d.day, 0, minutes, 0, 0, time.UTC)
	// The clock may have been set within a day of it; either offset can hold.
	before, after := offsetAt(wall.Add(-36*time.Hour), zone), offsetAt(wall.Add(36*time.Hour), zone)
	first := wall.Add(-max(before, after)) // the greater offset shows a time sooner
	second := wall.Add(-min(before, after))
	for _, t := range []time.Time{first, second} {
		if shows(t, wall, zone) {
			return t.In(zone)
		}
	}
	// No clock shows it, so it is the moment of the jump between the two.
	jump, _ := second.In(zone).ZoneBounds()
	return jump
}

func offsetAt(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// shows tells whether the clock in the zone shows that wall time at the moment.
func shows(t, wall time.Time, zone *time.Location) bool {
	return wall.Add(-offsetAt(t, zone)).Equal(t)
}
