package numbering

import (
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// regions lists every country with a number plan, in order.
func regions() []string {
	var all []string
	for region := range phonenumbers.GetSupportedRegions() {
		all = append(all, region)
	}
	slices.Sort(all)
	return all
}

// example is the example number of a country's plan, with +; empty if it has
// none of the type.
func example(region string, typ phonenumbers.PhoneNumberType) string {
	p := phonenumbers.GetExampleNumberForType(region, typ)
	if p == nil {
		return ""
	}
	return phonenumbers.Format(p, phonenumbers.E164)
}

// A site in any country can call its own fixed and mobile numbers in every way
// that its country dials, and the plainest numbers of every other country are
// placed there.
func TestExamplesOfEveryCountry(t *testing.T) {
	abroad := []*Resolver{testSite(t, "US", ""), testSite(t, "GB", ""), testSite(t, "AU", "")}
	for _, region := range regions() {
		home, err := New(Plan{Country: region, International: []string{"00"}, Emergency: []string{"112"}})
		if err != nil {
			t.Errorf("%s: %v", region, err)
			continue
		}
		for _, typ := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE} {
			number := example(region, typ)
			if number == "" {
				continue
			}
			national := home.site.national + number[1+len(home.site.code):]
			for _, dialled := range []string{number, "00" + number[1:], national} {
				if d := home.Resolve(dialled); d.E164 != number || (!d.Class.Ordinary() && d.Class != toll.SharedCost) {
					t.Errorf("%s at home: %s is %+v", region, dialled, d)
				}
			}
			for _, r := range abroad {
				d := r.Resolve(r.site.international[0] + number[1:])
				sharesCode := home.site.code == r.site.code || mainRegion(home.site.code) != region
				if d.E164 != number || (d.Country != region && !sharesCode) || (!d.Class.Abroad() && !sharesCode) {
					t.Errorf("%s from %s: %s is %+v", region, r.site.country, number, d)
				}
			}
		}
	}
}

// What a country calls premium, shared or personal is never ordinary, at home
// or abroad, nor let out by the dialplan.
func TestDearExamplesAreNeverOrdinary(t *testing.T) {
	abroad := testSite(t, "DE", "")
	for _, region := range regions() {
		home, err := New(Plan{Country: region, International: []string{"00"}, Emergency: []string{"112"}})
		if err != nil {
			t.Fatal(err)
		}
		var patterns []string
		if home.site.code != "1" || region == "US" || region == "CA" { // the others of +1 are made the same way
			patterns = home.Dialplan().Home
		}
		for _, typ := range []phonenumbers.PhoneNumberType{phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER} {
			number := example(region, typ)
			if number == "" {
				continue
			}
			national := home.site.national + number[1+len(home.site.code):]
			for _, dialled := range []string{number, national} {
				if d := home.Resolve(dialled); d.Class.Ordinary() {
					t.Errorf("%s at home: %s of type %d is %+v", region, dialled, typ, d)
				}
				if covers(t, patterns, dialled) {
					t.Errorf("%s: the dialplan lets out %s of type %d", region, dialled, typ)
				}
			}
			if region == "DE" {
				continue
			}
			if d := abroad.Resolve(number); !d.Class.Abroad() && d.Class != toll.Unplaced || d.Class == toll.IntlFixed || d.Class == toll.IntlMobile {
				t.Errorf("%s from abroad: %s of type %d is %+v", region, number, typ, d)
			}
		}
	}
}

// Special ranges must not swallow what phonenumbers knows to be plain fixed and
// mobile numbers: a range that shares its digits with a town needs a length.
func TestSpecialRowsSwallowNoTown(t *testing.T) {
	special := newSpecials()
	m, err := newMetadata()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range specialRows {
		if row.kind == costly || row.kind == fixed || row.kind == mobile {
			continue
		}
		code := callingCode(row.prefix)
		if code == "" || row.kind == global {
			continue
		}
		rapid.Check(t, func(t *rapid.T) {
			digits := row.prefix + rapid.StringMatching(`[0-9]{1,10}`).Draw(t, "rest")
			if row.length > 0 && len(digits) != len(code)+row.length {
				return
			}
			if longest, _ := special.find(digits, len(code)); longest != row {
				return
			}
			n := number{digits: digits, code: code, plan: m.plan(code)}
			if typ := n.lookup(); typ == phonenumbers.FIXED_LINE || typ == phonenumbers.MOBILE {
				t.Fatalf("+%s is a plain number of %s, and %q claims it", digits, n.country, row.source)
			}
		})
	}
}
