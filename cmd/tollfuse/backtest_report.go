package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/backtest"
	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// printBacktest says what a policy makes of the calls of a file.
func printBacktest(w io.Writer, o *options, file string, r *backtest.Result) error {
	for _, part := range []func(io.Writer, *options, string, *backtest.Result) error{
		printRecords, printBadRecords, printUnnamedTrunks, printOutcome, printGroups, printStopped, printProposals,
	} {
		if err := part(w, o, file, r); err != nil {
			return err
		}
	}
	return nil
}

// paragraph writes a text in lines that fit, behind an empty line.
func paragraph(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, "\n%s\n", strings.Join(wrap(clean(text), width(w)), "\n"))
	return err
}

// printRecords says what was read, and what of it are no calls.
func printRecords(w io.Writer, _ *options, file string, r *backtest.Result) error {
	n := r.Records
	text := fmt.Sprintf("%s: %s, %s to trunks", file, rowsOf(r.Rows), countCalls(r.Total.Calls))
	if r.Total.Calls > 0 {
		text += fmt.Sprintf(" from %s to %s", day(r, r.First), day(r, r.Last))
	}
	if _, err := fmt.Fprintln(w, strings.Join(wrap(clean(text), width(w)), "\n")); err != nil {
		return err
	}
	rows := [][]string{}
	for _, part := range []struct {
		n    int
		what string
	}{
		{n.NotTrunk, "without a leg to a trunk: inside, inbound, or the extension h"},
		{n.Retries, "further attempts of a call, on the next trunk"},
		{n.NoNumber, "to a trunk without a number"},
		{n.Late, "left out, for they began before calls that were played already"},
	} {
		if part.n > 0 {
			rows = append(rows, []string{"  " + rowsOf(part.n), part.what})
		}
	}
	return table(w, rows)
}

func printBadRecords(w io.Writer, _ *options, _ string, r *backtest.Result) error {
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

func printUnnamedTrunks(w io.Writer, _ *options, _ string, r *backtest.Result) error {
	if r.Total.Calls == 0 {
		return nil // then that is what is said of them all
	}
	return printUnnamed(w, r.Unnamed, "in the configuration, or with --trunk")
}

// printUnnamed says which ends look like trunks that are not named where they should be.
func printUnnamed(w io.Writer, unnamed []cdr.Unnamed, where string) error {
	if len(unnamed) == 0 {
		return nil
	}
	var all []string
	for _, u := range unnamed {
		all = append(all, countCalls(u.Calls)+" to "+u.End)
	}
	return paragraph(w, "Left out are "+strings.Join(all, ", ")+
		": many different numbers were dialled there, as to a trunk. If it is one, name it under asterisk: trunks: "+where+".")
}

// printOutcome says in a sentence what would have become of the calls.
func printOutcome(w io.Writer, _ *options, _ string, r *backtest.Result) error {
	t := r.Total
	switch {
	case r.Rows == r.BadRows:
		return paragraph(w, "There is no row that can be read, and so no call.")
	case t.Calls == 0 && len(r.Elsewhere) > 0:
		return paragraph(w, "No call has a leg to a trunk. Legs went to "+strings.Join(r.Elsewhere, ", ")+
			": if one of them leads outside, name it under asterisk: trunks: in the configuration, or with --trunk.")
	case t.Calls == 0:
		return paragraph(w, "No call has a leg to a trunk.")
	}
	text := fmt.Sprintf("With the policy %s ", r.Policy)
	if t.Refused+t.Cut+t.PIN == 0 {
		text += "all of them would have gone through as they did."
	} else {
		text += fmt.Sprintf("%d would have been refused, %d cut, and %d asked for a PIN: %s.", t.Refused, t.Cut, t.PIN, oneIn(t.Refused+t.Cut, t.Calls))
	}
	mails := fmt.Sprintf("%d mails", r.Mails)
	if r.Mails == 1 {
		mails = "1 mail"
	}
	text += fmt.Sprintf(" %s would have been sent. The calls cost %s at the site's prices", mails, amount(r, t.Cost))
	if r.Assumed > 0 {
		text += fmt.Sprintf(", of which %s is assumed without a rate deck", amount(r, r.Assumed))
	}
	if t.Stopped > 0 {
		text += fmt.Sprintf("; %s would not have been spent", amount(r, t.Stopped))
	}
	return paragraph(w, text+".")
}

// oneIn says how many of all calls were stopped.
func oneIn(stopped, all int) string {
	switch stopped {
	case 0:
		return "none is stopped"
	case all:
		return "all of them are stopped"
	}
	return fmt.Sprintf("one call in %d is stopped", (all+stopped-1)/stopped)
}

// printGroups are the calls by what stood against them, by caller and by country.
func printGroups(w io.Writer, _ *options, _ string, r *backtest.Result) error {
	for _, part := range []struct {
		title string
		all   []backtest.Group
		touch bool // only those that something stood against
	}{{"AGAINST THEM", r.Reasons, true}, {"CALLER", r.Callers, true}, {"COUNTRY", r.Countries, false}} {
		all := part.all
		if part.touch {
			all = slices.DeleteFunc(slices.Clone(all), func(g backtest.Group) bool { return g.Refused+g.Cut+g.PIN == 0 })
		}
		if len(all) == 0 {
			continue
		}
		rows := [][]string{{part.title, "CALLS", "TALK", "COST", "REFUSED", "CUT", "PIN", "NOT SPENT"}}
		for i := range all[:min(len(all), mostPrinted)] {
			g := &all[i]
			rows = append(rows, []string{
				g.Name, strconv.Itoa(g.Calls), talkOf(g.Seconds), cents(g.Cost),
				strconv.Itoa(g.Refused), strconv.Itoa(g.Cut), strconv.Itoa(g.PIN), cents(g.Stopped),
			})
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := table(w, rows); err != nil {
			return err
		}
		if err := andMore(w, len(all)-len(rows)+1); err != nil {
			return err
		}
	}
	return nil
}

// printStopped are the first calls that would not just have gone through.
func printStopped(w io.Writer, _ *options, _ string, r *backtest.Result) error {
	if len(r.Stopped) == 0 {
		return nil
	}
	rows := [][]string{{"LINE", "TIME", "CALLER", "NUMBER", "TALK", "COST", "WOULD BE"}}
	for i := range r.Stopped[:min(len(r.Stopped), mostPrinted)] {
		s := &r.Stopped[i]
		what := string(s.Outcome)
		switch s.Outcome {
		case backtest.OutcomeCut:
			what = "cut after " + talkOf(s.After)
		case backtest.OutcomePIN:
			what = "asked for a PIN"
		case backtest.OutcomeRefused:
		}
		rows = append(rows, []string{
			strconv.Itoa(s.Line), moment(r, s.At), s.Caller, s.Number, talkOf(s.Seconds), cents(s.Cost),
			what + ": " + strings.TrimSpace(string(s.Reason)+" "+s.By),
		})
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	if err := table(w, rows); err != nil {
		return err
	}
	return andMore(w, len(r.Stopped)+r.StoppedMore-len(rows)+1)
}

// printProposals are what the owner may want to change, each with what to paste.
func printProposals(w io.Writer, o *options, _ string, r *backtest.Result) error {
	for _, one := range r.Proposals {
		if err := paragraph(w, one.Text+":"); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "  %s\n", clean(o.pasteable(one.Command))); err != nil {
			return err
		}
	}
	return nil
}

func amount(r *backtest.Result, m toll.Money) string {
	return strings.TrimSpace(cents(m) + " " + r.Currency)
}

// talkOf is a length of talk, in minutes where it has hours.
func talkOf(seconds int64) string {
	d := time.Duration(seconds) * time.Second
	if d >= time.Hour {
		d = d.Round(time.Minute)
	}
	return toll.SayLength(d)
}

func day(r *backtest.Result, t time.Time) string { return t.In(zoneOf(r.Zone)).Format(time.DateOnly) }

func moment(r *backtest.Result, t time.Time) string {
	return t.In(zoneOf(r.Zone)).Format("2006-01-02 15:04:05")
}

// countCalls counts calls.
func countCalls(n int) string {
	if n == 1 {
		return "1 call"
	}
	return fmt.Sprintf("%d calls", n)
}
