package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/admin"
)

// mostPrinted bounds the bad rows, and the dear ones, that are printed; JSON has
// all that are known.
const mostPrinted = 15

// printReport says what was found in a price list, and what counts now.
func printReport(w io.Writer, s *session, in admin.RatesImport, r admin.RatesReport) error {
	if _, err := fmt.Fprintf(w, "%s: %s\n", clean(in.File), rowsOf(r.Deck.Rows)); err != nil {
		return err
	}
	if err := table(w, columnRows(r)); err != nil {
		return err
	}
	for _, part := range []func(io.Writer, *session, admin.RatesImport, admin.RatesReport) error{printBad, printDifference, printDear, printOdd} {
		if err := part(w, s, in, r); err != nil {
			return err
		}
	}
	if r.BadRows > 0 && !in.SkipBad {
		return nil // the error says that nothing has changed
	}
	text := fmt.Sprintf("%s of %s would price %s, in %s", rowsOf(r.Deck.Rows), r.Deck.File, whoseCalls(r), s.status.Site.Currency)
	if r.Imported {
		text = fmt.Sprintf("%s of %s now price %s, in %s; live calls keep the price they were granted at",
			rowsOf(r.Deck.Rows), r.Deck.File, whoseCalls(r), s.status.Site.Currency)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(wrap(clean(text), width(w)), "\n"))
	return err
}

// whoseCalls are those that a deck is about.
func whoseCalls(r admin.RatesReport) string {
	if r.Deck.Trunk == "" {
		return "calls by every trunk without a deck of its own"
	}
	return "calls by " + r.Deck.Trunk
}

// columnRows say in which column each field was found.
func columnRows(r admin.RatesReport) [][]string {
	var rows [][]string
	for i, field := range fieldsOf(r.Columns) {
		rows = append(rows, []string{first(i, "columns"), strings.ReplaceAll(field, "_", " "), r.Columns[field]})
	}
	return rows
}

// fieldsOf are the fields that were found, in the order of a price list; those
// that are not known here come last.
func fieldsOf(columns map[string]string) []string {
	var found []string
	for _, field := range []string{"country_code", "prefix", "description", "per_minute", "connect", "minimum", "increment", "free", "valid_from"} {
		if _, there := columns[field]; there {
			found = append(found, field)
		}
	}
	var others []string
	for field := range columns {
		if !slices.Contains(found, field) {
			others = append(others, field)
		}
	}
	slices.Sort(others)
	return append(found, others...)
}

func printBad(w io.Writer, _ *session, in admin.RatesImport, r admin.RatesReport) error {
	if r.BadRows == 0 {
		return nil
	}
	fate := "cannot be read:"
	if in.SkipBad {
		fate = "cannot be read and left out:"
	}
	if _, err := fmt.Fprintf(w, "\n%s %s\n", rowsOf(r.BadRows), fate); err != nil {
		return err
	}
	var rows [][]string
	for _, bad := range r.Bad[:min(len(r.Bad), mostPrinted)] {
		rows = append(rows, []string{"  line " + strconv.Itoa(bad.Line), bad.Text})
	}
	if err := toned(w, rows, func(_, column int) tone {
		if column == 1 {
			return badTone
		}
		return plainTone
	}); err != nil {
		return err
	}
	return andMore(w, r.BadRows-len(rows))
}

// andMore says that there are others.
func andMore(w io.Writer, n int) error {
	if n <= 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "  and %d more\n", n)
	return err
}

// printDifference says what the deck changes of the one before.
func printDifference(w io.Writer, s *session, _ admin.RatesImport, r admin.RatesReport) error {
	if r.Before == nil {
		return nil
	}
	d := r.Difference
	text := fmt.Sprintf("against the deck before (%s of %s), prefixes: %d new, %d gone, %d dearer, %d cheaper",
		rowsOf(r.Before.Rows), r.Before.File, d.Added, d.Removed, d.Dearer, d.Cheaper)
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(wrap(clean(text), width(w)), "\n"))
	return err
}

// printDear points out rows whose price is far above what is assumed.
func printDear(w io.Writer, s *session, _ admin.RatesImport, r admin.RatesReport) error {
	if r.DearRows == 0 {
		return nil
	}
	text := fmt.Sprintf("look twice at %s: far above what is assumed for such numbers. Either the list has a slip (cents taken for whole units?), or prices in the configuration are too low",
		rowsOf(r.DearRows))
	if _, err := fmt.Fprintf(w, "\n%s\n", strings.Join(wrap(text, width(w)), "\n")); err != nil {
		return err
	}
	rows := [][]string{{"  PREFIX", "DESCRIPTION", "CLASS", s.status.Site.Currency + " A MINUTE", "ASSUMED"}}
	for i := range r.Dear[:min(len(r.Dear), mostPrinted)] {
		d := &r.Dear[i]
		rows = append(rows, []string{"  " + d.Row.Prefix, d.Row.Description, d.Class, d.Row.Price.PerMinute.String(), d.Assumed.String()})
	}
	return toned(w, rows, func(row, column int) tone {
		if row > 0 && column == 3 {
			return warnTone
		}
		return plainTone
	})
}

// printOdd points out prices that are low beyond belief, and those of another
// day.
func printOdd(w io.Writer, s *session, _ admin.RatesImport, r admin.RatesReport) error {
	var texts []string
	if r.FarBelow > 0 {
		texts = append(texts, fmt.Sprintf("look twice at the prices: in half of the countries a minute costs %s or less. If they are prices a second, say --times 60", s.money(r.FarBelow)))
	}
	if r.FreeRows > 0 {
		verb := "cost"
		if r.FreeRows == 1 {
			verb = "costs"
		}
		texts = append(texts, fmt.Sprintf("look twice at %s that %s nothing, from prefix %s on: that is taken of ordinary numbers at home alone, and elsewhere the assumed price counts",
			rowsOf(r.FreeRows), verb, r.FirstFree))
	}
	if r.NotYet > 0 {
		texts = append(texts, fmt.Sprintf("look twice at the prefixes that have no price yet (%d; the first has one from %s on): until then a shorter prefix counts, or the assumed price. To go by the list before until then, import this one on that day",
			r.NotYet, s.day(r.NotYetFrom)))
	}
	for _, text := range texts {
		if _, err := fmt.Fprintf(w, "\n%s\n", strings.Join(wrap(clean(text), width(w)), "\n")); err != nil {
			return err
		}
	}
	return nil
}
