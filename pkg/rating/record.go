package rating

import (
	"errors"
	"io"
	"strings"
	"unicode"
)

// record is a row of a price list as it stands there.
type record struct {
	line  int // where it begins
	cells []string
	bad   string // why it cannot be taken apart
}

// cell is one of them, by its place; empty where there is none.
func (r record) cell(place int) string {
	if place < 0 || place >= len(r.cells) {
		return ""
	}
	return r.cells[place]
}

// maxJoined is how many lines a cell in quotes may reach over.
const maxJoined = 5

// nextRecord takes the next row that is neither blank nor a comment; io.EOF
// after the last. Its cells are good until the next call.
func (l *lines) nextRecord(delimiter string, cells []string) (record, error) {
	for {
		first, err := l.next()
		if err != nil {
			return record{}, err
		}
		if first.long {
			return record{line: first.number, bad: "the line has more than 64 kB"}, nil
		}
		if blank(first.text, delimiter) || strings.HasPrefix(first.text, "#") {
			continue
		}
		cells, open := split(first.text, delimiter, cells[:0])
		if !open {
			return record{line: first.number, cells: cells}, nil
		}
		return l.join(first, delimiter)
	}
}

// join takes as many lines as it needs until a quote is closed. If it is not,
// only the first line is lost.
func (l *lines) join(first line, delimiter string) (record, error) {
	text := first.text
	for n := range maxJoined {
		next, err := l.peek(n)
		if errors.Is(err, io.EOF) || next.long || len(text)+len(next.text) > maxLine {
			break
		}
		if err != nil {
			return record{}, err
		}
		text += " " + next.text
		if cells, open := split(text, delimiter, nil); !open {
			l.skip(n + 1)
			return record{line: first.number, cells: cells}, nil
		}
	}
	return record{line: first.number, bad: "a quotation mark is opened and not closed"}, nil
}

// blank tells whether a line has nothing in it.
func blank(text, delimiter string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune(delimiter, r) }) < 0
}

// split takes a line apart, as RFC 4180 says: a cell may be in quotes, in which
// a doubled quote is one. A quote in the middle of a cell is one as any other
// character, blanks around a cell do not count, and ="…", by which spreadsheets
// keep their hands off a number, is the text in it. It tells whether the last
// quote was left open.
func split(text, delimiter string, cells []string) (_ []string, open bool) {
	for {
		text = strings.TrimLeft(text, " ")
		quotes := strings.TrimPrefix(text, "=")
		if !strings.HasPrefix(quotes, `"`) {
			cell, rest, more := strings.Cut(text, delimiter)
			cells = append(cells, strings.TrimSpace(cell))
			if !more {
				return cells, false
			}
			text = rest
			continue
		}
		cell, rest, closed := unquote(quotes[1:])
		if !closed {
			return append(cells, cell), true
		}
		behind, rest, more := strings.Cut(rest, delimiter)
		cells = append(cells, strings.TrimSpace(cell+strings.TrimRight(behind, " ")))
		if !more {
			return cells, false
		}
		text = rest
	}
}

// unquote reads up to the quote that closes a cell.
func unquote(text string) (cell, rest string, closed bool) {
	doubled := false
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '"')
		if i < 0 {
			return text, "", false
		}
		i += from
		if strings.HasPrefix(text[i+1:], `"`) {
			doubled = true
			from = i + 2
			continue
		}
		cell = text[:i]
		if doubled {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		}
		return cell, text[i+1:], true
	}
}
