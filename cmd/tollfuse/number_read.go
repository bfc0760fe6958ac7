package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The bounds of a list: of a line, in bytes, and of what is repeated of one, in
// characters. What is longer than a line may be is no number, but the lines
// behind it are still read.
const (
	longestLine  = 16 << 10
	longestShown = 40
)

// numbered is a number of a list, and what it was found to be.
type numbered struct {
	Line int    `json:"line,omitempty"` // of the list, from 1; 0 for one that was typed
	Text string `json:"text"`           // as it stands there, bounded
	toll.Destination
	Why string `json:"why,omitempty"` // it is unplaced
}

// eachNumber takes each number of a list.
func eachNumber(r io.Reader, column int, take func(numbered) error) error {
	lines := bufio.NewReaderSize(r, longestLine)
	for n := 1; ; n++ {
		line, err := boundedLine(lines)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff") // which some editors begin a file with
		}
		text, ok := numberIn(line, column)
		if !ok {
			continue
		}
		if err := take(numbered{Line: n, Text: text}); err != nil {
			return err
		}
	}
}

// boundedLine reads a line without its end, and no more of it than is kept.
func boundedLine(r *bufio.Reader) (string, error) {
	kept, more, err := r.ReadLine()
	line := string(kept)
	for more && err == nil {
		_, more, err = r.ReadLine()
	}
	return line, err
}

// numberIn finds the number of a line; false for one without.
func numberIn(line string, column int) (string, bool) {
	if column > 0 {
		record := csv.NewReader(strings.NewReader(line))
		record.LazyQuotes = true // a list of others' making
		cells, err := record.Read()
		if err != nil || len(cells) < column {
			return "", false
		}
		text := strings.TrimSpace(cells[column-1])
		return text, text != ""
	}
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' && (len(text) == 1 || !strings.ContainsRune("0123456789*#", rune(text[1]))) {
		return "", false
	}
	return text, true
}

// clip bounds what is repeated of a list.
func clip(s string) string {
	if utf8.RuneCountInString(s) <= longestShown {
		return s
	}
	return string([]rune(s)[:longestShown-1]) + "…"
}
