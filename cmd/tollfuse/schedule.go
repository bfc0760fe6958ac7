package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) scheduleCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Set, remove and list opening hours",
		Long: withExits(`Schedules are named times of the week, such as opening hours, in the time zone of
the site. Rules and limits name them with --when: "open" for calls that begin
during them, "!open" for those that begin outside. What counts is when a call
began: a closing hour ends no conversation.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse schedule set open --hours 'mon-fri 08:00-18:00' --holidays DE-BY\n  tollfuse schedule list",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.scheduleSetCommand(o), p.scheduleListCommand(o), p.removeCommand(o, "schedule", func(id string) toll.Setting {
		return toll.Setting{Schedule: &toll.Schedule{Name: id}}
	}))
	return cmd
}

func (p program) scheduleSetCommand(o *options) *cobra.Command {
	var t toll.Schedule
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Set a schedule, in place of one of that name",
		Long: withExits(`Set a schedule. Each flag can be given several times. Hours are days and times of
the clock on the wall; hours that end before they begin end on the next day, and
belong to the day on which they begin, holidays included. On a date under --open
its times count and nothing else does; on public holidays and dates under
--closed no hours begin.

A time that the clocks leave out in spring means the moment at which they are put
forward; one that comes twice in autumn means the first.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse schedule set open --hours 'mon-fri 08:00-18:00' --hours 'sat 09:00-13:00' --holidays DE-BY --closed 12-24\n" +
			"  tollfuse schedule set open --hours 'mon-fri 09:00-17:30' --holidays US --closed 2026-12-24/2027-01-01\n" +
			"  tollfuse schedule set night-shift --hours 'sun-thu 22:00-06:00'",
		Args:              exactly("NAME"),
		ValidArgsFunction: o.complete(settingNames("schedule")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(t.Hours) == 0 && len(t.Open) == 0 {
				return badUsage(cmd, "want --hours, such as --hours 'mon-fri 08:00-18:00'")
			}
			t.Name = args[0]
			return p.with(cmd.Context(), o, func(s *session) error {
				return changed(cmd, o, s, toll.Setting{Schedule: &t})
			})
		},
	}
	cmd.Flags().StringArrayVar(&t.Hours, "hours", nil, "days and times, such as 'mon-fri 08:00-18:00', 'sat,sun 22:00-06:00' or 'daily 00:00-24:00'")
	cmd.Flags().StringArrayVar(&t.Holidays, "holidays", nil, "closed on the public holidays of a country or a part of it, such as US or DE-BY (ISO 3166)")
	cmd.Flags().StringArrayVar(&t.Closed, "closed", nil, "closed on 2026-12-24, on 12-24 of each year, or from 2026-12-24/2027-01-01")
	cmd.Flags().StringArrayVar(&t.Open, "open", nil, "open at other times on a date, such as '2026-12-06 10:00-16:00'")
	cmd.Flags().StringVar(&t.Comment, "comment", "", "why it is there")
	return cmd
}

func (p program) scheduleListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the schedules, and whether they are open now",
		Long:    withExits("List the schedules, and whether they are open now.", exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse schedule list\n  tollfuse schedule list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			head := []string{"NAME", "NOW", "HOURS", "HOLIDAYS", "CLOSED", "OPEN", "COMMENT"}
			return p.list(cmd, o, "schedule", head, func(s *session, setting toll.Setting) []string {
				t := setting.Schedule
				return []string{t.Name, s.openNow(t.Name), strings.Join(t.Hours, ", "), strings.Join(t.Holidays, " "),
					strings.Join(t.Closed, ", "), strings.Join(t.Open, ", "), t.Comment}
			})
		},
	}
}

// openNow says how a schedule stands.
func (s *session) openNow(name string) string {
	for _, t := range s.status.Schedules {
		if t.Name != name {
			continue
		}
		text := "closed"
		if t.Open {
			text = "open"
		}
		if !t.Until.IsZero() {
			text += " until " + s.show(t.Until)
		}
		return text
	}
	return "-"
}

// timesOf are the lines of the status about schedules.
func timesOf(s *session) (lines []standing) {
	for i, t := range s.status.Schedules {
		lines = append(lines, standing{first(i, "times"), t.Name + " is " + s.openNow(t.Name), plainTone})
	}
	return lines
}
