package report

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/backtest"
)

// mostColumns is how many columns a phone can show.
const mostColumns = 70

// spans puts days together until they are few enough for a chart: to weeks that begin
// on Monday, months or years. Days without calls are there too. The name of a span is
// its first day.
func spans(days []backtest.Group) (all []backtest.Group, per string) {
	first, last, ok := ends(days)
	if !ok {
		return nil, "day"
	}
	for _, span := range []struct {
		per   string
		begin func(time.Time) time.Time
		next  func(time.Time) time.Time
	}{
		{"day", func(t time.Time) time.Time { return t }, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"week", monday, func(t time.Time) time.Time { return t.AddDate(0, 0, 7) }},
		{"month", func(t time.Time) time.Time { return t.AddDate(0, 0, 1-t.Day()) }, func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"year", func(t time.Time) time.Time { return t.AddDate(0, 0, 1-t.YearDay()) }, func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	} {
		per = span.per
		all = all[:0]
		place := make(map[string]int)
		for t := span.begin(first); !t.After(last) && (len(all) < mostColumns || per == "year"); t = span.next(t) {
			place[t.Format(time.DateOnly)] = len(all)
			all = append(all, backtest.Group{Name: t.Format(time.DateOnly)})
		}
		complete := true
		for i := range days {
			day, err := time.Parse(time.DateOnly, days[i].Name)
			if err != nil {
				continue // all that there was no more room for
			}
			at, there := place[span.begin(day).Format(time.DateOnly)]
			if !there {
				complete = false
				break
			}
			add(&all[at], &days[i])
		}
		if complete {
			break
		}
	}
	return all, per
}

// ends are the first and the last day.
func ends(days []backtest.Group) (first, last time.Time, ok bool) {
	for i := range days {
		day, err := time.Parse(time.DateOnly, days[i].Name)
		if err != nil {
			continue
		}
		if !ok {
			first, last, ok = day, day, true
		}
		if day.Before(first) {
			first = day
		}
		if day.After(last) {
			last = day
		}
	}
	return first, last, ok
}

func monday(t time.Time) time.Time { return t.AddDate(0, 0, -(int(t.Weekday())+6)%7) }

// add counts the calls of a group with those of another.
func add(to, g *backtest.Group) {
	to.Calls += g.Calls
	to.Answered += g.Answered
	to.Seconds += g.Seconds
	to.Cost += g.Cost
	to.Refused += g.Refused
	to.Cut += g.Cut
	to.PIN += g.PIN
	to.Stopped += g.Stopped
}

// shortSpan names a span below a chart, longSpan where there is room.
func shortSpan(per string) func(name string) string {
	return dated(map[string]string{"day": "2 Jan", "week": "2 Jan", "month": "Jan 06", "year": "2006"}[per])
}

func longSpan(per string) func(name string) string {
	return dated(map[string]string{"day": "Monday, 2 January 2006", "week": "the week from 2 January 2006", "month": "January 2006", "year": "2006"}[per])
}

// dated writes a day in a layout of package time.
func dated(layout string) func(day string) string {
	return func(day string) string {
		t, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return day
		}
		return t.Format(layout)
	}
}
