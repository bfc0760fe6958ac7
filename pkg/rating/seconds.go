package rating

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// parseSeconds reads whole seconds, such as 60, 60.00 or 6 s.
func parseSeconds(cell string) (time.Duration, error) {
	if cell == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(cell, 10, 12); err == nil && n <= uint64(longest/time.Second) {
		return time.Duration(n) * time.Second, nil
	}
	if unsaid(cell) {
		return 0, nil
	}
	digits := strings.TrimRightFunc(cell, func(r rune) bool { return r == '.' || r == ' ' || unicode.IsLetter(r) })
	unit := strings.Trim(strings.ToLower(cell[len(digits):]), " .")
	whole, fraction, _ := strings.Cut(strings.Replace(digits, ",", ".", 1), ".")
	n, err := strconv.ParseUint(whole, 10, 32)
	if err != nil || strings.Trim(fraction, "0") != "" {
		return 0, fmt.Errorf("seconds %s: want whole seconds", quoted(cell))
	}
	length := time.Duration(n) * time.Second
	switch unit {
	case "", "s", "sec", "secs", "second", "seconds", "sek":
	case "m", "min", "mins", "minute", "minutes":
		length *= 60
	default:
		return 0, fmt.Errorf("seconds %s: want whole seconds", quoted(cell))
	}
	if length > longest {
		return 0, fmt.Errorf("seconds %s: want at most an hour", quoted(cell))
	}
	return length, nil
}

// parseBilling reads a cell with the increment, or with minimum and increment in
// one, as in 60/6; both tells which.
func parseBilling(cell string) (minimum, increment time.Duration, both bool, err error) {
	first, second, both := cutAny(cell, "/-+:")
	if !both {
		increment, err = parseSeconds(cell)
		return 0, increment, false, err
	}
	if minimum, err = parseSeconds(strings.TrimSpace(first)); err == nil {
		increment, err = parseSeconds(strings.TrimSpace(second))
	}
	if err != nil || unsaid(first) || unsaid(second) {
		return 0, 0, false, fmt.Errorf("billing %s: want seconds, or minimum and increment such as 60/6", quoted(cell))
	}
	return minimum, increment, true, nil
}

// cutAny cuts at the first of some characters.
func cutAny(s, chars string) (before, after string, found bool) {
	i := strings.IndexAny(s, chars)
	if i < 0 || unsaid(s) {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// unsaid tells whether a cell says nothing.
func unsaid(cell string) bool {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "", "-", "–", "n/a", "na", "none", "null":
		return true
	}
	return false
}
