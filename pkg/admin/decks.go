package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// LargestList bounds a price list, in bytes.
const LargestList = 512 << 20

var errUnbuilt = errors.New("rate decks cannot be changed yet")

// ImportRates reads a price list and makes it the deck of a trunk.
func (l *Local) ImportRates(_ context.Context, in RatesImport, _ io.Reader) (RatesReport, error) {
	if l.author == "" {
		return RatesReport{}, errNobody
	}
	if err := l.checkTrunk(in.Trunk); err != nil {
		return RatesReport{}, err
	}
	return RatesReport{}, errUnbuilt
}

// Decks are the rate decks that count, by name.
func (l *Local) Decks(ctx context.Context) ([]DeckStanding, error) {
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("look into the ledger: %w", err)
	}
	return l.decks(v), nil
}

// decks are those of a view.
func (l *Local) decks(v View) []DeckStanding {
	decks := []DeckStanding{}
	own := make(map[string]bool)
	for _, s := range v.Settings {
		if s.Deck != nil {
			own[s.Deck.Trunk] = true
			decks = append(decks, DeckStanding{Deck: *s.Deck, Author: s.Author, Imported: s.At, Trunks: []string{}})
		}
	}
	for i := range decks {
		for _, trunk := range l.trunks() {
			if t := decks[i].Deck.Trunk; t == trunk || t == "" && !own[trunk] {
				decks[i].Trunks = append(decks[i].Trunks, trunk)
			}
		}
	}
	slices.SortFunc(decks, func(a, b DeckStanding) int { return strings.Compare(a.Deck.Name(), b.Deck.Name()) })
	return decks
}

// trunks are those that the configuration names, in order.
func (l *Local) trunks() (names []string) {
	for _, p := range l.parts.PBXs {
		names = append(names, p.Trunks...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkTrunk refuses a trunk that the configuration does not name. None at all
// is right.
func (l *Local) checkTrunk(name string) error {
	if name == "" || slices.Contains(l.trunks(), name) {
		return nil
	}
	hint := "the configuration names no trunk; add it under asterisk.trunks"
	if trunks := l.trunks(); len(trunks) > 0 {
		hint = "the trunks are " + strings.Join(trunks, ", ") + "; add one under asterisk.trunks in the configuration"
	}
	return Errorf(BadInput, hint, "there is no trunk %s", quote(name))
}

// DeckRows is a part of a deck.
func (l *Local) DeckRows(ctx context.Context, q RatesQuery) (RatesPage, error) {
	if _, err := l.deckNamed(ctx, q.Deck); err != nil {
		return RatesPage{}, err
	}
	return RatesPage{}, errUnbuilt
}

// RemoveDeck takes a deck away.
func (l *Local) RemoveDeck(ctx context.Context, name string) (DeckStanding, error) {
	if l.author == "" {
		return DeckStanding{}, errNobody
	}
	d, err := l.deckNamed(ctx, name)
	if err != nil {
		return DeckStanding{}, err
	}
	return d, errUnbuilt
}

// deckNamed is the deck of that name that counts.
func (l *Local) deckNamed(ctx context.Context, name string) (DeckStanding, error) {
	decks, err := l.Decks(ctx)
	if err != nil {
		return DeckStanding{}, err
	}
	names := make([]string, len(decks))
	for i, d := range decks {
		if names[i] = d.Deck.Name(); names[i] == cmp.Or(name, toll.EveryTrunk) {
			return d, nil
		}
	}
	hint := "tollfuse rates import brings one in"
	if len(names) > 0 {
		hint = "there are the rate decks of " + strings.Join(names, ", ")
	}
	return DeckStanding{}, Errorf(NotFound, hint, "there is no rate deck of the trunk %s", quote(name))
}

// Prices says what a call costs by each trunk.
func (l *Local) Prices(_ context.Context, q PriceQuery) (PriceAnswer, error) {
	if err := l.checkTrunk(q.Trunk); err != nil {
		return PriceAnswer{}, err
	}
	return PriceAnswer{}, errUnbuilt
}
