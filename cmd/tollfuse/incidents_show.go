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
		if i.ByHand() {
			return "calls ended by hand, of " + whoseOf(i)
		}
		if i.Caller == "" {
			return "attack by several callers"
		}
		return "attack by " + i.Caller
	case toll.EmergencyCall:
		return "emergency call of " + i.Caller
	case toll.FuseBlown:
		return "the main fuse has blown"
	case toll.LimitReached:
		if i.Reached {
			return "limits are reached"
		}
		return "limits are nearly reached"
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
		label := "refused"
		if i.Observed {
			label = "would stop"
		}
		add(label, fmt.Sprintf("%s; had each lasted %s, they would have cost %s, %s", calls(i.Refused), toll.SayLength(toll.StakeLength), s.cost(i.AtStake), s.basis()))
	}
	if i.Cut > 0 {
		add("cut", fmt.Sprintf("%s; the cost until now is %s, %s", calls(i.Cut), s.cost(i.Cost), s.basis()))
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
			talked, cost = talk(c.Talked), costAt(toll.Price{Assumed: c.Assumed}, c.Cost)
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
