package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) incidentsCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "incidents",
		Short: "List, show and close incidents",
		Long: withExits(`An incident is everything that belongs to one attack, or to one trouble of
Tollfuse itself. The owner is told of it by mail a handful of times at most.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse incidents list --open\n  tollfuse incidents show 3-2\n  tollfuse incidents close 3-2",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.incidentsListCommand(o), p.incidentsShowCommand(o), p.incidentsCloseCommand(o))
	return cmd
}

func (p program) incidentsListCommand(o *options) *cobra.Command {
	var q admin.IncidentQuery
	var since length
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List incidents",
		Long:    withExits("List incidents, the newest first.", exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse incidents list --open\n  tollfuse incidents list --since 7d --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := stated(cmd, "kind", "caller"); err != nil {
				return err
			}
			return p.with(cmd.Context(), o, func(s *session) (err error) {
				if since != 0 {
					if q.From, err = s.ago(since); err != nil {
						return &misuse{cmd.CommandPath(), err}
					}
				}
				incidents, err := s.Incidents(cmd.Context(), q)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), incidents)
				}
				return printIncidents(cmd.OutOrStdout(), s, incidents)
			})
		},
	}
	cmd.Flags().BoolVar(&q.Open, "open", false, "only those that go on")
	cmd.Flags().StringVar((*string)(&q.Kind), "kind", "", "attack, emergency, limit, fuse, uncut, contact, link, ledger, disk or mail")
	cmd.Flags().StringVar(&q.Caller, "caller", "", "about this caller, such as 1001")
	cmd.Flags().Var(&since, "since", "opened in the last 24h or 7d")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "lines, at most 1000")
	return cmd
}

func printIncidents(w io.Writer, s *session, incidents []toll.Incident) error {
	if len(incidents) == 0 {
		_, err := fmt.Fprintln(w, "there is no incident")
		return err
	}
	rows := [][]string{{"ID", "OPENED", "KIND", "WHO", "REFUSED", "CUT", "COST", "STATE"}}
	for i := range incidents {
		one := &incidents[i]
		state := "open"
		if !one.Open() {
			state = "closed " + s.brief(one.Closed)
		}
		if one.Observed {
			state += ", only observed"
		}
		row := []string{one.ID, s.brief(one.Opened), kindOf(one), whoseOf(one), "", "", "", state}
		if one.Kind == toll.Attack || one.Kind == toll.EmergencyCall {
			row[4], row[5], row[6] = strconv.FormatInt(one.Refused, 10), strconv.FormatInt(one.Cut, 10), cents(one.Cost)
		}
		rows = append(rows, row)
	}
	if err := toned(w, rows, func(row, column int) tone {
		if row > 0 && column == 7 && incidents[row-1].Open() {
			return urgency(&incidents[row-1])
		}
		return plainTone
	}); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\namounts are %s\n", s.basis())
	return err
}

// kindOf is what an incident is in a table.
func kindOf(i *toll.Incident) string {
	if i.ByHand() {
		return "by hand"
	}
	return string(i.Kind)
}

// urgency is how an open incident stands out.
func urgency(i *toll.Incident) tone {
	if i.Observed || i.Kind == toll.EmergencyCall || i.Kind == toll.LimitReached && !i.Reached || i.ByHand() {
		return warnTone
	}
	return badTone
}

// whoseOf is whom an incident is about.
func whoseOf(i *toll.Incident) string {
	switch {
	case i.Caller != "":
		return i.Caller
	case i.Kind == toll.Attack:
		return "several"
	case i.Kind == toll.LimitReached:
		return thresholdsOf(i)
	}
	return i.PBX
}

// thresholdsOf are the limits whose thresholds were reached.
func thresholdsOf(i *toll.Incident) string {
	names := make([]string, 0, len(i.Causes))
	for _, c := range i.Causes {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, " ")
}

func (p program) incidentsCloseCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "close ID",
		Short: "Close an incident",
		Long: withExits(`Close an incident. It would close by itself once it is quiet; calls that still come
make another one. Locks stay until they are released.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example:           "  tollfuse incidents close 3-2",
		Args:              exactly("ID"),
		ValidArgsFunction: o.complete(incidentIDs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				closed, err := s.CloseIncident(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), closed)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "incident %s is closed\n", clean(closed.ID))
				return err
			})
		},
	}
}
