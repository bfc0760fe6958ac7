package rating

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Whatever the form a price is written in, it is read exactly, times a factor,
// and rounded up.
func TestAmountsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := rapid.StringMatching(`0|[1-9][0-9]{0,3}`).Draw(t, "whole")
		fraction := rapid.StringMatching(`[0-9]{1,18}`).Draw(t, "fraction")
		times := rapid.SampledFrom([]string{"", "0.01", "60", "0.9237", "1.000001", "0.000000000001"}).Draw(t, "times")
		mark := rapid.SampledFrom([]string{".", ","}).Draw(t, "mark")
		written := whole
		if separator := rapid.SampledFrom([]string{"", " ", "'", ".", ","}).Draw(t, "separator"); len(whole) == 4 && separator != mark {
			written = whole[:1] + separator + whole[1:]
		}
		cell := rapid.SampledFrom([]string{"", "$", "€ ", "USD "}).Draw(t, "before") + written + mark + fraction + rapid.SampledFrom([]string{"", " €", "EUR"}).Draw(t, "behind")

		factor := times
		if factor == "" {
			factor = "1"
		}
		want, _ := new(big.Rat).SetString(whole + "." + fraction)
		by, _ := new(big.Rat).SetString(factor)
		want.Mul(want, by).Mul(want, big.NewRat(1_000_000, 1))
		up, rest := new(big.Int).QuoRem(want.Num(), want.Denom(), new(big.Int))
		if rest.Sign() > 0 {
			up.Add(up, big.NewInt(1))
		}

		a, err := newAmounts(Format{Decimal: mark, Times: times})
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(cell, "USD") && strings.HasSuffix(cell, "EUR") {
			return // no list has two currencies in one cell
		}
		got, err := a.parse(cell)
		if err != nil || got != toll.Money(up.Int64()) {
			t.Fatalf("%q times %s: got %s, %v; want %s millionths", cell, factor, got, err, up)
		}
	})
}

func TestPrefixes(t *testing.T) {
	for _, tc := range []struct{ cell, country, want string }{
		{"44", "", "44"},
		{"+44", "", "44"},
		{"0044", "", "44"},
		{"01144", "", "44"},
		{"+44 (0) 20", "", "4420"},
		{"44 20 7", "", "44207"},
		{"1-242", "", "1242"},
		{"1-242-555", "", "1242555"},
		{"49-40", "", "4940"},
		{"39-06", "", "3906"},
		{"(1) 242", "", "1242"},
		{"'44", "", "44"},
		{"20, 21,,207-209", "44", "4420 4421 44207 44208 44209"},
		{"020-022", "39", "39020 39021 39022"},
		{"4477–4479 / 4420", "", "4477 4478 4479 4420"},
		{"", "44", "44"},
		{"207", "+44", "44207"},
		{"207", "0044", "44207"},
	} {
		got, err := parsePrefixes(tc.cell, tc.country, nil)
		if err != nil || strings.Join(got, " ") != tc.want {
			t.Errorf("%q behind %q: got %v, %v; want %s", tc.cell, tc.country, got, err, tc.want)
		}
	}
	for _, tc := range []struct{ cell, country, want string }{
		{"", "", "no prefix"},
		{",;", "", "no prefix"},
		{"0", "", "begins with 0"},
		{"000", "", "begins with 0"},
		{"00044", "", "begins with 0"},
		{"+044", "", "begins with 0"},
		{"44.0", "", "want digits"},
		{"44x", "", "want digits"},
		{"٤٤", "", "want digits"},
		{"4,42E+11", "", "rounded"},
		{"4.42E11", "", "rounded"},
		{"44-46", "", "is the dash"},
		{"4479-4477", "", "is the dash"},
		{"4477-9", "", "is the dash"},
		{"44-", "", "is the dash"},
		{"0044-0046", "", "is the dash"},
		{"20-7", "44", "is the dash"},
		{"20 21", "44", "several prefixes"},
		{"371 372", "", "several prefixes"},
		{"4420 4421", "", "several prefixes"},
		{"1000-2000", "", "more than 1000 prefixes"},
		{"1000-1500,2000-2500", "", "more than 1000 prefixes"},
		{"99999999999999999999-99999999999999999999", "", "is the dash"},
		{"99999999999999999998-99999999999999999999", "", "more than 15 digits"},
		{"20", "GB", "country code"},
		{"1234567890123", "371", "more than 15 digits"},
	} {
		got, err := parsePrefixes(tc.cell, tc.country, nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q behind %q: got %v, %v; want an error with %s", tc.cell, tc.country, got, err, tc.want)
		}
	}
}

// Every usual heading means what it says, in whatever way it is written.
func TestHeadings(t *testing.T) {
	for heading, want := range map[string]string{
		"PREFIX": "prefix", "Dial-Code": "prefix", " Vorwahl ": "prefix", "Préfixe": "prefix", "Código de destino": "prefix", "Area Code": "prefix",
		"Country code": "country code", "Ländervorwahl": "country code", "Indicatif pays": "country code", "Código de país": "country code",
		"Destination": "description", "Beschreibung": "description", "Libellé": "description", "Descripción": "description",
		"Rate": "price a minute", "Price / min.": "price a minute", "USD per minute": "price a minute", "$/min": "price a minute",
		"Rate (EUR, excl. VAT)": "price a minute", "Preis pro Minute in EUR": "price a minute", "Minutenpreis": "price a minute",
		"Prix par minute HT": "price a minute", "Prix à la minute": "price a minute", "Precio por minuto (€)": "price a minute",
		"Connect fee": "connect fee", "Set-up charge [$]": "connect fee", "Price per call": "connect fee", "Verbindungsgebühr": "connect fee",
		"Coste de establecimiento": "connect fee", "Minimum (sec)": "minimum", "Mindestdauer": "minimum", "Durée minimale (s)": "minimum",
		"Duración mínima": "minimum", "Billing increment": "increment", "Min/Increment": "increment", "Taktung": "increment",
		"Intervalo de facturación": "increment", "Free seconds": "free seconds", "Freisekunden": "free seconds", "Segundos gratis": "free seconds",
		"Effective Date": "valid from", "Gültig ab": "valid from", "Date d'effet": "valid from", "Válido desde": "valid from", "En vigueur": "valid from",
	} {
		if got, ok := heard(heading); !ok || got.field.String() != want {
			t.Errorf("%q: got %s, %t; want %s", heading, got.field, ok, want)
		}
	}
	for _, heading := range []string{"", "Status", "End date", "Old rate", "Min", "44", "Grace period", "Peak", strings.Repeat("rate ", 100)} {
		if got, ok := heard(heading); ok {
			t.Errorf("%q means %s", heading, got.field)
		}
	}
	for heading, want := range map[string]unit{"Rate/sec": perSecond, "Price per second": perSecond, "Rate in cents": inCents, "¢/min": inCents, "Rate/min": perMinute} {
		if got, ok := heard(heading); !ok || got.field != perMinuteField || got.unit != want {
			t.Errorf("%q: got %+v, %t", heading, got, ok)
		}
	}
}

func TestMoments(t *testing.T) {
	for _, tc := range []struct{ cell, order, want string }{
		{"2026-03-01", "", "2026-03-01T00:00:00+01:00"},
		{"2026/3/1", "dmy", "2026-03-01T00:00:00+01:00"},
		{"01.03.2026", "", "2026-03-01T00:00:00+01:00"},
		{"31/03/2026", "", "2026-03-31T00:00:00+02:00"},
		{"03/31/2026 3:04 PM", "", "2026-03-31T15:04:00+02:00"},
		{"03-04-2026", "mdy", "2026-03-04T00:00:00+01:00"},
		{"03-04-2026", "dmy", "2026-04-03T00:00:00+02:00"},
		{"26-03-04", "ymd", "2026-03-04T00:00:00+01:00"},
		{"1-Mar-2026", "", "2026-03-01T00:00:00+01:00"},
		{"March 1, 2026 00:00:00", "", "2026-03-01T00:00:00+01:00"},
		{"2026-03-01T10:00:00.5-05:00", "", "2026-03-01T10:00:00-05:00"},
		{"2026-03-01 10:00:00 UTC", "", "2026-03-01T10:00:00Z"},
	} {
		m := moments{order: tc.order, zone: berlin(t)}
		if at, err := m.parse(tc.cell); err != nil || at.Format(time.RFC3339) != tc.want {
			t.Errorf("%s as %q: got %s, %v; want %s", tc.cell, tc.order, at.Format(time.RFC3339), err, tc.want)
		}
	}
	for _, tc := range []struct{ cell, order, want string }{
		{"03/04/2026", "", "which is the day"},
		{"03/04/26", "", "which is the day"},
		{"14/03/2026", "mdy", "no such day"},
		{"2026-02-29", "", "no such day"},
		{"0001-01-01", "", "want a year"},
		{"45717", "", "want a date"},
		{"2026-03", "", "want a date"},
		{"2026-03-01 24:00", "", "want a time"},
		{"1 Foo 2026", "", "want a date"},
		{fmt.Sprintf("%0100d", 1), "", "want a date"},
	} {
		m := moments{order: tc.order, zone: berlin(t)}
		if at, err := m.parse(tc.cell); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s as %q: got %s, %v; want an error with %s", tc.cell, tc.order, at, err, tc.want)
		}
	}
}
