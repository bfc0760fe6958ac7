package numbering

import (
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// fills are digits that make a whole number of its beginning. They are mixed,
// so that a range inside a range does not swallow all of them.
var fills = []string{"00000000000000", "55555555555555", "12345678901234", "97531864208642", "24681357924680", "38274950617283"}

// Each special row says where it comes from, can hold a number, and is found
// for one: nothing shadows it.
func TestSpecialRowsAreWellFormed(t *testing.T) {
	special := newSpecials()
	for i, row := range specialRows {
		code := callingCode(row.prefix)
		if code == "" {
			code = row.prefix[:min(3, len(row.prefix))]
		}
		if who, what, ok := strings.Cut(row.source, ","); !ok || len(who) < 3 || len(what) < 3 {
			if who, what, ok = strings.Cut(row.source, ":"); !ok || len(who) < 3 || len(what) < 3 {
				t.Errorf("row %s: the source %q does not say who and what", row.prefix, row.source)
			}
		}
		if !isDigits(row.prefix) || row.prefix[0] == '0' || !strings.HasPrefix(row.prefix, code) || len(row.prefix) > 9 {
			t.Errorf("row %q is not the beginning of an E.164 number", row.prefix)
		}
		if strings.ContainsAny(row.source, `<>'"&`) {
			t.Errorf("row %s: the source %q cannot be shown everywhere", row.prefix, row.source)
		}
		if row.kind == unknown {
			t.Errorf("row %s has no kind", row.prefix)
		}
		if row.length != 0 && (len(code)+row.length < len(row.prefix) || len(code)+row.length > maxE164) {
			t.Errorf("row %s: no number has %d digits behind %s", row.prefix, row.length, code)
		}
		for _, other := range specialRows[:i] {
			if other.prefix == row.prefix && (other.length == row.length || other.length == 0 || row.length == 0) {
				t.Errorf("row %s of %d digits is written twice, or one of two hides the other", row.prefix, row.length)
			}
		}
		if !reached(special, row, code) {
			t.Errorf("row %s of %d digits is found for no number", row.prefix, row.length)
		}
	}
}

// reached tells whether a row is found for one of many numbers in it.
func reached(special specials, row specialRow, code string) bool {
	for n := max(len(row.prefix), len(code)+3); n <= maxE164; n++ {
		if row.length != 0 && n != len(code)+row.length {
			continue
		}
		for _, fill := range fills {
			if found, ok := special.find((row.prefix + fill)[:n], len(code)); ok && found == row {
				return true
			}
		}
	}
	return false
}

// No row says anything else of a number than the vectors do.
func TestSpecialRowsAgreeWithVectors(t *testing.T) {
	special := newSpecials()
	seen := make(map[string]bool)
	for _, v := range vectors(t) {
		digits := strings.TrimPrefix(v.want.E164, "+")
		if digits == "" {
			continue
		}
		code := callingCode(digits)
		row, ok := special.find(digits, len(code))
		if !ok {
			continue
		}
		seen[row.prefix] = true
		home := v.want.Country == v.site
		if class := row.kind.class(home, !home && code == "1" && v.site == "US"); class != v.want.Class && (row.kind != costly || home) {
			t.Errorf("%s: %s site, %q is %s, and the row %s of %q says %s", v.file, v.site, v.dialled, v.want.Class, row.prefix, row.source, class)
		}
	}
	for _, row := range specialRows {
		site, ok := map[string]bool{"44": true, "49": true, "33": true, "34": true}[callingCode(row.prefix)]
		if site && ok && !seen[row.prefix] {
			t.Errorf("no vector is in the row %s of %q", row.prefix, row.source)
		}
	}
}

// plainSite is a site of any country that homeRows have.
func plainSite(t *testing.T, country string) *Resolver {
	t.Helper()
	r, err := New(Plan{Country: country})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// homeCountries are the countries that homeRows have.
func homeCountries() []string {
	var all []string
	for _, row := range slices.Concat(europeHome, worldHome) {
		if !slices.Contains(all, row.country) {
			all = append(all, row.country)
		}
	}
	return all
}

// Home rows are patterns of whole numbers, of the three ordinary kinds.
func TestHomeRowsAreWellFormed(t *testing.T) {
	all := slices.Concat(europeHome, worldHome)
	for i, row := range all {
		lead, err := parsePattern(row.lead)
		if err != nil {
			t.Errorf("%s %s: %v", row.country, row.lead, err)
			continue
		}
		if row.kind != fixed && row.kind != mobile && row.kind != free {
			t.Errorf("%s %s: no ordinary kind", row.country, row.lead)
		}
		if len(lead.sets) > row.min || row.min > row.max || row.min < 6 || row.max > 12 {
			t.Errorf("%s %s: %d to %d digits", row.country, row.lead, row.min, row.max)
		}
		h, err := newHomeRange(row)
		if err != nil {
			t.Fatal(err)
		}
		for _, prefix := range h.without {
			if !h.covers((prefix + fills[0])[:row.min]) && lead.matchPrefix(prefix+fills[0]) {
				continue // as it should be: inside, and left out
			}
			t.Errorf("%s %s: %s is not in it anyway", row.country, row.lead, prefix)
		}
		for _, other := range all[:i] {
			if other.country == row.country && other.lead == row.lead && other.min <= row.max && row.min <= other.max {
				t.Errorf("%s %s is written twice", row.country, row.lead)
			}
		}
	}
}

// Whatever the home patterns of a country hold is ordinary there, whichever way
// four digits begin it.
func TestHomeRowsHoldNothingDear(t *testing.T) {
	for _, country := range homeCountries() {
		r := plainSite(t, country)
		for row := range homeRows(country) {
			for n := row.min; n <= row.max; n++ {
				holdNothingDear(t, r, row, n)
			}
		}
	}
}

// holdNothingDear checks the numbers of so many digits in a row.
func holdNothingDear(t *testing.T, r *Resolver, row homeRow, n int) {
	for _, text := range compress(r.ordinaryLeads(row, n)) {
		lead, err := parsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		for i, digits := range spell(lead.sets, max(4, len(lead.sets))) {
			national := (digits + fills[i%len(fills)])[:n]
			if d := r.place(r.site.code+national, asWritten, nil); !d.Class.Ordinary() {
				t.Errorf("%s: %s of %s is %s %s", row.country, national, row.lead, d.Class, d.E164)
			}
		}
	}
}

// unheard are examples that the dialplan does not let out, and why.
var unheard = map[string]string{
	"AR mobile": "a mobile number is dialled with 15 in its middle",
	"CL fixed":  "the example is one of 600, where shared-cost numbers are",
	"MX fixed":  "the example is one of 200, which is no place",
}

// The dialplan lets out the plainest fixed and mobile numbers of every country
// that has home rows, dialled the national way and with a +.
func TestHomeRowsLetOutExamples(t *testing.T) {
	for _, country := range homeCountries() {
		r := plainSite(t, country)
		patterns := r.Dialplan().Home
		for name, typ := range map[string]phonenumbers.PhoneNumberType{"fixed": phonenumbers.FIXED_LINE, "mobile": phonenumbers.MOBILE} {
			number := example(country, typ)
			national := number[1+len(r.site.code):]
			if !matchAny(r.site.direct, national) {
				national = r.site.national + national
			}
			for _, dialled := range []string{number, national} {
				if out := covers(t, patterns, dialled); !out && unheard[country+" "+name] == "" {
					t.Errorf("%s: the dialplan does not let out %s, a plain %s number", country, dialled, name)
				}
				if d := r.Resolve(dialled); !d.Class.Ordinary() {
					t.Errorf("%s: %s is %s", country, dialled, d.Class)
				}
			}
		}
	}
}

// A number that is dialled without a prefix is let out without one, too.
func TestDialplanLetsOutDirectNumbers(t *testing.T) {
	for country, dialled := range map[string]string{"PE": "961234567", "IE": "1800123456", "MY": "1800123456", "IL": "1800123456", "SA": "8001234567", "TH": "1800123456"} {
		if r := plainSite(t, country); !covers(t, r.Dialplan().Home, dialled) || !r.Resolve(dialled).Class.Ordinary() {
			t.Errorf("%s: the dialplan does not let out %s, which is %s", country, dialled, r.Resolve(dialled).Class)
		}
	}
	if covers(t, plainSite(t, "IE").Dialplan().Home, "851234567") {
		t.Error("IE: the dialplan lets out a mobile number without its prefix")
	}
}

// Each row of the short numbers has a source, and is found for a number that is
// neither an emergency number nor one of a row before it.
func TestShortRowsAreReached(t *testing.T) {
	for i, row := range shortRows {
		p, err := parsePattern(row.pattern)
		if err != nil {
			t.Errorf("%s %s: %v", row.country, row.pattern, err)
			continue
		}
		if len(row.source) < 10 || len(p.sets) > maxShort || len(p.sets) < 3 {
			t.Errorf("%s %s: no source, or too long", row.country, row.pattern)
		}
		switch row.class {
		case toll.HomeFixed, toll.TollFree, toll.SharedCost, toll.HomePremium:
		default:
			t.Errorf("%s %s: class %s", row.country, row.pattern, row.class)
		}
		r, found := plainSite(t, row.country), false
		for _, digits := range spell(p.sets, len(p.sets)) {
			before := slices.ContainsFunc(shortRows[:i], func(other shortRow) bool {
				o, err := parsePattern(other.pattern)
				return err == nil && other.country == row.country && o.match(digits)
			})
			if d := r.Resolve(digits); !before && d.Class != toll.Emergency {
				found = true
				if d.Class != row.class {
					t.Errorf("%s: %s is %s; %q says %s", row.country, digits, d.Class, row.source, row.class)
					break
				}
			}
		}
		if !found {
			t.Errorf("%s %s is never found", row.country, row.pattern)
		}
	}
}

// Numbers that are dialled without the national prefix where others are not:
// each pattern is needed, and leads to the number that + leads to.
func TestDirectNumbers(t *testing.T) {
	for country, facts := range countries {
		for _, text := range strings.Fields(facts.direct) {
			r := plainSite(t, country)
			if r.site.bareNational && !r.site.hasPrefix(text) {
				t.Errorf("%s: every number is dialled without a prefix anyway", country)
			}
			p, err := parsePattern(text)
			if err != nil {
				t.Fatal(err)
			}
			placed := 0
			for i, digits := range spell(p.sets[:min(4, len(p.sets))], min(4, len(p.sets))) {
				dialled := (digits + fills[i%len(fills)])[:len(p.sets)]
				d, plain := r.Resolve(dialled), r.Resolve("+"+r.site.code+dialled)
				if d.Class == toll.Emergency || d.E164 != plain.E164 || d.Class != plain.Class {
					t.Errorf("%s: %s is %s %s, and with a + %s %s", country, dialled, d.Class, d.E164, plain.Class, plain.E164)
				}
				if d.Class != toll.Unplaced {
					placed++
				}
			}
			if placed == 0 {
				t.Errorf("%s: no number is like %s", country, text)
			}
		}
	}
}
