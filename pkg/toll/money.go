package toll

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Money is an amount in millionths of the site's currency. It is an integer so
// that a sum of a million calls is exact, and it saturates instead of wrapping
// round: an absurd price must never turn into a small one.
type Money int64

// Unit is one whole unit of the site's currency.
const Unit Money = 1_000_000

// maxMoney bounds every amount, so that a sum of two never overflows.
const maxMoney Money = 1 << 61

// ParseMoney reads a decimal amount such as "0.30", "12" or "-1.5". More than
// six decimals, or an amount beyond 2^61 millionths, is an error: nothing is
// rounded silently.
func ParseMoney(s string) (Money, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, fraction, hasFraction := strings.Cut(digits, ".")
	if whole == "" || (hasFraction && fraction == "") || len(fraction) > 6 {
		return 0, fmt.Errorf("amount %q: want digits with at most six decimals, such as 0.30", s)
	}
	amount, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", 6-len(fraction)), 10, 61)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			return 0, fmt.Errorf("amount %q is too large", s)
		}
		return 0, fmt.Errorf("amount %q: want digits with at most six decimals, such as 0.30", s)
	}
	if negative {
		return -Money(amount), nil
	}
	return Money(amount), nil
}

// String writes the amount with at least two decimals and no more than it
// needs, without a currency: "0.30", "0.015".
func (m Money) String() string {
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	fraction := strings.TrimRight(fmt.Sprintf("%06d", int64(m%Unit)), "0")
	for len(fraction) < 2 {
		fraction += "0"
	}
	return fmt.Sprintf("%s%d.%s", sign, int64(m/Unit), fraction)
}

// MarshalText writes the amount as String does, so that JSON and YAML carry
// decimal text and no reader rounds it through a float.
func (m Money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what ParseMoney reads.
func (m *Money) UnmarshalText(text []byte) error {
	amount, err := ParseMoney(string(text))
	if err != nil {
		return err
	}
	*m = amount
	return nil
}

// plus adds two amounts and stops at the bound.
func (m Money) plus(other Money) Money {
	return min(m+other, maxMoney)
}

// times multiplies by a count that is not negative and stops at the bound.
func (m Money) times(n int64) Money {
	if m <= 0 || n <= 0 {
		return 0
	}
	if int64(m) > int64(maxMoney)/n {
		return maxMoney
	}
	return m * Money(n)
}
