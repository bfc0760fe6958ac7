package main

import (
	"errors"
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

func (p program) ratesCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rates",
		Short: "Import and look at carriers' price lists",
		Long: withExits(`A rate deck is a carrier's price list: what a minute costs, by prefix. Each trunk
can have one; the deck of '*' is for every trunk without one of its own. The
longest prefix wins. Where no deck says anything the prices of the configuration
are assumed, and everything shown says so.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse rates import carrier.csv --trunk carrier\n  tollfuse rates list\n  tollfuse rates price 0023222123456",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.ratesImportCommand(o), p.ratesListCommand(o), p.ratesPriceCommand(o), p.ratesRemoveCommand(o))
	return cmd
}

// trunkFlag is the flag for a trunk whose deck is meant.
func trunkFlag(cmd *cobra.Command, o *options, into *string, usage string) {
	cmd.Flags().StringVar(into, "trunk", "", usage)
	names := o.complete(deckNames)
	_ = cmd.RegisterFlagCompletionFunc("trunk", func(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		return names(cmd, nil, typed)
	}) // there is such a flag
}

func (p program) ratesRemoveCommand(o *options) *cobra.Command {
	var trunk string
	cmd := &cobra.Command{
		Use:   "remove",
		Short: "Take the rate deck of a trunk away",
		Long: withExits(`Take the rate deck of a trunk away. Its calls are then priced by the deck of '*',
or by assumption. Live calls keep the price they were granted at.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse rates remove --trunk carrier\n  tollfuse rates remove --trunk '*'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if trunk == "" {
				return badUsage(cmd, "name the trunk with --trunk, or --trunk '*' for the deck of every trunk without one of its own")
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				gone, err := s.RemoveDeck(cmd.Context(), trunk)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), gone)
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), clean(fmt.Sprintf("the rate deck of %s is removed: %d rows of %s", gone.Deck.Name(), gone.Deck.Rows, gone.Deck.File)))
				return err
			})
		},
	}
	trunkFlag(cmd, o, &trunk, "whose deck; '*' is the one for every trunk without one of its own")
	return cmd
}

// listFlags choose decks, or rows of them.
type listFlags struct {
	trunk, prefix, text, after string
	limit                      int
}

func (p program) ratesListCommand(o *options) *cobra.Command {
	var f listFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rate decks, or rows of them",
		Long: withExits(`List the rate decks that count, and whose calls they price. With a trunk, a prefix
or a text, list rows of its deck in the order of the prefixes. BILLED is the least
that is billed and the step after it, in seconds: 60/6. A row that is not valid yet
counts from its day on; until then a shorter prefix, or an older row, does.`,
			exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse rates list\n" +
			"  tollfuse rates list --trunk carrier --prefix 44\n" +
			"  tollfuse rates list --text mobile --limit 200 --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := errors.Join(stated(cmd, "trunk", "prefix", "text", "after"), f.check(cmd)); err != nil {
				return err
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				if f.trunk == "" && f.prefix == "" && f.text == "" {
					return listDecks(cmd, o, s)
				}
				return f.listRows(cmd, o, s)
			})
		},
	}
	trunkFlag(cmd, o, &f.trunk, "rows of the deck of this trunk; '*' is the deck for every trunk without one of its own")
	cmd.Flags().StringVar(&f.prefix, "prefix", "", "rows whose prefix begins like this, such as 44")
	cmd.Flags().StringVar(&f.text, "text", "", "rows whose description has this in it, in capitals or not")
	cmd.Flags().StringVar(&f.after, "after", "", "the page after the one that said so")
	cmd.Flags().IntVar(&f.limit, "limit", 50, "rows, at most 10000")
	return cmd
}

func (f listFlags) check(cmd *cobra.Command) error {
	switch {
	case f.after != "" && f.trunk == "":
		return badUsage(cmd, "--after goes with --trunk")
	case strings.Trim(asDialled(f.prefix), "+0123456789") != "":
		return badUsage(cmd, "--prefix %q: want digits with the country code, such as 44 or +4420", f.prefix)
	}
	return nil
}

func listDecks(cmd *cobra.Command, o *options, s *session) error {
	decks, err := s.Decks(cmd.Context())
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if o.json {
		return printJSON(out, append([]admin.DeckStanding{}, decks...))
	}
	if len(decks) == 0 {
		_, err := fmt.Fprintf(out, "there is no rate deck: every price is assumed\nimport one: %s\n", clean(o.command("rates import FILE --trunk NAME")))
		return err
	}
	rows := [][]string{{"DECK", "ROWS", "IMPORTED", "BY", "FILE", "PRICES CALLS BY"}}
	for _, d := range decks {
		rows = append(rows, []string{d.Deck.Name(), strconv.Itoa(d.Deck.Rows), s.show(d.Imported), d.Author, d.Deck.File, pricedBy(d)})
	}
	return toned(out, rows, func(row, column int) tone {
		if row > 0 && column == 5 && (decks[row-1].Error != "" || len(decks[row-1].Trunks) == 0) {
			return warnTone
		}
		return plainTone
	})
}

// pricedBy are the trunks whose calls a deck prices.
func pricedBy(d admin.DeckStanding) string {
	switch {
	case d.Error != "":
		return "none, prices are assumed: " + d.Error
	case len(d.Trunks) == 0 && d.Deck.Trunk == "":
		return "none: every trunk has a deck of its own"
	case len(d.Trunks) == 0:
		return "none: the configuration names no such trunk"
	}
	return strings.Join(d.Trunks, ", ")
}

// deckRows are rows of one deck.
type deckRows struct {
	Deck string `json:"deck"`
	admin.RatesPage
}

// listRows lists rows of the deck that is named, or of all.
func (f listFlags) listRows(cmd *cobra.Command, o *options, s *session) error {
	names := []string{f.trunk}
	if f.trunk == "" {
		decks, err := s.Decks(cmd.Context())
		if err != nil {
			return err
		}
		names = nil
		for _, d := range decks {
			names = append(names, d.Deck.Name())
		}
	}
	pages := []deckRows{}
	for _, name := range names {
		q := admin.RatesQuery{Deck: name, Prefix: strings.TrimPrefix(asDialled(f.prefix), "+"), Text: f.text, After: f.after, Limit: f.limit}
		page, err := s.DeckRows(cmd.Context(), q)
		if err != nil {
			return err
		}
		pages = append(pages, deckRows{name, page})
	}
	if o.json {
		return printJSON(cmd.OutOrStdout(), pages)
	}
	return f.printRows(cmd.OutOrStdout(), o, s, pages)
}

func (f listFlags) printRows(w io.Writer, o *options, s *session, pages []deckRows) error {
	rows := [][]string{{"DECK", "PREFIX", "DESCRIPTION", s.status.Site.Currency + " A MINUTE", "CONNECT", "BILLED", "FREE", "VALID FROM"}}
	var more []string
	for _, page := range pages {
		for i := range page.Rows {
			r := &page.Rows[i]
			rows = append(rows, append([]string{page.Deck, r.Prefix, r.Description}, priceCells(s, r.Price, r.ValidFrom)...))
		}
		if n := len(page.Rows); page.More && n > 0 {
			more = append(more, o.command(f.next(page.Deck, page.Rows[n-1].Prefix)))
		}
	}
	if len(rows) == 1 {
		_, err := fmt.Fprintln(w, "there is no such row")
		return err
	}
	if err := table(w, rows); err != nil {
		return err
	}
	for i, command := range more {
		if _, err := fmt.Fprintf(w, "%sfurther ones: %s\n", strings.Repeat("\n", max(0, 1-i)), clean(command)); err != nil {
			return err
		}
	}
	return nil
}

// next is the command for the page of a deck after the row of that prefix.
func (f listFlags) next(deck, prefix string) string {
	command := "rates list --trunk " + shell.Quote(deck)
	if f.prefix != "" {
		command += " --prefix " + shell.Quote(f.prefix)
	}
	if f.text != "" {
		command += " --text " + shell.Quote(f.text)
	}
	return fmt.Sprintf("%s --limit %d --after %s", command, f.limit, prefix)
}

// priceCells are a price in a table: of the minute, the connect fee, how it is
// billed, what is free, and since when.
func priceCells(s *session, p toll.Price, validFrom time.Time) []string {
	cells := []string{p.PerMinute.String(), "", billed(p), "", ""}
	if p.Connect > 0 {
		cells[1] = p.Connect.String()
	}
	if p.Free > 0 {
		cells[3] = seconds(p.Free) + " s"
	}
	if !validFrom.IsZero() {
		cells[4] = s.day(validFrom)
	}
	return cells
}

// billed is the least that is billed and the step after it, as carriers write
// it: 60/6.
func billed(p toll.Price) string {
	step := max(p.Increment, time.Second)
	return seconds(max(p.Minimum, step)) + "/" + seconds(step)
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// day writes a moment that is a day for most: midnight is left out.
func (s *session) day(t time.Time) string {
	if t = t.In(s.zone); t.Equal(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, s.zone)) {
		return t.Format(time.DateOnly)
	}
	return s.show(t)
}
