package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// listAt is a price list that prices Great Britain so.
func listAt(price string) string { return "Prefix,Destination,Rate\n44,United Kingdom," + price + "\n" }

func mustImport(t *testing.T, s admin.Service, trunk, price string) admin.RatesReport {
	t.Helper()
	r, err := s.ImportRates(t.Context(), admin.RatesImport{Trunk: trunk, File: "list.csv"}, strings.NewReader(listAt(price)))
	if err != nil || !r.Imported {
		t.Fatalf("import at %s: %+v, %v", price, r, err)
	}
	return r
}

// leased is the price of each live lease, by Uniqueid.
func leased(t *testing.T, s admin.Service) map[string]string {
	t.Helper()
	live, err := s.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	prices := make(map[string]string)
	for _, l := range live {
		prices[l.Key.Uniqueid] = l.Price.PerMinute.String()
	}
	return prices
}

// The daemon prices each call by the deck that counts when it asks; whatever
// comes in meanwhile, and whether or not it was restarted.
func TestImportIntoTheDaemon(t *testing.T) {
	c := testConfig(t)
	r := startDaemon(t, c)
	r.dial(t, "1.1", london)
	first := mustImport(t, r.client, "carrier", "0.02")
	r.dial(t, "1.2", london)
	second := mustImport(t, r.client, "carrier", "0.45")
	r.dial(t, "1.3", london)
	if second.Before == nil || *second.Before != first.Deck || second.Difference.Dearer != 1 {
		t.Errorf("the second: %+v", second)
	}
	want := "map[1.1:0.30 1.2:0.02 1.3:0.45]"
	if got := fmt.Sprint(leased(t, r.client)); got != want {
		t.Errorf("leases are priced %s, want %s", got, want)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}

	r = startDaemon(t, c)
	defer func() { _ = r.stop() }()
	if got := fmt.Sprint(leased(t, r.client)); got != want {
		t.Errorf("after a restart: %s, want %s", got, want)
	}
	r.dial(t, "1.4", london)
	if got := leased(t, r.client)["1.4"]; got != "0.45" {
		t.Errorf("the next call is priced %s", got)
	}
	status, err := r.client.Status(t.Context())
	if err != nil || len(status.Decks) != 1 || status.Decks[0].Deck != second.Deck || status.Decks[0].Imported.IsZero() {
		t.Errorf("status %+v, %v", status.Decks, err)
	}
	if _, err := r.client.RemoveDeck(t.Context(), "carrier"); err != nil {
		t.Fatal(err)
	}
	r.dial(t, "1.5", london)
	if got := leased(t, r.client)["1.5"]; got != "0.30" {
		t.Errorf("without a deck: %s", got)
	}
}

// Imports at the same moment take turns, and what prices calls in the end is what
// the ledger says.
func TestImportsAtOnce(t *testing.T) {
	c := testConfig(t)
	r := startDaemon(t, c)
	var wait sync.WaitGroup
	for i := range 10 {
		wait.Go(func() {
			list := strings.NewReader(listAt(fmt.Sprintf("0.%02d", i+10)))
			if _, err := r.client.ImportRates(t.Context(), admin.RatesImport{Trunk: []string{"carrier", ""}[i%2]}, list); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	r.dial(t, "1.1", london)
	before := leased(t, r.client)["1.1"]
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r = startDaemon(t, c)
	defer func() { _ = r.stop() }()
	r.dial(t, "1.2", london)
	if after := leased(t, r.client)["1.2"]; after != before || before == "0.30" {
		t.Errorf("a call was priced %s, and after a restart %s", before, after)
	}
	if decks, err := r.client.Decks(t.Context()); err != nil || len(decks) != 2 {
		t.Errorf("decks %+v, %v", decks, err)
	}
}

// A client that goes away while it sends changes nothing.
func TestImportBreaksOff(t *testing.T) {
	c := testConfig(t)
	r := startDaemon(t, c)
	defer func() { _ = r.stop() }()
	mustImport(t, r.client, "carrier", "0.02")
	gone := errors.New("gone")
	ctx, cancel := context.WithCancel(t.Context())
	released := make(chan struct{})
	defer close(released)
	for _, broken := range []struct {
		by   io.Reader
		want error
	}{{iotest.ErrReader(gone), gone}, {stopper{cancel, released}, context.Canceled}} {
		list := io.MultiReader(strings.NewReader(listAt("0.45")), broken.by)
		if _, err := r.client.ImportRates(ctx, admin.RatesImport{Trunk: "carrier"}, list); !errors.Is(err, broken.want) {
			t.Errorf("want %v, got %v", broken.want, err)
		}
	}
	r.dial(t, "1.1", london)
	if got := leased(t, r.client)["1.1"]; got != "0.02" {
		t.Errorf("a call is priced %s", got)
	}
	changes, err := r.client.Changes(t.Context(), admin.ChangesQuery{Kind: "deck"})
	if err != nil || len(changes) != 1 {
		t.Errorf("%d changes, %v", len(changes), err)
	}
}

// stopper stops whoever reads it, and then is silent.
type stopper struct {
	stop     func()
	released <-chan struct{}
}

func (s stopper) Read([]byte) (int, error) {
	s.stop()
	<-s.released
	return 0, io.EOF
}

// A command works on the ledger alone where no daemon runs, and the daemon that
// is started after it finds what was done.
func TestImportWithoutTheDaemon(t *testing.T) {
	c := testConfig(t)
	work := func(do func(admin.Service)) {
		t.Helper()
		s, closer, err := OpenAdmin(t.Context(), c, "test")
		if err != nil {
			t.Fatal(err)
		}
		do(s)
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	work(func(s admin.Service) { mustImport(t, s, "carrier", "0.02") })
	work(func(s admin.Service) {
		if r := mustImport(t, s, "carrier", "0.03"); r.Before == nil || r.Difference.Dearer != 1 {
			t.Errorf("the second: %+v", r)
		}
	})
	work(func(s admin.Service) {
		a, err := s.Prices(t.Context(), admin.PriceQuery{To: london, Trunk: "carrier"})
		if err != nil || a.Trunks[0].Quote.Price.PerMinute != 30_000 || a.Trunks[0].Quote.Deck != "carrier" {
			t.Errorf("%+v, %v", a, err)
		}
		page, err := s.DeckRows(t.Context(), admin.RatesQuery{Deck: "carrier"})
		if err != nil || len(page.Rows) != 1 {
			t.Errorf("%+v, %v", page, err)
		}
	})
	r := startDaemon(t, c)
	r.dial(t, "1.1", london)
	if got := leased(t, r.client)["1.1"]; got != "0.03" {
		t.Errorf("a call is priced %s", got)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
}

// A command that needs no price reads no deck.
func TestDecksAreReadWhenTheyAreNeeded(t *testing.T) {
	c := testConfig(t)
	d, stop := keep(t, c)
	bad := d.mustReplace(t, about("carrier"), deckOf(t, 30, 20_000))
	stop()
	damage(t, c, bad.Deck.ID)
	s, closer, err := OpenAdmin(t.Context(), c, "test")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closer.Close() }()
	if _, err := s.Settings(t.Context()); err != nil {
		t.Fatal(err)
	}
	if decks, err := s.Decks(t.Context()); err != nil || len(decks) != 1 || decks[0].Error != "" {
		t.Errorf("it was read: %+v, %v", decks, err)
	}
	if _, err := s.Explain(t.Context(), admin.Query{From: "1001", To: london}); err != nil {
		t.Fatal(err)
	}
	if decks, err := s.Decks(t.Context()); err != nil || decks[0].Error == "" {
		t.Errorf("it was not read: %+v, %v", decks, err)
	}
}

// A backup is restored with the decks that counted when it was made, whatever was
// imported since; the numbers of those mean nothing there.
func TestRestoreHasItsOwnDecks(t *testing.T) {
	c := testConfig(t)
	d, stop := keep(t, c)
	old := d.mustReplace(t, about("carrier"), deckOf(t, 30, 20_000))
	backup := c.Ledger.Path + ".backup"
	if err := Backup(t.Context(), c, backup); err != nil {
		t.Fatal(err)
	}
	newer := d.mustReplace(t, about("carrier"), deckOf(t, 40, 30_000))
	d.mustReplace(t, about(""), deckOf(t, 50, 40_000))
	stop()
	done, err := Restore(t.Context(), c, backup)
	if err != nil || done.Decks != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	d, stop = keep(t, c)
	defer stop()
	d.wantPrice(t, "carrier", "0.02")
	// A setting that names a deck of the other ledger is refused, and harms nobody.
	if err := d.ledger.Change(t.Context(), toll.Setting{Deck: newer.Deck, Author: "kim"}); err == nil {
		t.Error("a deck counts that is not there")
	}
	v, err := d.ledger.View(t.Context())
	if err != nil || len(v.Settings) != 1 || *v.Settings[0].Deck != *old.Deck {
		t.Errorf("what counts is %+v, %v", v.Settings, err)
	}
	d.mustReplace(t, about("carrier"), deckOf(t, 60, 50_000))
	d.wantPrice(t, "carrier", "0.05")
}
