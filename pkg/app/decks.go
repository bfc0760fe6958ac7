package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"sync"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// decks keeps the rate decks in the ledger, and the prices in step with those
// that count there.
type decks struct {
	prices *prices
	store  *sqlite.Store
	ledger *ledger.Ledger
	path   string // of the ledger
	log    *slog.Logger
	left   chan struct{} // a deck has ceased to count, or was not written to its end

	mu     sync.Mutex
	loaded bool
	broken map[string]string // decks that cannot be read, by name, and why
}

func (s site) decks(store *sqlite.Store, l *ledger.Ledger, log *slog.Logger) *decks {
	return &decks{
		prices: s.rates, store: store, ledger: l, path: s.config.Ledger.Path, log: log,
		left: make(chan struct{}, 1), broken: make(map[string]string),
	}
}

// load reads the decks that count, once. Calls by a trunk whose deck cannot be
// read are priced by assumption: that must keep nobody from being protected.
func (d *decks) load(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.loaded {
		return nil
	}
	v, err := d.ledger.View(ctx)
	if err != nil {
		return fmt.Errorf("see which rate decks count: %w", err)
	}
	rates := d.prices.current.Load()
	for _, s := range v.Settings {
		if s.Deck == nil {
			continue
		}
		deck, err := d.read(ctx, *s.Deck)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			d.log.Error("a rate deck cannot be read; its calls are priced by assumption", "deck", s.Deck.Name(), "error", err)
			d.broken[s.Deck.Name()] = err.Error()
		}
		rates = rates.With(s.Deck.Trunk, deck)
	}
	d.prices.current.Store(rates)
	d.loaded = true
	return nil
}

// read reads a deck, or gives one without rows: without any the common deck would
// price the trunk's calls, which may be cheaper.
func (d *decks) read(ctx context.Context, about toll.Deck) (*rating.Deck, error) {
	var b rating.Builder
	err := d.store.Rates(ctx, about, func(r sqlite.Rate) error { return b.Add(rating.Row(r)) })
	if err == nil {
		var deck *rating.Deck
		if deck, err = b.Deck(); err == nil {
			return deck, nil
		}
	}
	empty, _ := new(rating.Builder).Deck() // no rows cannot contradict each other
	return empty, err
}

// Rates are the prices as they stand. Where no daemon has done so before, the
// decks are read here.
func (d *decks) Rates(ctx context.Context) (*rating.Rates, error) {
	if err := d.load(ctx); err != nil {
		return nil, err
	}
	return d.prices.current.Load(), nil
}

// Broken are the decks that were found not to be readable.
func (d *decks) Broken() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.broken)
}

// Replace writes the rows of a deck, lets the setting that is about it make it
// count, and prices by it from then on. For a setting that takes a deck away
// there are none. Until the setting is written whoever asked may still go away,
// and then nothing has changed.
func (d *decks) Replace(ctx context.Context, s toll.Setting, deck *rating.Deck) (toll.Setting, error) {
	if err := d.load(ctx); err != nil {
		return s, err
	}
	defer d.wake()
	if !s.Removed {
		if err := d.makeRoom(ctx, deck.Len()); err != nil {
			return s, err
		}
		id, err := d.store.Stage(ctx, rowsOf(deck))
		if err != nil {
			return s, d.unwritten(ctx, err)
		}
		defer d.store.Unstage(id)
		about := *s.Deck
		about.ID, about.Rows = id, deck.Len()
		s.Deck = &about
	}
	if err := ctx.Err(); err != nil {
		return s, err
	}
	// What it came to must be known, so this is waited for to its end.
	if err := d.ledger.Change(context.WithoutCancel(ctx), s); err != nil {
		return s, kinded(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.Removed {
		deck = nil
	}
	delete(d.broken, s.Deck.Name())
	d.prices.current.Store(d.prices.current.Load().With(s.Deck.Trunk, deck))
	return s, nil
}

// rowsOf are the rows of a deck as the ledger takes them.
func rowsOf(deck *rating.Deck) iter.Seq[sqlite.Rate] {
	return func(yield func(sqlite.Rate) bool) {
		for row := range deck.Rows() {
			if !yield(sqlite.Rate(row)) {
				return
			}
		}
	}
}

// What a row takes on the disk, in the ledger and on its way there, and what must
// be left for calls.
const (
	bytesPerRow = 200
	leaveFree   = 32 * megabyte
)

// makeRoom sweeps away what has ceased to count, and refuses a deck that would
// fill the disk all the same: calls could not be written either.
func (d *decks) makeRoom(ctx context.Context, rows int) error {
	if _, err := d.store.Sweep(ctx); err != nil {
		return d.unwritten(ctx, err)
	}
	spare, err := d.store.Spare(ctx)
	if err != nil {
		return err
	}
	free, need := freeBytes(d.path), max(int64(rows)*bytesPerRow-spare, 0)+leaveFree
	if free < 0 || free >= need {
		return nil
	}
	return admin.Errorf(admin.LedgerDown, "make room on the disk that the ledger is on; nothing was changed",
		"the rate deck needs %d MB on the disk of the ledger, which has %d MB left", need/megabyte, free/megabyte)
}

// unwritten is why a deck could not be written.
func (d *decks) unwritten(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return admin.Errorf(admin.LedgerDown, "look at the disk that the ledger is on; nothing was changed", "%w", err)
}

// wake lets what does not count any more be swept away.
func (d *decks) wake() {
	select {
	case d.left <- struct{}{}:
	default:
	}
}

// sweep takes away what earlier imports have left, now and whenever one has left
// something.
func (d *decks) sweep(ctx context.Context) error {
	for {
		if _, err := d.store.Sweep(ctx); err != nil && !errors.Is(err, context.Canceled) {
			d.log.Error("old rate decks cannot be swept out of the ledger", "error", err)
		}
		select {
		case <-d.left:
		case <-ctx.Done():
			return nil
		}
	}
}
