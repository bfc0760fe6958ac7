package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) callsCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "calls",
		Short: "Show live calls, past ones, and the story of one",
		Long: withExits(`Show what is going on and what was: live calls, calls that ended or were refused,
and the life of one call from the question to the bill.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse calls live --watch\n  tollfuse calls history --caller 1001 --since 24h\n  tollfuse calls show 2-1f",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.callsLiveCommand(o), p.callsHistoryCommand(o), p.callsShowCommand(o))
	return cmd
}

func (p program) callsLiveCommand(o *options) *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Use:   "live",
		Short: "List the calls that go on",
		Long: withExits(`List the calls that go on, the oldest first: for how long they talk, and what they
have cost until now at the price in the deck or the assumed one.

With --watch the list is drawn again every second until Ctrl-C.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse calls live\n  tollfuse calls live --watch\n  tollfuse calls live --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				if watch {
					return p.watchLive(cmd, o, s)
				}
				live, err := s.Live(cmd.Context())
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), live)
				}
				if err := printLive(cmd.OutOrStdout(), s, live); err != nil || s.status.Process.Daemon || len(live) == 0 {
					return err
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), "\nno daemon runs: nobody has seen whether they still go on")
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "draw the list again every second")
	return cmd
}

// printLive writes live calls as a table.
func printLive(w io.Writer, s *session, live []toll.Lease) error {
	if len(live) == 0 {
		_, err := fmt.Fprintln(w, "no call goes on")
		return err
	}
	rows := [][]string{{"LEASE", "CALLER", "NUMBER", "WHERE", "UP", "COST", "NOTE"}}
	for i := range live {
		l := &live[i]
		up, cost := "rings", toll.Money(0)
		if !l.Answered.IsZero() {
			length := s.status.At.Sub(l.Answered)
			up, cost = talk(length), l.Price.Cost(max(length, 0))
		}
		rows = append(rows, []string{l.ID, s.callerOn(l), l.To.Number(), whereOf(l.To), up, costAt(l.Price, cost), noteOf(l)})
	}
	return toned(w, rows, func(row, column int) tone {
		if row == 0 || column != 6 {
			return plainTone
		}
		if live[row-1].Cut != "" {
			return badTone
		}
		return warnTone
	})
}

// callerOf is a caller in a table: most are extensions.
func callerOf(c toll.Caller) string {
	if c.Kind == toll.Extension {
		return c.ID
	}
	return c.String()
}

// callerOn is the caller of a call in a table, and the Asterisk where there are several.
func (s *session) callerOn(l *toll.Lease) string {
	if len(s.status.Process.Links) < 2 {
		return callerOf(l.Caller)
	}
	return callerOf(l.Caller) + " on " + l.Key.PBX
}

// whereOf is a destination in a table.
func whereOf(d toll.Destination) string {
	return strings.Join(nonEmpty(d.Country, string(d.Class)), " ")
}

// noteOf is what is out of the ordinary about a live call.
func noteOf(l *toll.Lease) string {
	switch {
	case l.Cut != "":
		return "is cut: " + because(l.Cut, l.By)
	case l.Adopted:
		return "found: " + because(l.Why, "")
	case l.Denied != "":
		return "would be denied: " + because(l.Denied, l.By)
	}
	return ""
}

// because is a reason, and the rule, limit, lock or person behind it.
func because(why toll.Reason, by string) string {
	if by == "" {
		return string(why)
	}
	return fmt.Sprintf("%s (%s)", why, by)
}

// watchLive draws the live calls again and again until the context ends, which
// is how such a command is meant to end.
func (p program) watchLive(cmd *cobra.Command, o *options, s *session) error {
	if !s.status.Process.Daemon {
		return &hinted{admin.Errorf(admin.NeedsDaemon, "", "only a running daemon can be watched"), "start it: systemctl start tollfuse"}
	}
	every := p.every
	if every == 0 {
		every = time.Second
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	w := cmd.OutOrStdout()
	if _, there := terminalOf(w); there && !o.json {
		fmt.Fprint(w, enterScreen)
		defer fmt.Fprint(w, leaveScreen)
	}
	for {
		err := s.drawLive(cmd.Context(), o, w)
		if cmd.Context().Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-cmd.Context().Done():
			return nil
		}
	}
}

// drawLive draws them once.
func (s *session) drawLive(ctx context.Context, o *options, w io.Writer) error {
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	s.status = status
	live, err := s.Live(ctx)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(w, live)
	}
	head := fmt.Sprintf("%s  live: %d  open incidents: %d", s.show(status.At), len(live), status.Incidents)
	rows := height(w)
	if rows == 0 {
		if _, err := fmt.Fprintln(w, head); err != nil {
			return err
		}
		err := printLive(w, s, live)
		fmt.Fprintln(w)
		return err
	}
	more := len(live) - max(rows-4, 1)
	if more > 0 {
		live = live[more:] // the newest are what one watches
		head += fmt.Sprintf(", the newest %d", len(live))
	}
	frame := &frame{to: w}
	fmt.Fprintln(frame, clean(head))
	if err := printLive(frame, s, live); err != nil {
		return err
	}
	return frame.draw()
}
