package admin

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// longestTalk bounds the call that is priced.
const longestTalk = 24 * time.Hour

// Prices says what a call costs by each trunk, and, unless one is named, what is
// reserved for it while nobody knows by which it will leave.
func (l *Local) Prices(ctx context.Context, q PriceQuery) (PriceAnswer, error) {
	switch {
	case q.To == "" || len(q.To) > longestDialled:
		return PriceAnswer{}, Errorf(BadInput, "write it as it is dialled, or with + and the country code", "want 1 to %d characters as the number", longestDialled)
	case q.Talk < 0 || q.Talk > longestTalk:
		return PriceAnswer{}, Errorf(BadInput, "", "a call lasts up to %s, not %s", toll.SayLength(longestTalk), q.Talk)
	}
	if err := l.checkTrunk(q.Trunk); err != nil {
		return PriceAnswer{}, err
	}
	rates, err := l.parts.Rates.Rates(ctx)
	if err != nil {
		return PriceAnswer{}, fmt.Errorf("read the rate decks: %w", err)
	}
	a := PriceAnswer{At: q.At, To: l.parts.Numbering.Resolve(q.To), Steps: l.parts.Numbering.Explain(q.To), Talk: cmp.Or(q.Talk, time.Minute)}
	if a.At.IsZero() {
		v, err := l.parts.Ledger.View(ctx)
		if err != nil {
			return PriceAnswer{}, fmt.Errorf("look into the ledger: %w", err)
		}
		a.At = v.At
	}
	trunks := []string{q.Trunk}
	if q.Trunk == "" {
		trunks = append(l.trunks(), "")
	}
	for _, trunk := range trunks {
		quote := l.quote(rates, a.To, trunk, a.At)
		a.Trunks = append(a.Trunks, TrunkPrice{Trunk: trunk, Quote: quote, Cost: quote.Price.Cost(a.Talk)})
	}
	return a, nil
}

// quote is a price and who says so. Of a deck that cannot be read the prices know
// only that it has no row.
func (l *Local) quote(rates *rating.Rates, to toll.Destination, trunk string, at time.Time) rating.Quote {
	q := rates.Quote(to, trunk, at)
	if !q.Price.Assumed {
		return q
	}
	broken := l.parts.Rates.Broken()
	for _, deck := range []string{trunk, ""} {
		if rates.Deck(deck) == nil {
			continue
		}
		if name := (toll.Deck{Trunk: deck}).Name(); broken[name] != "" {
			q.Why = fmt.Sprintf("the rate deck of %s cannot be read", name)
		}
		break
	}
	return q
}
