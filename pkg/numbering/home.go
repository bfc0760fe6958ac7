package numbering

import "strings"

// homeRow is a range of a country's plan that is ordinary by its leading
// digits, whatever follows: fixed, mobile or toll-free.
type homeRow struct {
	country  string
	lead     string // a pattern for the first digits of the national number
	min, max int    // digits of the national number
	kind     kind
	not      string // prefixes that are something else, separated by spaces
}

// covers tells whether a national number lies in the row.
func (row homeRow) covers(national string) bool {
	if len(national) < row.min || len(national) > row.max {
		return false
	}
	for _, prefix := range strings.Fields(row.not) {
		if strings.HasPrefix(national, prefix) {
			return false
		}
	}
	lead, err := parsePattern(row.lead)
	return err == nil && lead.matchPrefix(national)
}

// plausible is the kind of a home number that phonenumbers calls invalid,
// judged by its leading digits and its length; unknown where those say nothing.
// Free is not given away so: a range that was never opened may have a price.
func plausible(country, national string) kind {
	for row := range homeRows(country) {
		if !row.covers(national) {
			continue
		}
		if row.kind == free {
			return fixed
		}
		return row.kind
	}
	return unknown
}
