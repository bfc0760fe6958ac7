package toll

import (
	"fmt"
	"strconv"
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
