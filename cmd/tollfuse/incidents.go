package main

import (
	"cmp"
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
			return p.with(cmd.Context(), o, func(s *session) error {
				if since > 0 {
					q.From = s.ago(since)
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
	cmd.Flags().StringVar((*string)(&q.Kind), "kind", "", "attack, emergency, fuse, link, ledger, disk or mail")
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
		row := []string{one.ID, s.brief(one.Opened), string(one.Kind), whoseOf(one), "", "", "", state}
		if !one.Kind.Trouble() && one.Kind != toll.FuseBlown {
			row[4], row[5], row[6] = strconv.FormatInt(one.Refused, 10), strconv.FormatInt(one.Cut, 10), cents(one.Cost)
		}
		rows = append(rows, row)
	}
	return toned(w, rows, func(row, column int) tone {
		if row > 0 && column == 7 && incidents[row-1].Open() {
			return urgency(&incidents[row-1])
		}
		return plainTone
	})
}

// urgency is how an open incident stands out.
func urgency(i *toll.Incident) tone {
	if i.Observed || i.Kind == toll.EmergencyCall {
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
	}
	return i.PBX
}

func (p program) incidentsShowCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Tell all about one incident",
		Long: withExits(`Tell all about one incident: since when, which callers and destinations, each call
that was up, what it cost and would have cost, which rules and limits spoke with
their figures, the mails about it, and what to type next.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example:           "  tollfuse incidents show 3-2\n  tollfuse incidents show 3-2 --json",
		Args:              exactly("ID"),
		ValidArgsFunction: o.complete(incidentIDs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				r, err := s.Incident(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				o.hints(r.Hints)
				if o.json {
					return printJSON(cmd.OutOrStdout(), r)
				}
				return printIncident(cmd.OutOrStdout(), s, r)
			})
		},
	}
}

func printIncident(w io.Writer, s *session, r admin.IncidentReport) error {
	i := &r.Incident
	state := "closed"
	look := plainTone
	if i.Open() {
		state, look = "open", urgency(i)
	}
	if _, err := fmt.Fprintf(w, "%s: %s, %s\n", clean(i.ID), clean(aboutIncident(i)), paints(w).paint(look, state)); err != nil {
		return err
	}
	if err := table(w, incidentFacts(s, i)); err != nil {
		return err
	}
	for _, block := range [][][]string{
		tallies("callers", i.From, func(t toll.Tally) string { return "" }),
		tallies("destinations", i.To, func(t toll.Tally) string { return strings.Join(nonEmpty(t.Place, t.Kind), " ") }),
		tallies("because of", i.Causes, func(t toll.Tally) string { return strings.Join(nonEmpty(t.Kind, t.Text), ": ") }),
	} {
		if err := table(w, block); err != nil {
			return err
		}
	}
	if err := printIncidentCalls(w, s, i); err != nil {
		return err
	}
	if err := table(w, lockRows(s, i.Locks)); err != nil {
		return err
	}
	if err := printNotices(w, s, r.Notices); err != nil {
		return err
	}
	return printHints(w, "what to type", r.Hints)
}

// aboutIncident is what it is about, in a few words.
func aboutIncident(i *toll.Incident) string {
	switch i.Kind {
	case toll.Attack:
		if i.Caller == "" {
			return "attack by several callers"
		}
		return "attack by " + i.Caller
	case toll.EmergencyCall:
		return "emergency call of " + i.Caller
	case toll.FuseBlown:
		return "the main fuse has blown"
	}
	return strings.TrimSpace("trouble with the " + string(i.Kind) + " " + i.PBX)
}

// incidentFacts are the facts of an incident, one a line.
func incidentFacts(s *session, i *toll.Incident) [][]string {
	rows := [][]string{{""}, {"since", s.show(i.Opened)}, {"newest", s.show(i.Newest)}}
	add := func(label, text string) {
		if text != "" {
			rows = append(rows, []string{label, text})
		}
	}
	if !i.Open() {
		add("closed", s.show(i.Closed)+" by "+i.ClosedBy)
	}
	add("on", i.PBX)
	add("what", i.Text)
	if i.Observed {
		add("observed", "nothing was blocked")
	}
	if i.Kind != toll.Attack {
		return rows
	}
	if i.Refused > 0 {
		add("refused", fmt.Sprintf("%s; had each lasted %s, they would have cost %s", calls(i.Refused), admin.Length(toll.StakeLength), s.cost(i.AtStake)))
	}
	if i.Cut > 0 {
		add("cut", fmt.Sprintf("%s; the cost until now is %s", calls(i.Cut), s.cost(i.Cost)))
	}
	if i.Bypassed > 0 {
		add("never asked", calls(i.Bypassed)+", around the dialplan")
	}
	return rows
}

// calls is a number of them.
func calls(n int64) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}

// tallies is a block of counts, the largest first.
func tallies(label string, all []toll.Tally, detail func(toll.Tally) string) [][]string {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b toll.Tally) int { return cmp.Compare(b.Count, a.Count) })
	var rows [][]string
	for n, t := range all {
		if n == 0 {
			rows = append(rows, []string{""})
		}
		rows = append(rows, []string{first(n, label), strconv.FormatInt(t.Count, 10), t.Name, detail(t)})
	}
	return rows
}

func printIncidentCalls(w io.Writer, s *session, i *toll.Incident) error {
	if len(i.Calls) == 0 {
		return nil
	}
	rows := [][]string{{""}, {"CALL", "BEGAN", "CALLER", "NUMBER", "TALKED", "COST", "WHY"}}
	for n := range i.Calls {
		c := &i.Calls[n]
		why := "found"
		if c.Cut != "" {
			why = "cut: " + because(c.Cut, c.By)
		}
		if c.Bypassed && c.Cut != toll.ReasonBypass {
			why += ", never asked"
		}
		talked, cost := "goes on", ""
		if !c.Ended.IsZero() {
			talked, cost = talk(c.Talked), cents(c.Cost)
		}
		rows = append(rows, []string{c.Lease, s.brief(c.Began), callerOf(c.Caller), c.Number, talked, cost, why})
	}
	err := table(w, rows)
	if more := i.Up() - int64(len(i.Calls)); err == nil && more > 0 && int64(len(i.Calls)) < i.Cut {
		_, err = fmt.Fprintf(w, "and more, which calls history has: %d were cut in all\n", i.Cut)
	}
	return err
}

func lockRows(s *session, locks []toll.Lock) [][]string {
	var rows [][]string
	for n, lock := range locks {
		if n == 0 {
			rows = append(rows, []string{""})
		}
		text := "since " + s.show(lock.Since) + " by " + lock.Author
		if lock.Reason != "" {
			text += ": " + lock.Reason
		}
		rows = append(rows, []string{first(n, "locked"), subjectOf(lock), text})
	}
	return rows
}

// printNotices says what the owner was told, and what still waits.
func printNotices(w io.Writer, s *session, notices []toll.Notice) error {
	var rows [][]string
	var tones []tone
	for n := range notices {
		notice := &notices[n]
		if n == 0 {
			rows, tones = append(rows, []string{""}), append(tones, plainTone)
		}
		text, look := "sent "+s.show(notice.Sent), plainTone
		switch {
		case notice.GivenUp:
			text, look = "never left: "+notice.Error, badTone
		case notice.Waits() && notice.Error != "":
			text, look = fmt.Sprintf("waits, tried %d times: %s", notice.Tries, notice.Error), warnTone
		case notice.Waits():
			text = "waits to be sent"
		}
		rows, tones = append(rows, []string{first(n, "mails"), string(notice.Kind), text}), append(tones, look)
	}
	return toned(w, rows, func(row, column int) tone {
		if column == 2 {
			return tones[row]
		}
		return plainTone
	})
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
