package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/shell"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// historyFlags choose from history, as text.
type historyFlags struct {
	caller, number, outcome, reason, from, to string
	since                                     length
	before                                    int64
	limit                                     int
}

func (p program) callsHistoryCommand(o *options) *cobra.Command {
	var f historyFlags
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List calls that ended or were refused",
		Long: withExits(`List calls that ended or were refused, the newest first. Refusals that repeat each
other within a minute are one line with their number.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse calls history --since 24h --outcome refused\n" +
			"  tollfuse calls history --caller 1001 --from '2026-11-20' --to '2026-11-21'\n" +
			"  tollfuse calls history --outcome would_deny --since 7d\n" +
			"  tollfuse calls history --number +23222 --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := stated(cmd, "caller", "number", "outcome", "reason", "from", "to"); err != nil {
				return err
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				q, err := f.query(s)
				if err != nil {
					return &misuse{cmd.CommandPath(), err}
				}
				page, err := s.History(cmd.Context(), q)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), append([]toll.Entry{}, page...))
				}
				return f.print(cmd.OutOrStdout(), o, s, page)
			})
		},
	}
	cmd.Flags().StringVar(&f.caller, "caller", "", "of this caller, such as 1001 or forward:1001")
	cmd.Flags().StringVar(&f.number, "number", "", "to this number, or to numbers that begin like this")
	cmd.Flags().StringVar(&f.outcome, "outcome", "", "ended, refused, or would_deny: what would have been refused or cut, had it not only been observed")
	cmd.Flags().StringVar(&f.reason, "reason", "", "of the end, the cut or the refusal, or of what only observes, such as limit")
	cmd.Flags().Var(&f.since, "since", "of the last 90m, 24h or 7d")
	cmd.Flags().StringVar(&f.from, "from", "", "from this time on, such as '2026-12-24 08:00' in the site's zone")
	cmd.Flags().StringVar(&f.to, "to", "", "before this time")
	cmd.Flags().Int64Var(&f.before, "before", 0, "the page after the one that said so")
	cmd.Flags().IntVar(&f.limit, "limit", 50, "lines, at most 1000")
	return cmd
}

// query is what the flags ask for.
func (f historyFlags) query(s *session) (q admin.HistoryQuery, err error) {
	q = admin.HistoryQuery{
		Caller: f.caller, Number: f.number, Outcome: toll.EntryKind(f.outcome), Reason: toll.Reason(f.reason),
		Before: f.before, Limit: f.limit,
	}
	if q.Caller != "" && !strings.Contains(q.Caller, ":") {
		q.Caller = toll.Caller{Kind: toll.Extension, ID: q.Caller}.String()
	}
	if f.since != 0 {
		if f.from != "" {
			return q, fmt.Errorf("--since and --from exclude each other")
		}
		if q.From, err = s.ago(f.since); err != nil {
			return q, err
		}
	}
	for _, bound := range []struct {
		flag, text string
		into       *time.Time
	}{{"from", f.from, &q.From}, {"to", f.to, &q.To}} {
		if bound.text == "" {
			continue
		}
		if *bound.into, err = parseMoment(bound.text, s.zone); err != nil {
			return q, fmt.Errorf("--%s %w", bound.flag, err)
		}
	}
	return q, nil
}

func (f historyFlags) print(w io.Writer, o *options, s *session, page []toll.Entry) error {
	if len(page) == 0 {
		_, err := fmt.Fprintln(w, "there is no such call")
		return err
	}
	rows := [][]string{{"WHEN", "LEASE", "CALLER", "NUMBER", "TALK", "COST", "OUTCOME"}}
	for i := range page {
		e := &page[i]
		l := &e.Lease
		row := []string{s.brief(e.At), l.ID, s.callerOn(l), l.To.Number(), "", "", outcomeOf(e)}
		if e.Kind == toll.EntryEnded {
			row[4], row[5] = talk(l.Talked), costAt(l.Price, l.Cost)
		}
		rows = append(rows, row)
	}
	err := toned(w, rows, func(row, column int) tone {
		switch {
		case row == 0 || column != 6:
		case page[row-1].Kind == toll.EntryRefused || page[row-1].Lease.Cut != "":
			return badTone
		case page[row-1].Lease.Denied != "":
			return warnTone
		}
		return plainTone
	})
	if err == nil && len(page) == f.limit {
		_, err = fmt.Fprintf(w, "\nolder ones: %s\n", clean(o.command(f.next(page[len(page)-1].Seq))))
	}
	return err
}

// next is the command for the page after the one that ends with that entry.
func (f historyFlags) next(seq int64) string {
	command := "calls history"
	for _, flag := range []struct{ name, value string }{
		{"caller", f.caller}, {"number", f.number}, {"outcome", f.outcome}, {"reason", f.reason}, {"since", f.since.String()},
		{"from", f.from}, {"to", f.to}, {"limit", strconv.Itoa(f.limit)}, {"before", strconv.FormatInt(seq, 10)},
	} {
		if flag.value != "" {
			command += " --" + flag.name + " " + shell.Quote(flag.value)
		}
	}
	return command
}

// outcomeOf is how a call ended, or why it never began.
func outcomeOf(e *toll.Entry) string {
	l := &e.Lease
	switch {
	case e.Kind == toll.EntryRefused:
		text := "refused: " + because(l.Why, ownersOf(l.By))
		if e.Count > 1 {
			text += fmt.Sprintf(", %d times", e.Count)
		}
		return text
	case l.Cut != "":
		return "cut: " + because(l.Cut, ownersOf(l.By))
	case l.Denied != "":
		return string(l.Why) + wouldHave(l) + because(l.Denied, ownersOf(l.By))
	}
	return string(l.Why)
}

// wouldHave says what would have been done to a call for the reason that follows.
func wouldHave(l *toll.Lease) string {
	if l.Denied == toll.ReasonSpent {
		return ", would have been cut: "
	}
	return ", would have been denied: "
}

// ownersOf is the name of a rule, limit or lock of the owner's. In a table the
// program's own defaults are left out: the reason says as much.
func ownersOf(by string) string {
	by = strings.TrimPrefix(by, toll.ByLimit)
	if strings.Contains(by, ":") && !strings.Contains(by, "=") {
		return ""
	}
	return by
}
