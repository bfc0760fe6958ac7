package main

import (
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
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

// length is a flag for a length of time.
type length time.Duration

// Set reads the flag.
func (l *length) Set(text string) error {
	d, err := toll.ParseLength(text)
	*l = length(d)
	return err
}

// String writes it as it can be read again: 24h, not 24h0m0s.
func (l *length) String() string {
	if *l == 0 {
		return ""
	}
	return toll.FormatLength(time.Duration(*l))
}

// Type is what stands for it in the help.
func (l *length) Type() string { return "length" }
