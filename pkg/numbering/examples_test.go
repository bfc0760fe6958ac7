package numbering

import (
	"slices"
	"testing"

	"github.com/nyaruka/phonenumbers"

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
		patterns := home.Dialplan().Home
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
