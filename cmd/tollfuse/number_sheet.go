package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mostShown bounds what is kept in memory, to be shown when everything is read.
const mostShown = 200_000

// sheet shows numbers: one after the other, or when it is done.
type sheet interface {
	take(n numbered) error
	done() error
}

// wholeSheet is a table with a summary, or JSON.
type wholeSheet struct {
	w      io.Writer
	wanted func(toll.Class) bool
	json   bool
	column int // where numbers were looked for; 0: the whole line

	shown []numbered
	count map[toll.Class]int // all of them, shown or not
	all   int
}

func (s *wholeSheet) take(n numbered) error {
	if s.count == nil {
		s.count = make(map[toll.Class]int)
	}
	s.count[n.Class]++
	s.all++
	switch {
	case !s.wanted(n.Class):
		return nil
	case len(s.shown) == mostShown:
		return &hinted{fmt.Errorf("there are more than %d numbers to show", mostShown), "narrow it with --class, or print them one by one with --csv"}
	}
	s.shown = append(s.shown, n)
	return nil
}

func (s *wholeSheet) done() error {
	if s.json {
		return printJSON(s.w, append([]numbered{}, s.shown...))
	}
	if s.all == 0 {
		text := "there is no number in it"
		if s.column > 0 {
			text += fmt.Sprintf(": column %d, counted with commas, is empty on each line", s.column)
		}
		_, err := fmt.Fprintln(s.w, text)
		return err
	}
	if len(s.shown) > 0 {
		if err := s.print(); err != nil {
			return err
		}
	}
	return s.summary()
}

func (s *wholeSheet) print() error {
	rows := [][]string{{"DIALLED", "E.164", "WHERE", "CLASS", "RANGE", "NOTE"}}
	for i := range s.shown {
		n := &s.shown[i]
		rows = append(rows, []string{n.Text, n.E164, cmp.Or(n.Subdivision, n.Country), string(n.Class), n.Range, n.note()})
	}
	if err := toned(s.w, rows, func(row, column int) tone {
		if row > 0 && column == 3 && s.shown[row-1].Class == toll.Unplaced {
			return badTone
		}
		return plainTone
	}); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.w)
	return err
}

// note is what is worth knowing of a number beside its class.
func (n *numbered) note() string {
	if n.Why == "" && !n.Valid && n.Country != "001" { // codes that no country owns have no plan
		return "not known to exist there"
	}
	return n.Why
}

// summary counts the classes, the most frequent first.
func (s *wholeSheet) summary() error {
	classes := slices.DeleteFunc(toll.Classes(), func(c toll.Class) bool { return s.count[c] == 0 })
	slices.SortStableFunc(classes, func(a, b toll.Class) int { return cmp.Compare(s.count[b], s.count[a]) })
	rows := [][]string{{"CLASS", "NUMBERS", "SHARE"}}
	for _, c := range classes {
		rows = append(rows, []string{string(c), strconv.Itoa(s.count[c]), fmt.Sprintf("%.1f %%", 100*float64(s.count[c])/float64(s.all))})
	}
	return table(s.w, append(rows, []string{"all", strconv.Itoa(s.all), ""}))
}

// valueSheet is comma-separated values (RFC 4180), a line as soon as it is known.
type valueSheet struct {
	csv    *csv.Writer
	wanted func(toll.Class) bool
}

func newValueSheet(w io.Writer, wanted func(toll.Class) bool) *valueSheet {
	s := &valueSheet{csv.NewWriter(w), wanted}
	_ = s.csv.Write([]string{"line", "dialled", "e164", "country", "subdivision", "class", "range", "valid", "why"}) // done tells of errors
	return s
}

func (s *valueSheet) take(n numbered) error {
	if !s.wanted(n.Class) {
		return nil
	}
	line := ""
	if n.Line > 0 {
		line = strconv.Itoa(n.Line)
	}
	return s.csv.Write([]string{
		line, cell(n.Text), n.E164, n.Country, n.Subdivision, string(n.Class), n.Range, strconv.FormatBool(n.Valid), n.Why,
	})
}

func (s *valueSheet) done() error {
	s.csv.Flush()
	return s.csv.Error()
}

// cell makes a text harmless for a spreadsheet too, which takes what begins like
// this for a formula.
func cell(text string) string {
	text = clean(text)
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) && strings.Trim(text[1:], "0123456789*# ") != "" {
		return "'" + text
	}
	return text
}
