package numbering

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestRanges(t *testing.T) {
	r := testSite(t, "US", "")
	for dialled, want := range map[string]string{
		"12125551234":      "+1212555",
		"011442079460958":  "+44207946",
		"0112203123456":    "+220312",
		"01129022345":      "+2902",
		"01137122123456":   "+3712212",
		"011881612345678":  "+88161234",
		"+871234567890":    "+87123456",
		"+493012345678901": "+493012345",
		"911":              "",
		"411":              "",
		"4001":             "",
		"00":               "",
	} {
		if d := r.Resolve(dialled); d.Range != want {
			t.Errorf("%s: range %q, want %q", dialled, d.Range, want)
		}
	}
}

func TestTrunk(t *testing.T) {
	for _, tc := range []struct {
		country, access, number, prefix string
		want                            toll.Class
		e164                            string
	}{
		{"US", "9", "+12125551234", "", toll.HomeFixed, "+12125551234"},
		{"US", "9", "12125551234", "", toll.HomeFixed, "+12125551234"},
		{"US", "9", "2125551234", "", toll.HomeFixed, "+12125551234"},
		{"US", "9", "442079460958", "", toll.IntlFixed, "+442079460958"},
		{"US", "9", "011442079460958", "", toll.IntlFixed, "+442079460958"},
		{"US", "9", "9011442079460958", "", toll.IntlFixed, "+442079460958"}, // not stripped by the dialplan
		{"US", "", "77#442079460958", "77#", toll.IntlFixed, "+442079460958"},
		{"US", "", "5566011442079460958", "5566", toll.IntlFixed, "+442079460958"},
		{"US", "", "911", "", toll.Emergency, ""},
		{"US", "9", "9911", "", toll.Emergency, ""},
		{"US", "", "77#911", "77#", toll.Emergency, ""},
		{"US", "", "911", "9", toll.Emergency, ""},
		{"US", "", "4001", "", toll.Unplaced, ""},
		{"US", "", "*72", "", toll.Unplaced, ""},
		{"US", "", "17672251234", "", toll.ForeignNANP, "+17672251234"},
		{"GB", "", "02079460958", "", toll.HomeFixed, "+442079460958"},
		{"GB", "", "442079460958", "", toll.HomeFixed, "+442079460958"},
		{"GB", "", "17672251234", "", toll.IntlMobile, "+17672251234"},
		{"DE", "0", "037122123456", "", toll.HomeFixed, "+4937122123456"},
		{"DE", "0", "0037122123456", "", toll.IntlMobile, "+37122123456"}, // what the carrier reads
		{"FR", "", "112", "", toll.Emergency, ""},
		{"GB", "", "02079460958@carrier", "", toll.Unplaced, ""},
		{"GB", "", "", "", toll.Unplaced, ""},
		{"GB", "", "00", "00", toll.Unplaced, ""},
	} {
		d := testSite(t, tc.country, tc.access).ResolveTrunk(tc.number, tc.prefix)
		if d.Class != tc.want || d.E164 != tc.e164 {
			t.Errorf("%s trunk, %q behind %q: %s %s; want %s %s", tc.country, tc.number, tc.prefix, d.Class, d.E164, tc.want, tc.e164)
		}
	}
}

// What was granted must be found again on the trunk in the forms that carriers
// want, or the watcher would cut good calls.
func TestTrunkAgreesWithDialled(t *testing.T) {
	sites := testSites{}
	for _, v := range vectors(t) {
		r := sites.of(t, v)
		d := r.Resolve(v.dialled)
		if d.E164 == "" || !d.Valid {
			continue
		}
		international := r.site.international[0] + d.E164[1:]
		for _, number := range []string{d.E164, "99#" + d.E164, international} {
			on := r.ResolveTrunk(number, "99#")
			if on.E164 != d.E164 || on.Class != d.Class {
				t.Errorf("%s site: %s was granted as %s %s and is %s %s on the trunk", v.site, number, d.E164, d.Class, on.E164, on.Class)
			}
		}
	}
}

// A code that the dialplan left in front counts on a trunk where the whole is
// no valid number.
func TestTrunkWithAccessCodeLeftOn(t *testing.T) {
	for _, tc := range []struct {
		country, number string
		want            toll.Class
		e164            string
	}{
		{"US", "901133123456789", toll.IntlFixed, "+33123456789"},
		{"US", "901137122123456", toll.IntlMobile, "+37122123456"},
		{"US", "901188213123456", toll.Global, "+88213123456"},
		{"US", "92125551234", toll.HomeFixed, "+12125551234"},
		{"US", "95551234", toll.HomeFixed, "+12125551234"},
		{"GB", "902079460958", toll.HomeFixed, "+442079460958"},
		{"GB", "907912345678", toll.HomeMobile, "+447912345678"},
		{"GB", "900442039967796", toll.HomeFixed, "+442039967796"},
		{"US", "912125551234", toll.IntlFixed, "+912125551234"}, // a valid number of India, and carriers say so
		{"US", "9175551234", toll.HomeFixed, "+19175551234"},
	} {
		d := testSite(t, tc.country, "9").ResolveTrunk(tc.number, "")
		if d.Class != tc.want || d.E164 != tc.e164 {
			t.Errorf("%s trunk, %s: %s %s; want %s %s", tc.country, tc.number, d.Class, d.E164, tc.want, tc.e164)
		}
	}
}

// What is stored of a destination stays meaningful when the site changes its
// number plan: number, range and subdivision are the same at every site, and
// what resolving a stored number gives is that number.
func TestStoredStaysMeaningful(t *testing.T) {
	all := sites(t)
	rapid.Check(t, func(t *rapid.T) {
		number := "+" + e164(t)
		before, after := all[rapid.IntRange(0, len(all)-1).Draw(t, "before")], all[rapid.IntRange(0, len(all)-1).Draw(t, "after")]
		stored, again := before.Resolve(number), after.Resolve(number)
		if stored.E164 == "" || again.E164 == "" {
			return // one of them refuses numbers of its own country that the plan does not have
		}
		if !stored.Valid && (before.site.code == stored.E164[1:1+len(before.site.code)] || after.site.code == stored.E164[1:1+len(after.site.code)]) {
			return // at home surplus digits are not cut
		}
		if stored.E164 != again.E164 || stored.Range != again.Range || stored.Subdivision != again.Subdivision {
			t.Fatalf("%s is %+v at a site in %s, and %+v in %s", number, stored, before.site.country, again, after.site.country)
		}
		if from := after.Resolve(stored.E164); from.E164 != stored.E164 || from.Range != stored.Range {
			t.Fatalf("%s was stored as %s in %s, which is now %s in %s", number, stored.E164, stored.Range, from.E164, from.Range)
		}
	})
}

func TestExplainEndsWithTheClass(t *testing.T) {
	sites := testSites{}
	for _, v := range vectors(t) {
		r := sites.of(t, v)
		steps := r.Explain(v.dialled)
		d := r.Resolve(v.dialled)
		last := steps[len(steps)-1]
		if len(steps) < 2 || last.Text != "class "+string(d.Class) || last.Number != d.Number() {
			t.Errorf("%s site, %q: steps %+v do not end with %s %s", v.site, v.dialled, steps, d.Class, d.Number())
		}
		for _, step := range steps {
			if len(step.Number) > maxDialled+8 || strings.ContainsAny(step.Text+step.Number, "<>'\"&\r\n\x00") {
				t.Errorf("%s site, %q: step %+v is not safe to print", v.site, v.dialled, step)
			}
		}
	}
}

// sites are resolvers of every test country, without and with an access code.
func sites(t testing.TB) []*Resolver {
	var all []*Resolver
	for _, country := range slices.Sorted(maps.Keys(areas)) {
		for _, access := range []string{"", "9", "0"} {
			all = append(all, testSite(t, country, access))
		}
	}
	return all
}

// e164 draws numbers that mean something: real codes before random digits.
func e164(t *rapid.T) string {
	code := rapid.SampledFrom([]string{
		"1", "1212", "1767", "1876", "1900", "1800", "1867", "44", "4420", "447", "4470", "449", "4484", "49", "4930", "49151", "49900",
		"33", "331", "33590", "3389", "34", "34803", "349", "61", "614", "6119", "55", "5511", "55900", "91", "919", "91186", "371",
		"220", "211", "870", "881", "882", "871", "979", "888", "800", "39", "7", "86", "",
	}).Draw(t, "code")
	return code + rapid.StringMatching(`[0-9]{0,13}`).Draw(t, "rest")
}

// No spelling of a number may lead to a cheaper class than +: it is the same
// destination, a dearer one, or none.
func TestSpellingsAgree(t *testing.T) {
	all := sites(t)
	rapid.Check(t, func(t *rapid.T) {
		r := all[rapid.IntRange(0, len(all)-1).Draw(t, "site")]
		digits := e164(t)
		plain := r.Resolve("+" + digits)
		var spellings []string
		for _, prefix := range r.site.international {
			if len(r.site.carriers) == 0 || plain.Valid { // else a carrier code may be meant
				spellings = append(spellings, prefix+digits)
			}
		}
		if national, own := strings.CutPrefix(digits, r.site.code); own && r.site.national != "" && !strings.HasPrefix(national, "0") {
			spellings = append(spellings, r.site.national+national)
		}
		for _, p := range r.site.access {
			for _, spelling := range spellings {
				spellings = append(spellings, p.only()+spelling)
			}
		}
		for _, spelling := range spellings {
			d := r.Resolve(spelling)
			if len(r.site.access) > 0 && strings.HasPrefix(spelling, r.site.access[0].only()) && !strings.HasPrefix(spelling, r.site.access[0].only()+r.site.international[0]) {
				continue // the dialplan takes the first digit off: another number
			}
			if d.Class == toll.Unplaced || d.Class == toll.Emergency && r.site.emergency[spelling] || d.Class == toll.Internal {
				continue
			}
			if dearness(d.Class) < dearness(plain.Class) || (len(r.site.carriers) == 0 && d.E164 != plain.E164 && plain.E164 != "") {
				t.Fatalf("%s site, access %v: +%s is %s %s, and %s is %s %s",
					r.site.country, r.site.access, digits, plain.E164, plain.Class, spelling, d.E164, d.Class)
			}
		}
	})
}

// Surplus digits after a number must not make it cheaper, nor take it out of
// its range.
func TestPaddingGainsNothing(t *testing.T) {
	all := sites(t)
	rapid.Check(t, func(t *rapid.T) {
		r := all[rapid.IntRange(0, len(all)-1).Draw(t, "site")]
		number := rapid.SampledFrom([]string{
			"+442079460958", "+447012345678", "+449012345678", "+17672251234", "+12129761234", "+19005551234", "+37122123456",
			"+2203123456", "+34803123456", "+611902123456", "+23222123456", "+37744123456", "+881612345678", "+5311234567",
		}).Draw(t, "number")
		plain := r.Resolve(number)
		padded := r.Resolve(number + rapid.StringMatching(`[0-9]{1,8}`).Draw(t, "padding"))
		if padded.Class == toll.Unplaced {
			return
		}
		if dearness(padded.Class) < dearness(plain.Class) || !strings.HasPrefix(padded.Range, plain.Range[:min(len(plain.Range), 7)]) {
			t.Fatalf("%s site: %s is %s in %s, padded it is %s in %s", r.site.country, number, plain.Class, plain.Range, padded.Class, padded.Range)
		}
	})
}

// check holds for any string at all.
func check(t interface{ Fatalf(string, ...any) }, r *Resolver, text string) {
	for _, d := range []toll.Destination{r.Resolve(text), r.ResolveTrunk(text, ""), r.ResolveTrunk(text, "9")} {
		if len(d.Dialled) > maxDialled || strings.Trim(d.Dialled, symbols+"+") != "" || strings.LastIndexByte(d.Dialled, '+') > 0 {
			t.Fatalf("%q: dialled is %q", text, d.Dialled)
		}
		if d.Dialled != text && d.Class != toll.Unplaced && !strings.HasSuffix(text, d.Dialled) {
			t.Fatalf("%q: filtered to %q and still %s", text, d.Dialled, d.Class)
		}
		switch d.Class {
		case "":
			t.Fatalf("%q: no class", text)
		case toll.Emergency:
			if !r.site.emergency[d.Dialled] {
				t.Fatalf("%q: emergency and not configured", text)
			}
		case toll.Internal:
			if !matchAny(r.site.extensions, text) {
				t.Fatalf("%q: internal and not configured", text)
			}
		case toll.FeatureCode:
			if !matchAny(r.site.features, text) {
				t.Fatalf("%q: a feature code and not configured", text)
			}
		}
		if d.E164 != "" && (d.E164[0] != '+' || !isDigits(d.E164[1:]) || len(d.E164) > maxE164+1 || !strings.HasPrefix(d.E164, d.Range) || d.Range == "") {
			t.Fatalf("%q: %+v", text, d)
		}
		if (d.E164 != "") != (d.Range != "") {
			t.Fatalf("%q: number %q with range %q", text, d.E164, d.Range)
		}
	}
}

func TestAnyString(t *testing.T) {
	all := sites(t)
	texts := rapid.OneOf(
		rapid.String(),
		rapid.StringMatching(`[0-9*#+]{0,40}`),
		rapid.StringMatching(`(9|0|00|011|0011|9011|900|000|\+)?[1-9][0-9]{0,16}[#*]?`),
	)
	rapid.Check(t, func(t *rapid.T) {
		r := all[rapid.IntRange(0, len(all)-1).Draw(t, "site")]
		check(t, r, texts.Draw(t, "text"))
	})
}

func FuzzResolve(f *testing.F) {
	for i, v := range vectors(f) {
		if i%20 == 0 || v.file == "hostile.csv" && v.site == "US" { // more would leave no time for anything new
			f.Add(v.dialled)
		}
	}
	all := sites(f)
	f.Fuzz(func(t *testing.T, text string) {
		sum := 0
		for i := range len(text) {
			sum += int(text[i])
		}
		for _, r := range []*Resolver{all[sum%len(all)], all[len(text)%len(all)]} {
			check(t, r, text)
			r.Explain(text)
		}
	})
}

// Many goroutines may use one resolver, and the cache never changes an answer,
// nor grows without bound.
func TestCacheUnderLoad(t *testing.T) {
	r := testSite(t, "GB", "9")
	want := r.resolve("902079460958", false, nil)
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range cacheSize {
				r.cached(&r.dialled, "00"+digits8(g*cacheSize+i), false)
				if got := r.Resolve("902079460958"); got != want {
					t.Errorf("got %+v, want %+v", got, want)
					return
				}
			}
		})
	}
	wait.Wait()
	if n := len(r.dialled.young) + len(r.dialled.old); n > 2*cacheSize {
		t.Errorf("the cache holds %d strings", n)
	}
}

// digits8 writes eight digits that no country code begins with, so that they
// cost little to resolve.
func digits8(i int) string {
	s := []byte("01000000")
	for at := len(s) - 1; i > 0; at-- {
		s[at] = byte('0' + i%10)
		i /= 10
	}
	return string(s)
}

func BenchmarkResolveCached(b *testing.B) {
	r := testSite(b, "US", "9")
	b.ReportAllocs()
	for b.Loop() {
		r.Resolve("9011442079460958")
	}
}

func BenchmarkResolveUnseen(b *testing.B) {
	for _, tc := range []struct{ name, site, dialled string }{
		{"home", "US", "912125551234"},
		{"abroad", "US", "9011442079460958"},
		{"ambiguous", "BR", "0021442079460958"},
		{"invalid", "US", "90112203999999"},
		{"overlong", "US", "9011442079460958999"},
		{"padded", "US", "900014422006307"},
		{"padded", "BR", "002118316103425"},
		{"shared code", "US", "901176012345678"},
		{"Canada", "US", "914165551234"},
		{"nobody's", "US", "9011881612345678"},
	} {
		b.Run(tc.name, func(b *testing.B) {
			r := testSite(b, tc.site, map[string]string{"US": "9"}[tc.site])
			b.ReportAllocs()
			for b.Loop() {
				r.resolve(tc.dialled, false, nil)
			}
		})
	}
}

// BenchmarkResolveMixed resolves a list such as people keep: numbers of every
// country in every spelling, each once. One operation is 20,000 numbers.
func BenchmarkResolveMixed(b *testing.B) {
	list := mixed(20_000)
	b.ReportAllocs()
	for b.Loop() {
		r := testSite(b, "US", "9") // with nothing in its cache, and no plan compiled
		for _, dialled := range list {
			r.Resolve(dialled)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/number")
}

// mixed makes a list of numbers that look real: the examples of all countries
// with other digits at their end, most of them at home, in the usual spellings.
func mixed(n int) []string {
	random := rand.New(rand.NewPCG(1, 2)) // the same list each time
	var abroad []string
	for _, region := range regions() {
		for _, typ := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.PREMIUM_RATE, phonenumbers.TOLL_FREE} {
			if e := example(region, typ); len(e) > 7 {
				abroad = append(abroad, e[1:])
			}
		}
	}
	list := make([]string, n)
	for i := range list {
		number := "1" + strings.Fields(areaRows[random.IntN(len(areaRows))].codes)[0] + "2345678"
		spelling := "9"
		if random.IntN(2) == 0 {
			number = abroad[random.IntN(len(abroad))]
			spelling = []string{"9011", "+", "00"}[random.IntN(3)]
		}
		list[i] = spelling + number[:len(number)-4] + fmt.Sprintf("%04d", random.IntN(10_000)) + strings.Repeat("7", random.IntN(20)/19)
	}
	return list
}

// Where the site does business is known of every number abroad, by any spelling.
func TestListedCountries(t *testing.T) {
	r, err := New(Plan{Country: "US", Countries: []string{"GB", "US"}})
	if err != nil {
		t.Fatal(err)
	}
	for dialled, want := range map[string]bool{
		"011442079460123": true, "+442079460123": true, "+447700900123": true,
		"01149302345678": false, "+12125550123": false, "911": false, "*97": false,
	} {
		if d := r.Resolve(dialled); d.Listed != want {
			t.Errorf("%s: listed %v, want %v (%+v)", dialled, d.Listed, want, d)
		}
	}
	if !r.ResolveTrunk("442079460123", "").Listed {
		t.Error("a number on a trunk is not found in its country")
	}
}
