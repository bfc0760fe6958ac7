package numbering

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDial(t *testing.T) {
	for _, test := range []struct{ country, access, number, want string }{
		{"US", "", "+2207012345", "0112207012345"},
		{"US", "", "+12125551234", "12125551234"},
		{"US", "", "+17676151234", "17676151234"},
		{"US", "9", "+2207012345", "90112207012345"},
		{"GB", "", "+2207012345", "002207012345"},
		{"GB", "", "+442079460958", "02079460958"},
		{"GB", "", "+17676151234", "0017676151234"},
		{"DE", "0", "+493012345678", "003012345678"},
		{"DE", "", "+4915112345678", "015112345678"},
		{"US", "", "2125551234", "2125551234"},
		{"US", "", "+", "+"},
		{"US", "", "+١٢", "+١٢"},
		{"US", "", "+1;2", "+1;2"},
		{"US", "", "", ""},
	} {
		if got := testSite(t, test.country, test.access).Dial(test.number); got != test.want {
			t.Errorf("%s, access code %q: %s is dialled as %q, want %q", test.country, test.access, test.number, got, test.want)
		}
	}
}

// However it is dialled, it is the same destination.
func TestDialKeepsTheDestination(t *testing.T) {
	all := sites(t)
	rapid.Check(t, func(t *rapid.T) {
		r := all[rapid.IntRange(0, len(all)-1).Draw(t, "site")]
		number := "+" + e164(t)
		want, got := r.Resolve(number), r.Resolve(r.Dial(number))
		if want.E164 != got.E164 || want.Class != got.Class || want.Range != got.Range {
			t.Fatalf("%s site: %s is %+v, and dialled as %s it is %+v", r.site.country, number, want, r.Dial(number), got)
		}
	})
}
