package numbering

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// DialplanPatterns are what Asterisk itself needs to know of a number plan,
// for the time when no daemon answers. They are extension patterns as in
// extensions.conf, with the underscore where a pattern needs one.
type DialplanPatterns struct {
	Country   string
	Emergency []string // exact numbers, those behind an access code included
	Access    []string // access codes, which the dialplan strips
	Home      []string // ordinary home numbers: fixed, mobile, toll-free; never anything dearer
}

// Dialplan makes the patterns of this site. Home is conservative: whatever it
// matches, Resolve calls ordinary; what it does not match may still be so. It
// is empty for a country whose plan is not in this package. Numbers without an
// access code are matched only where the dialplan would strip none of their
// first digits.
func (r *Resolver) Dialplan() DialplanPatterns {
	patterns := DialplanPatterns{
		Country:   r.site.country,
		Emergency: slices.Sorted(maps.Keys(r.site.emergency)),
	}
	for _, p := range r.site.access {
		patterns.Access = append(patterns.Access, extension(p.text))
	}
	var usual, direct []string
	national := r.homeNational()
	for _, p := range national {
		if r.site.isDirect(p) {
			direct = append(direct, p)
		} else {
			usual = append(usual, p)
		}
	}
	for _, code := range r.accessCodes() {
		var home []string
		for _, prefix := range r.nationalPrefixes() {
			home = append(home, behind(code.text+prefix, usual)...)
		}
		home = append(home, behind(code.text, direct)...)
		home = slices.DeleteFunc(home, func(text string) bool { return r.site.losesOther(text, code) })
		patterns.Home = append(patterns.Home, home...)
	}
	patterns.Home = append(patterns.Home, behind("+"+r.site.code, national)...)
	return patterns
}

// behind writes every number behind a prefix.
func behind(prefix string, national []string) []string {
	all := make([]string, 0, len(national))
	for _, p := range national {
		all = append(all, extension(prefix+p))
	}
	return all
}

// losesOther tells whether the dialplan would take another code than its own
// off a number that a pattern covers: with 9 and 90, off 90 20 … the 90.
func (s *site) losesOther(text string, own pattern) bool {
	sets, err := parseSets(strings.TrimPrefix(text, "_"))
	if err != nil {
		return true
	}
	for _, code := range s.access {
		if code.text == own.text {
			return false
		}
		if len(code.sets) != len(own.sets) && (pattern{sets: sets}).overlaps(code) {
			return true
		}
	}
	return false
}

// extension writes a pattern as extensions.conf wants it.
func extension(p string) string {
	p = strings.TrimPrefix(p, "_")
	if strings.ContainsAny(p, "XZN[") {
		return "_" + p
	}
	return p
}

// nationalPrefixes is what may stand before most national numbers.
func (r *Resolver) nationalPrefixes() []string {
	var prefixes []string
	if r.site.national != "" {
		prefixes = append(prefixes, r.site.national)
	}
	if r.site.bareNational {
		prefixes = append(prefixes, "")
	}
	return prefixes
}

// accessCodes are what may stand before everything that leaves the site, and
// nothing at all, which is the last.
func (r *Resolver) accessCodes() []pattern {
	return append(slices.Clone(r.site.access), pattern{})
}

// isDirect tells whether all numbers of a pattern are dialled without a prefix.
func (s *site) isDirect(text string) bool {
	p, err := parsePattern(text)
	return err == nil && slices.ContainsFunc(s.direct, func(direct pattern) bool {
		return len(direct.sets) == len(p.sets) && within(p.sets, direct.sets)
	})
}

// within tells whether each of the sets lies in another of equally many.
func within(sets, others []digitSet) bool {
	for i, set := range sets {
		if set&^others[i] != 0 {
			return false
		}
	}
	return true
}

// homeNational is the national numbers that are ordinary in this country.
func (r *Resolver) homeNational() []string {
	if r.site.code == "1" {
		return r.homeNANP()
	}
	var patterns []string
	for row := range homeRows(r.site.country) {
		for n := row.min; n <= row.max; n++ {
			for _, lead := range compress(r.ordinaryLeads(row, n)) {
				patterns = append(patterns, lead+strings.Repeat("X", n-width(lead)))
			}
		}
	}
	return patterns
}

// ordinaryLeads spells out the leading digits of the numbers of a row that have
// so many digits, as deep as what has to be left out: the row's own exceptions,
// dearer special ranges, numbers overseas, and leads that would be read as the
// country's own code.
func (r *Resolver) ordinaryLeads(row homeRow, digits int) []string {
	lead, err := parsePattern(row.lead)
	if err != nil {
		return nil
	}
	without := strings.Fields(row.not)
	for _, special := range specialRows {
		national, own := strings.CutPrefix(special.prefix, r.site.code)
		if own && special.length == 0 && special.kind != fixed && special.kind != mobile && special.kind != free {
			without = append(without, national)
		}
	}
	if row.country == "FR" {
		without = slices.AppendSeq(without, maps.Keys(overseas))
	}
	if r.site.bareNational {
		without = append(without, r.site.code)
	}
	depth := min(max(len(lead.sets), leadOf(row.lead)), row.min)
	for _, prefix := range without {
		if lead.matchPrefix(prefix + strings.Repeat("0", max(0, len(lead.sets)-len(prefix)))) {
			depth = max(depth, len(prefix))
		}
	}
	return slices.DeleteFunc(spell(lead.sets, depth), func(lead string) bool {
		return !r.openedTo(lead[:min(len(lead), leadOf(lead))], digits) || slices.ContainsFunc(without, func(prefix string) bool { return strings.HasPrefix(lead, prefix) })
	})
}

// spell lists every string of so many digits that the sets allow.
func spell(sets []digitSet, depth int) []string {
	all := []string{""}
	for i := range depth {
		set := span('0', '9')
		if i < len(sets) {
			set = sets[i]
		}
		var longer []string
		for _, digits := range all {
			for c := byte('0'); c <= '9'; c++ {
				if one(c)&set != 0 {
					longer = append(longer, digits+string(c))
				}
			}
		}
		all = longer
	}
	return all
}

// exchanges are the exchanges of +1 without 976 and 555 (see nanpExchange).
var exchanges = []string{"[2-46-8]XX", "5[0-46-9]X", "55[0-46-9]", "9[0-689]X", "97[0-57-9]"}

// homeNANP is the area codes that phonenumbers knows to be the site's own, and
// the toll-free ones.
func (r *Resolver) homeNANP() []string {
	var areas, freeCodes []string
	for area := 200; area <= 999; area++ {
		code := fmt.Sprint(area)
		switch d := r.place("1"+code+"2345678", asWritten, nil); d.Class {
		case toll.HomeFixed:
			areas = append(areas, code)
		case toll.TollFree:
			freeCodes = append(freeCodes, code)
		}
	}
	var patterns []string
	for _, area := range compress(areas) {
		for _, exchange := range exchanges {
			patterns = append(patterns, area+exchange+"XXXX")
		}
	}
	for _, area := range compress(freeCodes) {
		patterns = append(patterns, area+"NXXXXXX")
	}
	return patterns
}

// compress writes strings of equal length as few patterns: digits after which
// the same may follow share a set.
func compress(leads []string) []string {
	if len(leads) == 0 {
		return nil
	}
	if leads[0] == "" {
		return []string{""}
	}
	following := make(map[byte][]string)
	for _, lead := range leads {
		following[lead[0]] = append(following[lead[0]], lead[1:])
	}
	digits := make(map[string][]byte)
	for c := byte('0'); c <= '9'; c++ {
		if rest := compress(following[c]); rest != nil {
			key := strings.Join(rest, " ")
			digits[key] = append(digits[key], c)
		}
	}
	var patterns []string
	for _, key := range slices.Sorted(maps.Keys(digits)) {
		for _, rest := range strings.Split(key, " ") {
			patterns = append(patterns, writeSet(digits[key])+rest)
		}
	}
	slices.Sort(patterns)
	return patterns
}

// writeSet writes ascending digits as a pattern of one position.
func writeSet(digits []byte) string {
	switch s := string(digits); s {
	case "0123456789":
		return "X"
	case "123456789":
		return "Z"
	case "23456789":
		return "N"
	}
	if len(digits) == 1 {
		return string(digits)
	}
	var b strings.Builder
	b.WriteByte('[')
	for i := 0; i < len(digits); {
		end := i
		for end+1 < len(digits) && digits[end+1] == digits[end]+1 {
			end++
		}
		b.WriteByte(digits[i])
		if end > i+1 {
			b.WriteByte('-')
		}
		if end > i {
			b.WriteByte(digits[end])
		}
		i = end + 1
	}
	b.WriteByte(']')
	return b.String()
}

// width is how many digits a pattern stands for.
func width(p string) int {
	parsed, err := parsePattern(p)
	if err != nil {
		return 0
	}
	return len(parsed.sets)
}
