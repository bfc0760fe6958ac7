package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Records are the call records of one Asterisk.
type Records struct {
	PBX     string         // by its name in the configuration
	File    io.Reader      // as CSV
	Columns cdr.Columns    // where its fields are; none: it is to be recognized
	Zone    *time.Location // of its times; nil: the site's
	Decks   []Deck         // that price its calls
}

// Deck is the rate deck of a trunk, or the common one without a name.
type Deck struct {
	Trunk string
	deck  *rating.Deck
}

// deckPage is how many rows of a deck are fetched at a time.
const deckPage = 10_000

// ReadDecks are the rate decks that count on a site. One that cannot be read has no
// rows, as in the daemon, so that its calls are priced by assumption.
func ReadDecks(ctx context.Context, service admin.Service) ([]Deck, error) {
	standing, err := service.Decks(ctx)
	if err != nil {
		return nil, fmt.Errorf("see which rate decks count: %w", err)
	}
	decks := make([]Deck, 0, len(standing))
	for _, s := range standing {
		var b rating.Builder
		q := admin.RatesQuery{Deck: s.Deck.Name(), Limit: deckPage}
		for more := s.Error == ""; more; {
			page, err := service.DeckRows(ctx, q)
			if err != nil {
				return nil, fmt.Errorf("read the rate deck %s: %w", s.Deck.Name(), err)
			}
			for _, row := range page.Rows {
				if err := b.Add(row); err != nil {
					return nil, fmt.Errorf("read the rate deck %s: %w", s.Deck.Name(), err)
				}
				q.After = row.Prefix
			}
			more = page.More
		}
		deck, err := b.Deck()
		if err != nil {
			return nil, fmt.Errorf("read the rate deck %s: %w", s.Deck.Name(), err)
		}
		decks = append(decks, Deck{s.Deck.Trunk, deck})
	}
	return decks, nil
}

// Backtest plays recorded calls on a site with such a configuration and policy, and
// says which of them would have been refused, cut or asked a PIN for. Neither daemon
// nor ledger is touched.
func Backtest(ctx context.Context, c config.Config, settings []toll.Setting, r Records) (*backtest.Result, error) {
	c.Observe = false // what would be done if it did not only observe is the question
	made, err := newSite(c)
	if err != nil {
		return nil, err
	}
	zone, err := c.Site.Location()
	if err != nil {
		return nil, fmt.Errorf("time zone of the site: %w", err)
	}
	pbx, err := pbxOf(c, r.PBX)
	if err != nil {
		return nil, err
	}
	rates := made.rates.current.Load()
	for _, d := range r.Decks {
		rates = rates.With(d.Trunk, d.deck)
	}
	who := callers(pbx, made.resolver)
	site := backtest.Site{
		PBX: pbx.Name, Callers: who, Numbering: made.resolver, Judge: made.judge, Settings: settings, Book: made.book(),
		Rates: func(now func() time.Time) authorize.Rates { return newPrices(rates, now) },
	}
	if r.Zone == nil {
		r.Zone = zone
	}
	reader := cdr.NewReader(r.File, r.Columns, r.Zone)
	result, err := backtest.Play(ctx, backtest.Records{
		Reader: reader, Calls: cdr.NewCalls(reader, who.Trunk), Zone: zone, Countries: c.Site.Countries,
	}, &site)
	if errors.Is(err, cdr.ErrUnusable) {
		return nil, admin.Errorf(admin.BadInput, expectedRecords, "%w", err)
	}
	if err != nil {
		return nil, err
	}
	result.Currency = c.Site.Currency
	return result, nil
}

// expectedRecords is what to do about a file that is none of call records.
const expectedRecords = "give Master.csv, a CSV with a heading in the names of CDR() or of FreePBX's table cdr, " +
	"or name the columns: --columns start=1,billsec=5,channel=6,dstchannel=7,dst=3"

// pbxOf is the Asterisk of that name, or the only one.
func pbxOf(c config.Config, name string) (config.Asterisk, error) {
	if name == "" && len(c.Asterisk) == 1 {
		return c.Asterisk[0], nil
	}
	names := ""
	for i, a := range c.Asterisk {
		if a.Name == name {
			return a, nil
		}
		if i > 0 {
			names += ", "
		}
		names += a.Name
	}
	if name == "" {
		return config.Asterisk{}, admin.Errorf(admin.BadInput, "name the one whose records these are with --pbx", "the site has several Asterisks: %s", names)
	}
	return config.Asterisk{}, admin.Errorf(admin.BadInput, "name one of "+names, "there is no Asterisk %.80q", name)
}
