package numbering

import (
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// subdivisionNames are the names that phonenumbers' geocoding has for them.
var subdivisionNames = map[string]string{
	"Alabama": "US-AL", "Alaska": "US-AK", "Arizona": "US-AZ", "Arkansas": "US-AR", "California": "US-CA", "Colorado": "US-CO",
	"Connecticut": "US-CT", "Delaware": "US-DE", "Washington D.C.": "US-DC", "Florida": "US-FL", "Georgia": "US-GA", "Hawaii": "US-HI",
	"Idaho": "US-ID", "Illinois": "US-IL", "Indiana": "US-IN", "Iowa": "US-IA", "Kansas": "US-KS", "Kentucky": "US-KY",
	"Louisiana": "US-LA", "Maine": "US-ME", "Maryland": "US-MD", "Massachusetts": "US-MA", "Michigan": "US-MI", "Minnesota": "US-MN",
	"Mississippi": "US-MS", "Missouri": "US-MO", "Montana": "US-MT", "Nebraska": "US-NE", "Nevada": "US-NV", "New Hampshire": "US-NH",
	"New Jersey": "US-NJ", "New Mexico": "US-NM", "New York": "US-NY", "North Carolina": "US-NC", "North Dakota": "US-ND", "Ohio": "US-OH",
	"Oklahoma": "US-OK", "Oregon": "US-OR", "Pennsylvania": "US-PA", "Rhode Island": "US-RI", "South Carolina": "US-SC",
	"South Dakota": "US-SD", "Tennessee": "US-TN", "Texas": "US-TX", "Utah": "US-UT", "Vermont": "US-VT", "Virginia": "US-VA",
	"Washington State": "US-WA", "West Virginia": "US-WV", "Wisconsin": "US-WI", "Wyoming": "US-WY",
	"Alberta": "CA-AB", "British Columbia": "CA-BC", "British Colombia": "CA-BC", "Manitoba": "CA-MB", "New Brunswick": "CA-NB",
	"Newfoundland and Labrador": "CA-NL", "Ontario": "CA-ON", "Quebec": "CA-QC", "Saskatchewan": "CA-SK",
	"Nova Scotia/Prince Edward Island": "", "Northwest Territories/Nunavut/Yukon": "",
}

// geocoded is the subdivision that phonenumbers knows for a number of +1.
func geocoded(t *testing.T, national string) (string, bool) {
	t.Helper()
	name, err := phonenumbers.GetGeocodingForNumber(asPhoneNumber(1, national), "en")
	if err != nil {
		t.Fatal(err)
	}
	subdivision, known := subdivisionNames[name]
	if city, state, ok := strings.Cut(name, ", "); ok && len(state) == 2 && city != "" {
		for _, country := range []string{"US-", "CA-"} {
			if phonenumbers.GetRegionCodeForNumber(asPhoneNumber(1, national)) == country[:2] {
				return country + state, true
			}
		}
	}
	return subdivision, known
}

// The table of area codes has every one that phonenumbers has, in the same
// place, and few others.
func TestAreaCodesAgainstGeocoding(t *testing.T) {
	r := testSite(t, "US", "")
	newer := 0
	for code := 200; code <= 999; code++ {
		area, known := r.areas.find(digitsOf(code))
		found, agreeing, country := 0, 0, ""
		for exchange := 200; exchange <= 999; exchange += 7 {
			national := digitsOf(code) + digitsOf(exchange) + "0123"
			p := asPhoneNumber(1, national)
			if typ := phonenumbers.GetNumberType(p); typ != phonenumbers.FIXED_LINE_OR_MOBILE && typ != phonenumbers.FIXED_LINE && typ != phonenumbers.MOBILE {
				continue
			}
			country = phonenumbers.GetRegionCodeForNumber(p)
			if subdivision, ok := geocoded(t, national); ok {
				found++
				if subdivision == area.subdivision {
					agreeing++
				}
			}
		}
		switch {
		case country == "" && known:
			newer++
		case country != "" && (!known || area.country != country):
			t.Errorf("%d: phonenumbers says %s, the table %q", code, country, area.country)
		case area.subdivision != "" && agreeing*10 < found*9: // a few exchanges are named for a town over the border
			t.Errorf("%d: the table says %s, and phonenumbers agrees for %d of %d exchanges", code, area.subdivision, agreeing, found)
		}
	}
	if newer > 12 {
		t.Errorf("the table has %d area codes that phonenumbers has not heard of", newer)
	}
}

// Every area code stands once, and every place that has a subdivision.
func TestAreaRows(t *testing.T) {
	seen := make(map[string]string)
	var places []string
	for _, row := range areaRows {
		places = append(places, row.place)
		for _, code := range strings.Fields(row.codes) {
			if len(code) != 3 || !isDigits(code) || code[0] < '2' || code[1] == '9' || code[1:] == "11" {
				t.Errorf("%s: %q cannot be an area code", row.place, code)
			}
			if seen[code] != "" {
				t.Errorf("%s stands for %s and for %s", code, seen[code], row.place)
			}
			seen[code] = row.place
		}
	}
	for name, subdivision := range subdivisionNames {
		if subdivision != "" && !slices.Contains(places, subdivision) {
			t.Errorf("no area code of %s", name)
		}
	}
}

func TestSubdivisions(t *testing.T) {
	for _, tc := range []struct{ site, dialled, want string }{
		{"US", "12125551234", "US-NY"},
		{"US", "4635551234", "US-IN"},
		{"US", "19075551234", "US-AK"},
		{"US", "14365551234", "US-OH"}, // newer than phonenumbers
		{"US", "12029761234", "US-DC"}, // premium, and still somewhere
		{"US", "14165551234", "CA-ON"},
		{"US", "18672351234", ""}, // three territories
		{"US", "19022351234", ""}, // two provinces
		{"US", "17877251234", ""}, // Puerto Rico is a country of its own
		{"US", "17672251234", ""},
		{"US", "18005551234", ""},
		{"US", "19005551234", ""},
		{"US", "12215551234", ""}, // not opened yet
		{"US", "911", ""},
		{"US", "011442079460958", ""},
		{"DE", "0012125551234", "US-NY"},
		{"GB", "0014505551234", "CA-QC"},
		{"US", "0114412125551234", ""},
	} {
		r := testSite(t, tc.site, "")
		if d := r.Resolve(tc.dialled); d.Subdivision != tc.want {
			t.Errorf("%s site: %s is in %q, want %q", tc.site, tc.dialled, d.Subdivision, tc.want)
		}
		shown := slices.ContainsFunc(r.Explain(tc.dialled), func(s Step) bool { return tc.want != "" && strings.Contains(s.Text, tc.want) })
		if shown != (tc.want != "") {
			t.Errorf("%s site: the explanation of %s does not say %q", tc.site, tc.dialled, tc.want)
		}
	}
}

// A new area code of the site's own country is ordinary as soon as the table
// has it.
func TestNewAreaCodesAreOrdinary(t *testing.T) {
	r := testSite(t, "US", "")
	for _, row := range areaRows {
		for _, code := range strings.Fields(row.codes) {
			if row.place[:2] != "US" || row.place == "US-AK" {
				continue
			}
			if d := r.Resolve("1" + code + "2345678"); d.Class != toll.HomeFixed || !d.Valid {
				t.Errorf("%s: %s is %+v", row.place, code, d)
			}
		}
	}
}
