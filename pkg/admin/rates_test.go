package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// list is a carrier's price list.
const list = "Prefix,Destination,Rate,Effective date\n" +
	"44,United Kingdom,0.02,\n" +
	"4420,United Kingdom London,0.01,\n" +
	"4420,United Kingdom London,0.03,2099-01-01\n" +
	"447,United Kingdom Mobile,0.05,\n" +
	"371,Latvia,9.50,\n"

// badList has a row that cannot be read.
const badList = list + "372,Estonia,free of charge,\n"

func (s *stage) imports(t *testing.T, in admin.RatesImport, text string) admin.RatesReport {
	t.Helper()
	in.File = "list.csv"
	r, err := s.ImportRates(t.Context(), in, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (s *stage) standing(t *testing.T) []admin.DeckStanding {
	t.Helper()
	decks, err := s.Decks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return decks
}

func TestImportRates(t *testing.T) {
	s := newStage(t)
	dry := s.imports(t, admin.RatesImport{Trunk: "carrier", DryRun: true}, list)
	if dry.Imported || dry.Deck.ID != 0 || dry.Deck.Rows != 5 || dry.Difference.Added != 4 || dry.Before != nil || len(s.standing(t)) != 0 {
		t.Errorf("a look: %+v", dry)
	}
	bad := s.imports(t, admin.RatesImport{Trunk: "carrier"}, badList)
	if bad.Imported || bad.BadRows != 1 || len(bad.Bad) != 1 || bad.Bad[0].Line != 7 || len(s.standing(t)) != 0 {
		t.Errorf("with a bad row: %+v", bad)
	}
	first := s.imports(t, admin.RatesImport{Trunk: "carrier", SkipBad: true}, badList)
	if !first.Imported || first.Deck.ID == 0 || first.Deck.Rows != 5 || first.BadRows != 1 || len(first.Deck.SHA256) != 64 || first.Columns["per_minute"] != "Rate" {
		t.Errorf("without it: %+v", first)
	}
	if first.DearRows != 1 || len(first.Dear) != 1 || first.Dear[0].Row.Prefix != "371" {
		t.Errorf("far above: %+v", first.Dear)
	}
	second := s.imports(t, admin.RatesImport{Trunk: "carrier"}, strings.ReplaceAll(list, "447,United Kingdom Mobile,0.05,\n", "44,United Kingdom,0.02,\n358,Finland,0.1,\n"))
	if !second.Imported || second.Before == nil || *second.Before != first.Deck || second.Difference != (rating.Difference{Added: 1, Removed: 1}) {
		t.Errorf("the next: %+v", second)
	}
	s.imports(t, admin.RatesImport{Trunk: toll.EveryTrunk}, list)
	decks := s.standing(t)
	if len(decks) != 2 || decks[0].Deck.Name() != toll.EveryTrunk || fmt.Sprint(decks[0].Trunks) != "[backup]" ||
		decks[1].Deck != second.Deck || fmt.Sprint(decks[1].Trunks) != "[carrier]" || decks[1].Author != "kim" || decks[1].Imported.IsZero() {
		t.Errorf("decks %+v", decks)
	}
	if settings, err := s.Settings(t.Context()); err != nil || len(settings) != 0 {
		t.Errorf("decks among rules and limits: %+v, %v", settings, err)
	}
	if status, err := s.Status(t.Context()); err != nil || len(status.Decks) != 2 {
		t.Errorf("status %+v, %v", status.Decks, err)
	}
	changes, err := s.Changes(t.Context(), admin.ChangesQuery{Kind: "deck"})
	if err != nil || len(changes) != 3 || *changes[1].Setting.Deck != second.Deck || changes[1].Setting.Author != "kim" {
		t.Errorf("changes %+v, %v", changes, err)
	}
}

// What is odd about a list is pointed out before it counts.
func TestImportPointsOut(t *testing.T) {
	s := newStage(t)
	var text strings.Builder
	text.WriteString("Prefix,Rate,Effective date\n")
	for code := 30; code < 60; code++ {
		fmt.Fprintf(&text, "%d,0.0017,\n", code)
	}
	plain := s.imports(t, admin.RatesImport{DryRun: true}, list)
	if plain.FarBelow != 0 || plain.FreeRows != 0 || plain.NotYet != 0 {
		t.Errorf("of a sound list: %+v", plain)
	}
	r := s.imports(t, admin.RatesImport{DryRun: true}, text.String()+"232,0,\n233,0.1,2099-01-01\n")
	if r.FarBelow != 1700 || r.FreeRows != 1 || r.FirstFree != "232" || r.NotYet != 1 || r.NotYetFrom.Year() < 2098 {
		t.Errorf("got %+v", r)
	}
}

func TestImportIsRefused(t *testing.T) {
	s := newStage(t)
	in := admin.RatesImport{Trunk: "carrier"}
	before := s.imports(t, in, list)
	broken := errors.New("the disk is gone")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		in   admin.RatesImport
		list io.Reader
		kind admin.Kind
		want string
	}{
		"unknown trunk":  {t.Context(), admin.RatesImport{Trunk: "carier"}, iotest.ErrReader(broken), admin.BadInput, `no trunk "carier"`},
		"no list":        {t.Context(), in, strings.NewReader(""), admin.BadInput, ""},
		"no row":         {t.Context(), in, strings.NewReader("Prefix,Destination,Rate\n"), admin.BadInput, ""},
		"no good row":    {t.Context(), in, strings.NewReader("Prefix,Destination,Rate\n44,x,gratis\n"), admin.BadInput, "line 2"},
		"no price list":  {t.Context(), in, strings.NewReader("PK\x03\x04 a spreadsheet"), admin.BadInput, ""},
		"no such column": {t.Context(), admin.RatesImport{Format: rating.Format{Columns: rating.Columns{Prefix: "Vorwahl"}}}, strings.NewReader(list), admin.BadInput, "Vorwahl"},
		"absurd column":  {t.Context(), admin.RatesImport{Format: rating.Format{Columns: rating.Columns{Prefix: strings.Repeat("x", 5000)}}}, strings.NewReader(list), admin.BadInput, "longer"},
		"breaks off":     {t.Context(), in, io.MultiReader(strings.NewReader(list), iotest.ErrReader(broken)), admin.BadInput, "the disk is gone"},
		"given up":       {gone, in, strings.NewReader(list), admin.Internal, "canceled"},
	} {
		r, err := s.ImportRates(c.ctx, c.in, c.list)
		if err == nil || admin.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.want) || r.Imported {
			t.Errorf("%s: %+v, %s %v", name, r, admin.KindOf(err), err)
		}
	}
	if _, err := s.ImportRates(t.Context(), admin.RatesImport{Trunk: "carier"}, nil); hintOf(err) != "the trunks are backup, carrier; add one under asterisk.trunks in the configuration" {
		t.Errorf("the hint is %q", hintOf(err))
	}
	if _, err := s.As("").ImportRates(t.Context(), in, strings.NewReader(list)); err == nil {
		t.Error("nobody may import")
	}
	if decks := s.standing(t); len(decks) != 1 || decks[0].Deck != before.Deck {
		t.Errorf("what stands is %+v", decks)
	}
}

// A list without an end is not read for ever.
func TestEndlessList(t *testing.T) {
	in := admin.RatesImport{File: "list.csv"}
	fits, err := newStage(t).LimitLists(int64(len(list))).ImportRates(t.Context(), in, strings.NewReader(list))
	if err != nil || !fits.Imported {
		t.Errorf("one that just fits: %+v, %v", fits, err)
	}
	_, err = newStage(t).LimitLists(int64(len(list))-1).ImportRates(t.Context(), in, strings.NewReader(list))
	if admin.KindOf(err) != admin.BadInput || !strings.Contains(err.Error(), "more than") {
		t.Errorf("one that does not: %v", err)
	}
}

func hintOf(err error) string {
	var e *admin.Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// Two imports at once take turns, each in the place of the one before.
func TestImportsTakeTurns(t *testing.T) {
	s := newStage(t)
	reports := make([]admin.RatesReport, 8)
	var wait sync.WaitGroup
	for i := range reports {
		wait.Go(func() {
			r, err := s.As(fmt.Sprint("kim", i)).ImportRates(t.Context(), admin.RatesImport{Trunk: "carrier"}, strings.NewReader(list))
			if err != nil {
				t.Error(err)
			}
			reports[i] = r
		})
	}
	wait.Wait()
	replaced := make(map[int64]int)
	for _, r := range reports {
		if r.Before != nil {
			replaced[r.Before.ID]++
		}
	}
	stands := s.standing(t)[0].Deck
	for _, r := range reports {
		want := 1
		if r.Deck == stands {
			want = 0
		}
		if replaced[r.Deck.ID] != want {
			t.Errorf("deck %d was replaced %d times", r.Deck.ID, replaced[r.Deck.ID])
		}
	}
}

func TestRecordedNames(t *testing.T) {
	s := newStage(t)
	for name, want := range map[string]string{
		"a b.csv": "a b.csv", "\x1b[2J\n": "?[2J?", "\xff": "?",
		strings.Repeat("ä", 500) + "/x.csv": strings.Repeat("ä", 97) + "/x.csv",
	} {
		r, err := s.ImportRates(t.Context(), admin.RatesImport{File: name, DryRun: true}, strings.NewReader(list))
		if err != nil || r.Deck.File != want {
			t.Errorf("%q is recorded as %q, %v", name, r.Deck.File, err)
		}
	}
}

func TestRemoveDeck(t *testing.T) {
	s := newStage(t)
	in := s.imports(t, admin.RatesImport{Trunk: "carrier"}, list)
	if _, err := s.RemoveDeck(t.Context(), "backup"); admin.KindOf(err) != admin.NotFound || hintOf(err) != "there are the rate decks of carrier" {
		t.Errorf("%v; %s", err, hintOf(err))
	}
	if d, err := s.RemoveDeck(t.Context(), "carrier"); err != nil || d.Deck != in.Deck {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := s.RemoveDeck(t.Context(), "carrier"); admin.KindOf(err) != admin.NotFound {
		t.Errorf("again: %v", err)
	}
	if decks := s.standing(t); len(decks) != 0 {
		t.Errorf("%+v", decks)
	}
	if _, err := s.Change(t.Context(), toll.Setting{Deck: &in.Deck}); admin.KindOf(err) != admin.BadInput {
		t.Errorf("a deck by hand: %v", err)
	}
}

func TestDeckRows(t *testing.T) {
	s := newStage(t)
	s.imports(t, admin.RatesImport{}, list)
	for _, c := range []struct {
		q    admin.RatesQuery
		want string
		more bool
	}{
		{admin.RatesQuery{}, "371 44 4420 4420 447", false},
		{admin.RatesQuery{Deck: "*", Limit: 2}, "371 44", true},
		{admin.RatesQuery{Limit: 2, After: "44"}, "4420 4420", true}, // those of one prefix stay together
		{admin.RatesQuery{Limit: 1, After: "44"}, "4420 4420", true},
		{admin.RatesQuery{Limit: 2, After: "4420"}, "447", false},
		{admin.RatesQuery{Prefix: "+442"}, "4420 4420", false},
		{admin.RatesQuery{Text: "MOBILE"}, "447", false},
		{admin.RatesQuery{Prefix: "1"}, "", false},
	} {
		page, err := s.DeckRows(t.Context(), c.q)
		prefixes := make([]string, len(page.Rows))
		for i, row := range page.Rows {
			prefixes[i] = row.Prefix
		}
		if got := strings.Join(prefixes, " "); err != nil || got != c.want || page.More != c.more || page.Rows == nil {
			t.Errorf("%+v: %s, more %t, %v", c.q, got, page.More, err)
		}
	}
	for _, q := range []admin.RatesQuery{{Limit: -1}, {Limit: 10_001}, {Prefix: "44x"}, {Prefix: strings.Repeat("4", 16)}, {After: "+44"}, {Text: strings.Repeat("x", 1000)}} {
		if _, err := s.DeckRows(t.Context(), q); admin.KindOf(err) != admin.BadInput {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := s.DeckRows(t.Context(), admin.RatesQuery{Deck: "carrier"}); admin.KindOf(err) != admin.NotFound {
		t.Errorf("no such deck: %v", err)
	}
}

func TestPrices(t *testing.T) {
	s := newStage(t)
	s.imports(t, admin.RatesImport{Trunk: "carrier"}, list)
	a, err := s.Prices(t.Context(), admin.PriceQuery{To: "011442079460958", Talk: 90 * time.Second})
	if err != nil || len(a.Trunks) != 3 || a.At.IsZero() || a.To.E164 != "+442079460958" || len(a.Steps) == 0 {
		t.Fatalf("%+v, %v", a, err)
	}
	backup, carrier, unknown := a.Trunks[0], a.Trunks[1], a.Trunks[2]
	if backup.Trunk != "backup" || !backup.Quote.Price.Assumed || backup.Quote.Why == "" {
		t.Errorf("backup: %+v", backup)
	}
	if carrier.Trunk != "carrier" || carrier.Quote.Prefix != "4420" || carrier.Quote.Deck != "carrier" || carrier.Cost != 15_000 {
		t.Errorf("carrier: %+v", carrier)
	}
	if unknown.Trunk != "" || unknown.Quote.Price != backup.Quote.Price || unknown.Cost != backup.Cost {
		t.Errorf("whichever: %+v", unknown)
	}
	later, err := s.Prices(t.Context(), admin.PriceQuery{To: "+442079460958", Trunk: "carrier", At: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil || len(later.Trunks) != 1 || later.Trunks[0].Cost != 30_000 || later.Talk != time.Minute {
		t.Errorf("in another century: %+v, %v", later, err)
	}
	free, err := s.Prices(t.Context(), admin.PriceQuery{To: "911"})
	if err != nil || free.Trunks[2].Cost != 0 || free.Trunks[2].Quote.Price.Assumed {
		t.Errorf("emergency: %+v, %v", free, err)
	}
	for _, q := range []admin.PriceQuery{{}, {To: strings.Repeat("1", 301)}, {To: "911", Talk: -1}, {To: "911", Talk: 25 * time.Hour}, {To: "911", Trunk: "nobody"}} {
		if _, err := s.Prices(t.Context(), q); admin.KindOf(err) != admin.BadInput {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

func TestExplainSaysWhoPrices(t *testing.T) {
	s := newStage(t)
	s.imports(t, admin.RatesImport{}, list)
	e, err := s.Explain(t.Context(), admin.Query{From: "1001", To: "011442079460958"})
	if err != nil || e.Rate.Deck != toll.EveryTrunk || e.Rate.Prefix != "4420" || e.Price != e.Rate.Price || e.Price.PerMinute != 10_000 {
		t.Errorf("%+v, %v", e.Rate, err)
	}
	s.rates.broken = map[string]string{toll.EveryTrunk: "spoiled"}
	s.rates.rates = s.rates.rates.With("", &rating.Deck{})
	if e, err = s.Explain(t.Context(), admin.Query{From: "1001", To: "011442079460958", Trunk: "carrier"}); err != nil || !e.Price.Assumed || e.Rate.Why != "the rate deck of * cannot be read" {
		t.Errorf("%+v, %v", e.Rate, err)
	}
}
