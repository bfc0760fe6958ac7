package rating

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxInCell bounds how many prefixes a cell may name.
const maxInCell = 1000

// parsePrefixes reads the prefixes of a cell: one, several with a comma, a
// semicolon or a slash between them, and ranges such as 207-209. A country code
// that has a cell of its own is put before each; then an empty cell means the
// whole country.
func parsePrefixes(cell, country string, taken []string) ([]string, error) {
	if country != "" {
		code, err := dialDigits(country, false)
		if err != nil {
			return nil, fmt.Errorf("country code %s: %w", quoted(country), err)
		}
		country = code
		if strings.TrimSpace(cell) == "" {
			return checked(append(taken, country))
		}
	}
	for len(cell) > 0 {
		end := strings.IndexAny(cell, ",;/")
		part, rest := cell, ""
		if end >= 0 {
			part, rest = cell[:end], cell[end+1:]
		}
		cell = rest
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		from, to, err := interval(part, country != "")
		if err != nil {
			return nil, fmt.Errorf("prefix %s: %w", quoted(part), err)
		}
		if taken, err = expand(taken, country, from, to); err != nil {
			return nil, fmt.Errorf("prefix %s: %w", quoted(part), err)
		}
	}
	return checked(taken)
}

// checked looks once more at what was made of a cell.
func checked(prefixes []string) ([]string, error) {
	if len(prefixes) == 0 {
		return nil, errors.New("there is no prefix")
	}
	for _, prefix := range prefixes {
		if len(prefix) > maxPrefix {
			return nil, fmt.Errorf("prefix %s: it has more than %d digits", quoted(prefix), maxPrefix)
		}
		if prefix[0] == '0' {
			return nil, fmt.Errorf("prefix %s: no country code begins with 0", quoted(prefix))
		}
	}
	return prefixes, nil
}

// expand writes out a range; to is empty for a single prefix.
func expand(taken []string, country, from, to string) ([]string, error) {
	if len(from) > maxPrefix {
		return nil, fmt.Errorf("it has more than %d digits", maxPrefix)
	}
	if to == "" && len(taken) < maxInCell {
		return append(taken, country+from), nil
	}
	to = cmp.Or(to, from)
	first, err := strconv.ParseUint(from, 10, 64)
	if err != nil {
		return nil, errors.New("want digits")
	}
	last, err := strconv.ParseUint(to, 10, 64)
	if err != nil {
		return nil, errors.New("want digits")
	}
	if last-first >= uint64(maxInCell-len(taken)) {
		return nil, fmt.Errorf("a cell with more than %d prefixes", maxInCell)
	}
	for n := first; n <= last; n++ {
		taken = append(taken, fmt.Sprintf("%s%0*d", country, len(from), n))
	}
	return taken, nil
}

// interval reads a prefix, or the first and the last one of a range. A dash can
// be either a range's or the one that people write behind a country code, and a
// wrong guess would price the wrong country: where both are plausible it is an
// error.
func interval(part string, area bool) (from, to string, err error) {
	left, right, dashed := cutDash(part)
	if !dashed {
		from, err = dialDigits(part, area)
		return from, "", err
	}
	if strings.Trim(right, "0123456789") != "" { // 1-242-555 is no range
		from, err = dialDigits(part, area)
		return from, "", err
	}
	if from, err = dialDigits(left, area); err != nil {
		return "", "", err
	}
	ascending := len(from) == len(right) && from < right
	switch {
	case ascending && (area || len(from) >= 4):
		return from, right, nil
	case !ascending && !area && len(from) <= 3 && right != "" && !strings.HasPrefix(right, "00"):
		return from + right, "", nil
	}
	return "", "", errors.New("is the dash that of a range, or a part of one prefix? write it out, with commas between prefixes")
}

// cutDash cuts at the first dash, of whatever length.
func cutDash(s string) (left, right string, found bool) {
	for _, dash := range []string{"-", "–", "—"} {
		if left, right, found = strings.Cut(s, dash); found {
			return strings.TrimSpace(left), strings.TrimSpace(right), true
		}
	}
	return s, "", false
}

// dialDigits is a prefix in digits alone: without +, 00 or 011 in front, (0),
// and what parts its groups.
func dialDigits(text string, area bool) (string, error) {
	digits := strings.TrimPrefix(text, "'") // by which spreadsheets keep a text a text
	digits = strings.Replace(digits, "(0)", "", 1)
	if strings.Trim(digits, "0123456789") == "" {
		return withoutInternational(digits, area)
	}
	if exponent(digits) {
		return "", errors.New("a spreadsheet has rounded it: make the column a text there, and save again")
	}
	plus := strings.HasPrefix(digits, "+")
	digits = strings.TrimPrefix(digits, "+")
	groups := strings.FieldsFunc(digits, func(r rune) bool { return strings.ContainsRune(" -–—()\t\u00a0", r) })
	if len(groups) > 1 && (area || alike(groups)) {
		return "", errors.New("are these several prefixes? put commas between them")
	}
	joined := strings.Join(groups, "")
	if joined == "" || strings.Trim(joined, "0123456789") != "" {
		return "", errors.New("want digits")
	}
	if plus {
		return joined, nil
	}
	return withoutInternational(joined, area)
}

// alike tells whether groups of digits look like a list rather than like one
// prefix: a country code has at most three digits, and is not followed by more
// of its kind.
func alike(groups []string) bool {
	if len(groups[0]) > 3 {
		return true
	}
	for _, group := range groups[1:] {
		if len(group) != len(groups[0]) || len(group) < 3 || group[0] != groups[0][0] {
			return false
		}
	}
	return true
}

// withoutInternational takes 00 or 011 from a prefix that begins with it.
func withoutInternational(digits string, area bool) (string, error) {
	if digits == "" {
		return "", errors.New("want digits")
	}
	if area || digits[0] != '0' {
		return digits, nil
	}
	for _, international := range []string{"00", "011"} {
		if rest, found := strings.CutPrefix(digits, international); found && rest != "" && rest[0] != '0' {
			return rest, nil
		}
	}
	return "", errors.New("no country code begins with 0")
}

// exponent tells whether a spreadsheet made a number of a prefix: 4.42E+11.
func exponent(text string) bool {
	mantissa, power, found := strings.Cut(strings.ToUpper(text), "E")
	return found && mantissa != "" && power != "" &&
		strings.Trim(mantissa, "0123456789.,") == "" && strings.Trim(power, "0123456789+") == ""
}
