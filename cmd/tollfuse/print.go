package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
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

// table writes rows in columns. On a terminal each line fits: a cell that is too
// long goes on below itself, first in the last column, then in the widest ones.
// Elsewhere a row is one line.
func table(w io.Writer, rows [][]string) error { return toned(w, rows, nil) }

// toned is a table in which some cells stand out.
func toned(w io.Writer, rows [][]string, toneOf func(row, column int) tone) error {
	cells := make([][]string, len(rows))
	for i, row := range rows {
		cells[i] = make([]string, len(row))
		for j, cell := range row {
			cells[i][j] = clean(cell)
		}
	}
	var text strings.Builder
	for _, line := range lay(cells, width(w), paints(w), toneOf) {
		text.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// lay lays cells out in lines of so many characters; 0 where lines have no end.
func lay(cells [][]string, most int, colours painter, toneOf func(row, column int) tone) (lines []string) {
	columns := widths(cells)
	room := fit(columns, widestEnd(cells), most)
	for i, row := range cells {
		last := len(row) - 1
		if last < 0 {
			continue
		}
		parts, height := make([][]string, len(row)), 0
		for j, cell := range row {
			if j == last {
				parts[j] = folded(cell, roomOf(columns, last, room, most))
			} else {
				parts[j] = folded(cell, columns[j])
			}
			height = max(height, len(parts[j]))
		}
		for n := range height {
			var line strings.Builder
			for j := range row {
				part := ""
				if n < len(parts[j]) {
					part = parts[j][n]
				}
				line.WriteString(colours.paint(toneAt(toneOf, i, j), part))
				if j < last {
					line.WriteString(strings.Repeat(" ", columns[j]-utf8.RuneCountInString(part)+columnGap))
				}
			}
			lines = append(lines, strings.TrimRight(line.String(), " "))
		}
	}
	return lines
}

// widestEnd is the width of the widest of the last cells.
func widestEnd(cells [][]string) (widest int) {
	for _, row := range cells {
		if len(row) > 0 {
			widest = max(widest, utf8.RuneCountInString(row[len(row)-1]))
		}
	}
	return widest
}

// roomOf is the room for the last cell of a row that may be shorter than others.
func roomOf(columns []int, last, room, most int) int {
	if most == 0 {
		return 0
	}
	for _, column := range columns[last:] {
		room += column + columnGap
	}
	return room
}

func toneAt(toneOf func(row, column int) tone, row, column int) tone {
	if toneOf == nil {
		return plainTone
	}
	return toneOf(row, column)
}

// columnGap is what stands between two columns.
const columnGap = 2

// leastColumn and leastRoom are the widths of a column, and of the last one,
// below which making it narrower makes nothing better.
const (
	leastColumn = 8
	leastRoom   = 19
)

// widths are those of all columns but the last of each row.
func widths(cells [][]string) []int {
	var columns []int
	for _, row := range cells {
		for j := range len(row) - 1 {
			if j == len(columns) {
				columns = append(columns, 0)
			}
			columns[j] = max(columns[j], utf8.RuneCountInString(row[j]))
		}
	}
	return columns
}

// fit narrows the widest columns until the last one, which wants a room, has
// enough of it in lines of so many characters. It returns what that one has; 0
// where there is no end to a line.
func fit(columns []int, wants, most int) int {
	if most == 0 {
		return 0
	}
	least := min(wants, leastRoom)
	room := most
	for _, column := range columns {
		room -= column + columnGap
	}
	for room < least && len(columns) > 0 {
		widest := slices.Index(columns, slices.Max(columns))
		if columns[widest] <= leastColumn {
			break
		}
		columns[widest]--
		room++
	}
	return max(room, least, 1)
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

// folded is wrap for a cell, where a word that is too long is broken too.
func folded(text string, most int) []string {
	var lines []string
	for _, line := range wrap(text, most) {
		runes := []rune(line)
		for most > 0 && len(runes) > most {
			lines = append(lines, string(runes[:most]))
			runes = runes[most:]
		}
		lines = append(lines, string(runes))
	}
	return lines
}
