package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/incident"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
	"github.com/tollfuse/tollfuse/pkg/trust"
	"github.com/tollfuse/tollfuse/pkg/watch"
)

// judge is the policy as the ledger wants it.
type judge struct{ *policy.Policy }

// With is this policy with one more setting.
func (j judge) With(s toll.Setting) (ledger.Judge, error) {
	p, err := j.Policy.With(s)
	if err != nil {
		return nil, err
	}
	return judge{p}, nil
}

// newJudge makes the policy of a site without any rules or limits: those come
// from the ledger.
func newJudge(c config.Config) (judge, error) {
	zone, err := c.Site.Location()
	if err != nil {
		return judge{}, fmt.Errorf("time zone of the site: %w", err)
	}
	p, err := policy.New(policy.Options{
		Zone:      zone,
		Countries: c.Site.Countries, Share: c.Calls.Share,
		MinSlice: c.Calls.MinSlice, MaxSlice: c.Calls.MaxSlice,
		MaxCall: c.Calls.Max, MaxHomeCall: c.Calls.MaxHome,
		Observe: c.Observe,
	})
	return judge{p}, err
}

// Resolver makes the resolver of a site's number plan.
func Resolver(c config.Config) (*numbering.Resolver, error) {
	n := c.Numbering
	plan := numbering.Plan{
		Country: c.Site.Country, International: n.InternationalPrefixes, National: n.NationalPrefix, AreaCode: n.AreaCode,
		AccessCodes: n.AccessCodes, CarrierCodes: n.CarrierCodes, Extensions: n.Extensions, FeatureCodes: n.FeatureCodes,
		Emergency: n.Emergency, AlsoHome: n.AlsoHome, BareE164: n.BareE164, Countries: c.Site.Countries,
	}
	for _, s := range n.ShortNumbers {
		plan.Short = append(plan.Short, numbering.Short{Pattern: s.Pattern, Class: s.Class})
	}
	return numbering.New(plan)
}

// newRates makes the prices of a site.
func newRates(c config.Config) (*prices, error) {
	p := c.Prices
	var trunks []string
	for _, a := range c.Asterisk {
		for _, t := range a.Trunks {
			trunks = append(trunks, t.Name)
		}
	}
	r, err := rating.New(rating.Assumed{
		Home: p.Home, Special: p.SharedCost, Allowed: p.Allowed, Moderate: p.Moderate, Abroad: p.Other, Premium: p.Premium, TollFree: p.TollFree,
		AllowedCountries: c.Site.Countries,
	}, nil, trunks...)
	if err != nil {
		return nil, fmt.Errorf("prices: %w", err)
	}
	return newPrices(r, time.Now), nil
}

// callers says who is who on one Asterisk.
func callers(a config.Asterisk, resolver *numbering.Resolver) caller.Site {
	internal := func(number string) bool { return resolver.Resolve(number).Class == toll.Internal }
	s := caller.Site{Gateways: a.Gateways, Accounts: a.Accounts, Groups: make(map[string]string), Internal: internal}
	for _, t := range a.Trunks {
		s.Trunks = append(s.Trunks, t.Name)
	}
	for group, endpoints := range a.Groups {
		for _, e := range endpoints {
			s.Groups[e] = group
		}
	}
	return s
}

// site is everything that is made of the configuration and needs no ledger.
type site struct {
	config   config.Config
	resolver *numbering.Resolver
	rates    *prices
	judge    judge
	networks []netip.Prefix
}

// newSite makes it, or says what is wrong with the configuration, as bad input:
// what only the rooms that use it can check.
func newSite(c config.Config) (site, error) {
	s := site{config: c}
	var errs [4]error
	s.resolver, errs[0] = Resolver(c)
	s.rates, errs[1] = newRates(c)
	s.judge, errs[2] = newJudge(c)
	s.networks, errs[3] = networks(c.FastAGI.Allow)
	if err := errors.Join(errs[:]...); err != nil {
		return site{}, admin.Errorf(admin.BadInput, "correct the configuration and try again", "%w", err)
	}
	return s, nil
}

// book says what makes an incident, and when the main fuse blows.
func (s site) book() ledger.Options {
	a, f := s.config.Alerts, s.config.Fuse
	o := ledger.Options{Blur: toll.Blur, Incidents: incident.Options{
		Refusals: a.Refusals, Gather: a.Gather, Quiet: a.Quiet, Emergency: a.Emergency, Tell: len(s.config.Mail.To) > 0,
	}}
	if len(f.Command) > 0 && !s.config.Observe {
		o.Fuse = ledger.FuseOptions{Bypasses: f.Bypasses, Cuts: f.Cuts, Within: f.Within, Blind: f.Blind}
		for _, a := range s.config.Asterisk {
			o.Fuse.PBXs = append(o.Fuse.PBXs, a.Name)
		}
	}
	return o
}

// networks reads networks and single addresses.
func networks(allow []string) ([]netip.Prefix, error) {
	prefixes := make([]netip.Prefix, 0, len(allow))
	for _, text := range allow {
		if !strings.Contains(text, "/") {
			addr, err := netip.ParseAddr(text)
			if err != nil {
				return nil, fmt.Errorf("fastagi.allow: %w", err)
			}
			prefixes = append(prefixes, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("fastagi.allow: %w", err)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}

// sites is what authorize must know, by the name of each Asterisk.
func (s site) sites() map[string]authorize.Site {
	all := make(map[string]authorize.Site, len(s.config.Asterisk))
	for _, a := range s.config.Asterisk {
		all[a.Name] = authorize.Site{Numbering: s.resolver, Rates: s.rates, Callers: callers(a, s.resolver)}
	}
	return all
}

// relink is the longest wait before a lost link is tried again. Without it no
// lock is carried out and no call is renewed, so it is short against a slice.
const relink = 2 * time.Second

// bypass is what becomes of a call that goes round the dialplan.
func (s site) bypass() (cut, lock, fuse bool) {
	if s.config.Observe {
		return false, false, false
	}
	fuse = s.config.Bypass == config.BypassFuse
	return s.config.Bypass != config.BypassAlert, fuse || s.config.Bypass == config.BypassLock, fuse
}

// watcher makes the watcher of one Asterisk.
func (s site) watcher(a config.Asterisk, l *ledger.Ledger, seen watch.Origins, log *slog.Logger) (*watch.Watcher, error) {
	options := ami.Options{
		Address: a.AMI.Address, Username: a.AMI.User, Secret: a.AMI.Secret.Reveal(),
		EventMask: "system,call,security", Events: watch.Events(), MaxBackoff: relink, Logger: log,
	}
	if a.AMI.TLS {
		c, err := trust.Config(a.AMI.CA, a.AMI.ServerName)
		if err != nil {
			return nil, fmt.Errorf("asterisk %s: %w", a.Name, err)
		}
		options.TLS = c
	}
	client, err := ami.New(options)
	if err != nil {
		return nil, fmt.Errorf("asterisk %s: %w", a.Name, err)
	}
	o := watch.Options{
		PBX: a.Name, Callers: callers(a, s.resolver), Numbering: s.resolver, Rates: s.rates,
		Origins: seen, Log: log,
	}
	o.CutBypass, o.LockBypass, o.FuseBypass = s.bypass()
	if o.SecondWays, err = secondWays(a); err != nil {
		return nil, fmt.Errorf("asterisk %s: %w", a.Name, err)
	}
	for _, t := range a.Trunks {
		o.Trunks = append(o.Trunks, watch.Trunk{Name: t.Name, Addresses: t.Addresses, Prefix: t.Prefix})
	}
	return watch.New(client, l, o), nil
}
