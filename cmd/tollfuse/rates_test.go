package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// ratesActor is what an actor says of prices, and what it was asked.
type ratesActor struct {
	report  admin.RatesReport
	decks   []admin.DeckStanding
	page    admin.RatesPage
	answer  admin.PriceAnswer
	explain admin.Explanation

	in     admin.RatesImport
	list   string
	rows   []admin.RatesQuery
	prices admin.PriceQuery
}

func (a *actor) ImportRates(_ context.Context, in admin.RatesImport, list io.Reader) (admin.RatesReport, error) {
	text, err := io.ReadAll(list)
	a.rates.in, a.rates.list = in, string(text)
	return a.rates.report, err
}
func (a *actor) Decks(context.Context) ([]admin.DeckStanding, error) { return a.rates.decks, nil }
func (a *actor) DeckRows(_ context.Context, q admin.RatesQuery) (admin.RatesPage, error) {
	a.rates.rows = append(a.rates.rows, q)
	return a.rates.page, nil
}
func (a *actor) RemoveDeck(context.Context, string) (admin.DeckStanding, error) {
	return a.rates.decks[0], nil
}
func (a *actor) Prices(_ context.Context, q admin.PriceQuery) (admin.PriceAnswer, error) {
	a.rates.prices = q
	return a.rates.answer, nil
}
func (a *actor) Explain(context.Context, admin.Query) (admin.Explanation, error) {
	return a.rates.explain, nil
}

// hostileRates are prices whose every text is hostile.
func hostileRates(deck toll.Deck, to toll.Destination) ratesActor {
	price := toll.Price{PerMinute: 1}
	row := rating.Row{Prefix: hostile, Description: hostile, Price: price}
	quote := rating.Quote{Price: price, Deck: hostile, Prefix: hostile, Description: hostile}
	guess := rating.Quote{Price: toll.Price{PerMinute: 1, Assumed: true}, Why: hostile}
	standing := admin.DeckStanding{Deck: deck, Author: hostile, Imported: noonThen, Trunks: []string{hostile}, Error: hostile}
	return ratesActor{
		report: admin.RatesReport{
			Imported: true, Deck: deck, Columns: map[string]string{"prefix": hostile, hostile: hostile}, Before: &deck,
			Bad: []rating.Problem{{Line: 1, Text: hostile}}, BadRows: 1, Dear: []rating.Dear{{Row: row, Class: hostile}}, DearRows: 1,
		},
		decks:  []admin.DeckStanding{standing},
		page:   admin.RatesPage{Rows: []rating.Row{row}, More: true},
		answer: admin.PriceAnswer{To: to, Talk: time.Minute, Trunks: []admin.TrunkPrice{{Trunk: hostile, Quote: quote}, {Quote: guess}}},
		explain: admin.Explanation{
			PBX: hostile, Caller: toll.Caller{ID: hostile, Group: hostile}, To: to, Price: price, Rate: quote, Trunk: hostile,
			Steps:   []numbering.Step{{Text: hostile, Number: hostile}},
			Verdict: toll.Verdict{Judgement: toll.Judgement{Allow: true, Reason: hostile, By: hostile, Denied: hostile, Figures: []toll.Figure{{By: hostile, Text: hostile}}}},
			Hints:   []admin.Hint{{Text: hostile, Command: hostile}},
		},
	}
}

// TestImportSaysAll reads what an import says of a list that was taken, with
// some rows left out and a slip in it.
func TestImportSaysAll(t *testing.T) {
	list := filepath.Join(t.TempDir(), "carrier.csv")
	if err := os.WriteFile(list, []byte("a list"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := toll.Deck{Trunk: "carrier", File: "old.csv", Rows: 90}
	a := &actor{rates: ratesActor{report: admin.RatesReport{
		Imported: true, Deck: toll.Deck{ID: 2, Trunk: "carrier", File: "carrier.csv", Rows: 100}, Before: &before,
		Columns:  map[string]string{"per_minute": "Rate", "prefix": "Code", "valid_from": "4"},
		Bad:      []rating.Problem{{Line: 3, Text: `price "abc" is no amount`}},
		BadRows:  2,
		Dear:     []rating.Dear{{Row: rating.Row{Prefix: "44", Description: "UK", Price: toll.Price{PerMinute: 30 * toll.Unit}}, Class: "intl_fixed", Assumed: 300_000}},
		DearRows: 7,
		FarBelow: 2_000, FreeRows: 1, FirstFree: "232", NotYet: 4, NotYetFrom: time.Date(2027, time.May, 1, 4, 0, 0, 0, time.UTC),
		Difference: rating.Difference{Added: 11, Removed: 1, Dearer: 5, Cheaper: 6},
	}}}
	got := a.says(t, "rates", "import", list, "--trunk", "carrier", "--skip-bad", "--delimiter", ";", "--decimal", ",", "--date", "dmy", "--times", "0.01",
		"--no-heading", "--prefix-column", "1", "--price-column", "2", "--valid-from-column", "none")
	want := list + `: 100 rows
columns  prefix      Code
         per minute  Rate
         valid from  4

2 rows cannot be read and left out:
  line 3  price "abc" is no amount
  and 1 more

against the deck before (90 rows of old.csv), prefixes: 11 new, 1 gone, 5 dearer, 6 cheaper

look twice at 7 rows: far above what is assumed for such numbers. Either the list has a slip (cents taken for whole units?), or prices in the configuration are too low
  PREFIX  DESCRIPTION  CLASS       USD A MINUTE  ASSUMED
  44      UK           intl_fixed  30.00         0.30

look twice at the prices: in half of the countries a minute costs 0.002 USD or less. If they are prices a second, say --times 60

look twice at 1 row that costs nothing, from prefix 232 on: that is taken of ordinary numbers at home alone, and elsewhere the assumed price counts

look twice at the prefixes that have no price yet (4; the first has one from 2027-05-01 on): until then a shorter prefix counts, or the assumed price. To go by the list before until then, import this one on that day

100 rows of carrier.csv now price calls by carrier, in USD; live calls keep the price they were granted at
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	wanted := admin.RatesImport{Trunk: "carrier", File: list, SkipBad: true, Format: rating.Format{
		Columns: rating.Columns{Prefix: "1", PerMinute: "2", ValidFrom: "none"}, Delimiter: ";", Decimal: ",", Date: "dmy", NoHeading: true, Times: "0.01",
	}}
	if a.rates.in != wanted || a.rates.list != "a list" {
		t.Errorf("asked %+v with %q, want %+v", a.rates.in, a.rates.list, wanted)
	}
}

// TestImportRefused says that nothing has changed, and exits with 1.
func TestImportRefused(t *testing.T) {
	for _, tc := range []struct {
		flags []string
		code  int
	}{{nil, exitFailed}, {[]string{"--dry-run"}, exitFailed}, {[]string{"--dry-run", "--skip-bad"}, exitDone}} {
		a := &actor{rates: ratesActor{report: admin.RatesReport{
			Deck: toll.Deck{File: "x", Rows: 3}, Bad: []rating.Problem{{Line: 3, Text: "no price"}}, BadRows: 1,
		}}}
		var out, errOut bytes.Buffer
		args := append([]string{"rates", "import", "-", "--trunk", "*", "--config", siteOfActor(t)}, tc.flags...)
		if code := a.plays().run(t.Context(), args, strings.NewReader("list"), &out, &errOut); code != tc.code {
			t.Errorf("%q: exit code %d, %s", tc.flags, code, errOut.String())
		}
		refused := strings.Contains(errOut.String(), "tollfuse: 1 row cannot be read, so nothing has changed\nhint: correct the list")
		if refused != (tc.code == exitFailed) || strings.Contains(out.String(), "now price") || !strings.Contains(out.String(), "line 3  no price") {
			t.Errorf("%q: %s\n%s", tc.flags, out.String(), errOut.String())
		}
		if a.rates.in.Trunk != "" || a.rates.in.File != "standard input" || a.rates.list != "list" {
			t.Errorf("asked %+v with %q", a.rates.in, a.rates.list)
		}
	}
}

// TestRowsOfDecks lists rows of each deck, and says how to page on.
func TestRowsOfDecks(t *testing.T) {
	day := time.Date(2027, 1, 1, 5, 0, 0, 0, time.UTC) // begins in New York
	a := &actor{rates: ratesActor{
		decks: []admin.DeckStanding{{Deck: toll.Deck{}}, {Deck: toll.Deck{Trunk: "a b"}}},
		page: admin.RatesPage{More: true, Rows: []rating.Row{
			{Prefix: "44", Description: "UK", Price: toll.Price{PerMinute: 12_300}},
			{Prefix: "4470", Price: toll.Price{PerMinute: toll.Unit, Connect: 50_000, Minimum: time.Minute, Increment: 6 * time.Second, Free: 3 * time.Second}, ValidFrom: day},
		}},
	}}
	got := a.says(t, "rates", "list", "--prefix", "+44 7", "--limit", "2")
	for _, want := range []string{
		"DECK  PREFIX  DESCRIPTION  USD A MINUTE  CONNECT  BILLED  FREE  VALID FROM\n",
		"*     44      UK           0.0123                 1/1\n",
		"*     4470                 1.00          0.05     60/6    3 s   2027-01-01\n",
		"a b   44 ", "\n\nfurther ones: tollfuse rates list --trunk '*' --prefix '+44 7' --limit 2 --after 4470 --config ",
		"\nfurther ones: tollfuse rates list --trunk 'a b' ",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q in\n%s", want, got)
		}
	}
	if len(a.rates.rows) != 2 || a.rates.rows[0] != (admin.RatesQuery{Deck: "*", Prefix: "447", Limit: 2}) || a.rates.rows[1].Deck != "a b" {
		t.Errorf("asked %+v", a.rates.rows)
	}
}

// TestPricesSayWho names the deck and the row, or that a price is assumed.
func TestPricesSayWho(t *testing.T) {
	a := &actor{rates: ratesActor{answer: admin.PriceAnswer{
		To:   toll.Destination{Dialled: "011447012345678", E164: "+447012345678", Country: "GB", Class: toll.IntlPremium, Range: "+44701234"},
		Talk: 90 * time.Second,
		Trunks: []admin.TrunkPrice{
			{Trunk: "backup", Quote: rating.Quote{Price: toll.Price{PerMinute: 10 * toll.Unit, Assumed: true}, Why: "trunk backup has no rate deck"}, Cost: 15 * toll.Unit},
			{Trunk: "carrier", Quote: rating.Quote{Price: toll.Price{PerMinute: 1_234_567, Minimum: time.Minute, Increment: time.Minute},
				Deck: "*", Prefix: "4470", Description: "UK personal", ValidFrom: noonThen}, Cost: 2_469_134},
		},
	}}}
	got := a.says(t, "rates", "price", "011 44 7012 345678", "--talk", "90s", "--at", "2026-12-24")
	want := `011 44 7012 345678: +447012345678, GB, intl_premium, +44701234

TRUNK    USD A MINUTE  CONNECT  BILLED  FREE  COST OF 1:30  ACCORDING TO
backup   10.00                  1/1           15.00         assumed: trunk backup has no rate deck
carrier  1.234567               60/60         2.469134      deck of *, prefix 4470 UK personal, valid from 2026-11-22 12:00:00 EST
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	at := time.Date(2026, 12, 24, 5, 0, 0, 0, time.UTC)
	if q := a.rates.prices; q.To != "011447012345678" || q.Talk != 90*time.Second || !q.At.Equal(at) || q.Trunk != "" {
		t.Errorf("asked %+v", q)
	}
}

// TestImportShowsProgress says on a terminal how far it is, and leaves nothing of
// that behind; elsewhere it says nothing.
func TestImportShowsProgress(t *testing.T) {
	list := filepath.Join(t.TempDir(), "carrier.csv")
	if err := os.WriteFile(list, bytes.Repeat([]byte("x"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	tty := openTerminal(t, 24, 80)
	for _, terminal := range []io.Writer{tty.end, io.Discard} {
		file, err := os.Open(list)
		if err != nil {
			t.Fatal(err)
		}
		p := watched(file, "carrier.csv", terminal)
		for range 2 {
			if _, err := io.ReadFull(p, make([]byte, 500)); err != nil {
				t.Fatal(err)
			}
		}
		if rest, err := io.ReadAll(p); err != nil || len(rest) > 0 {
			t.Fatalf("%d bytes more, %v", len(rest), err)
		}
		p.done()
		if n, err := p.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("read %d, %v", n, err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := "\rreading carrier.csv: 50 %\x1b[K\rreading carrier.csv: 100 %\x1b[K\rkeeping carrier.csv\x1b[K\r\x1b[K"
	if got := tty.shown(t); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
