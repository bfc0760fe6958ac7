package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// keep opens a ledger with its rate decks as the daemon does, until stop is
// called.
func keep(t testing.TB, c config.Config) (d *decks, stop func()) {
	t.Helper()
	s, err := newSite(c)
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(c.Ledger.Path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	l, err := ledger.Open(t.Context(), store, s.judge, ledger.Config{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	d = s.decks(store, l, log)
	ctx, cancel := context.WithCancel(context.Background())
	ran, swept := make(chan error, 1), make(chan error, 1)
	go func() { ran <- l.Run(ctx) }()
	if err := d.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	go func() { swept <- d.sweep(ctx) }()
	return d, func() {
		t.Helper()
		cancel()
		if err := errors.Join(<-swept, <-ran, store.Close()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// deckOf is a deck of so many prefixes of Great Britain at one price.
func deckOf(t testing.TB, rows int, perMinute toll.Money) *rating.Deck {
	t.Helper()
	var b rating.Builder
	for i := range rows {
		prefix := "44"
		if i > 0 {
			prefix = fmt.Sprintf("%d", 44_000_000+i)
		}
		row := rating.Row{Prefix: prefix, Description: fmt.Sprint("United Kingdom ", i%1000), Price: toll.Price{PerMinute: perMinute, Increment: time.Duration(i%60) * time.Second}}
		if err := b.Add(row); err != nil {
			t.Fatal(err)
		}
	}
	deck, err := b.Deck()
	if err != nil {
		t.Fatal(err)
	}
	return deck
}

func about(trunk string) toll.Setting {
	return toll.Setting{Deck: &toll.Deck{Trunk: trunk, File: "list.csv"}, Author: "kim"}
}

func (d *decks) mustReplace(t testing.TB, s toll.Setting, deck *rating.Deck) toll.Setting {
	t.Helper()
	s, err := d.Replace(t.Context(), s, deck)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var toLondon = toll.Destination{Dialled: "011442079460958", E164: "+442079460958", Country: "GB", Class: toll.IntlFixed, Range: "+44207946", Valid: true}

// wantPrice says what London must cost by the trunk; empty: what is assumed.
func (d *decks) wantPrice(t *testing.T, trunk, want string) {
	t.Helper()
	p := d.prices.Price(toLondon, trunk)
	if got := p.PerMinute.String(); p.Assumed != (want == "") || want != "" && got != want {
		t.Errorf("by %q: %s, assumed %t; want %q", trunk, got, p.Assumed, want)
	}
}

func TestDeckCountsAtOnceAndAfterARestart(t *testing.T) {
	c := testConfig(t)
	c.Asterisk[0].Trunks = append(c.Asterisk[0].Trunks, config.Trunk{Name: "backup"})
	d, stop := keep(t, c)
	d.wantPrice(t, "carrier", "")
	first := d.mustReplace(t, about("carrier"), deckOf(t, 700, 20_000))
	d.wantPrice(t, "carrier", "0.02")
	d.wantPrice(t, "backup", "")
	d.wantPrice(t, "", "") // it may leave by the other one
	d.mustReplace(t, about(""), deckOf(t, 3, 30_000))
	d.wantPrice(t, "backup", "0.03")
	second := d.mustReplace(t, about("carrier"), deckOf(t, 900, 40_000))
	d.wantPrice(t, "", "0.04")
	if second.Deck.ID <= first.Deck.ID || second.Deck.Rows != 900 {
		t.Errorf("%+v after %+v", second.Deck, first.Deck)
	}
	stop()

	d, stop = keep(t, c)
	d.wantPrice(t, "carrier", "0.04")
	d.wantPrice(t, "backup", "0.03")
	gone := second
	gone.Removed = true
	d.mustReplace(t, gone, nil)
	d.wantPrice(t, "carrier", "0.03")
	if _, err := d.Replace(t.Context(), gone, nil); admin.KindOf(err) != admin.NotFound {
		t.Errorf("removed twice: %v", err)
	}
	stop()

	d, stop = keep(t, c)
	defer stop()
	d.wantPrice(t, "carrier", "0.03")
	if _, err := d.store.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.store.Rates(t.Context(), *second.Deck, func(sqlite.Rate) error { return nil }); !errors.Is(err, sqlite.ErrNoDeck) {
		t.Errorf("what was removed is still there: %v", err)
	}
}

// Whoever asks may go away until the moment when the deck counts, and the old
// one does until then.
func TestImportIsGivenUp(t *testing.T) {
	d, stop := keep(t, testConfig(t))
	defer stop()
	d.mustReplace(t, about("carrier"), deckOf(t, 10, 20_000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Replace(ctx, about("carrier"), deckOf(t, 5000, 40_000)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	d.wantPrice(t, "carrier", "0.02")
	d.mustReplace(t, about("carrier"), deckOf(t, 5000, 40_000))
	d.wantPrice(t, "carrier", "0.04")
}

// A deck that is damaged stops nobody: its calls are priced by assumption, not
// by the common deck, which may be cheaper; and it can be replaced.
func TestDamagedDeck(t *testing.T) {
	c := testConfig(t)
	d, stop := keep(t, c)
	d.mustReplace(t, about(""), deckOf(t, 3, 1))
	bad := d.mustReplace(t, about("carrier"), deckOf(t, 30, 20_000))
	stop()
	damage(t, c, bad.Deck.ID)

	r := startDaemon(t, c)
	decks, err := r.client.Decks(t.Context())
	if err != nil || len(decks) != 2 || decks[0].Error != "" || decks[1].Deck.Name() != "carrier" || !strings.Contains(decks[1].Error, "29 of 30 rows") {
		t.Fatalf("%+v, %v", decks, err)
	}
	status, err := r.client.Status(t.Context())
	if err != nil || len(status.Decks) != 2 || status.Decks[1].Error == "" {
		t.Errorf("status %+v, %v", status.Decks, err)
	}
	e, err := r.client.Explain(t.Context(), admin.Query{From: "1001", To: "011442079460958", Trunk: "carrier"})
	if err != nil || !e.Price.Assumed || !strings.Contains(e.Rate.Why, "cannot be read") {
		t.Errorf("priced %+v, %v", e.Rate, err)
	}
	if _, err := r.client.DeckRows(t.Context(), admin.RatesQuery{Deck: "carrier"}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("its rows: %v", err)
	}
	if _, err := r.client.RemoveDeck(t.Context(), "carrier"); err != nil {
		t.Errorf("it cannot be removed: %v", err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	d, stop = keep(t, c)
	defer stop()
	d.wantPrice(t, "carrier", "0.000001")
}

// damage takes a row of a deck, as a person with an SQL tool may.
func damage(t *testing.T, c config.Config, deck int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", c.Ledger.Path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("DELETE FROM rate WHERE deck = ? AND prefix = '44'", deck)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestDiskIsFullAmidAnImport lets the kernel refuse every write beyond a size. It
// runs in a process of its own because the limit is the process's.
func TestDiskIsFullAmidAnImport(t *testing.T) {
	if os.Getenv("IMPORT_WRITES_FAIL") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDiskIsFullAmidAnImport$", "-test.v")
		cmd.Env = append(os.Environ(), "IMPORT_WRITES_FAIL=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	d, stop := keep(t, testConfig(t))
	defer stop()
	d.mustReplace(t, about("carrier"), deckOf(t, 1000, 20_000))
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 2 << 20, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := d.Replace(t.Context(), about("carrier"), deckOf(t, 100_000, 40_000))
	if limitErr := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); limitErr != nil {
		t.Fatal(limitErr)
	}
	if admin.KindOf(err) != admin.LedgerDown {
		t.Fatalf("imported: %v", err)
	}
	d.wantPrice(t, "carrier", "0.02")
	d.mustReplace(t, about("carrier"), deckOf(t, 100_000, 40_000))
	d.wantPrice(t, "carrier", "0.04")
}

func TestNoRoomForADeck(t *testing.T) {
	d, stop := keep(t, testConfig(t))
	defer stop()
	err := d.makeRoom(t.Context(), 1<<50)
	if admin.KindOf(err) != admin.LedgerDown || !strings.Contains(err.Error(), "MB left") {
		t.Errorf("got %v", err)
	}
	if err := d.makeRoom(t.Context(), 1); err != nil {
		t.Error(err)
	}
}
