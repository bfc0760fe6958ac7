package toll

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// mostFigure bounds a threshold, so that sums of figures never overflow.
const mostFigure = 1 << 60

// ParseFigure reads a threshold as the owner writes it, in the unit of its
// measure: an amount such as 150.00 for Cost, a length such as 6h for Seconds, a
// number for the others.
func ParseFigure(m Measure, text string) (int64, error) {
	v, err := readFigure(m, text)
	switch {
	case err != nil:
		return 0, err
	case v < 0:
		return 0, fmt.Errorf("%q: want zero or more", text)
	case v > mostFigure:
		return 0, fmt.Errorf("%q: is more than can ever be reached", text)
	}
	return v, nil
}

func readFigure(m Measure, text string) (int64, error) {
	switch m {
	case Cost:
		amount, err := ParseMoney(text)
		return int64(amount), err
	case Seconds:
		d, err := ParseLength(text)
		return int64(d / time.Second), err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q: want a whole number", text)
	}
	return n, nil
}

// FormatFigure writes a threshold as ParseFigure reads it.
func FormatFigure(m Measure, v int64) string {
	switch m {
	case Cost:
		return Money(v).String()
	case Seconds:
		return FormatLength(time.Duration(v) * time.Second)
	}
	return strconv.FormatInt(v, 10)
}

const day = 24 * time.Hour

// ParseLength reads a length of time as time.ParseDuration does, and days and
// weeks in front: 1d, 2w, 1d12h. A day has 24 hours.
func ParseLength(text string) (time.Duration, error) {
	wrong := fmt.Errorf("%q: want a length such as 90m, 6h, 7d or 2w", text)
	rest := strings.TrimPrefix(text, "-")
	var sum time.Duration
	for _, unit := range []struct {
		name string
		is   time.Duration
	}{{"w", 7 * day}, {"d", day}} {
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

// FormatLength writes a length as people do and ParseLength reads it: 24h, 7d,
// 1h30m, not 168h0m0s.
func FormatLength(d time.Duration) string {
	if d > day && d%day == 0 && d/day <= 10_000 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if whole, minutes := strings.CutSuffix(text, "m0s"); minutes {
		text = whole + "m"
	}
	if whole, hours := strings.CutSuffix(text, "h0m"); hours {
		text = whole + "h"
	}
	return text
}
