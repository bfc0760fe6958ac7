package numbering

import (
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// kind is what a number is in its own country, wherever it is dialled from.
type kind int

const (
	unknown    kind = iota
	fixed           // geographic, or charged like it
	mobile          // mobile
	free            // free for callers of its own country
	costly          // geographic, but dearer than the rest of its country
	shared          // dearer than a plain call
	premium         // premium rate
	personal        // follow-me and similar
	global          // owned by no country: satellites and the like
	unassigned      // nobody has been given the code
)

// specialRow is a range that phonenumbers does not know, or takes for something
// cheaper than it is.
type specialRow struct {
	prefix string // E.164 without the +
	length int    // of the national number, where only that one is meant; 0 means any
	kind   kind
	source string
}

// overseas maps the first digits of national numbers of France that lead out of
// it to the country code they belong to: dialled 0590, a call goes to
// Guadeloupe. Arcep, decision 2018-0881 as amended by 2022-1583; the codes that
// follow are from the same plan. Never written to.
var overseas = map[string]string{
	"590": "590", "690": "590", "691": "590", "7090": "590", "9395": "590", "9475": "590", "9760": "590", "9761": "590", "9768": "590",
	"594": "594", "694": "594", "7093": "594", "9396": "594", "9476": "594", "976": "594",
	"596": "596", "696": "596", "697": "596", "7091": "596", "9397": "596", "9477": "596", "9766": "596", "9767": "596",
	"262": "262", "263": "262", "692": "262", "693": "262", "7092": "262", "9399": "262", "9479": "262", "9762": "262", "9763": "262",
	"269": "262", "639": "262", "70935": "262", "70936": "262", "70937": "262", "9398": "262", "9478": "262", "9769": "262",
	saintPierre: saintPierre, "7084": saintPierre, "7085": saintPierre,
}

// saintPierre is the country code of Saint-Pierre-et-Miquelon. Its plain
// numbers have six digits; where France dials them, the code stands before them.
const saintPierre = "508"

// offshore is what a number becomes that is written like one of France and is
// not; unchanged for all others.
func offshore(digits string) string {
	national, french := strings.CutPrefix(digits, "33")
	if french && len(national) == 10 {
		national = strings.TrimPrefix(national, "0") // "+33 (0)6 90 …"
	}
	if !french || len(national) != 9 {
		return digits
	}
	for n := 5; n >= 3; n-- {
		code, found := overseas[national[:n]]
		switch {
		case found && national[:n] == saintPierre:
			return national
		case found:
			return code + national
		}
	}
	return digits
}

// elsewhere is the country of a number that lies in another one than its code
// says, and has its price: San Marino keeps its Italian area code (AGCOM,
// delibera 8/15/CIR), Abkhazia the two that Russia lends it (Rossvyaz). Inside
// those codes a special row says what such a call is.
func elsewhere(digits, country string) string {
	switch {
	case strings.HasPrefix(digits, "390549"):
		return "SM"
	case strings.HasPrefix(digits, "7840"), strings.HasPrefix(digits, "7940"):
		return "GE"
	}
	return country
}

// specials finds special rows by the longest prefix.
type specials struct {
	rows    map[string][]specialRow
	longest int
}

func newSpecials() specials {
	s := specials{rows: make(map[string][]specialRow, len(specialRows))}
	for _, row := range specialRows {
		s.rows[row.prefix] = append(s.rows[row.prefix], row)
		s.longest = max(s.longest, len(row.prefix))
	}
	return s
}

// find is the row for a number whose country code has so many digits.
func (s specials) find(digits string, code int) (specialRow, bool) {
	for n := min(len(digits), s.longest); n > 0; n-- {
		for _, row := range s.rows[digits[:n]] {
			if row.length == 0 || row.length == len(digits)-code {
				return row, true
			}
		}
	}
	return specialRow{}, false
}

// class is the class of a kind of number, seen from home, from a +1 country
// that is not its own, or from abroad.
func (k kind) class(home, foreignNANP bool) toll.Class {
	switch {
	case k == global:
		return toll.Global
	case k == unassigned:
		return toll.Unassigned
	case foreignNANP && k != premium && k != personal && k != shared:
		return toll.ForeignNANP
	case home:
		return k.homeClass()
	}
	switch k {
	case mobile:
		return toll.IntlMobile
	case shared, premium, personal:
		return toll.IntlPremium
	}
	return toll.IntlFixed
}

// dear tells whether such numbers cost more than a plain call.
func (k kind) dear() bool { return k == shared || k == premium || k == personal }

// plain tells whether such numbers are ordinary ones in their own country. At
// home a row of that kind vouches only for numbers that the plan has.
func (k kind) plain() bool { return k == fixed || k == mobile || k == free }

// homeClass is the class of a kind of number in the site's own country.
func (k kind) homeClass() toll.Class {
	switch k {
	case fixed:
		return toll.HomeFixed
	case mobile:
		return toll.HomeMobile
	case free:
		return toll.TollFree
	case costly, shared:
		return toll.SharedCost
	case premium:
		return toll.HomePremium
	case personal:
		return toll.Personal
	}
	return toll.Unplaced
}
