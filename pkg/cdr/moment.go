package cdr

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const epochs = 1_000_000_000 // before 2001 there was no Asterisk worth the name

// clock reads times of a zone. Rows of one day stand side by side, so it remembers
// the last day: where in 1970's seconds it began, if no clock was changed in it.
type clock struct {
	zone  *time.Location
	day   string // "2026-03-07"
	begun int64  // its midnight, in seconds since 1970; 0: it must be worked out each time
}

// parse reads "2026-03-07 00:30:00", also with a T or a fraction, or the seconds
// since 1970 that CDR(start,u) gives.
func (c *clock) parse(cell string) (time.Time, error) {
	if at, ok := c.quick(cell); ok {
		return at, nil
	}
	return parseTime(cell, c.zone)
}

// quick reads what nearly all rows have.
func (c *clock) quick(cell string) (time.Time, bool) {
	if len(cell) != len(time.DateTime) || cell[10] != ' ' && cell[10] != 'T' || cell[13] != ':' || cell[16] != ':' ||
		!digits(cell[11:13]) || !digits(cell[14:16]) || !digits(cell[17:19]) {
		return time.Time{}, false
	}
	if cell[:10] != c.day {
		c.turn(cell[:10])
	}
	hour, minute, second := decimal(cell[11:13]), decimal(cell[14:16]), decimal(cell[17:19])
	if c.begun == 0 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	return time.Unix(c.begun+int64(hour*3600+minute*60+second), 0).In(c.zone), true
}

// turn turns to another day.
func (c *clock) turn(day string) {
	c.day, c.begun = strings.Clone(day), 0
	begin, err := time.ParseInLocation(time.DateOnly, day, c.zone)
	if err != nil {
		return
	}
	plain := begin.AddDate(0, 0, 1).Sub(begin) == 24*time.Hour && begin.Format(time.TimeOnly) == "00:00:00"
	if plain && begin.Unix() >= epochs && begin.Unix() < 10*epochs {
		c.begun = begin.Unix()
	}
}

// decimal is the number that some digits write.
func decimal(digits string) (n int) {
	for _, c := range []byte(digits) {
		n = 10*n + int(c-'0')
	}
	return n
}

// parseTime is parse for one time of any form.
func parseTime(cell string, zone *time.Location) (time.Time, error) {
	if !strings.Contains(cell, "-") { // an error of strconv costs more than a date
		seconds, err := strconv.ParseFloat(cell, 64)
		if err == nil && seconds >= epochs && seconds < 10*epochs {
			whole, part := math.Modf(seconds)
			return time.Unix(int64(whole), int64(math.Round(part*1e6))*1000).In(zone), nil
		}
	}
	for _, form := range []string{time.DateTime, "2006-01-02T15:04:05"} {
		if at, err := time.ParseInLocation(form, cell, zone); err == nil && at.Unix() >= epochs && at.Unix() < 10*epochs {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time: expected 2026-03-07 00:30:00 or the seconds since 1970", cell)
}

func isTime(cell string) bool {
	_, err := parseTime(cell, time.UTC)
	return err == nil
}
