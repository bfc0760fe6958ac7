package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

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
	decks, broken := []DeckStanding{}, l.parts.Rates.Broken()
	own := make(map[string]bool)
	for _, s := range v.Settings {
		if s.Deck != nil {
			own[s.Deck.Trunk] = true
			decks = append(decks, DeckStanding{Deck: *s.Deck, Author: s.Author, Imported: s.At, Trunks: []string{}, Error: broken[s.Deck.Name()]})
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

// largestRatesPage bounds a page of a rate deck.
const largestRatesPage = 10_000

// DeckRows is a part of a deck.
func (l *Local) DeckRows(ctx context.Context, q RatesQuery) (RatesPage, error) {
	digits := func(s string) bool { return len(s) <= longestPrefix && strings.Trim(s, "0123456789") == "" }
	prefix := strings.TrimPrefix(q.Prefix, "+")
	switch {
	case q.Limit < 0 || q.Limit > largestRatesPage:
		return RatesPage{}, Errorf(BadInput, "", "want 0 to %d rows, not %d", largestRatesPage, q.Limit)
	case !digits(prefix) || !digits(q.After):
		return RatesPage{}, Errorf(BadInput, "write it with the country code, such as 44 or +4420", "%s is no prefix of 1 to %d digits", quote(q.Prefix+q.After), longestPrefix)
	case len(q.Text) > longestReason:
		return RatesPage{}, Errorf(BadInput, "", "the text to look for has more than %d bytes", longestReason)
	}
	d, deck, err := l.deck(ctx, q.Deck)
	if err != nil {
		return RatesPage{}, err
	}
	if d.Error != "" {
		return RatesPage{}, Errorf(Internal, "import the price list again: tollfuse rates import", "the rate deck %s cannot be read: %s", d.Deck.Name(), d.Error)
	}
	return pageOf(deck, prefix, q), nil
}

// longestPrefix is that of an E.164 number.
const longestPrefix = 15

// pageOf goes through a deck until the page is full; the rows of one prefix stay
// together.
func pageOf(deck *rating.Deck, prefix string, q RatesQuery) RatesPage {
	page := RatesPage{Rows: []rating.Row{}}
	limit, text := cmp.Or(q.Limit, defaultPage), strings.ToLower(q.Text)
	for row := range deck.RowsUnder(prefix, q.After) {
		if text != "" && !strings.Contains(strings.ToLower(row.Description), text) {
			continue
		}
		if n := len(page.Rows); n >= limit && page.Rows[n-1].Prefix != row.Prefix {
			page.More = true
			break
		}
		page.Rows = append(page.Rows, row)
	}
	return page
}

// RemoveDeck takes a deck away.
func (l *Local) RemoveDeck(ctx context.Context, name string) (DeckStanding, error) {
	if l.author == "" {
		return DeckStanding{}, errNobody
	}
	leave, err := l.enter(ctx)
	if err != nil {
		return DeckStanding{}, err
	}
	defer leave()
	d, _, err := l.deck(ctx, name)
	if err != nil {
		return DeckStanding{}, err
	}
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return DeckStanding{}, fmt.Errorf("look into the ledger: %w", err)
	}
	s := toll.Setting{Deck: &d.Deck, Removed: true, Author: l.author, At: v.At, Revision: v.Revision + 1}
	if _, err := l.parts.Rates.Replace(ctx, s, nil); err != nil {
		return DeckStanding{}, fmt.Errorf("remove the rate deck %s: %w", d.Deck.Name(), err)
	}
	return d, nil
}

// enter waits for the turn to change a rate deck: one at a time, so that each
// knows what it takes the place of.
func (l *Local) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.turn <- struct{}{}:
		return func() { <-l.turn }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another change of a rate deck: %w", ctx.Err())
	}
}

// deck is the deck of that name that counts, with its rows.
func (l *Local) deck(ctx context.Context, name string) (DeckStanding, *rating.Deck, error) {
	rates, err := l.parts.Rates.Rates(ctx)
	if err != nil {
		return DeckStanding{}, nil, fmt.Errorf("read the rate decks: %w", err)
	}
	d, err := l.deckNamed(ctx, name)
	if err != nil {
		return DeckStanding{}, nil, err
	}
	deck := rates.Deck(d.Deck.Trunk)
	if deck == nil {
		return DeckStanding{}, nil, Errorf(NotFound, "try again", "the rate deck %s is being replaced", d.Deck.Name())
	}
	return d, deck, nil
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
