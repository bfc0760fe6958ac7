package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) simulateCommand(o *options) *cobra.Command {
	var v variants
	cmd := &cobra.Command{
		Use:   "simulate SCENARIO.yaml...",
		Short: "Play an attack, or honest traffic, in virtual time",
		Long: withExits(`Play scenarios by the daemon's own code in virtual time, a weekend in seconds, and
say what an attack would have cost with and without Tollfuse, when the owner
would have heard of it, and which honest calls would have been stopped. Neither
the running daemon nor its ledger is changed.

A scenario that tells of a site is played on one that is set up as "tollfuse init"
does. One that does not is played on yours: its configuration, and the policy
that stands. docs/scenarios.md describes the file.

With --site it is played at the site of a file, in which stands what a scenario has
behind the key "site". Numbers in E.164, with a +, are dialled as that site does.
With --fault something breaks: daemon_killed, ami_lost, ledger_full, clock_back or
smtp_down, so long after each attack has begun (10s) and for so long (30m). "all"
plays without any, and with each of them at two moments.

With --compare the same calls meet other policies too: "default", or files that
"tollfuse policy export" has written.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse simulate weekend-blast.yaml\n  tollfuse simulate --compare default --compare policy.yaml weekend-blast.yaml\n  tollfuse simulate --site sites/gb.yaml --fault daemon_killed@5m/30m weekend-blast.yaml\n  tollfuse simulate --json *.yaml",
		Args:    atLeast("SCENARIO.yaml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			results := []replay.Result{}
			for _, path := range args {
				more, err := p.simulate(cmd, o, path, v)
				if err != nil {
					return err
				}
				results = append(results, more...)
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), results)
			}
			return printResults(cmd.OutOrStdout(), results)
		},
	}
	cmd.Flags().StringArrayVar(&v.policies, "compare", nil, "play this policy too: a file, or default; repeatable")
	cmd.Flags().StringArrayVar(&v.sites, "site", nil, "play it at the site of this file instead; repeatable")
	cmd.Flags().StringArrayVar(&v.faults, "fault", nil, "let this break, as KIND[@AT][/FOR]; all: nothing, then each kind; repeatable")
	cmd.Flags().Uint64Var(&v.seed, "seed", 0, "draw other calls than the file's seed does")
	return cmd
}

// simulate plays the scenario of one file in all its variants: at each site, with
// each fault, under each policy.
func (p program) simulate(cmd *cobra.Command, o *options, path string, v variants) ([]replay.Result, error) {
	text, err := readSmallFile(path, replay.Largest)
	if err != nil {
		return nil, fmt.Errorf("read the scenario: %w", err)
	}
	s, err := replay.Parse(path, text)
	if err != nil {
		return nil, err
	}
	stories, err := v.of(s)
	if err != nil {
		return nil, err
	}
	var results []replay.Result
	for _, story := range stories {
		more, err := p.play(cmd, o, path, story, v.policies)
		if err != nil {
			return nil, err
		}
		results = append(results, more...)
	}
	return results, nil
}

// play plays one variant under the scenario's own policy, and under others.
func (p program) play(cmd *cobra.Command, o *options, path string, v variant, others []string) ([]replay.Result, error) {
	s := v.story
	c := app.ScenarioConfig(s.Site)
	if s.Site.Country == "" {
		var err error
		if c, err = o.load(); err != nil {
			return nil, err
		}
		if s, err = onSite(s, c); err != nil {
			return nil, err
		}
	}
	var results []replay.Result
	for i, name := range append([]string{s.Policy}, others...) {
		file := name
		if i == 0 && !filepath.IsAbs(name) {
			file = filepath.Join(filepath.Dir(path), name) // as the scenario names it
		}
		settings, err := p.policyOf(cmd, o, s, name, file)
		if errors.Is(err, fs.ErrNotExist) && i == 0 && name != replay.StandingPolicy {
			err = s.NoPolicy(path, err)
		}
		if err != nil {
			return nil, err
		}
		r, err := app.Simulate(cmd.Context(), c, settings, s)
		if err != nil {
			return nil, fmt.Errorf("%s: its site: %w", path, err)
		}
		r.Policy, r.Fault = name, v.fault
		results = append(results, r)
	}
	return results, nil
}

// onSite moves a scenario that tells of no site to the owner's.
func onSite(s *replay.Scenario, c config.Config) (*replay.Scenario, error) {
	return s.At(replay.SiteFacts{Country: c.Site.Country, Countries: c.Site.Countries, Zone: c.Site.Timezone, Currency: c.Site.Currency, Size: c.Site.Size})
}

// policyOf is the policy of that name: a file, that of a new site, or the one that
// stands, where the scenario is played on the owner's site and names none.
func (p program) policyOf(cmd *cobra.Command, o *options, s *replay.Scenario, name, path string) (settings []toll.Setting, err error) {
	switch name {
	case replay.DefaultPolicy:
		return app.ScenarioPolicy(s.Site)
	case replay.StandingPolicy:
		err = p.with(cmd.Context(), o, func(session *session) error {
			settings, err = session.Settings(cmd.Context())
			return err
		})
		return settings, err
	}
	file, err := readPolicy(cmd, path)
	return file.Settings, err
}

// printResults prints a line for each story.
func printResults(w io.Writer, results []replay.Result) error {
	rows := [][]string{{"scenario", "site", "policy", "unprotected", "leaked", "at our price", "calls", "blocked", "alert", "mails", "honest", "refused", "cut", "PIN", "breach"}}
	for i := range results {
		r := &results[i]
		rows = append(rows, []string{
			title(r), r.Site, cmp.Or(r.Policy, "-"), r.UnprotectedCost.String(), r.LeakedCost.String(), r.LeakedCostRated.String(), strconv.Itoa(r.LeakedCalls),
			waited(r.SecondsToBlock), waited(r.SecondsToAlert), mailed(r), strconv.Itoa(r.LegitimateCalls),
			strconv.Itoa(r.FalseDenials), strconv.Itoa(r.FalseCuts), strconv.Itoa(r.PINsAsked), breached(r.BudgetBreach),
		})
	}
	return table(w, rows)
}

// title tells the variants of a scenario apart.
func title(r *replay.Result) string {
	if r.Fault == "" {
		return r.Name
	}
	return r.Name + ", " + r.Fault
}

// mailed is how many mails were about calls, and after a plus how many about troubles of
// Tollfuse's own.
func mailed(r *replay.Result) string {
	if r.Troubles == 0 {
		return strconv.Itoa(r.Alerts)
	}
	return fmt.Sprintf("%d+%d", r.Alerts, r.Troubles)
}

func breached(is bool) string {
	if is {
		return "YES"
	}
	return "no"
}

// waited is a time that passed until something happened; a dash if it did not.
func waited(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	return time.Duration(*seconds * float64(time.Second)).Round(time.Second).String()
}
