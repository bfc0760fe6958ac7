package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseMoment reads a time of a person's in the zone, or one in RFC 3339.
func parseMoment(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q: want a time such as '2026-12-24 08:00'", text)
	}
	return t, nil
}

// parseLength reads a length of time as time.ParseDuration does, and days and
// weeks in front: 1d, 2w, 1d12h. A day has 24 hours.
func parseLength(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q: want a length such as 90m, 6h, 7d or 2w", text)
	rest := strings.TrimPrefix(text, "-")
	var sum time.Duration
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		digits, after, named := strings.Cut(rest, unit.name)
		if !named {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 32)
		if err != nil || n > 10_000 {
			return 0, wrong
		}
		sum, rest = sum+time.Duration(n)*unit.is, after
	}
	if rest != "" || sum == 0 && !strings.ContainsAny(text, "dw") {
		d, err := time.ParseDuration(rest)
		if err != nil || strings.ContainsAny(rest, "+-") {
			return 0, wrong
		}
		sum += d
	}
	if sum < 0 {
		return 0, wrong // more than time.Duration can hold
	}
	if strings.HasPrefix(text, "-") {
		sum = -sum
	}
	return sum, nil
}

// length is a flag for a length of time.
type length time.Duration

// Set reads the flag.
func (l *length) Set(text string) error {
	d, err := parseLength(text)
	*l = length(d)
	return err
}

// String writes it as it can be read again: 24h, not 24h0m0s.
func (l *length) String() string {
	if *l == 0 {
		return ""
	}
	text := time.Duration(*l).String()
	if whole, minutes := strings.CutSuffix(text, "m0s"); minutes {
		text = whole + "m"
	}
	if whole, hours := strings.CutSuffix(text, "h0m"); hours {
		text = whole + "h"
	}
	return text
}

// Type is what stands for it in the help.
func (l *length) Type() string { return "length" }
