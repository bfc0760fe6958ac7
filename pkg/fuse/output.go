package fuse

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	maxOutput = 8 << 10 // bytes of output that are kept
	maxWhy    = 1 << 10 // bytes of the reason that the command is told
	maxLine   = 200     // bytes of output in an error
)

// tail keeps the end of what is written to it, where a command says why it
// failed.
type tail struct {
	mu      sync.Mutex
	kept    []byte
	dropped int64
}

// Write takes everything, so that the command never waits for a reader.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	if over := n - maxOutput; over > 0 {
		t.dropped += int64(over)
		p = p[over:]
	}
	if over := len(t.kept) + len(p) - maxOutput; over > 0 {
		t.dropped += int64(over)
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	t.kept = append(t.kept, p...)
	return n, nil
}

// String is what was kept, printable, and says what was not.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimRight(printable(string(t.kept)), "\n")
	if t.dropped > 0 {
		text = fmt.Sprintf("[%d bytes before this were dropped]\n%s", t.dropped, text)
	}
	return text
}

// printable replaces what a terminal or a mail could take for more than text:
// control characters, marks that change the direction of writing, and bytes that
// are no UTF-8. Line breaks stay. Nothing grows, and the text may be a piece cut
// out of a longer one.
func printable(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, text)
}

// line is a text as one printable line of at most so many bytes.
func line(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.TrimSpace(strings.ReplaceAll(printable(text), "\n", " "))
}

// lastLine is the last line with something on it.
func lastLine(output string) string {
	output = strings.TrimRight(output, " \n")
	if i := strings.LastIndexByte(output, '\n'); i >= 0 {
		output = output[i+1:]
	}
	return line(output, maxLine)
}
