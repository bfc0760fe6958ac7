package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) explainCommand(o *options) *cobra.Command {
	var q admin.Query
	var at string
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say why a call would be allowed or denied",
		Long: withExits(`Say what would become of a call now: how the dialled string is read, what the
call would cost, every rule, limit and lock that was looked at with its figures,
and what to type to change the answer. Nothing is changed or reserved.

With --at schedules, locks and prices count as they will stand then, as far as is
known now; the figures of limits are those of now.`,
			exitDone, exitFailed, exitUsage, exitDenied, exitUnreachable),
		Example: "  tollfuse explain --from 1001 --to 0023222123456\n" +
			"  tollfuse explain --from 1001 --to 0023222123456 --trunk carrier --json\n" +
			"  tollfuse explain --from 1001 --to 0023222123456 --at '2026-12-24 20:00'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.From == "" || q.To == "" {
				return badUsage(cmd, "who calls (--from) and what is dialled (--to) are needed")
			}
			if err := stated(cmd, "at"); err != nil {
				return err
			}
			typed := q.To
			q.To = asDialled(typed)
			return p.with(cmd.Context(), o, func(s *session) error {
				var err error
				if at != "" {
					if q.At, err = parseMoment(at, s.zone); err != nil {
						return badUsage(cmd, "--at %v", err)
					}
				}
				e, err := s.Explain(cmd.Context(), q)
				if err != nil {
					return err
				}
				o.noteStranger(e.Caller)
				o.hints(e.Hints)
				if o.json {
					err = printJSON(cmd.OutOrStdout(), e)
				} else {
					if e.To.Dialled == q.To {
						typed = q.To
					}
					err = printExplanation(cmd.OutOrStdout(), s, typed, e)
				}
				if err == nil && !e.Verdict.Allow {
					err = errDenied
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&q.From, "from", "", "the endpoint that dials, such as 1001")
	cmd.Flags().StringVar(&q.To, "to", "", "what is dialled, such as 0023222123456; blanks and dashes between digits are left out")
	cmd.Flags().StringVar(&q.PBX, "pbx", "", "the Asterisk, where there are several")
	cmd.Flags().StringVar(&q.Trunk, "trunk", "", "the trunk by which the call would leave")
	cmd.Flags().StringVar(&at, "at", "", "when the call would begin, such as '2026-12-24 20:00' in the site's zone, or in RFC 3339; without it now")
	return cmd
}

// asDialled takes out what people write between the digits of a number and do not
// dial (ITU-T E.123, section 7).
func asDialled(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \u00a0-./()", r) {
			return -1
		}
		return r
	}, number)
}

// noteStranger says that a caller is none whom the configuration knows: that may
// be right, and may be a slip.
func (o *options) noteStranger(c toll.Caller) {
	site, err := o.load()
	if err != nil || c.Kind != toll.Extension || c.Group != "" || len(site.Numbering.Extensions) == 0 {
		return
	}
	for _, a := range site.Asterisk {
		if slices.Contains(a.Gateways, c.ID) || slices.Contains(a.Accounts, c.ID) {
			return
		}
	}
	if resolver, err := app.Resolver(site); err == nil && resolver.Resolve(c.ID).Class != toll.Internal {
		fmt.Fprintf(o.errOut, "note: \"%s\" is none of numbering.extensions; this is right if an endpoint has that name\n", clean(c.ID))
	}
}

// printExplanation prints it for what was typed as the number.
func printExplanation(w io.Writer, s *session, typed string, e admin.Explanation) error {
	about, answer, reason := headline(typed, e)
	look := plainTone
	if !e.Verdict.Allow {
		look = badTone
	}
	if _, err := fmt.Fprintln(w, clean(about)+paints(w).paint(look, answer)+clean(reason)); err != nil {
		return err
	}
	if err := doubt(w, s, e); err != nil {
		return err
	}
	read := [][]string{{""}}
	for i, step := range e.Steps {
		read = append(read, []string{first(i, "read as"), step.Number, step.Text})
	}
	if err := table(w, read); err != nil {
		return err
	}
	if err := table(w, callRows(s, e)); err != nil {
		return err
	}
	if err := printFigures(w, s, e.Verdict.Figures); err != nil {
		return err
	}
	return printHints(w, "to change it", e.Hints)
}

// printFigures prints what was looked at, each once: what stops a call at two
// places stops it for one reason.
func printFigures(w io.Writer, s *session, figures []toll.Figure) error {
	rows := [][]string{{""}}
	tones := []tone{plainTone}
	seen := make(map[string]bool)
	for i := range figures {
		f := &figures[i]
		key := f.By + "\n" + f.Text
		if seen[key] {
			continue
		}
		seen[key] = true
		mark, look := "passes", plainTone
		if f.Stops {
			mark, look = "STOPS", badTone
		}
		rows, tones = append(rows, []string{first(len(rows)-1, "looked at"), mark, f.By, s.zoned(f.Text)}), append(tones, look)
	}
	return toned(w, rows, func(row, column int) tone {
		if column == 1 {
			return tones[row]
		}
		return plainTone
	})
}

// doubt says when nobody would give that answer now.
func doubt(w io.Writer, s *session, e admin.Explanation) error {
	why := ""
	switch {
	case e.To.Class == toll.Emergency || e.To.Class == toll.Internal || e.To.Class == toll.FeatureCode:
		return nil
	case !s.status.Process.Daemon:
		why = "no daemon runs"
	case s.status.Failing:
		why = "the ledger cannot be written"
	default:
		return nil
	}
	_, err := fmt.Fprintln(w, "but "+why+": until that is mended the failure policy answers, and refuses all but ordinary home calls")
	return err
}

// headline is the answer in one line: what was asked, the answer, and why.
func headline(typed string, e admin.Explanation) (about, answer, reason string) {
	j := e.Verdict.Judgement
	answer = "DENIED"
	if j.Allow {
		answer = "ALLOWED"
	}
	reason = ": " + string(j.Reason)
	if j.Denied != "" {
		reason += ", would be denied: " + string(j.Denied)
	}
	if j.By != "" {
		reason += " (" + j.By + ")"
	}
	return fmt.Sprintf("%s to %s on %s: ", e.Caller.ID, clip(typed), e.PBX), answer, reason
}

// first is the label of a block, on its first line only.
func first(i int, label string) string {
	if i == 0 {
		return label
	}
	return ""
}

// callRows are the facts of the call.
func callRows(s *session, e admin.Explanation) [][]string {
	who := e.Caller.String()
	if e.Caller.Group != "" {
		who += ", group " + e.Caller.Group
	}
	rows := [][]string{{""}, {"caller", who}, {"destination", placeOf(e.To)}, {"price", priceOf(s, e.Price)}}
	if said := accordingTo(s, &admin.TrunkPrice{Quote: e.Rate}); e.To.Class.Metered() && said != "assumed" {
		rows = append(rows, []string{"according to", said})
	}
	if e.Verdict.Allow {
		rows = append(rows,
			[]string{"granted at a time", toll.SayLength(e.Verdict.Slice)},
			[]string{"longest call", toll.SayLength(e.Verdict.Maximum)})
	}
	revision := fmt.Sprintf(", policy revision %d", e.Verdict.Revision)
	if e.At.Equal(e.Figures) {
		return append(rows, []string{"asked", s.show(e.At) + revision})
	}
	return append(rows, []string{"asked for", s.show(e.At) + revision},
		[]string{"figures of", s.show(e.Figures) + ": what limits have counted is as it stands now"})
}

// placeOf is a destination with all that is known of it.
func placeOf(d toll.Destination) string {
	return strings.Join(nonEmpty(d.E164, cmp.Or(d.Subdivision, d.Country), string(d.Class), d.Range), ", ")
}

func nonEmpty(words ...string) []string {
	var kept []string
	for _, word := range words {
		if word != "" {
			kept = append(kept, word)
		}
	}
	return kept
}

// hints makes the commands of hints work where they are pasted.
func (o *options) hints(hints []admin.Hint) {
	for i := range hints {
		hints[i].Text = o.pasteable(hints[i].Text)
		if words, ours := strings.CutPrefix(hints[i].Command, "tollfuse "); ours {
			hints[i].Command = o.command(words)
		}
	}
}

// printHints says what to type. Commands are never cut short.
func printHints(w io.Writer, title string, hints []admin.Hint) error {
	for i, h := range hints {
		lead := ""
		if i == 0 {
			lead = "\n" + title + "\n"
		}
		text := lead + "  " + clean(h.Text) + "\n"
		if h.Command != "" {
			text += "    " + clean(h.Command) + "\n"
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
	}
	return nil
}
