package toll

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

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

// SayLength writes how long something took or may take, in whole seconds and in
// a sentence: "45 s", "10 min", "1 h 30 min". No command reads it.
func SayLength(d time.Duration) string {
	var parts []string
	left := int64(d / time.Second)
	for _, unit := range [...]struct {
		name    string
		seconds int64
	}{{"h", 3600}, {"min", 60}, {"s", 1}} {
		if n := left / unit.seconds; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
			left %= unit.seconds
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}

// sayWindow writes a window as FormatLength does, with the days in words.
func sayWindow(d time.Duration) string {
	if days, whole := strings.CutSuffix(FormatLength(d), "d"); whole {
		return days + " days"
	}
	return FormatLength(d)
}
