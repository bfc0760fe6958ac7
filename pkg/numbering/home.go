package numbering

import (
	"fmt"
	"slices"
	"strings"
)

// homeRow is a range of a country's plan that is ordinary by its leading
// digits, whatever follows: fixed, mobile or toll-free.
type homeRow struct {
	country  string
	lead     string // a pattern for the first digits of the national number
	min, max int    // digits of the national number
	kind     kind
	not      string // prefixes that are something else, separated by spaces
}

// homeRange is a home row of the site's country, ready for use.
type homeRange struct {
	homeRow
	begins  pattern
	without []string
}

// newHomeRanges reads the home rows of a country.
func newHomeRanges(country string) ([]homeRange, error) {
	var ranges []homeRange
	for row := range homeRows(country) {
		h, err := newHomeRange(row)
		if err != nil {
			return nil, fmt.Errorf("home numbers of %s: %w", country, err)
		}
		ranges = append(ranges, h)
	}
	return ranges, nil
}

func newHomeRange(row homeRow) (homeRange, error) {
	begins, err := parsePattern(row.lead)
	return homeRange{row, begins, strings.Fields(row.not)}, err
}

// covers tells whether a national number lies in the range.
func (h homeRange) covers(national string) bool {
	return len(national) >= h.min && len(national) <= h.max && h.begins.matchPrefix(national) &&
		!slices.ContainsFunc(h.without, func(prefix string) bool { return strings.HasPrefix(national, prefix) })
}

// plausible is the kind of a home number that phonenumbers calls invalid,
// judged by its leading digits and its length; unknown where those say nothing,
// or where the country has no ordinary numbers like it.
// Free is not given away so: a range that was never opened may have a price.
func (r *Resolver) plausible(national string) kind {
	for i := range r.ranges {
		switch {
		case !r.ranges[i].covers(national):
			continue
		case !r.opened(national):
			return unknown
		case r.ranges[i].kind == free:
			return fixed
		}
		return r.ranges[i].kind
	}
	return unknown
}
