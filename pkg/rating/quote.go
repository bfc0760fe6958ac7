package rating

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Quote is a price, and who says so.
type Quote struct {
	Price       toll.Price `json:"price"`
	Deck        string     `json:"deck,omitempty"`   // toll.Deck.Name of the deck that says so; empty where the price is assumed
	Prefix      string     `json:"prefix,omitempty"` // the row of the deck
	Description string     `json:"description,omitempty"`
	ValidFrom   time.Time  `json:"valid_from,omitzero"`
	Why         string     `json:"why,omitempty"` // why a price is assumed though there is a deck
}
