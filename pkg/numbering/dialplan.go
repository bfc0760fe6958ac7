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
// is empty for a country whose plan is not in this package. With access codes,
// national numbers are matched behind them only, because the dialplan would
// strip their first digits.
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
	patterns.addHome(r.homePrefixes(), usual)
	patterns.addHome(r.accessPrefixes(), direct)
	patterns.addHome([]string{"+" + r.site.code}, national)
	return patterns
}

// addHome adds every number behind every prefix.
func (d *DialplanPatterns) addHome(prefixes, national []string) {
	for _, prefix := range prefixes {
		for _, p := range national {
			d.Home = append(d.Home, extension(prefix+p))
		}
	}
}

// extension writes a pattern as extensions.conf wants it.
func extension(p string) string {
	p = strings.TrimPrefix(p, "_")
	if strings.ContainsAny(p, "XZN[") {
		return "_" + p
	}
	return p
}

// homePrefixes is what may stand before most national numbers.
func (r *Resolver) homePrefixes() []string {
	var prefixes []string
	for _, access := range r.accessPrefixes() {
		if r.site.national != "" {
			prefixes = append(prefixes, access+r.site.national)
		}
		if r.site.bareNational {
			prefixes = append(prefixes, access)
		}
	}
	return prefixes
}

// accessPrefixes is what has to stand before everything that leaves the site.
func (r *Resolver) accessPrefixes() []string {
	if len(r.site.access) == 0 {
		return []string{""}
	}
	var prefixes []string
	for _, p := range r.site.access {
		prefixes = append(prefixes, strings.TrimPrefix(p.text, "_"))
	}
	return prefixes
}

// isDirect tells whether all numbers of a pattern are dialled without a prefix.
func (s *site) isDirect(text string) bool {
	p, err := parsePattern(text)
	return err == nil && slices.ContainsFunc(s.direct, func(direct pattern) bool {
		if len(direct.sets) != len(p.sets) {
			return false
		}
		for i, set := range direct.sets {
			if p.sets[i]&^set != 0 {
				return false
			}
		}
		return true
	})
}

// homeNational is the national numbers that are ordinary in this country.
func (r *Resolver) homeNational() []string {
	if r.site.code == "1" {
		return r.homeNANP()
	}
	var patterns []string
	for row := range homeRows(r.site.country) {
		for _, lead := range compress(r.ordinaryLeads(row)) {
			for n := row.min; n <= row.max; n++ {
				patterns = append(patterns, lead+strings.Repeat("X", n-width(lead)))
			}
		}
	}
	return patterns
}

// ordinaryLeads spells out the leading digits of a row, as deep as what has to
// be left out: the row's own exceptions, dearer special ranges, numbers
// overseas, and leads that would be read as the country's own code.
func (r *Resolver) ordinaryLeads(row homeRow) []string {
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
	depth := min(max(len(lead.sets), openedLead), row.min)
	for _, prefix := range without {
		if lead.matchPrefix(prefix + strings.Repeat("0", max(0, len(lead.sets)-len(prefix)))) {
			depth = max(depth, len(prefix))
		}
	}
	return slices.DeleteFunc(spell(lead.sets, depth), func(digits string) bool {
		return !r.opened(digits) || slices.ContainsFunc(without, func(prefix string) bool { return strings.HasPrefix(digits, prefix) })
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
