package numbering

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// number draws a string that a pattern of extensions.conf covers.
func (p pattern) number(t *rapid.T) string {
	var b strings.Builder
	for _, set := range p.sets {
		members := slices.DeleteFunc([]byte(symbols), func(c byte) bool { return one(c)&set == 0 })
		b.WriteByte(rapid.SampledFrom(members).Draw(t, "digit"))
	}
	return b.String()
}

// covers tells whether one of the extensions covers a string, as Asterisk does.
func covers(t testing.TB, extensions []string, s string) bool {
	for _, text := range extensions {
		plus := strings.HasPrefix(strings.TrimPrefix(text, "_"), "+")
		if plus != strings.HasPrefix(s, "+") {
			continue
		}
		p, err := parsePattern(strings.TrimPrefix(strings.TrimPrefix(text, "_"), "+"))
		if err != nil {
			t.Fatal(err)
		}
		if p.match(strings.TrimPrefix(s, "+")) {
			return true
		}
	}
	return false
}

// Whatever the dialplan lets out while the daemon is dead must be ordinary.
func TestHomePatternsAreStrict(t *testing.T) {
	for _, country := range strings.Fields("US CA GB DE FR ES AU BR IN NL BE CH PT IE IT AT PL SE DK NO FI NZ ZA MX JP CZ GR RO HU SG HK IL TR AE SA PH MY ID TH VN CO AR CL PE LV LT EE SK SI HR CY") {
		for _, access := range []string{"", "9", "0"} {
			r := testSite(t, country, access)
			home := r.Dialplan().Home
			if len(home) == 0 {
				t.Fatalf("%s: no patterns", country)
			}
			rapid.Check(t, func(t *rapid.T) {
				text := rapid.SampledFrom(home).Draw(t, "pattern")
				rest, plus := strings.CutPrefix(strings.TrimPrefix(text, "_"), "+")
				p, err := parsePattern(rest)
				if err != nil {
					t.Fatal(err)
				}
				number := p.number(t)
				if plus {
					number = "+" + number
				}
				d := r.resolve(number, false, nil)
				if !d.Class.Ordinary() {
					t.Fatalf("%s site, access %q: pattern %s lets out %s, which is %+v", country, access, text, number, d)
				}
				if stripped, ok := strings.CutPrefix(number, access); ok && access != "" && !plus {
					if on := r.ResolveTrunk(stripped, ""); !on.Class.Ordinary() {
						t.Fatalf("%s site, access %q: pattern %s lets out %s, which is %+v on the trunk", country, access, text, number, on)
					}
				}
			})
		}
	}
}

// The dialplan classifies the vectors at least as strictly as Resolve, and lets
// the ordinary ones out that are dialled in the usual ways.
func TestDialplanAgainstVectors(t *testing.T) {
	ordinary, out := make(map[string]int), make(map[string]int)
	sites, dialplans := testSites{}, map[*Resolver]DialplanPatterns{}
	for _, v := range vectors(t) {
		r := sites.of(t, v)
		d, known := dialplans[r]
		if !known {
			d = r.Dialplan()
			dialplans[r] = d
		}
		emergency := slices.Contains(d.Emergency, v.dialled)
		if emergency != (v.want.Class == toll.Emergency) {
			t.Errorf("%s site, access %q: %q is %s, and in the emergency patterns: %t", v.site, v.access, v.dialled, v.want.Class, emergency)
		}
		home := covers(t, d.Home, v.dialled)
		if home && !v.want.Class.Ordinary() {
			t.Errorf("%s site, access %q: %q is %s, and the dialplan lets it out", v.site, v.access, v.dialled, v.want.Class)
		}
		if v.want.Class.Ordinary() && v.want.E164 != "" {
			ordinary[v.site]++
			if home {
				out[v.site]++
			}
		}
	}
	for site, n := range ordinary {
		t.Logf("%s: the dialplan lets out %d of %d ordinary numbers, %d %%", site, out[site], n, out[site]*100/n)
		if n >= 20 && out[site]*2 < n {
			t.Errorf("%s: the dialplan lets out %d of %d ordinary numbers only", site, out[site], n)
		}
	}
}

func TestCompress(t *testing.T) {
	for _, tc := range []struct {
		leads []string
		want  string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"7"}, "7"},
		{[]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, "X"},
		{[]string{"20", "21", "22", "30", "31", "32"}, "[23][0-2]"},
		{[]string{"12", "15", "25"}, "1[25] 25"},
	} {
		if got := strings.Join(compress(tc.leads), " "); got != tc.want {
			t.Errorf("%v: got %q, want %q", tc.leads, got, tc.want)
		}
	}
}

// Compressing loses no lead and adds none.
func TestCompressIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leads := rapid.SliceOfDistinct(rapid.StringMatching(`[0-9]{3}`), rapid.ID[string]).Draw(t, "leads")
		var got []string
		for _, text := range compress(leads) {
			p, err := parsePattern(text)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, spell(p.sets, 3)...)
		}
		slices.Sort(got)
		slices.Sort(leads)
		if !slices.Equal(got, leads) {
			t.Fatalf("got %v, want %v", got, leads)
		}
	})
}
