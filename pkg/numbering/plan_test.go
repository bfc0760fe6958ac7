package numbering

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestNewRefuses(t *testing.T) {
	for _, tc := range []struct {
		plan Plan
		want string
	}{
		{Plan{}, `country ""`},
		{Plan{Country: "us"}, "two capitals"},
		{Plan{Country: "UK"}, `country "UK"`},
		{Plan{Country: "TD"}, "international prefix of TD is not known"},
		{Plan{Country: "TD", International: []string{"00"}}, "emergency numbers of TD are not known"},
		{Plan{Country: "US", International: []string{"+"}}, `international prefix "+"`},
		{Plan{Country: "US", International: []string{""}}, `international prefix ""`},
		{Plan{Country: "US", International: []string{"1"}}, "both international and national"},
		{Plan{Country: "US", National: "x"}, `national prefix "x"`},
		{Plan{Country: "GB", AreaCode: "020"}, "without the national prefix 0"},
		{Plan{Country: "GB", AreaCode: "20 "}, `area code "20 "`},
		{Plan{Country: "US", Extensions: []string{"1XX."}}, "open length"},
		{Plan{Country: "US", Extensions: []string{"_X!"}}, "open length"},
		{Plan{Country: "US", Extensions: []string{""}}, "1 to 16 characters"},
		{Plan{Country: "US", Extensions: []string{"1[5-2]"}}, "not a set"},
		{Plan{Country: "US", Extensions: []string{"1[]"}}, "not a set"},
		{Plan{Country: "US", Extensions: []string{"1[23"}}, "not a set"},
		{Plan{Country: "US", Extensions: []string{"1٣"}}, "is not one of"},
		{Plan{Country: "US", Extensions: []string{"1NXXNXXXXXX"}}, "would hide telephone numbers"},
		{Plan{Country: "US", FeatureCodes: []string{"*72NXXNXXXXXX"}}, "would hide telephone numbers"},
		{Plan{Country: "US", FeatureCodes: []string{"*72."}}, "open length"},
		{Plan{Country: "US", Extensions: []string{"911"}}, "911 is an emergency number"},
		{Plan{Country: "US", AccessCodes: []string{"9"}, Extensions: []string{"9911"}}, "9911 is an emergency number"},
		{Plan{Country: "US", AccessCodes: []string{"123456789"}}, "more than 8 digits"},
		{Plan{Country: "US", Emergency: []string{"9-911"}}, `emergency number "9-911"`},
		{Plan{Country: "US", Emergency: []string{"1"}}, `emergency number "1"`},
		{Plan{Country: "US", Emergency: []string{"9115551234"}}, "two to 6 digits"},
		{Plan{Country: "US", AlsoHome: []string{"Canada"}}, `also home: "Canada"`},
		{Plan{Country: "US", CarrierCodes: []string{"ab"}}, "carrier codes"},
		{Plan{Country: "US", Short: []Short{{"611", toll.Emergency}}}, `class "emergency"`},
		{Plan{Country: "US", Short: []Short{{"611", toll.Internal}}}, `class "internal"`},
		{Plan{Country: "US", Short: []Short{{"NXXXXXX", toll.TollFree}}}, "more than 6 digits"},
		{Plan{Country: "US", Short: []Short{{"6.", toll.TollFree}}}, "open length"},
	} {
		_, err := New(tc.plan)
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "number plan: ") {
			t.Errorf("plan %+v: got %v, want an error with %q", tc.plan, err, tc.want)
		}
	}
}

// Every country that the tables name can be a site without further words, and
// what they say must be readable.
func TestEveryListedCountryIsASite(t *testing.T) {
	for country, facts := range countries {
		r, err := New(Plan{Country: country})
		if err != nil {
			t.Errorf("%s: %v", country, err)
			continue
		}
		for _, number := range strings.Fields(facts.emergency) {
			if d := r.Resolve(number); d.Class != toll.Emergency {
				t.Errorf("%s: %s is %s", country, number, d.Class)
			}
		}
		for home := range homeRows(country) {
			if _, err := parsePattern(home.lead); err != nil {
				t.Errorf("home row of %s: %v", home.country, err)
			}
		}
	}
	for _, row := range shortRows {
		if _, listed := countries[row.country]; !listed {
			t.Errorf("short number %s of %s, which is not listed", row.pattern, row.country)
		}
	}
}

// The Union, and who took over its rule, has 112; libphonenumber's emergency
// numbers for it must all be known here.
func TestEmergencyOfTheUnion(t *testing.T) {
	for _, country := range strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO CH GB") {
		r, err := New(Plan{Country: country})
		if err != nil {
			t.Fatal(err)
		}
		if d := r.Resolve("112"); d.Class != toll.Emergency {
			t.Errorf("%s: 112 is %s", country, d.Class)
		}
	}
	// What libphonenumber lists for mobile phones only, or the state does not list.
	not := map[string]string{"US": "112", "CA": "112", "BR": "112 128 911", "NL": "911"}
	for _, country := range strings.Fields("US CA GB DE FR ES AU BR IE AT CH NL BE IT NZ JP ZA") {
		r, err := New(Plan{Country: country})
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range threeDigits() {
			if !phonenumbers.IsEmergencyNumber(number, country) || strings.Contains(not[country], number) {
				continue
			}
			if d := r.Resolve(number); d.Class != toll.Emergency {
				t.Errorf("%s: libphonenumber calls %s an emergency number, here it is %s", country, number, d.Class)
			}
		}
	}
}

func threeDigits() []string {
	var all []string
	for i := range 1000 {
		all = append(all, string([]byte{byte('0' + i/100), byte('0' + i/10%10), byte('0' + i%10)}))
	}
	return all
}

func TestPlanOptions(t *testing.T) {
	for _, tc := range []struct {
		name    string
		plan    Plan
		dialled string
		want    toll.Class
		e164    string
	}{
		{"Puerto Rico at home", Plan{Country: "US", AlsoHome: []string{"PR"}}, "17877251234", toll.HomeFixed, "+17877251234"},
		{"Canada at home", Plan{Country: "US", AlsoHome: []string{"CA"}}, "14165551234", toll.HomeFixed, "+14165551234"},
		{"northern Canada, Canada at home", Plan{Country: "US", AlsoHome: []string{"CA"}}, "18672351234", toll.SharedCost, "+18672351234"},
		{"a site in the north", Plan{Country: "CA", AreaCode: "867"}, "18672351234", toll.HomeFixed, "+18672351234"},
		{"the same, locally", Plan{Country: "CA", AreaCode: "867"}, "2351234", toll.HomeFixed, "+18672351234"},
		{"the north from the south", Plan{Country: "CA"}, "18672351234", toll.SharedCost, "+18672351234"},
		{"Alaska from Canada", Plan{Country: "CA"}, "19072351234", toll.IntlFixed, "+19072351234"},
		{"own short number", Plan{Country: "GB", Short: []Short{{"150", toll.TollFree}}}, "150", toll.TollFree, ""},
		{"own short number before the country's", Plan{Country: "GB", Short: []Short{{"118500", toll.SharedCost}}}, "118500", toll.SharedCost, ""},
		{"own emergency number", Plan{Country: "US", Emergency: []string{"5555"}}, "5555", toll.Emergency, ""},
		{"the same behind the access code", Plan{Country: "US", Emergency: []string{"5555"}, AccessCodes: []string{"9"}}, "95555", toll.Emergency, ""},
		{"emergency before extensions", Plan{Country: "DE", Extensions: []string{"XXX"}}, "112", toll.Emergency, ""},
		{"extensions beside it", Plan{Country: "DE", Extensions: []string{"XXX"}}, "113", toll.Internal, ""},
		{"a country that is not listed", Plan{Country: "TD", International: []string{"00"}, Emergency: []string{"17"}}, "17", toll.Emergency, ""},
		{"a second international prefix", Plan{Country: "US", International: []string{"011", "00"}}, "00442079460958", toll.IntlFixed, "+442079460958"},
		{"no national prefix", Plan{Country: "GB", National: "none"}, "2079460958", toll.HomeFixed, "+442079460958"},
		{"bare E.164", Plan{Country: "US", BareE164: true}, "442079460958", toll.IntlFixed, "+442079460958"},
		{"dial-around", Plan{Country: "US", AccessCodes: []string{"101XXXX"}}, "1010288011442079460958", toll.IntlFixed, "+442079460958"},
		{"call-by-call", Plan{Country: "DE", AccessCodes: []string{"010XX"}}, "0103300442079460958", toll.IntlFixed, "+442079460958"},
		{"a code with a star", Plan{Country: "US", AccessCodes: []string{"*67"}}, "*6712125551234", toll.HomeFixed, "+12125551234"},
		{"emergency behind it", Plan{Country: "US", AccessCodes: []string{"*67"}}, "*67911", toll.Emergency, ""},
		{"Guernsey from Jersey", Plan{Country: "JE"}, "01481712345", toll.IntlFixed, "+441481712345"},
		{"London from Jersey", Plan{Country: "JE"}, "02079460958", toll.IntlFixed, "+442079460958"},
		{"Moscow from Kazakhstan", Plan{Country: "KZ"}, "84951234567", toll.IntlFixed, "+74951234567"},
		{"a mobile of Buenos Aires", Plan{Country: "AR"}, "0111523456789", toll.HomeMobile, "+5491123456789"},
		{"a mobile, locally", Plan{Country: "BR", AreaCode: "11"}, "987654321", toll.HomeMobile, "+5511987654321"},
		{"a prefix twice", Plan{Country: "AU"}, "00298123456", toll.Unplaced, ""},
		{"Rome with its zero", Plan{Country: "IT"}, "0612345678", toll.HomeFixed, "+390612345678"},
		{"Jamaica from Trinidad", Plan{Country: "TT"}, "18769221234", toll.ForeignNANP, "+18769221234"},
		{"New York from Trinidad", Plan{Country: "TT"}, "12125551234", toll.ForeignNANP, "+12125551234"},
	} {
		r, err := New(tc.plan)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		if d := r.Resolve(tc.dialled); d.Class != tc.want || d.E164 != tc.e164 {
			t.Errorf("%s: %s is %s %s; want %s %s", tc.name, tc.dialled, d.Class, d.E164, tc.want, tc.e164)
		}
	}
}

// Any text is a pattern or an error, and a pattern covers what it says: strings
// of its own length, of what can be dialled.
func FuzzPattern(f *testing.F) {
	for _, text := range []string{"4XXX", "_NXXNXXXXXX", "*6[1-37]", "[0-9][5]", "1[5-2]", "1[]", "1[23", "[[]]", "X.", "", "_", "[1-]", "[-1]", "[٣]"} {
		f.Add(text, "4001")
	}
	f.Fuzz(func(t *testing.T, text, dialled string) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		if n := len(p.sets); n == 0 || n > maxPattern || n > len(text) {
			t.Fatalf("%q has %d positions", text, n)
		}
		if p.match(dialled) && (len(dialled) != len(p.sets) || strings.Trim(dialled, symbols) != "") {
			t.Fatalf("%q matches %q", text, dialled)
		}
		if p.literal() && (!p.match(p.only()) || strings.TrimPrefix(text, "_") != p.only() && !strings.Contains(text, "[")) {
			t.Fatalf("%q stands for %q only", text, p.only())
		}
		r, err := New(Plan{Country: "US", Extensions: []string{text}, AccessCodes: []string{text}})
		if err == nil && r.Resolve("911").Class != toll.Emergency {
			t.Fatalf("with %q as extension and access code, 911 is no emergency number", text)
		}
	})
}
