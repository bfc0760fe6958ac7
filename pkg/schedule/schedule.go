package schedule

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Schedule answers for one named schedule of the site. It never changes, and
// many goroutines may use it.
type Schedule struct {
	zone     *time.Location
	hours    []hours
	holidays calendars
	closed   []dates
	open     []special

	newest atomic.Pointer[spell] // that was asked about: most questions are about now
}

// spell is a stretch of time in which nothing changes.
type spell struct {
	from, until time.Time // until is zero where nothing ever changes again
	open        bool
}

// The most that a schedule may say, so that no file makes it slow.
const (
	maxLines = 100
	horizon  = 800 // days that are looked ahead for the next change
)

// New reads a schedule of a site in that zone. The error names the line that
// cannot be meant.
func New(s toll.Schedule, zone *time.Location) (*Schedule, error) {
	if zone == nil {
		return nil, errors.New("a schedule needs the time zone of the site")
	}
	if len(s.Hours)+len(s.Holidays)+len(s.Closed)+len(s.Open) > maxLines {
		return nil, fmt.Errorf("a schedule has at most %d lines", maxLines)
	}
	made := &Schedule{zone: zone}
	var err error
	if made.hours, err = all(s.Hours, parseHours); err != nil {
		return nil, err
	}
	if made.holidays, err = newCalendars(s.Holidays); err != nil {
		return nil, err
	}
	if made.closed, err = all(s.Closed, parseDates); err != nil {
		return nil, fmt.Errorf("closed: %w", err)
	}
	if made.open, err = all(s.Open, parseSpecial); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return made, nil
}

// all reads each line.
func all[T any](lines []string, parse func(string) (T, error)) ([]T, error) {
	var read []T
	for _, line := range lines {
		one, err := parse(line)
		if err != nil {
			return nil, err
		}
		read = append(read, one)
	}
	return read, nil
}

// Open tells whether the moment lies in the schedule.
func (s *Schedule) Open(now time.Time) bool { return s.at(now).open }

// Next is the first moment after now at which Open changes; zero where it does
// not within two years.
func (s *Schedule) Next(now time.Time) time.Time { return s.at(now).until }

// at is the spell that the moment lies in.
func (s *Schedule) at(now time.Time) spell {
	if p := s.newest.Load(); p != nil && !now.Before(p.from) && (p.until.IsZero() || now.Before(p.until)) {
		return *p
	}
	found := s.spell(now)
	s.newest.Store(&found)
	return found
}

// spell works the spell out. A moment belongs to hours that began today or the
// day before, and overlapping hours are one stretch.
func (s *Schedule) spell(now time.Time) spell {
	today := dateOf(now.In(s.zone))
	found := spell{from: now}
	for i := -1; i <= horizon; i++ {
		for _, stretch := range s.day(today.plus(i)) {
			switch {
			case !found.open && !now.Before(stretch.from) && now.Before(stretch.until):
				found.open, found.until = true, stretch.until
			case !found.open && now.Before(stretch.from):
				found.until = earliest(found.until, stretch.from)
			case found.open && !stretch.from.After(found.until) && stretch.until.After(found.until):
				found.until = stretch.until // goes on without a gap
			}
		}
		if !found.until.IsZero() && today.plus(i).at(0, s.zone).After(found.until) {
			return found
		}
	}
	if found.open {
		found.until = time.Time{} // it never closes
	}
	return found
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// day is the stretches that begin on a date, in order.
func (s *Schedule) day(d date) (stretches []spell) {
	add := func(from, to int) {
		stretch := spell{from: d.at(from, s.zone), until: d.at(to, s.zone)}
		if stretch.from.Before(stretch.until) { // else the clocks leave it out
			stretches = append(stretches, stretch)
		}
	}
	special := false
	for _, o := range s.open {
		if o.days.has(d) {
			special = true
			add(o.from, o.to)
		}
	}
	if !special && !s.holidays.have(d) && !slices.ContainsFunc(s.closed, func(c dates) bool { return c.has(d) }) {
		for _, h := range s.hours {
			if h.days[d.noon().Weekday()] {
				add(h.from, h.to)
			}
		}
	}
	slices.SortFunc(stretches, func(a, b spell) int { return a.from.Compare(b.from) })
	return stretches
}
