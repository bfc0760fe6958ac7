package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/shell"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) changesCommand(o *options) *cobra.Command {
	var q admin.ChangesQuery
	cmd := &cobra.Command{
		Use:   "changes",
		Short: "List who changed which rule, limit or lock, and when",
		Long: withExits(`List the changes of rules, limits and locks, of rate decks and of the main fuse, and
the imports of call records, the newest first: when, by whom, and what.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse changes\n  tollfuse changes --kind lock --limit 20\n  tollfuse changes --kind limit --name abroad-caller-day --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := stated(cmd, "kind", "name"); err != nil {
				return err
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				page, err := s.Changes(cmd.Context(), q)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), append([]toll.Entry{}, page...))
				}
				out := cmd.OutOrStdout()
				if len(page) == 0 {
					_, err := fmt.Fprintln(out, "nothing was changed")
					return err
				}
				rows := [][]string{{"WHEN", "BY", "WHAT"}}
				for i := range page {
					rows = append(rows, []string{s.show(page[i].At), page[i].Setting.Author, aboutSetting(s, page[i].Setting)})
				}
				if err := table(out, rows); err != nil {
					return err
				}
				if len(page) == q.Limit {
					_, err = fmt.Fprintf(out, "\nolder ones: %s\n", clean(o.command(nextChanges(q, page[len(page)-1].Seq))))
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&q.Kind, "kind", "", "of this kind: rule, limit, lock, fuse, deck, schedule, pin, past")
	cmd.Flags().StringVar(&q.ID, "name", "", "of this one, such as abroad-caller-day or caller=1001")
	cmd.Flags().Int64Var(&q.Before, "before", 0, "the page after the one that said so")
	cmd.Flags().IntVar(&q.Limit, "limit", 50, "lines, at most 1000")
	return cmd
}

// nextChanges is the command for the page after the one that ends with that
// entry.
func nextChanges(q admin.ChangesQuery, seq int64) string {
	command := "changes"
	if q.Kind != "" {
		command += " --kind " + shell.Quote(q.Kind)
	}
	if q.ID != "" {
		command += " --name " + shell.Quote(q.ID)
	}
	return fmt.Sprintf("%s --limit %d --before %d", command, q.Limit, seq)
}

// aboutSetting is a change in a sentence.
func aboutSetting(s *session, setting *toll.Setting) string {
	if setting == nil {
		return ""
	}
	switch {
	case setting.Fuse != nil && setting.Removed:
		return "main fuse reset"
	case setting.Fuse != nil:
		return "main fuse blown: " + setting.Fuse.Why
	case setting.Lock != nil && setting.Removed:
		return "lock " + subjectOf(*setting.Lock) + " released"
	case setting.Deck != nil && setting.Removed:
		return "rate deck of " + setting.Deck.Name() + " removed"
	case setting.Deck != nil:
		return fmt.Sprintf("rate deck of %s: %s of %s", setting.Deck.Name(), rowsOf(setting.Deck.Rows), setting.Deck.File)
	case setting.PIN != nil && setting.Removed:
		return "PIN of " + setting.PIN.Caller + " cleared"
	case setting.PIN != nil:
		return "PIN of " + setting.PIN.Caller + " set"
	case setting.Past != nil:
		return pastChange(s, setting.Past)
	case setting.Removed:
		return setting.Kind() + " " + setting.ID() + " removed"
	case setting.Lock != nil:
		text := "lock " + subjectOf(*setting.Lock)
		if !setting.Lock.Until.IsZero() {
			text += " until " + s.show(setting.Lock.Until)
		}
		return withNote(text, setting.Lock.Reason)
	case setting.Limit != nil:
		l := setting.Limit
		return withNote(fmt.Sprintf("limit %s: %s, warn %s, act %s: %s", l.ID, l.Meter, figure(l, l.Warn, "-"), figure(l, l.Act, "0"), does(l)), l.Comment)
	case setting.Rule != nil:
		r := setting.Rule
		return withNote("rule "+r.ID+": "+strings.Join(nonEmpty(string(r.Do), whoOf(r), whereTo(r)), " "), r.Comment)
	}
	return setting.Kind()
}

// withNote adds what somebody wrote to it.
func withNote(text, note string) string {
	if note == "" {
		return text
	}
	return text + " (" + note + ")"
}
