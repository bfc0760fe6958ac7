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

// homeRows serve twice: they accept home numbers that phonenumbers has not
// heard of yet (plans open new blocks every month, always inside such ranges),
// and they become the dialplan's patterns for the time when no daemon answers.
// Ranges of specialRows inside them are left out by those who use them. The
// sources are the plans that specialRows name. North America is in nanp.go.
// Never written to.
var homeRows = []homeRow{
	{"GB", "1[1-9]", 9, 10, fixed, "110 111 112 119"},
	{"GB", "[23]", 10, 10, fixed, ""},
	{"GB", "7[1-57-9]", 10, 10, mobile, "7457 7509 7524 7700 7781 7797 7829 7839 7911 7924 7937"}, // Crown dependencies
	{"GB", "800", 9, 9, free, ""},
	{"GB", "80[08]", 10, 10, free, ""},

	{"DE", "[2-6]", 6, 11, fixed, ""},
	{"DE", "[7-9]", 6, 11, fixed, "700 701 800 801 900 901 902 903 904 905"},
	{"DE", "1[57]", 10, 11, mobile, ""},
	{"DE", "16[0-3]", 10, 11, mobile, ""},
	{"DE", "800", 10, 10, free, ""},

	{"FR", "[1-5]", 9, 9, fixed, ""},
	{"FR", "6", 9, 9, mobile, ""},
	{"FR", "7[3-9]", 9, 9, mobile, ""},
	{"FR", "9", 9, 9, fixed, "938 939 947"}, // overseas, as 976 is
	{"FR", "80[0-5]", 9, 9, free, ""},

	{"ES", "[89][1-8]", 9, 9, fixed, ""},
	{"ES", "6", 9, 9, mobile, ""},
	{"ES", "7[1-49]", 9, 9, mobile, ""},
	{"ES", "[89]00", 9, 9, free, ""},

	{"AU", "[2378]", 9, 9, fixed, ""},
	{"AU", "4", 9, 9, mobile, ""},
	{"AU", "1800", 10, 10, free, ""},

	{"BR", "[1-9][1-9][25]", 10, 10, fixed, ""},
	{"BR", "[1-9][1-9]3[1-9]", 10, 10, fixed, ""},    // 30, 40, 43 and 48 begin numbers without an area code,
	{"BR", "[1-9][1-9]4[124-79]", 10, 10, fixed, ""}, // and a carrier code looks like one
	{"BR", "[1-9][1-9]9", 11, 11, mobile, ""},
	{"BR", "800", 10, 10, free, ""},

	{"IN", "1[1-7]", 10, 10, fixed, ""},
	{"IN", "[2-5]", 10, 10, fixed, ""},
	{"IN", "[6-9]", 10, 10, mobile, ""},
	{"IN", "1800", 10, 11, free, ""},

	{"NL", "[1-57]", 9, 9, fixed, "14"},
	{"NL", "6[1-58]", 9, 9, mobile, ""},
	{"NL", "8[58]", 9, 9, fixed, ""},

	{"BE", "[1-36]", 8, 8, fixed, ""},
	{"BE", "[57-9][1-9]", 8, 8, fixed, ""},
	{"BE", "4[5-9]", 9, 9, mobile, ""},

	{"CH", "[2-6]", 9, 9, fixed, ""},
	{"CH", "7[5-9]", 9, 9, mobile, ""},

	{"PT", "2", 9, 9, fixed, ""},
	{"PT", "9[1236]", 9, 9, mobile, ""},
	{"PT", "800", 9, 9, free, ""},
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
	for _, row := range homeRows {
		if row.country != country || !row.covers(national) {
			continue
		}
		if row.kind == free {
			return fixed
		}
		return row.kind
	}
	return unknown
}
