package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) hangupCommand(o *options) *cobra.Command {
	var chosen admin.Selection
	var yes bool
	cmd := &cobra.Command{
		Use:   "hangup [LEASE]",
		Short: "End live calls: one, or all that fit",
		Long: withExits(`End live calls: the one with that lease, or all to which everything applies that
is named. Emergency calls are never ended. Who was hung up can call again at once:
to keep somebody from it, lock him.

On a terminal it asks before it ends several calls. To do it needs the daemon.`,
			exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse hangup 2-1f\n" +
			"  tollfuse hangup --caller 214 --where abroad\n" +
			"  tollfuse hangup --country SL --yes\n" +
			"  tollfuse hangup --number +23222 --trunk carrier",
		Args:              atMost("LEASE"),
		ValidArgsFunction: o.complete(liveLeases),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := stated(cmd, "caller", "where", "country", "number", "trunk", "pbx"); err != nil {
				return err
			}
			if len(args) > 0 {
				chosen.Lease = args[0]
			}
			if chosen == (admin.Selection{}) {
				return badUsage(cmd, "name a LEASE, or say which calls: --caller, --where, --country, --number, --trunk, --pbx, --all")
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				if agreed, err := agree(cmd, s, chosen, yes || o.json); err != nil || !agreed {
					return err
				}
				ended, err := s.Hangup(cmd.Context(), chosen)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), ended)
				}
				return printEnded(cmd.OutOrStdout(), ended)
			})
		},
	}
	cmd.Flags().StringVar(&chosen.Caller, "caller", "", "of this caller, such as 214, by whatever way it calls")
	cmd.Flags().StringVar((*string)(&chosen.Where), "where", "", "to home, abroad, unlisted, dear, special, or a class such as intl_mobile")
	cmd.Flags().StringVar(&chosen.Country, "country", "", "to this country (ISO 3166-1)")
	cmd.Flags().StringVar(&chosen.Number, "number", "", "to this number as dialled, or to numbers that begin like +23222")
	cmd.Flags().StringVar(&chosen.Trunk, "trunk", "", "by this trunk of the configuration")
	cmd.Flags().StringVar(&chosen.PBX, "pbx", "", "on this Asterisk of the configuration")
	cmd.Flags().BoolVar(&chosen.All, "all", false, "every call, or every one that fits the rest")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// agree asks whether several calls shall end, where there is somebody to ask.
func agree(cmd *cobra.Command, s *session, chosen admin.Selection, without bool) (bool, error) {
	if _, there := terminalOf(cmd.InOrStdin()); without || !there || chosen.Lease != "" {
		return true, nil
	}
	live, err := s.Live(cmd.Context())
	if err != nil {
		return false, err
	}
	var end []toll.Lease
	for i := range live {
		// The service knows better what a number as dialled or a country means; what
		// cannot be told here is asked about all the same.
		guess := chosen
		guess.Country = strings.ToUpper(guess.Country)
		if !strings.HasPrefix(guess.Number, "+") {
			guess.Number = ""
		}
		if guess == (admin.Selection{}) {
			guess.All = true
		}
		if guess.Chooses(&live[i]) && live[i].To.Class != toll.Emergency {
			end = append(end, live[i])
		}
	}
	if len(end) < 2 {
		return true, nil
	}
	out := cmd.OutOrStdout()
	if err := printLive(out, s, end); err != nil {
		return false, err
	}
	fmt.Fprintf(out, "\nEnd these %d calls? [y/N] ", len(end))
	answer, err := readLine(cmd.Context(), cmd.InOrStdin())
	if err != nil {
		fmt.Fprintln(out) // behind the question
		return false, fmt.Errorf("no call was ended: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	_, err = fmt.Fprintln(out, "no call was ended")
	return false, err
}

// readLine reads what is typed, unless the context ends first. A read from a
// terminal cannot be interrupted; it ends with the process, which is then at once.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n') // the end of input is no answer
		typed <- line
	}()
	select {
	case line := <-typed:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func printEnded(w io.Writer, ended []toll.Lease) error {
	if len(ended) == 0 {
		_, err := fmt.Fprintln(w, "no live call fits; none was ended")
		return err
	}
	for i := range ended {
		l := &ended[i]
		if _, err := fmt.Fprintf(w, "ended %s: %s to %s (%s)\n", clean(l.ID), clean(l.Caller.String()), clean(l.To.Number()), clean(whereOf(l.To))); err != nil {
			return err
		}
	}
	return nil
}
