package numbering

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// withCodes is a site with several access codes, separated by spaces.
func withCodes(t testing.TB, country, codes string) (*Resolver, error) {
	t.Helper()
	return New(Plan{Country: country, AreaCode: areas[country], AccessCodes: strings.Fields(codes)})
}

// Of several access codes that fit, Asterisk takes the one with the narrower
// pattern off, in whatever order they are configured.
func TestAccessCodesAsAsterisk(t *testing.T) {
	for _, tc := range []struct{ country, codes, dialled, want string }{
		{"GB", "9 90", "9002079460958", "+442079460958"},
		{"GB", "90 9", "9002079460958", "+442079460958"},
		{"GB", "9 90", "900442079460958", ""}, // the carrier hears 0442079460958
		{"GB", "9 90", "902079460958", ""},
		{"US", "9 101XXXX", "101028812125551234", "+12125551234"},
		{"US", "9 91", "912125551234", "+12125551234"},
		{"US", "_9X 91", "91011442079460958", "+442079460958"},
	} {
		r, err := withCodes(t, tc.country, tc.codes)
		if err != nil {
			t.Fatal(err)
		}
		if d := r.Resolve(tc.dialled); d.E164 != tc.want {
			t.Errorf("%s site, access codes %s: %s is %+v, want %q", tc.country, tc.codes, tc.dialled, d, tc.want)
		}
	}
}

// A site where the access code may be left out is not cut off without it while
// no daemon answers, but for numbers that the dialplan would strip.
func TestDialplanWithoutTheCode(t *testing.T) {
	for _, tc := range []struct {
		country, access, dialled string
		want                     bool
	}{
		{"GB", "9", "02079460958", true},
		{"GB", "9", "902079460958", true},
		{"US", "9", "12126641234", true},
		{"US", "9", "9176641234", false}, // 176641234 would be sent
		{"DE", "0", "03012345678", false},
		{"DE", "0", "003012345678", true},
		{"IN", "9", "9876543210", false},
	} {
		if got := covers(t, testSite(t, tc.country, tc.access).Dialplan().Home, tc.dialled); got != tc.want {
			t.Errorf("%s, access code %s: %s is let out: %t", tc.country, tc.access, tc.dialled, got)
		}
	}
}

// On a trunk, what begins with the international prefix is what it says, and no
// access code is looked for in it: 00881 … behind a 0 is not Weilheim.
func TestTrunkKeepsInternationalPrefix(t *testing.T) {
	for _, country := range []string{"US", "GB", "DE", "FR", "ES", "AU", "BR", "IN"} {
		without := testSite(t, country, "")
		with := []*Resolver{testSite(t, country, "0"), testSite(t, country, "9"), testSite(t, country, "00")}
		rapid.Check(t, func(t *rapid.T) {
			sent := without.site.international[0] + e164(t)
			want := without.ResolveTrunk(sent, "")
			if want.Class == toll.Unplaced {
				return
			}
			for _, r := range with {
				if got := r.ResolveTrunk(sent, ""); got != want {
					t.Fatalf("%s site, access code %s: %s is %+v, and without the code %+v", country, r.site.access[0].only(), sent, got, want)
				}
			}
		})
	}
}

// What the dialplan lets out behind one of several codes is ordinary also when
// it takes another one off.
func TestHomePatternsBehindSeveralCodes(t *testing.T) {
	for _, tc := range []struct {
		country, codes string
		behind         []string // each of them lets something out
	}{
		{"GB", "9 90", []string{"90"}},
		{"GB", "9 0", []string{"9", "0"}},
		{"DE", "0 00", []string{"00"}},
		{"US", "9 101XXXX", []string{"9", "101"}},
		{"US", "8 9x", []string{"8", "9"}},
		{"FR", "0 7 75", []string{"0", "7"}},
	} {
		r, err := withCodes(t, tc.country, tc.codes)
		if err != nil {
			t.Fatal(err)
		}
		home := r.Dialplan().Home
		for _, code := range tc.behind {
			if !slices.ContainsFunc(home, func(p string) bool { return strings.HasPrefix(strings.TrimPrefix(p, "_"), code) }) {
				t.Errorf("%s, codes %s: nothing is let out behind %s", tc.country, tc.codes, code)
			}
		}
		rapid.Check(t, func(t *rapid.T) {
			text := strings.TrimPrefix(rapid.SampledFrom(home).Draw(t, "pattern"), "_")
			rest, plus := strings.CutPrefix(text, "+")
			sets, err := parseSets(rest)
			if err != nil {
				t.Fatal(err)
			}
			number := pattern{sets: sets}.number(t)
			if plus {
				number = "+" + number
			}
			if d := r.resolve(number, false, nil); !d.Class.Ordinary() {
				t.Fatalf("%s, codes %s: %s lets out %s, which is %+v", tc.country, tc.codes, text, number, d)
			}
		})
	}
}

// Two access codes must not take an emergency number apart.
func TestAccessCodesKeepEmergencyNumbers(t *testing.T) {
	for _, tc := range []struct {
		country, codes string
		good           bool
	}{
		{"DE", "0 01", false}, // 0112 would become 12
		{"GB", "9 99", false}, // 9999 would become 99
		{"US", "9 91", true},
		{"DE", "0 9 8", true},
	} {
		r, err := withCodes(t, tc.country, tc.codes)
		if (err == nil) != tc.good {
			t.Errorf("%s, codes %s: error %v", tc.country, tc.codes, err)
		}
		if err == nil && r.Resolve("9911").Class != toll.Emergency && tc.country == "US" {
			t.Error("9911 is no emergency number")
		}
	}
}
