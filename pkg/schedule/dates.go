package schedule

import (
	"fmt"
	"strings"
	"time"
)

// dates is a span of days, or one day of each year.
type dates struct {
	first, last date
	yearly      bool // only month and day count
}

// parseDates reads "2026-12-24", "12-24" and "2026-12-24/2027-01-01".
func parseDates(text string) (dates, error) {
	from, to, span := strings.Cut(strings.TrimSpace(text), "/")
	if !span {
		to = from
	}
	first, yearly, err := parseDate(from)
	if err != nil {
		return dates{}, err
	}
	last, yearlyLast, err := parseDate(to)
	switch {
	case err != nil:
		return dates{}, err
	case yearly != yearlyLast:
		return dates{}, fmt.Errorf("%q: give both dates a year, or none", clip(text))
	case !yearly && last.compare(first) < 0:
		return dates{}, fmt.Errorf("%q ends before it begins", clip(text))
	}
	return dates{first, last, yearly}, nil
}

// leap is a year that has every day.
const leap = 2024

// parseDate reads "2026-12-24", or "12-24" for every year.
func parseDate(text string) (d date, yearly bool, err error) {
	parts := strings.Split(text, "-")
	if len(parts) == 2 {
		yearly, parts = true, append([]string{fmt.Sprint(leap)}, parts...)
	}
	if len(parts) == 3 {
		year, okYear := number(parts[0], 4)
		month, okMonth := number(parts[1], 2)
		day, okDay := number(parts[2], 2)
		d = date{year, time.Month(month), day}
		if okYear && okMonth && okDay && year >= 2000 && d.real() {
			return d, yearly, nil
		}
	}
	return date{}, false, fmt.Errorf("%q is no date; want 2026-12-24, or 12-24 for each year", clip(text))
}

// has tells whether the day is one of them.
func (s dates) has(d date) bool {
	if s.yearly {
		d.year = leap
		if s.last.compare(s.first) < 0 { // over the turn of the year
			return d.compare(s.first) >= 0 || d.compare(s.last) <= 0
		}
	}
	return d.compare(s.first) >= 0 && d.compare(s.last) <= 0
}

// special is a day that is open at other hours than its weekday.
type special struct {
	days     dates
	from, to int
}

// parseSpecial reads "2026-12-06 10:00-16:00".
func parseSpecial(text string) (special, error) {
	day, times, found := strings.Cut(strings.TrimSpace(text), " ")
	if !found {
		return special{}, fmt.Errorf("%q: want a date and times, such as 2026-12-06 10:00-16:00", clip(text))
	}
	days, err := parseDates(day)
	if err != nil {
		return special{}, err
	}
	from, to, err := parseSpan(strings.TrimSpace(times))
	if err != nil {
		return special{}, err
	}
	return special{days, from, to}, nil
}
