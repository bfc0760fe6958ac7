package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// clean makes a text harmless for a terminal: what cannot be printed, such as
// the escape that begins a control sequence or a mark that turns the direction
// of text, is written as an escape of Go.
func clean(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

// printJSON writes the value for programs, and harmless for a terminal too:
// encoding/json leaves some control characters as they are.
func printJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	var b strings.Builder
	for _, r := range string(text) {
		switch {
		case r == '\n' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('\n')
	_, err = io.WriteString(w, b.String())
	return err
}

// narrowest is the width of the terminals that a line must fit.
const narrowest = 80

// table writes rows in columns. On a terminal, the last column of a row goes on
// below itself where it is too long; elsewhere a row is one line.
func table(w io.Writer, rows [][]string) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	room := lastColumn(rows, width(w))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = clean(cell)
		}
		for i, part := range wrap(cells[len(cells)-1], room) {
			if i == 1 {
				clear(cells)
			}
			cells[len(cells)-1] = part
			fmt.Fprintln(columns, strings.Join(cells, "\t"))
		}
	}
	return columns.Flush()
}

// leastColumn is the room below which wrapping makes nothing better.
const leastColumn = 20

// lastColumn is the room for the last column in lines of so many characters; 0
// where there is no end to a line.
func lastColumn(rows [][]string, most int) int {
	if most == 0 {
		return 0
	}
	var widest []int
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			if i == len(widest) {
				widest = append(widest, 0)
			}
			widest[i] = max(widest[i], utf8.RuneCountInString(clean(cell)))
		}
	}
	for _, column := range widest {
		most -= column + 2
	}
	return max(most, leastColumn)
}

// wrap breaks a text at its spaces into lines of so many characters; 0 leaves
// it whole. A word that is longer keeps a line to itself.
func wrap(text string, most int) []string {
	if most == 0 || utf8.RuneCountInString(text) <= most {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// width is how many characters a line may have; 0 where it goes to no terminal.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return 0
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns >= narrowest {
		return columns
	}
	return narrowest
}
