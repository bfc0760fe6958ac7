package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// printPast says what call records tell of countries that were called before, and
// what of it the ledger did not know.
func printPast(w io.Writer, s *session, file string, dryRun bool, r cdrReport) error {
	text := fmt.Sprintf("%s: %s, %s to learn from", file, rowsOf(r.Rows), countCalls(r.Calls))
	if r.Calls > 0 {
		text += fmt.Sprintf(", %s to %s", s.date(r.First), s.date(r.Last))
	}
	if _, err := fmt.Fprintln(w, strings.Join(wrap(clean(text), width(w)), "\n")); err != nil {
		return err
	}
	for _, part := range []func(io.Writer, *session, cdrReport) error{printPastLeft, printPastBad, printPastCountries} {
		if err := part(w, s, r); err != nil {
			return err
		}
	}
	if r.Calls == 0 {
		return printNothingLearned(w, r)
	}
	if err := printUnnamed(w, r.Unnamed, "in the configuration"); err != nil {
		return err
	}
	return paragraph(w, learned(r, dryRun))
}

// printPastLeft says of which rows nothing is learned, and why.
func printPastLeft(w io.Writer, _ *session, r cdrReport) error {
	rows := [][]string{}
	for _, part := range []struct {
		n     int
		count func(int) string
		what  string
	}{
		{r.Records.NotTrunk, rowsOf, "without a leg to a trunk: inside, inbound, or the extension h"},
		{r.Records.Retries, rowsOf, "further attempts of a call, on the next trunk"},
		{r.Records.NoNumber, rowsOf, "to a trunk without a number"},
		{r.Records.Late, rowsOf, "left out, for they are far out of order"},
		{r.Unanswered, countCalls, "that nobody answered"},
		{r.Unplaced, countCalls, "to no country: emergency numbers, features, no number at all"},
		{r.Later, countCalls, "that began too late to count"},
		{r.Left, countCalls, "to a country that is left out"},
	} {
		if part.n > 0 {
			rows = append(rows, []string{"  " + part.count(part.n), part.what})
		}
	}
	return table(w, rows)
}

func printPastBad(w io.Writer, _ *session, r cdrReport) error {
	if r.BadRows == 0 {
		return nil
	}
	if err := paragraph(w, rowsOf(r.BadRows)+" cannot be read and left out:"); err != nil {
		return err
	}
	var rows [][]string
	for _, bad := range r.Bad[:min(len(r.Bad), mostPrinted)] {
		rows = append(rows, []string{"  line " + strconv.Itoa(bad.Line), bad.Text})
	}
	if err := table(w, rows); err != nil {
		return err
	}
	return andMore(w, r.BadRows-len(rows))
}

// printPastCountries lists every country: the owner must see the one that is not his.
func printPastCountries(w io.Writer, s *session, r cdrReport) error {
	if len(r.Countries) == 0 {
		return nil
	}
	site, callers := map[string]bool{}, map[string]int{}
	for _, c := range r.New {
		switch c.Scope { //nolint:exhaustive // the others say no more to a person
		case toll.PerSite:
			site[c.Country] = true
		case toll.PerCaller:
			callers[c.Country]++
		}
	}
	rows := [][]string{{"COUNTRY", "CALLS", "TALK", "CALLERS", "FIRST", "LAST", "NEW TO"}}
	for i := range r.Countries {
		c := &r.Countries[i]
		rows = append(rows, []string{
			c.Country, strconv.Itoa(c.Calls), toll.SayLength(time.Duration(c.Seconds) * time.Second), strconv.Itoa(c.Callers),
			s.date(c.First), s.date(c.Last), newTo(site[c.Country], callers[c.Country]),
		})
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return toned(w, rows, func(row, column int) tone {
		if row > 0 && column == 6 && site[rows[row][0]] {
			return warnTone
		}
		return plainTone
	})
}

// newTo says to whom a country was new.
func newTo(site bool, callers int) string {
	var all []string
	if site {
		all = append(all, "the site")
	}
	switch {
	case callers == 1:
		all = append(all, "1 caller")
	case callers > 1:
		all = append(all, strconv.Itoa(callers)+" callers")
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}

// learned says what the ledger knows now that it did not know.
func learned(r cdrReport, dryRun bool) string {
	site := 0
	for _, c := range r.New {
		if c.Scope == toll.PerSite {
			site++
		}
	}
	all := fmt.Sprintf("%s more of the site, and %d more of single Asterisks, callers, groups and trunks", countCountries(site), len(r.New)-site)
	var text string
	switch {
	case len(r.New)+r.Earlier == 0:
		return "The ledger knows all of it already: nothing has changed."
	case dryRun:
		text = "The ledger would know " + all + ". Look for countries in the list that the firm does not call: leave them out with --except, or all calls since a fraud with --until."
	case len(r.New) == 0:
		text = "The ledger knows all of it already, and now since when."
	default:
		text = "The ledger now knows " + all + "."
	}
	if r.Crowded > 0 {
		text += " There was no room for further ones: those countries are new to a caller when they are new to the site."
	}
	return text
}

func countCountries(n int) string {
	if n == 1 {
		return "1 country"
	}
	return fmt.Sprintf("%d countries", n)
}

// printNothingLearned says why a file tells nothing.
func printNothingLearned(w io.Writer, r cdrReport) error {
	if r.Rows == r.BadRows {
		return paragraph(w, "There is no row that can be read: nothing has changed.")
	}
	if len(r.Elsewhere) > 0 && r.Records.Calls == 0 {
		return paragraph(w, "No call has a leg to a trunk. Legs went to "+strings.Join(r.Elsewhere, ", ")+
			": if one of them leads outside, name it under asterisk: trunks: in the configuration.")
	}
	return paragraph(w, "There is nothing to learn: nothing has changed.")
}

// pastChange is an import of call records in a sentence.
func pastChange(s *session, p *toll.Past) string {
	return fmt.Sprintf("countries called before at %s: learned from %s of %s, %s to %s: %s",
		p.PBX, countCalls(p.Calls), p.File, s.date(p.First), s.date(p.Last), strings.Join(p.Countries, " "))
}

// date is the day of a moment.
func (s *session) date(t time.Time) string { return t.In(s.zone).Format(time.DateOnly) }
