package rating

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// noon is a moment like any other.
var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func rates(t *testing.T, change func(*Assumed), decks map[string]*Deck) *Rates {
	t.Helper()
	assumed := DefaultAssumed()
	if change != nil {
		change(&assumed)
	}
	r, err := New(assumed, decks)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func to(class toll.Class, country, e164 string) toll.Destination {
	return toll.Destination{Class: class, Country: country, E164: e164, Dialled: e164}
}

func TestAssumedPrices(t *testing.T) {
	r := rates(t, func(a *Assumed) { a.AllowedCountries = []string{"GB"} }, nil)
	for _, tc := range []struct {
		class   toll.Class
		country string
		want    string
	}{
		{toll.HomeFixed, "US", "0.02"},
		{toll.HomeMobile, "US", "0.02"},
		{toll.TollFree, "US", "0.00"},
		{toll.SharedCost, "US", "0.30"},
		{toll.HomePremium, "US", "10.00"},
		{toll.Personal, "US", "10.00"},
		{toll.ForeignNANP, "DM", "1.50"},
		{toll.IntlFixed, "GB", "0.30"},
		{toll.IntlMobile, "GB", "0.30"},
		{toll.IntlPremium, "GB", "10.00"}, // an allowed country does not make its premium numbers cheap
		{toll.IntlFixed, "LV", "1.50"},
		{toll.IntlMobile, "LV", "1.50"},
		{toll.Global, "001", "10.00"},
		{toll.Unassigned, "001", "10.00"},
		{toll.Unplaced, "", "10.00"},
		{toll.Class("of a later version"), "", "10.00"},
	} {
		p := r.Price(to(tc.class, tc.country, ""), "carrier", noon)
		if p.PerMinute.String() != tc.want || !p.Assumed {
			t.Errorf("%s in %s: got %s, assumed %t; want %s, assumed", tc.class, tc.country, p.PerMinute, p.Assumed, tc.want)
		}
	}
	for _, class := range []toll.Class{toll.Emergency, toll.Internal, toll.FeatureCode} {
		if p := r.Price(to(class, "US", ""), "carrier", noon); p != (toll.Price{}) {
			t.Errorf("%s costs %+v; want nothing, and not as an assumption", class, p)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, tc := range []struct {
		change func(*Assumed)
		want   string
	}{
		{func(a *Assumed) { a.Home = -1 }, "home is -0.000001"},
		{func(a *Assumed) { a.Abroad, a.Allowed = 0, 0 }, "cannot be free"},
		{func(a *Assumed) { a.Premium = 1 }, "premium cannot be below"},
		{func(a *Assumed) { a.Allowed = 2 * toll.Unit }, "nor abroad below"},
		{func(a *Assumed) { a.AllowedCountries = []string{"England"} }, `"England"`},
	} {
		assumed := DefaultAssumed()
		tc.change(&assumed)
		if _, err := New(assumed, nil); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("got %v, want an error with %q", err, tc.want)
		}
	}
}

func deck(t *testing.T, rows ...Row) *Deck {
	t.Helper()
	d, err := NewDeck(rows)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func row(prefix string, perMinute toll.Money) Row {
	return Row{Prefix: prefix, Price: toll.Price{PerMinute: perMinute}}
}

func TestLongestPrefixWins(t *testing.T) {
	d := deck(t, row("44", 100), row("447", 200), row("44791", 300), row("1", 50))
	for number, want := range map[string]toll.Money{
		"+442079460958": 100, "+447400123456": 200, "+447911123456": 300, "+12125551234": 50, "+44": 100, "+4479": 200,
	} {
		if p, ok := d.Price(number, noon); !ok || p.PerMinute != want {
			t.Errorf("%s: got %s, %t; want %s", number, p.PerMinute, ok, want)
		}
	}
	for _, number := range []string{"", "+", "+49301234567", "+4", "0"} {
		if p, ok := d.Price(number, noon); ok {
			t.Errorf("%q has a price: %+v", number, p)
		}
	}
}

func TestDeckRefuses(t *testing.T) {
	for _, tc := range []struct {
		row  Row
		want string
	}{
		{row("", 1), "1 to 15 digits"},
		{row("+44", 1), "1 to 15 digits"},
		{row("0044", 1), "begins with 0"},
		{row("1234567890123456", 1), "1 to 15 digits"},
		{row("４４", 1), "1 to 15 digits"},
		{row("44", -1), "negative"},
		{row("1", 51), "another price"},
		{Row{Prefix: "44", Price: toll.Price{Connect: -1}}, "negative"},
		{Row{Prefix: "44", Price: toll.Price{Minimum: -time.Second}}, "whole seconds"},
		{Row{Prefix: "44", Price: toll.Price{Increment: time.Millisecond}}, "whole seconds"},
		{Row{Prefix: "44", Price: toll.Price{Free: 2 * time.Hour}}, "whole seconds"},
	} {
		_, err := NewDeck([]Row{row("1", 50), tc.row})
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "row 2") {
			t.Errorf("row %+v: got %v, want an error with row 2 and %q", tc.row, err, tc.want)
		}
	}
}

func TestDecksByTrunk(t *testing.T) {
	cheap, dear := deck(t, row("44", 100)), deck(t, row("44", 900), row("371", 5000))
	london, riga := to(toll.IntlFixed, "GB", "+442079460958"), to(toll.IntlMobile, "LV", "+37122123456")
	r := rates(t, nil, map[string]*Deck{"a": cheap, "b": dear, "none": nil})
	for _, tc := range []struct {
		to      toll.Destination
		trunk   string
		want    toll.Money
		assumed bool
	}{
		{london, "a", 100, false},
		{london, "b", 900, false},
		{london, "", 900, false}, // not known yet: the dearest
		{london, "c", toll.Unit * 3 / 2, true},
		{london, "none", toll.Unit * 3 / 2, true},
		{riga, "a", toll.Unit * 3 / 2, true},
		{riga, "", toll.Unit * 3 / 2, true}, // one deck does not say
		{to(toll.Unplaced, "", ""), "a", 10 * toll.Unit, true},
		{to(toll.Emergency, "GB", ""), "a", 0, false},
	} {
		if p := r.Price(tc.to, tc.trunk, noon); p.PerMinute != tc.want || p.Assumed != tc.assumed {
			t.Errorf("%s by trunk %q: got %s, assumed %t; want %s, %t", tc.to.Number(), tc.trunk, p.PerMinute, p.Assumed, tc.want, tc.assumed)
		}
	}
	common := rates(t, nil, map[string]*Deck{"": cheap, "b": dear})
	if p := common.Price(london, "c", noon); p.PerMinute != 100 || p.Assumed {
		t.Errorf("a trunk without a deck of its own: got %+v, want the common deck's", p)
	}
}

// The row of a country does not make its dear numbers cheap.
func TestCoarseRowsNameNoSpecialNumbers(t *testing.T) {
	d := deck(t, row("1", 100), row("44", 100), row("4484", 700), row("882", 9*toll.Unit), row("1876", 800), row("4470", 20*toll.Unit))
	r := rates(t, nil, map[string]*Deck{"a": d})
	for _, tc := range []struct {
		to      toll.Destination
		want    string
		assumed bool
	}{
		{to(toll.IntlFixed, "GB", "+442079460958"), "0.0001", false},
		{to(toll.IntlPremium, "GB", "+449012345678"), "10.00", true},
		{to(toll.IntlPremium, "GB", "+448445551234"), "0.0007", false},
		{to(toll.IntlPremium, "GB", "+447012345678"), "20.00", false},
		{to(toll.HomeFixed, "US", "+12125551234"), "0.0001", false},
		{to(toll.ForeignNANP, "DM", "+17672251234"), "1.50", true},
		{to(toll.ForeignNANP, "JM", "+18769221234"), "0.0008", false},
		{to(toll.HomePremium, "US", "+19005551234"), "10.00", true},
		{to(toll.Global, "001", "+88213123456"), "9.00", false},
	} {
		if p := r.Price(tc.to, "a", noon); p.PerMinute.String() != tc.want || p.Assumed != tc.assumed {
			t.Errorf("%s %s: got %s, assumed %t; want %s, %t", tc.to.Class, tc.to.E164, p.PerMinute, p.Assumed, tc.want, tc.assumed)
		}
	}
}

// A walk over all rows is the plainest longest-prefix search there is; the
// deck must agree with it on any deck and number.
func TestFindAgreesWithAWalk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prefixes := rapid.SliceOfDistinct(rapid.StringMatching(`[1-3][1-3]{0,5}`), rapid.ID[string]).Draw(t, "prefixes")
		var rows []Row
		for i, prefix := range prefixes {
			rows = append(rows, row(prefix, toll.Money(i+1)))
		}
		d, err := NewDeck(rows)
		if err != nil {
			t.Fatal(err)
		}
		number := rapid.StringMatching(`\+[1-3]{0,8}`).Draw(t, "number")
		var want Row
		for _, r := range rows {
			if strings.HasPrefix(number[1:], r.Prefix) && len(r.Prefix) > len(want.Prefix) {
				want = r
			}
		}
		got, ok := d.Find(number, noon)
		if got != want || ok != (want.Prefix != "") {
			t.Fatalf("%s: got %+v, %t; want %+v", number, got, ok, want)
		}
	})
}

func TestFarAbove(t *testing.T) {
	d := deck(t, row("44", 20_000), row("371", 90*toll.Unit), row("1", 10))
	resolve := func(prefix string) toll.Destination { return to(toll.IntlFixed, "XX", prefix) }
	far := rates(t, nil, nil).FarAbove(d, 10, resolve)
	if len(far) != 1 || far[0].Prefix != "371" {
		t.Errorf("got %+v, want the row of 371 only", far)
	}
}

func BenchmarkPrice(b *testing.B) {
	var rows []Row
	for i := range 500_000 {
		rows = append(rows, row(toll.Money(i + 1_000_000).String()[:1]+digits(i), 100))
	}
	d, err := NewDeck(rows)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Price("+4420794609581", noon)
	}
}

// digits writes seven digits.
func digits(i int) string {
	s := []byte("0000000")
	for at := len(s) - 1; i > 0; at-- {
		s[at] = byte('0' + i%10)
		i /= 10
	}
	return string(s)
}
