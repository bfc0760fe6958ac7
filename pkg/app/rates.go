package app

import (
	"sync/atomic"
	"time"

	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// prices are the rates as they stand, at the moment that they are asked.
type prices struct {
	current atomic.Pointer[rating.Rates]
	now     func() time.Time
}

// newPrices holds rates until others take their place.
func newPrices(r *rating.Rates, now func() time.Time) *prices {
	p := &prices{now: now}
	p.current.Store(r)
	return p
}

// Price is what a call there costs by that trunk, now.
func (p *prices) Price(to toll.Destination, trunk string) toll.Price {
	return p.current.Load().Price(to, trunk, p.now())
}
