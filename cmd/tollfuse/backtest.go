package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// backtestFlags say whose calls are played, and under which policy.
type backtestFlags struct {
	cdr, columns, pbx, policy, html string
	utc                             bool

	// Of a site that has no configuration yet.
	country, timezone string
	countries, trunks []string
	extensions, hours []string
	size              int
}

func (p program) backtestCommand(o *options) *cobra.Command {
	var f backtestFlags
	cmd := &cobra.Command{
		Use:   "backtest --cdr FILE",
		Short: "Say which of your own calls would have been refused",
		Long: withExits(`Play the calls of Asterisk's call records against a policy, and say which of them
it would have refused, cut or asked a PIN for, and what they cost; then propose
what to change. Neither the running daemon nor its ledger is changed.

The file is Master.csv, with any of its optional columns, the table cdr of FreePBX
as CSV, or another CSV whose columns are named with --columns. Its times are of
the site's time zone, or of UTC with --utc, where cdr.conf says usegmtime=yes.
Trunks, extensions and prices are those of the configuration; for a site that has
none yet there are flags. docs/backtest.md has more.

The policy is "current", which stands now, "default", which "tollfuse init" would
write, or a file that "tollfuse policy export" has written. All of it is enforced,
also where the site only observes.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse backtest --cdr /var/log/asterisk/cdr-csv/Master.csv --html backtest.html\n" +
			"  tollfuse backtest --cdr calls.csv --columns start=calldate,billsec=5,channel=6,dstchannel=7,dst=3 --policy policy.yaml\n" +
			"  tollfuse backtest --cdr Master.csv --country US --timezone America/New_York --size 12 --trunk carrier --extension 1XXX",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := p.backtest(cmd, o, &f)
			if err != nil {
				return err
			}
			if f.html != "" {
				if err := writePage(f.html, o, f.cdr, r); err != nil {
					return err
				}
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), r)
			}
			return printBacktest(cmd.OutOrStdout(), o, f.cdr, r)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.cdr, "cdr", "", "file of call records; - for standard input")
	flags.StringVar(&f.columns, "columns", "", "where the fields of CDR() are, by heading or number: start=1,billsec=5,channel=6,dstchannel=7,dst=3")
	flags.BoolVar(&f.utc, "utc", false, "its times are of UTC")
	flags.StringVar(&f.pbx, "pbx", "", "the Asterisk whose records these are, where the site has several")
	flags.StringVar(&f.html, "html", "", "also write a page with charts to this file, for a browser without any network")
	flags.StringVar(&f.policy, "policy", "", "current, default, or a file (default current; default where --country is given)")
	flags.StringVar(&f.country, "country", "", "for a site without a configuration: its country (ISO 3166-1)")
	flags.StringVar(&f.timezone, "timezone", "", "for --country: its time zone, such as America/New_York")
	flags.IntVar(&f.size, "size", 0, "for --country: how many extensions it has")
	flags.StringSliceVar(&f.trunks, "trunk", nil, "for --country: an endpoint that leads outside, such as carrier for PJSIP/carrier; repeatable")
	flags.StringSliceVar(&f.extensions, "extension", nil, "for --country: numbers inside, such as 1XXX; repeatable")
	flags.StringSliceVar(&f.countries, "allow", nil, "for --country: a country abroad where it does business; repeatable")
	flags.StringArrayVar(&f.hours, "hours", nil, "for the policy default: opening hours, such as '"+admin.UsualHours+"', or "+admin.Around+"; repeatable")
	return cmd
}

// backtest plays the records.
func (p program) backtest(cmd *cobra.Command, o *options, f *backtestFlags) (*backtest.Result, error) {
	if f.cdr == "" {
		return nil, badUsage(cmd, "name the call records with --cdr")
	}
	columns, err := f.columnsOf(cmd)
	if err != nil {
		return nil, err
	}
	c, err := f.site(cmd, o)
	if err != nil {
		return nil, err
	}
	records := app.Records{PBX: f.pbx, Columns: columns}
	if f.utc {
		records.Zone = time.UTC
	}
	settings, decks, err := p.backtestPolicy(cmd, o, f, c)
	if err != nil {
		return nil, err
	}
	records.Decks = decks
	file, done, err := openList(cmd.InOrStdin(), f.cdr)
	if err != nil {
		return nil, fmt.Errorf("read the call records: %w", err)
	}
	defer done()
	if f.cdr == "-" {
		f.cdr = "standard input"
	}
	seen := watched(file, f.cdr, o.errOut)
	seen.then = "playing the last calls of"
	records.File = seen
	usual := debug.SetGCPercent(300) // what is kept is small, what is thrown away is not
	r, err := app.Backtest(cmd.Context(), c, settings, records)
	debug.SetGCPercent(usual)
	seen.done()
	if err != nil {
		return nil, err
	}
	r.Policy = f.policy
	return r, nil
}

func (f *backtestFlags) columnsOf(cmd *cobra.Command) (cdr.Columns, error) {
	if f.columns == "" {
		return nil, nil
	}
	columns, err := cdr.ParseColumns(f.columns)
	if err != nil {
		return nil, badUsage(cmd, "--columns: %v", err)
	}
	return columns, nil
}

// site is the configuration of the site, or what the flags say of one that has none.
func (f *backtestFlags) site(cmd *cobra.Command, o *options) (config.Config, error) {
	if f.country == "" {
		for _, name := range []string{"timezone", "size", "trunk", "extension", "allow"} {
			if cmd.Flags().Changed(name) {
				return config.Config{}, badUsage(cmd, "--%s is for a site without a configuration, and belongs to --country", name)
			}
		}
		c, err := o.load()
		if errors.Is(err, errNoConfig) {
			err = &hinted{err, "write one with: tollfuse init, or say what the site is like with --country, --timezone, --size and --trunk"}
		}
		if f.policy == "" {
			f.policy = replay.StandingPolicy
		}
		return c, err
	}
	if f.timezone == "" || f.size < 1 || len(f.trunks) == 0 {
		return config.Config{}, badUsage(cmd, "--country needs --timezone, --size and --trunk too")
	}
	if f.policy == "" {
		f.policy = replay.DefaultPolicy
	}
	if f.policy == replay.StandingPolicy {
		return config.Config{}, badUsage(cmd, "a site without a configuration has no current policy: leave out --country, or name another --policy")
	}
	c := app.ScenarioConfig(replay.SiteFacts{
		Country: strings.ToUpper(f.country), Zone: f.timezone, Countries: f.countries, Size: f.size,
	})
	c.Numbering.Extensions = f.extensions
	c.Asterisk[0].Trunks = nil
	for _, name := range f.trunks {
		c.Asterisk[0].Trunks = append(c.Asterisk[0].Trunks, config.Trunk{Name: name})
	}
	return c, nil
}

// backtestPolicy is the policy to play under, and the rate decks of the site. Where
// the policy is not the one that stands, a ledger that cannot be asked is no matter:
// prices are assumed then.
func (p program) backtestPolicy(cmd *cobra.Command, o *options, f *backtestFlags, c config.Config) (settings []toll.Setting, decks []app.Deck, err error) {
	switch f.policy {
	case replay.StandingPolicy:
	case replay.DefaultPolicy:
		if settings, err = admin.DefaultsOpen(max(c.Site.Size, 1), c.Site.Country, f.hours); err != nil {
			return nil, nil, badUsage(cmd, "--hours: %v", err)
		}
	default:
		file, err := readPolicy(cmd, f.policy)
		if err != nil {
			return nil, nil, err
		}
		settings = file.Settings
	}
	if f.country != "" {
		return settings, nil, nil
	}
	err = p.with(cmd.Context(), o, func(s *session) error {
		if f.policy == replay.StandingPolicy {
			if settings, err = s.Settings(cmd.Context()); err != nil {
				return err
			}
		}
		decks, err = app.ReadDecks(cmd.Context(), s)
		return err
	})
	if err != nil && f.policy != replay.StandingPolicy && !errors.Is(err, context.Canceled) {
		o.warn(fmt.Errorf("prices are assumed, for rate decks cannot be read: %w", err))
		err = nil
	}
	return settings, decks, err
}
