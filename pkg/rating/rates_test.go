package rating

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
		{toll.IntlFixed, "FR", "0.30"},
		{toll.IntlMobile, "FR", "0.30"},
		{toll.IntlPremium, "FR", "10.00"},
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
		{func(a *Assumed) { a.Moderate = 0 }, "cannot be free"},
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
		{london, "c", toll.Unit * 3 / 10, true},
		{london, "none", toll.Unit * 3 / 10, true},
		{riga, "a", toll.Unit * 3 / 2, true},
		{riga, "", toll.Unit * 3 / 2, true}, // one deck does not say, and so much is assumed
		{to(toll.Unplaced, "", ""), "a", 10 * toll.Unit, true},
		{to(toll.Emergency, "GB", ""), "a", 0, false},
	} {
		if p := r.Price(tc.to, tc.trunk, noon); p.PerMinute != tc.want || p.Assumed != tc.assumed {
			t.Errorf("%s by trunk %q: got %s, assumed %t; want %s, %t", tc.to.Number(), tc.trunk, p.PerMinute, p.Assumed, tc.want, tc.assumed)
		}
	}
}

// Whatever trunk a call leaves by in the end, no less was reserved.
func TestUnknownTrunkIsTheDearest(t *testing.T) {
	cheap, dear := deck(t, row("44", 100)), deck(t, row("44", 900), row("371", 5*toll.Unit))
	london, riga := to(toll.IntlFixed, "GB", "+442079460958"), to(toll.IntlMobile, "LV", "+37122123456")
	for _, tc := range []struct {
		name    string
		decks   map[string]*Deck
		trunks  []string
		to      toll.Destination
		want    string
		deck    string
		assumed bool
	}{
		{"no deck", nil, []string{"a", "b"}, london, "0.30", "", true},
		{"no deck, no trunk", nil, nil, london, "0.30", "", true},
		{"both have one", map[string]*Deck{"a": cheap, "b": dear}, []string{"a", "b"}, london, "0.0009", "b", false},
		{"the site's trunks are not told", map[string]*Deck{"a": cheap, "b": dear}, nil, london, "0.0009", "b", false},
		{"one says nothing and the other more than is assumed", map[string]*Deck{"a": cheap, "b": dear}, nil, riga, "5.00", "b", false},
		{"a trunk without a deck", map[string]*Deck{"a": cheap, "b": dear}, []string{"a", "b", "c"}, london, "0.30", "", true},
		{"a trunk without a deck, but a deck says more", map[string]*Deck{"b": dear}, []string{"b", "c"}, riga, "5.00", "b", false},
		{"the common deck is cheaper", map[string]*Deck{"": cheap, "b": dear}, []string{"a", "b"}, london, "0.0009", "b", false},
		{"the common deck is dearer", map[string]*Deck{"": dear, "b": cheap}, []string{"a", "b"}, london, "0.0009", "*", false},
	} {
		r, err := New(DefaultAssumed(), tc.decks, tc.trunks...)
		if err != nil {
			t.Fatal(err)
		}
		q := r.Quote(tc.to, "", noon)
		if q.Price.PerMinute.String() != tc.want || q.Price.Assumed != tc.assumed || q.Deck != tc.deck {
			t.Errorf("%s: got %+v; want %s by deck %q", tc.name, q, tc.want, tc.deck)
		}
		for _, trunk := range tc.trunks {
			if p := r.Price(tc.to, trunk, noon); p.PerMinute > q.Price.PerMinute {
				t.Errorf("%s: trunk %s costs %s, more than the unknown one with %s", tc.name, trunk, p.PerMinute, q.Price.PerMinute)
			}
		}
	}
}

func TestQuote(t *testing.T) {
	gb := from("44", 100, noon)
	gb.Description = "United Kingdom"
	own := deck(t, gb, row("882", toll.Unit), from("371", 1, noon.AddDate(0, 0, 1)))
	r := rates(t, nil, map[string]*Deck{"a": own})
	common := rates(t, nil, map[string]*Deck{"": own, "b": deck(t)})
	london := to(toll.IntlFixed, "GB", "+442079460958")
	premium := to(toll.IntlPremium, "GB", "+449012345678")
	for _, tc := range []struct {
		rates *Rates
		to    toll.Destination
		trunk string
		want  Quote
	}{
		{r, london, "a", Quote{Price: gb.Price, Deck: "a", Prefix: "44", Description: "United Kingdom", ValidFrom: noon}},
		{common, london, "a", Quote{Price: gb.Price, Deck: "*", Prefix: "44", Description: "United Kingdom", ValidFrom: noon}},
		{r, to(toll.Emergency, "GB", ""), "a", Quote{}},
		{rates(t, nil, nil), london, "a", Quote{Price: assumed(toll.Unit * 3 / 10)}},
		{r, london, "c", Quote{Price: assumed(toll.Unit * 3 / 10), Why: "trunk c has no rate deck"}},
		{r, to(toll.IntlFixed, "DE", "+4930123"), "a", Quote{Price: assumed(toll.Unit * 3 / 10), Why: "the rate deck of a has no row for it"}},
		{common, london, "b", Quote{Price: assumed(toll.Unit * 3 / 10), Why: "the rate deck of b has no row for it"}},
		{r, to(toll.IntlFixed, "LV", "+37122123456"), "a", Quote{Price: assumed(toll.Unit * 3 / 2), Why: "the rate deck of a has no row for it that is valid yet"}},
		{common, to(toll.Unplaced, "", ""), "a", Quote{Price: assumed(10 * toll.Unit), Why: "it is no number that a rate deck could name"}},
		{common, premium, "a", Quote{
			Price: assumed(10 * toll.Unit),
			Why:   "row 44 of the rate deck of * is a wide one, does not mean numbers of class intl_premium in GB, and is cheaper",
		}},
	} {
		got := tc.rates.Quote(tc.to, tc.trunk, noon)
		if got != tc.want {
			t.Errorf("%s by trunk %q: got %+v, want %+v", tc.to.Number(), tc.trunk, got, tc.want)
		}
		if p := tc.rates.Price(tc.to, tc.trunk, noon); p != got.Price {
			t.Errorf("%s by trunk %q: the price is %+v and the quote says %+v", tc.to.Number(), tc.trunk, p, got.Price)
		}
	}
}

func assumed(perMinute toll.Money) toll.Price { return toll.Price{PerMinute: perMinute, Assumed: true} }

func TestWith(t *testing.T) {
	london := to(toll.IntlFixed, "GB", "+442079460958")
	cheap, dear := deck(t, row("44", 100)), deck(t, row("44", 900))
	before := rates(t, nil, map[string]*Deck{"a": cheap})
	after := before.With("a", dear).With("b", dear)
	without := after.With("a", nil).With("nobody", nil)
	for _, tc := range []struct {
		rates *Rates
		trunk string
		want  toll.Money
		deck  *Deck
	}{
		{before, "a", 100, cheap}, {before, "b", toll.Unit * 3 / 10, nil}, {before, "", 100, nil},
		{after, "a", 900, dear}, {after, "b", 900, dear}, {after, "", 900, nil},
		{without, "a", toll.Unit * 3 / 10, nil}, {without, "b", 900, dear}, {without, "", 900, nil},
	} {
		if p := tc.rates.Price(london, tc.trunk, noon); p.PerMinute != tc.want {
			t.Errorf("trunk %q: got %s, want %s", tc.trunk, p.PerMinute, tc.want)
		}
		if d := tc.rates.Deck(tc.trunk); d != tc.deck {
			t.Errorf("trunk %q: got another deck", tc.trunk)
		}
	}
}

// The row of a country does not make its dear numbers cheap.
func TestCoarseRowsNameNoSpecialNumbers(t *testing.T) {
	d := deck(t, row("1", 100), row("44", 100), row("4484", 700), row("882", 9*toll.Unit), row("1876", 800), row("4470", 20*toll.Unit),
		row("3531", 100), row("35315", 900), row("88", 100), row("7", 100), row("7809", 700))
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
		{to(toll.Global, "001", "+881612345678"), "10.00", true},     // 88 is no country code
		{to(toll.IntlMobile, "JM", "+18769221234"), "0.0008", false}, // as a site in Europe sees it
		{to(toll.IntlFixed, "DM", "+17672251234"), "1.50", true},     // likewise
		{to(toll.IntlFixed, "CA", "+14165551234"), "0.0001", false},
		{to(toll.IntlPremium, "US", "+19005551234"), "10.00", true},
		{to(toll.HomePremium, "IE", "+3531420123456"), "10.00", true}, // 3531 is Dublin
		{to(toll.HomePremium, "IE", "+3531520123456"), "0.0009", false},
		{to(toll.HomeFixed, "IE", "+35314201234"), "0.0001", false},
		{to(toll.IntlMobile, "RU", "+79161234567"), "0.0001", false},
		{to(toll.IntlPremium, "RU", "+78095123456"), "0.0007", false},
	} {
		if p := r.Price(tc.to, "a", noon); p.PerMinute.String() != tc.want || p.Assumed != tc.assumed {
			t.Errorf("%s %s: got %s, assumed %t; want %s, %t", tc.to.Class, tc.to.E164, p.PerMinute, p.Assumed, tc.want, tc.assumed)
		}
	}
}

// A row that says 0 is a slip, or how a carrier writes that it does not go there.
func TestNothingIsTakenOfOrdinaryHomeNumbersAlone(t *testing.T) {
	d := deck(t, row("49", 0), row("232", 0), row("44", 100), row("881", 0), row("4920", toll.Unit))
	r := rates(t, nil, map[string]*Deck{"a": d})
	for _, tc := range []struct {
		to      toll.Destination
		want    string
		assumed bool
	}{
		{to(toll.HomeFixed, "DE", "+4930123456"), "0.00", false},
		{to(toll.HomeMobile, "DE", "+4915123456789"), "0.00", false},
		{to(toll.TollFree, "DE", "+498001234567"), "0.00", false},
		{to(toll.SharedCost, "DE", "+491801234567"), "0.30", true},
		{to(toll.IntlMobile, "SL", "+23222123456"), "1.50", true},
		{to(toll.Global, "001", "+881612345678"), "10.00", true},
	} {
		q := r.Quote(tc.to, "a", noon)
		if p := q.Price; p.PerMinute.String() != tc.want || p.Assumed != tc.assumed || tc.assumed != strings.Contains(q.Why, "costs nothing") {
			t.Errorf("%s %s: got %+v; want %s, assumed %t", tc.to.Class, tc.to.E164, q, tc.want, tc.assumed)
		}
	}
}

// Calls are priced while decks are exchanged.
func TestManyAskAtOnce(t *testing.T) {
	var current atomic.Pointer[Rates]
	current.Store(rates(t, nil, nil))
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for range 1000 {
				p := current.Load().Price(to(toll.IntlFixed, "GB", "+442079460958"), "", noon)
				if p.Assumed != (p.PerMinute == toll.Unit*3/10) {
					t.Errorf("got %+v, half of one price and half of another", p)
					return
				}
			}
		})
	}
	for i := range 100 {
		current.Store(current.Load().With("a", deck(t, row("44", toll.Money(i)))))
	}
	asking.Wait()
}
