package app

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// past keeps who has called which country before.
type past struct {
	store  *sqlite.Store
	ledger *ledger.Ledger
}

// pastStep is how many facts are written at a time. Permissions of calls wait for the
// store meanwhile, so it must be done long before a call gives up.
const pastStep = 500

// Called yields what is kept.
func (p past) Called(ctx context.Context, f func(toll.Called) error) error {
	return p.store.Called(ctx, f)
}

// Remember keeps more, and lets it count once it is durable.
func (p past) Remember(ctx context.Context, all []toll.Called) error {
	for part := range slices.Chunk(all, pastStep) {
		if err := p.store.AddCalled(ctx, part); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return admin.Errorf(admin.LedgerDown, "look at the disk that the ledger is on", "%w", err)
		}
		if err := p.ledger.Remember(ctx, part); err != nil {
			return kinded(err)
		}
	}
	return nil
}

// ReadPast reads from recorded calls who has called which country, as the daemon
// would have seen it. Neither daemon nor ledger is touched.
func ReadPast(ctx context.Context, c config.Config, r Records, which backtest.Chosen) (*backtest.Past, error) {
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
	who := callers(pbx, made.resolver)
	site := backtest.Site{
		PBX: pbx.Name, Callers: who, Numbering: made.resolver,
		Rates: func(now func() time.Time) authorize.Rates { return newPrices(made.rates.current.Load(), now) },
	}
	if r.Zone == nil {
		r.Zone = zone
	}
	reader := cdr.NewReader(r.File, r.Columns, r.Zone)
	return backtest.ReadPast(ctx, backtest.Records{Reader: reader, Calls: cdr.NewCalls(reader, who.Trunk), Zone: zone}, &site, which)
}
