package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const lockHelp = `Shut a caller, or another subject, for a time or until it is released. Its live
calls end at once; emergency calls always go out. The subject is one of:

  1001 or caller=1001     an extension, however its calls leave
  number=0023222123456    a number, as dialled or with +
  range=+2322212          a block of numbers, or any number in it
  country=SL              a country (ISO 3166-1)
  trunk=carrier           a trunk of the configuration
  group=sales             a group of the configuration
  pbx=pbx                 an Asterisk of the configuration
  site                    everything`

// lockFlags say how a lock is to be.
type lockFlags struct {
	reason, until string
	length        length
}

func (p program) lockCommand(o *options) *cobra.Command {
	var f lockFlags
	cmd := &cobra.Command{
		Use:   "lock SUBJECT",
		Short: "Shut a caller, number, country or trunk",
		Long:  withExits(lockHelp, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse lock 1001 --reason 'password stolen' --for 2h\n" +
			"  tollfuse lock country=SL --until '2026-12-24 08:00'\n" +
			"  tollfuse lock release 1001\n" +
			"  tollfuse lock list",
		Args: exactly("SUBJECT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := stated(cmd, "until"); err != nil {
				return err
			}
			lock, err := parseSubject(args[0])
			if err != nil {
				return &misuse{cmd.CommandPath(), err}
			}
			lock.Reason = f.reason
			if cmd.Flags().Changed("for") && f.length <= 0 {
				return badUsage(cmd, "--for %s: want a length above zero, or leave it out for a lock that stands until it is released", time.Duration(f.length))
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				if lock.Until, err = f.end(s); err != nil {
					return &misuse{cmd.CommandPath(), err}
				}
				if err := changed(cmd, o, s, toll.Setting{Lock: &lock}); err != nil || o.json || lock.Scope != toll.PerCaller {
					return err
				}
				return noteUnknown(cmd, s, lock.Subject)
			})
		},
	}
	cmd.Flags().StringVar(&f.reason, "reason", "", "why, for those who find it later")
	cmd.Flags().Var(&f.length, "for", "how long, such as 2h or 3d; without it until it is released")
	cmd.Flags().StringVar(&f.until, "until", "", "until when, such as '2026-12-24 08:00' in the site's zone, or in RFC 3339")
	cmd.AddCommand(p.lockReleaseCommand(o), p.lockListCommand(o))
	return cmd
}

func (p program) lockReleaseCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "release SUBJECT",
		Short:   "Take a lock away",
		Long:    withExits("Take a lock away. The subject is written as for the lock itself.", exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse lock release 1001\n  tollfuse lock release country=SL",
		Args:    exactly("SUBJECT"),

		ValidArgsFunction: o.complete(settingNames("lock")),
		RunE: func(cmd *cobra.Command, args []string) error {
			lock, err := parseSubject(args[0])
			if err != nil {
				return &misuse{cmd.CommandPath(), err}
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				return changed(cmd, o, s, toll.Setting{Lock: &lock, Removed: true})
			})
		},
	}
}

func (p program) lockListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the locks that stand",
		Long:    withExits("List the locks that stand, with who set them, why, and until when.", exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse lock list\n  tollfuse lock list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.list(cmd, o, "lock", []string{"SUBJECT", "SINCE", "UNTIL", "BY", "REASON"}, func(s *session, setting toll.Setting) []string {
				lock := setting.Lock
				until := "until released"
				if !lock.Until.IsZero() {
					until = s.show(lock.Until)
				}
				return []string{subjectOf(*lock), s.show(lock.Since), until, lock.Author, lock.Reason}
			})
		},
	}
}

// looksBackFor bounds the search for calls of somebody who is locked already: in
// years of calls it can take long to find none.
const looksBackFor = 3 * time.Second

// noteUnknown says so when no call of a caller that was locked is known: it may
// be new, and it may be a slip of the pen, which shuts nobody.
func noteUnknown(cmd *cobra.Command, s *session, name string) error {
	live, err := s.Live(cmd.Context())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(live, func(l toll.Lease) bool { return l.Caller.ID == name }) {
		return nil
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), looksBackFor)
	defer cancel()
	for _, kind := range []toll.CallerKind{toll.Extension, toll.GatewayUser, toll.Forward, toll.FromTrunk, toll.Transfer} {
		q := admin.HistoryQuery{Caller: toll.Caller{Kind: kind, ID: name}.String(), Limit: 1}
		past, err := s.History(ctx, q)
		switch {
		case ctx.Err() != nil || err == nil && len(past) > 0:
			return nil
		case err != nil:
			return err
		}
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "note: no call of %q is known\n", clean(name))
	return err
}

// parseSubject reads what is to be locked.
func parseSubject(text string) (toll.Lock, error) {
	if text == "site" || text == "site=" {
		return toll.Lock{Scope: toll.PerSite}, nil
	}
	scope, subject, named := strings.Cut(text, "=")
	if !named {
		scope, subject = string(toll.PerCaller), text
	}
	if !slices.Contains(toll.Scopes(), toll.Scope(scope)) {
		return toll.Lock{}, fmt.Errorf("%q is nothing that can be locked; want one of caller, number, range, country, trunk, group, pbx, site", scope)
	}
	return toll.Lock{Scope: toll.Scope(scope), Subject: subject}, nil
}

// subjectOf writes it back.
func subjectOf(lock toll.Lock) string {
	if lock.Scope == toll.PerSite {
		return "site"
	}
	return lock.ID()
}

// end is when the lock is to end; zero for one that stands until it is
// released. It counts on the ledger's clock, which is what ends the lock.
func (f lockFlags) end(s *session) (time.Time, error) {
	switch {
	case f.length != 0 && f.until != "":
		return time.Time{}, fmt.Errorf("--for and --until exclude each other")
	case f.length > 0:
		return s.status.At.Add(time.Duration(f.length)), nil
	case f.until == "":
		return time.Time{}, nil
	}
	t, err := parseMoment(f.until, s.zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("--until %w", err)
	}
	return t, nil
}
