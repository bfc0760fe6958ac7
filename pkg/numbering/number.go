package numbering

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// maxE164 is the longest number that ITU-T E.164 (6.2.1) allows, in digits.
const maxE164 = 15

// nobody is the country of codes that no country owns, as CLDR writes it.
const nobody = "001"

// number is an E.164 number and what is known of it.
type number struct {
	digits      string // without the +
	code        string // its country calling code
	plan        *codePlan
	country     string
	subdivision string // of +1
	kind        kind
	valid       bool // the plan of its country can have it, as it was dialled
	possible    bool // its length is one that its country has, or may have by now
	tooLong     bool // it has more digits than any number there
}

// national is the number without its country code.
func (n number) national() string { return n.digits[len(n.code):] }

// leniency says what place may make of digits that are not a valid number.
type leniency int

const (
	asWritten leniency = iota // nothing
	rewritten                 // what the country's own rules rewrite, such as 15 in Argentina
	forgiven                  // also what exchanges ignore: surplus digits at the end
)

// place makes a destination of digits that begin with a country code. An
// international number is forgiven what exchanges forgive, because the call
// would arrive.
func (r *Resolver) place(digits string, lenient leniency, t *trace) toll.Destination {
	digits = offshore(digits)
	code := callingCode(digits)
	switch {
	case code == "" && (len(digits) < 4 || len(digits) > maxE164 || digits[0] == '0'):
		t.add("no country code begins so", digits)
		return toll.Destination{Class: toll.Unplaced}
	case code == "":
		t.add("nobody has been given this country code", "+"+digits)
		return toll.Destination{E164: "+" + digits, Country: nobody, Class: toll.Unassigned, Range: block(digits, digits[:3])}
	}
	n, ok := r.identify(digits, code, lenient, t)
	if !ok {
		t.add("not a number of country code "+code, digits)
		return toll.Destination{Class: toll.Unplaced}
	}
	class := r.classify(n, t)
	if class == toll.Unplaced {
		t.add("no range of this country is known to hold it", "+"+n.digits)
		return toll.Destination{Class: toll.Unplaced}
	}
	return toll.Destination{
		E164: "+" + n.digits, Country: n.country, Subdivision: n.subdivision, Class: class, Valid: n.valid, Range: block(n.digits, n.code),
	}
}

// callingCode is the country calling code that digits begin with; empty if
// nobody has been given one that begins so.
func callingCode(digits string) string {
	for n := 1; n <= 3 && n <= len(digits); n++ {
		code, err := strconv.Atoi(digits[:n])
		if err != nil || code == 0 {
			return ""
		}
		if phonenumbers.GetRegionCodeForCountryCode(code) != phonenumbers.UNKNOWN_REGION {
			return digits[:n]
		}
	}
	return ""
}

// identify finds country and kind; false for what cannot be a number there.
func (r *Resolver) identify(digits, code string, lenient leniency, t *trace) (number, bool) {
	n := number{digits: digits, code: code, plan: r.metadata.plan(code)}
	if len(n.national()) < 3 {
		return n, false
	}
	row, special := r.special.find(digits, len(code))
	if special && (row.kind == global || row.kind == unassigned) {
		n.kind, n.country = row.kind, nobody
		if code == r.site.code {
			n.country = r.site.country
		}
		t.add(row.source, "+"+digits)
		return n, len(digits) <= maxE164
	}
	typ := n.lookup()
	if code == "1" && lenient == rewritten && tollFreeCode(n.national()[:3]) {
		lenient = forgiven // vanity numbers are spelt out: 1-800-CONTACTS
	}
	exact := special && row.length > 0 // the row says what it is, at this very length
	if !n.valid && !exact && (lenient >= rewritten && n.rewrite(&typ, t) || lenient == forgiven && n.cut(code != r.site.code, &typ, t)) {
		row, special = r.special.find(n.digits, len(code))
	}
	r.settle(&n, typ)
	if len(n.digits) > maxE164 || (!n.possible && !(special && row.length > 0)) {
		return n, false
	}
	if n.tooLong && code == r.site.code && !(special && row.length > 0) {
		return n, false // plans abroad may grow longer unnoticed, the site's own may not
	}
	if special && !(row.kind.plain() && row.length == 0 && code == r.site.code && !n.valid) {
		n.kind = row.kind
		if n.country == nobody || code != "1" && n.kind != fixed && n.kind != mobile {
			n.country = mainRegion(code) // such ranges belong to the whole code
		}
		t.add(row.source, "+"+n.digits)
	}
	if code != r.site.code {
		n.country = elsewhere(n.digits, n.country)
	}
	return n, true
}

// mainRegion is the country that a calling code belongs to in the first place.
func mainRegion(code string) string {
	value, _ := strconv.Atoi(code)
	return phonenumbers.GetRegionCodeForCountryCode(value)
}

// lookup finds country, validity and type.
func (n *number) lookup() phonenumbers.PhoneNumberType {
	national := n.national()
	n.tooLong = n.plan.tooLong(len(national))
	n.possible = n.tooLong || !n.plan.tooShort(len(national))
	var typ phonenumbers.PhoneNumberType
	n.country, typ = n.plan.find(national)
	n.valid = typ != phonenumbers.UNKNOWN
	return typ
}

// rewrite finds the number that the rules of its country make of an invalid
// one: without a trunk prefix after the country code ("+44 (0) 20 …"), or with a
// mobile prefix where it belongs.
func (n *number) rewrite(typ *phonenumbers.PhoneNumberType, t *trace) bool {
	national, ok := n.plan.rewritten(n.national())
	if !ok || len(national) < 3 {
		return false
	}
	other := number{digits: n.code + national, code: n.code, plan: n.plan}
	found := other.lookup()
	if !other.valid {
		return false
	}
	t.add("a prefix that does not belong after the country code taken off", "+"+other.digits)
	*n, *typ = other, found
	return true
}

// cut finds the number without the surplus digits at its end, if that is a
// valid one. Padding must not turn one number into many, nor, abroad, a premium
// number into one of a longer kind.
func (n *number) cut(abroad bool, typ *phonenumbers.PhoneNumberType, t *trace) bool {
	longest := min(n.plan.lengths.longest(), len(n.national())-1)
	for length := longest; length >= max(n.plan.lengths.shortest(), 4); length-- {
		other := *n
		other.digits = n.digits[:len(n.code)+length]
		found := other.lookup()
		if !other.valid || !n.tooLong && !(abroad && kindOf(found).dear()) {
			continue
		}
		t.add("surplus digits at the end, which exchanges ignore, taken off", "+"+other.digits)
		*n, *typ = other, found
		n.valid = false
		return true
	}
	return false
}

// settle decides the country where phonenumbers names none, and the kind.
func (r *Resolver) settle(n *number, typ phonenumbers.PhoneNumberType) {
	n.kind = kindOf(typ)
	if n.code == "1" {
		r.settleNANP(n)
		return
	}
	if n.valid {
		r.settleShared(n)
	}
	if typ != phonenumbers.UNKNOWN {
		return
	}
	if r.atHome(n.country) {
		n.kind = r.plausible(n.national()) // nothing is guessed here
		return
	}
	country, guessed := n.plan.guess(n.national())
	if guessed == unknown && n.national()[0] == '0' {
		country, guessed = n.plan.guess(strings.TrimLeft(n.national(), "0"))
	}
	if n.country == "" {
		n.country = country
	}
	n.kind = guessed
	if r.atHome(n.country) {
		n.kind = r.plausible(n.national())
	}
}

// atHome tells whether numbers of a country are in the site's own plan.
func (r *Resolver) atHome(country string) bool {
	return country != "" && (country == r.site.country || sameTariff[country] == r.site.country)
}

// settleShared decides between countries that share a code and, in part, their
// ranges: what the site's own plan has is at home. British mobile blocks that
// the Crown dependencies use too are dearer, and their operators known for it.
func (r *Resolver) settleShared(n *number) {
	if n.code == r.site.code && n.country != r.site.country {
		if n.plan.valid(n.national(), r.site.country) {
			n.country = r.site.country
		}
		return
	}
	if n.country != "GB" || n.kind != mobile {
		return
	}
	for _, dependency := range []string{"GG", "IM", "JE"} {
		switch {
		case !n.plan.valid(n.national(), dependency):
		case n.code == r.site.code:
			n.kind = costly
		default:
			n.country = dependency
		}
	}
}

// settleNANP does the same inside +1, where area codes tell countries apart.
func (r *Resolver) settleNANP(n *number) {
	national := n.national()
	if len(national) != 10 {
		n.possible, n.kind = false, unknown
		return
	}
	northern := r.site.country == "US" || r.site.country == "CA"
	area := national[:3]
	switch place, known := r.areas.find(area); {
	case known:
		n.country, n.subdivision = place.country, place.subdivision
		if n.kind == unknown && (n.country == "US" || n.country == "CA") && couldBeExchange(national) {
			n.kind, n.valid = fixed, true // phonenumbers hears of new area codes and exchanges late
		}
	case area == "622" || area == "633":
		n.country, n.kind = "CA", premium // as 600 is (CNA, "Canadian non-geographic codes")
	case northern && (n.kind == free || n.kind == premium || n.kind == personal || tollFreeCode(area)):
		n.country = r.site.country // non-geographic codes belong to both countries
	case n.country == "":
		n.country, n.kind = newArea(national, r.site.country)
	}
	if special := nanpExchange(national); special != unknown {
		n.kind = special
	}
}

// kindOf translates the types of phonenumbers. What is neither fixed, mobile
// nor free counts as shared cost: pagers, universal access and voicemail
// numbers are charged as their owners like.
func kindOf(typ phonenumbers.PhoneNumberType) kind {
	switch typ {
	case phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.VOIP:
		return fixed
	case phonenumbers.MOBILE:
		return mobile
	case phonenumbers.TOLL_FREE:
		return free
	case phonenumbers.PREMIUM_RATE:
		return premium
	case phonenumbers.PERSONAL_NUMBER:
		return personal
	case phonenumbers.SHARED_COST, phonenumbers.PAGER, phonenumbers.UAN, phonenumbers.VOICEMAIL:
		return shared
	}
	return unknown
}

// sameTariff lists countries inside another one's number plan whose geographic
// numbers cost the same there: Ofcom, National Telephone Numbering Plan, part A
// (the Crown dependencies; their mobiles are dearer, and favoured by
// fraudsters); ACMA, Numbering Plan 2025 (Christmas and Cocos islands);
// Traficom (Aland); Nkom (Svalbard); AGCOM (the Vatican, 06 698). Never written
// to.
var sameTariff = map[string]string{"GG": "GB", "JE": "GB", "IM": "GB", "CX": "AU", "CC": "AU", "AX": "FI", "SJ": "NO", "VA": "IT"}

// classify names the class of a number, seen from this site.
func (r *Resolver) classify(n number, t *trace) toll.Class {
	home := r.site.home[n.country] || (n.kind == fixed && sameTariff[n.country] == r.site.country)
	if n.country == nobody {
		return classOfNobody(n)
	}
	k := n.kind
	if k == costly && r.site.areaCode == n.national()[:3] {
		k = fixed // the site stands there
	}
	if home && k == unknown && n.country != r.site.country {
		k = costly
	}
	neighbours := (r.site.country == "US" || r.site.country == "CA") && (n.country == "US" || n.country == "CA")
	class := k.class(home, n.code == "1" && r.site.code == "1" && !home && !neighbours)
	if t != nil {
		t.add("a number of "+cmp.Or(n.subdivision, n.country), string(class))
	}
	return class
}

// classOfNobody is the class of codes that no country owns. International
// freephone (800, ITU-T E.169.1) is free for the caller; it counts only when it
// is a whole number.
func classOfNobody(n number) toll.Class {
	switch {
	case n.code == "800" && n.valid:
		return toll.TollFree
	case n.code == "800":
		return toll.Unplaced
	case n.kind == shared:
		return toll.IntlPremium
	case n.kind == unassigned:
		return toll.Unassigned
	}
	return toll.Global
}

// block is the range that a number belongs to: the 10,000 numbers that share
// all but the last four digits, and at most seven digits after the country code
// so that numbers of open length cannot split their own range. Numbers with
// few digits have coarser ranges, down to the country code.
func block(digits, code string) string {
	keep := min(max(len(digits)-4, len(code)), len(code)+7)
	return "+" + digits[:min(keep, len(digits))]
}
