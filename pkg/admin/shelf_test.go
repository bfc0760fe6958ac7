package admin_test

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// shelf keeps rate decks in the ledger and prices in memory.
type shelf struct {
	book  book
	store *sqlite.Store

	mu     sync.Mutex
	rates  *rating.Rates
	broken map[string]string
	inside int // calls of Replace, which must not overlap
}

func (s *shelf) Rates(context.Context) (*rating.Rates, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rates, nil
}

func (s *shelf) Broken() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.broken)
}

func (s *shelf) Replace(ctx context.Context, setting toll.Setting, deck *rating.Deck) (toll.Setting, error) {
	s.mu.Lock()
	s.inside++
	if s.inside > 1 {
		panic("two decks are replaced at once")
	}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.inside--
		s.mu.Unlock()
	}()
	if deck != nil {
		id, err := s.store.Stage(ctx, func(yield func(sqlite.Rate) bool) {
			for row := range deck.Rows() {
				if !yield(sqlite.Rate(row)) {
					return
				}
			}
		})
		if err != nil {
			return setting, err
		}
		about := *setting.Deck
		about.ID = id
		setting.Deck = &about
	}
	if err := s.book.Change(ctx, setting); err != nil {
		return setting, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rates = s.rates.With(setting.Deck.Trunk, deck)
	return setting, nil
}

// Price is what a call there costs by that trunk, now.
func (s *shelf) Price(to toll.Destination, trunk string) toll.Price {
	rates, _ := s.Rates(context.Background())
	return rates.Price(to, trunk, time.Now())
}
