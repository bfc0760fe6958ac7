package schedule

import (
	"fmt"
	"strings"
	"time"
)

// minutesOfDay is how long a day is by the clock on the wall.
const minutesOfDay = 24 * 60

// hours is a span of the wall's clock that begins on each of some weekdays.
type hours struct {
	days [7]bool // by time.Weekday
	from int     // minutes after midnight
	to   int     // more than from; more than a day's minutes where it crosses midnight
}

var weekdays = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// parseHours reads "mon-fri 08:00-18:00" and "sat,sun 22:00-06:00".
func parseHours(text string) (hours, error) {
	days, times, found := strings.Cut(strings.TrimSpace(text), " ")
	if !found {
		return hours{}, fmt.Errorf("hours %q: want days and times, such as mon-fri 08:00-18:00", clip(text))
	}
	var h hours
	var err error
	if h.days, err = parseDays(days); err != nil {
		return hours{}, fmt.Errorf("hours %q: %w", clip(text), err)
	}
	if h.from, h.to, err = parseSpan(strings.TrimSpace(times)); err != nil {
		return hours{}, fmt.Errorf("hours %q: %w", clip(text), err)
	}
	return h, nil
}

// parseDays reads "mon-fri", "sat,sun", "fri-mon" and "daily".
func parseDays(text string) (days [7]bool, err error) {
	if strings.EqualFold(text, "daily") {
		return [7]bool{true, true, true, true, true, true, true}, nil
	}
	for _, part := range strings.Split(text, ",") {
		first, last, span := strings.Cut(part, "-")
		if !span {
			last = first
		}
		from, ok := weekday(first)
		to, ok2 := weekday(last)
		if !ok || !ok2 {
			return days, fmt.Errorf("%q is no weekday; want sun, mon, tue, wed, thu, fri, sat, or daily", clip(part))
		}
		for day := from; ; day = (day + 1) % 7 {
			days[day] = true
			if day == to {
				break
			}
		}
	}
	return days, nil
}

// weekday knows a day by its first three letters.
func weekday(text string) (time.Weekday, bool) {
	for day, name := range weekdays {
		if strings.EqualFold(text, name) || strings.EqualFold(text, time.Weekday(day).String()) {
			return time.Weekday(day), true
		}
	}
	return 0, false
}

// parseSpan reads "08:00-18:00"; one that ends where it begins, or before, ends
// on the next day.
func parseSpan(text string) (from, to int, err error) {
	first, last, found := strings.Cut(text, "-")
	if !found {
		return 0, 0, fmt.Errorf("%q: want two times, such as 08:00-18:00", clip(text))
	}
	if from, err = parseTime(strings.TrimSpace(first)); err != nil {
		return 0, 0, err
	}
	if to, err = parseTime(strings.TrimSpace(last)); err != nil {
		return 0, 0, err
	}
	switch {
	case from == minutesOfDay:
		return 0, 0, fmt.Errorf("%q: 24:00 can only be an end; a span that begins then is one of the next day from 00:00", clip(text))
	case from == to:
		return 0, 0, fmt.Errorf("%q ends where it begins; a whole day is 00:00-24:00", clip(text))
	case to < from:
		to += minutesOfDay
	}
	return from, to, nil
}

// parseTime reads "08:00" or "8:00" as minutes after midnight, up to 24:00.
func parseTime(text string) (int, error) {
	hour, minute, found := strings.Cut(text, ":")
	h, okHour := number(hour, 2)
	m, okMinute := number(minute, 2)
	if !found || !okHour || !okMinute || len(minute) != 2 || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, fmt.Errorf("%q is no time; want 00:00 to 24:00", clip(text))
	}
	return h*60 + m, nil
}

// number reads one to so many digits and nothing else.
func number(text string, most int) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, text != "" && len(text) <= most
}

// clip bounds what an error repeats.
func clip(text string) string {
	const most = 60
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
