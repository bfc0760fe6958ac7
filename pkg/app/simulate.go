package app

import (
	"context"
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
	"github.com/tollfuse/tollfuse/pkg/watch"
)

// ScenarioConfig is the configuration of the firm that a scenario tells of: what
// "tollfuse init" would write for it.
func ScenarioConfig(f replay.SiteFacts) config.Config {
	c := config.Default()
	c.Site = config.Site{Country: f.Country, Countries: f.Countries, Timezone: f.Zone, Currency: f.Currency, Size: f.Size}
	c.Asterisk = []config.Asterisk{{Name: "pbx1", Trunks: []config.Trunk{{Name: "carrier"}}}}
	c.Mail.To = []string{"owner@example.com"}
	return c
}

// ScenarioPolicy is the policy that "tollfuse init" would write for it.
func ScenarioPolicy(f replay.SiteFacts) ([]toll.Setting, error) {
	var open *toll.Schedule
	if len(f.Hours) > 0 {
		var err error
		if open, err = policy.Opening(f.Country, f.Hours); err != nil {
			return nil, fmt.Errorf("site.hours: %w", err)
		}
	}
	return policy.DefaultOpen(f.Size, open, "", time.Time{}), nil
}

// Simulate plays a scenario on a site with such a configuration and policy: its first
// Asterisk, with the first trunk. Neither daemon nor ledger is touched.
func Simulate(ctx context.Context, c config.Config, settings []toll.Setting, s *replay.Scenario) (replay.Result, error) {
	return SimulateTold(ctx, c, settings, s, nil)
}

// SimulateTold is Simulate, and tells a journal each verdict, renewal, cut and end, as the daemon
// tells its decision log.
func SimulateTold(ctx context.Context, c config.Config, settings []toll.Setting, s *replay.Scenario, told ledger.Journal) (replay.Result, error) {
	made, err := newSite(c)
	if err != nil {
		return replay.Result{}, err
	}
	a := c.Asterisk[0]
	site := replay.Site{
		PBX: a.Name, Trunk: a.Trunks[0].Name, Callers: callers(a, made.resolver), Numbering: made.resolver,
		Judge: made.judge, Settings: settings, Book: made.book(), Health: troubles(c.Alerts),
		FailOpen: c.Failure.Home == config.Allow, MaxHome: c.Calls.MaxHome, Observe: c.Observe, Journal: told,
		Rates: func(now func() time.Time) watch.Rates { return newPrices(made.rates.current.Load(), now) },
	}
	site.CutBypass, site.LockBypass, site.FuseBypass = made.bypass()
	return replay.Run(ctx, s, &site)
}
