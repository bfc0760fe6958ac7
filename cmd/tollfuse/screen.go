package main

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// narrowest is the width of the terminals that a line must fit.
const narrowest = 80

// width is how many characters a line may have; 0 where it goes to no terminal.
func width(w io.Writer) int {
	f, ok := terminalOf(w)
	if !ok {
		return 0
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns >= 40 {
		return columns
	}
	if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col >= 40 {
		return int(size.Col)
	}
	return narrowest
}

// height is how many lines a terminal shows; 0 where there is none or where it
// does not say.
func height(w io.Writer) int {
	f, ok := terminalOf(w)
	if !ok {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Row)
}

// terminalOf is the terminal behind a reader or writer, if there is one.
func terminalOf(stream any) (*os.File, bool) {
	if f, drawn := stream.(*frame); drawn {
		return terminalOf(f.to)
	}
	f, ok := stream.(*os.File)
	if !ok {
		return nil, false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return f, err == nil
}

// The sequences with which what is watched is drawn (ECMA-48, and xterm's
// private modes): another screen than the one of the command line, and no cursor
// in the way.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l"
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	toTheTop    = "\x1b[H"
	eraseLine   = "\x1b[K"
	eraseBelow  = "\x1b[J"
)

// frame is a picture that takes the place of the one before, in one piece, so
// that nothing flickers.
type frame struct {
	bytes.Buffer
	to io.Writer
}

// draw shows as much of the picture as the terminal has lines, so that it never
// scrolls.
func (f *frame) draw() error {
	lines := strings.SplitAfter(f.String(), "\n")
	if most := height(f.to) - 1; most > 0 && len(lines) > most {
		lines = lines[:most]
	}
	text := strings.ReplaceAll(strings.Join(lines, ""), "\n", eraseLine+"\n")
	_, err := io.WriteString(f.to, toTheTop+text+eraseBelow)
	return err
}

// tone is how a word stands out on a terminal.
type tone string

// The tones, as SGR sequences (ECMA-48, 8.3.117).
const (
	plainTone tone = ""
	badTone   tone = "\x1b[31m" // red: refused, cut, broken
	warnTone  tone = "\x1b[33m" // yellow: look at it
	bold      tone = "\x1b[1m"
)

const endOfTone = "\x1b[0m"

// painter colours words where that is wanted: on a terminal, unless NO_COLOR is
// set (no-color.org) or the terminal says that it cannot.
type painter bool

// paints is the painter for what is written there.
func paints(w io.Writer) painter {
	_, there := terminalOf(w)
	return painter(there && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

// paint makes a text that is clean already stand out.
func (p painter) paint(t tone, text string) string {
	if !p || t == plainTone || text == "" {
		return text
	}
	return string(t) + text + endOfTone
}
