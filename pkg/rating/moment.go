package rating

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The orders of the parts of a date.
const (
	yearFirst  = "ymd"
	dayFirst   = "dmy"
	monthFirst = "mdy"
)

// moments reads dates and times. The zero time of day is midnight in the zone.
type moments struct {
	order string // empty until somebody or something decides
	zone  *time.Location

	cell string // that was read last: lists repeat their dates
	at   time.Time
}

func newMoments(f Format, zone *time.Location) (moments, error) {
	switch f.Date {
	case "", yearFirst, dayFirst, monthFirst:
		return moments{order: f.Date, zone: zone}, nil
	}
	return moments{}, badFormat("--date is %s: want ymd, dmy or mdy", quoted(f.Date))
}

// errOrder is a date that is two dates.
var errOrder = errors.New("which is the day and which the month? say it with --date dmy or --date mdy")

// parse reads a date, with or without a time of day.
func (m *moments) parse(cell string) (time.Time, error) {
	if cell == m.cell && cell != "" {
		return m.at, nil
	}
	at, err := m.read(cell)
	if err != nil {
		return time.Time{}, fmt.Errorf("date %s: %w", quoted(cell), err)
	}
	m.cell, m.at = strings.Clone(cell), at
	return at, nil
}

func (m *moments) read(cell string) (time.Time, error) {
	if len(cell) > echo {
		return time.Time{}, errNoDate
	}
	date, clock := cutClock(cell)
	order := m.order
	decides := false
	if order == "" {
		order, decides = dateOrder(date)
	}
	year, month, day, err := dateParts(date, order)
	if err != nil {
		return time.Time{}, err
	}
	if there := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC); there.Month() != time.Month(month) || there.Day() != day {
		return time.Time{}, errors.New("there is no such day")
	}
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, m.zone)
	if at.Day() != day { // clocks were put forward at midnight, as in Chile, and time.Date took the hour before
		at = at.Add(time.Hour)
	}
	if year < firstYear || year > lastYear {
		return time.Time{}, fmt.Errorf("want a year from %d to %d", firstYear, lastYear)
	}
	if decides {
		m.order = order
	}
	if clock == "" {
		return at, nil
	}
	return m.withClock(at, clock)
}

var errNoDate = errors.New("want a date such as 2026-03-01")

// withClock puts a time of day to a date.
func (m *moments) withClock(date time.Time, clock string) (time.Time, error) {
	for _, layout := range []string{"15:04:05", "15:04", "3:04:05 PM", "3:04 PM", "3:04:05PM", "3:04PM"} {
		if t, err := time.Parse(layout, clock); err == nil {
			return time.Date(date.Year(), date.Month(), date.Day(), t.Hour(), t.Minute(), t.Second(), 0, m.zone), nil
		}
	}
	for _, layout := range []string{"15:04:05Z07:00", "15:04Z07:00", "15:04:05 Z07:00", "15:04:05Z0700", "15:04:05 Z0700", "15:04:05 UTC"} {
		if t, err := time.Parse(layout, clock); err == nil {
			return time.Date(date.Year(), date.Month(), date.Day(), t.Hour(), t.Minute(), t.Second(), 0, t.Location()), nil
		}
	}
	return time.Time{}, errors.New("want a time of day such as 15:04:05")
}

// cutClock parts a date from the time of day behind it.
func cutClock(cell string) (date, clock string) {
	cell = strings.ToUpper(strings.TrimSpace(cell))
	if i := strings.IndexByte(cell, 'T'); i > 0 && i+1 < len(cell) && digit(cell[i-1]) && digit(cell[i+1]) {
		return cell[:i], cell[i+1:]
	}
	colon := strings.IndexByte(cell, ':')
	if colon < 0 {
		return cell, ""
	}
	blank := strings.LastIndexByte(cell[:colon], ' ')
	if blank < 0 {
		return cell, ""
	}
	return strings.TrimSpace(cell[:blank]), cell[blank+1:]
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// datePieces takes a date apart.
func datePieces(date string) []string {
	return strings.FieldsFunc(date, func(r rune) bool { return strings.ContainsRune("-/. ,", r) })
}

// dateOrder is the order that a date itself shows; empty if it could be two
// dates. A year in front or the name of a month leaves no choice, points are
// those of the day first, and a number above 12 is a day: that alone decides for
// other dates too.
func dateOrder(date string) (order string, decides bool) {
	pieces := datePieces(date)
	if len(pieces) != 3 || len(pieces[0]) == 4 || monthOf(pieces[0])+monthOf(pieces[1]) > 0 {
		return yearFirst, false // or none, which dateParts tells
	}
	if len(pieces[2]) != 4 {
		return "", false
	}
	first, _ := strconv.Atoi(pieces[0])
	second, _ := strconv.Atoi(pieces[1])
	switch {
	case strings.Contains(date, "."), first == second:
		return dayFirst, false
	case first > 12:
		return dayFirst, true
	case second > 12:
		return monthFirst, true
	}
	return "", false
}

// dateParts reads a date in an order; a year of four digits in front, or a month
// by its name, is one in any order.
func dateParts(date, order string) (year, month, day int, err error) {
	pieces := datePieces(date)
	if len(pieces) == 1 && len(date) == 8 {
		pieces, order = []string{date[:4], date[4:6], date[6:]}, yearFirst
	}
	if len(pieces) != 3 {
		return 0, 0, 0, errNoDate
	}
	switch {
	case len(pieces[0]) == 4 && monthOf(pieces[0]) == 0:
		order = yearFirst
	case monthOf(pieces[0]) > 0:
		order = monthFirst
	case monthOf(pieces[1]) > 0:
		order = dayFirst
	}
	at := map[string][3]int{yearFirst: {0, 1, 2}, dayFirst: {2, 1, 0}, monthFirst: {2, 0, 1}}
	place, known := at[order]
	switch {
	case !known && strings.Trim(strings.Join(pieces, ""), "0123456789") != "":
		return 0, 0, 0, errNoDate
	case !known:
		return 0, 0, 0, errOrder
	}
	if month = monthOf(pieces[place[1]]); month == 0 {
		if month, err = strconv.Atoi(pieces[place[1]]); err != nil {
			return 0, 0, 0, errNoDate
		}
	}
	day, err = strconv.Atoi(pieces[place[2]])
	if err != nil {
		return 0, 0, 0, errNoDate
	}
	digits := pieces[place[0]]
	if year, err = strconv.Atoi(digits); err != nil || len(digits) != 4 && len(digits) != 2 {
		return 0, 0, 0, errNoDate
	}
	if len(digits) == 2 {
		year += 2000
	}
	return year, month, day, nil
}

// monthOf is the number of an English month by its name or its first letters, 0
// if it is none.
func monthOf(name string) int {
	if len(name) < 3 {
		return 0
	}
	for month := time.January; month <= time.December; month++ {
		if strings.HasPrefix(strings.ToUpper(month.String()), name) || name == "SEPT" && month == time.September {
			return int(month)
		}
	}
	return 0
}
