package rating

import (
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// world is a deck of thirty countries, some of which have a row of another price
// for mobiles.
func world(t *testing.T, price toll.Money, others ...Row) *Deck {
	t.Helper()
	for i, code := range []string{
		"20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48", "49",
		"211", "212", "213", "351", "352", "353", "371", "852", "961", "971", "1", "7",
	} {
		others = append(others, row(code, price+toll.Money(i)), row(code+"77", 5*toll.Unit))
	}
	return deck(t, others...)
}

func TestFarBelow(t *testing.T) {
	r := rates(t, nil, nil)
	for name, tc := range map[string]struct {
		deck  *Deck
		below bool
	}{
		"a minute":                {world(t, toll.Unit/10), false},
		"a second":                {world(t, toll.Unit/600), true},
		"cheap but a minute":      {world(t, toll.Unit/50), false},
		"nothing does not count":  {world(t, toll.Unit/10, row("51", 0), row("52", 0)), false},
		"a list of few countries": {deck(t, row("44", 10), row("49", 10), row("1", 10)), false},
		"many prefixes of a country": {func() *Deck {
			var rows []Row
			for n := range 500 {
				rows = append(rows, row("1"+string(rune('2'+n%8))+string(rune('0'+n/8%10))+string(rune('0'+n/80)), 100))
			}
			return deck(t, rows...)
		}(), false},
		"none": {deck(t), false},
	} {
		if got := r.FarBelow(tc.deck, noon); (got > 0) != tc.below {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestNothing(t *testing.T) {
	fee := row("46", 0)
	fee.Price.Connect = 1
	d := deck(t, row("44", 1), row("45", 0), fee, row("47", 0), from("48", 0, noon.AddDate(0, 0, 1)))
	if n, first := d.Nothing(noon); n != 2 || first.Prefix != "45" {
		t.Errorf("got %d rows, the first %+v", n, first)
	}
}

func TestNotYet(t *testing.T) {
	soon, later := noon.AddDate(0, 0, 1), noon.AddDate(0, 1, 0)
	d := deck(t, from("44", 1, later), row("45", 1), from("45", 2, soon), from("46", 1, soon), from("46", 2, later))
	if n, first := d.NotYet(noon); n != 2 || !first.Equal(soon) {
		t.Errorf("got %d, %s", n, first)
	}
	if n, first := d.NotYet(later); n != 0 || !first.IsZero() {
		t.Errorf("a month later: got %d, %s", n, first)
	}
}
