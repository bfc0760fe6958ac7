package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// errNothingWritten ends a dialogue before its last answer.
var errNothingWritten = errors.New("nothing was written")

// mostTries is how often a question is asked before a machine is taken to be
// answering, whose input could otherwise go on for ever.
const mostTries = 20

// question is one thing that init asks for.
type question struct {
	text  string
	help  string // for "?"
	usual string // what Enter means; "" where something must be said, or nothing need be
	// take looks at an answer, and keeps it if it is right. What is wrong with it
	// is told, and the question is asked again.
	take   func(answer string) error
	hidden bool // not shown while it is typed: a password
}

// dialogue asks a person.
type dialogue struct {
	in    *bufio.Reader
	out   io.Writer
	lines chan line // what the goroutine of read has read
	wants chan struct{}
	tty   *os.File // nil where in is no terminal
}

// line is what was typed up to Enter.
type line struct {
	text string
	err  error
}

// newDialogue begins one. Reading a terminal cannot be interrupted, so a
// goroutine does it when it is wanted; after Ctrl-C it stays in that read until
// the process ends, which is at once.
func newDialogue(in io.Reader, out io.Writer) *dialogue {
	d := &dialogue{in: bufio.NewReader(in), out: out, lines: make(chan line, 1), wants: make(chan struct{})}
	if tty, there := terminalOf(in); there {
		d.tty = tty
	}
	go d.read()
	return d
}

func (d *dialogue) read() {
	for range d.wants {
		text, err := d.in.ReadString('\n')
		if errors.Is(err, io.EOF) && text != "" {
			err = nil // a last line without its end
		}
		d.lines <- line{strings.TrimSpace(text), err}
	}
}

// close ends the dialogue.
func (d *dialogue) close() { close(d.wants) }

// line is the next one that is typed.
func (d *dialogue) line(ctx context.Context) (string, error) {
	select {
	case d.wants <- struct{}{}:
	case <-ctx.Done():
		return "", fmt.Errorf("interrupted; %w", errNothingWritten)
	}
	select {
	case l := <-d.lines:
		if errors.Is(l.err, io.EOF) {
			fmt.Fprintln(d.out)
			return "", fmt.Errorf("the answers ended; %w", errNothingWritten)
		}
		return l.text, l.err
	case <-ctx.Done():
		fmt.Fprintln(d.out)
		return "", fmt.Errorf("interrupted; %w", errNothingWritten)
	}
}

// ask asks until the answer is right.
func (d *dialogue) ask(ctx context.Context, q question) error {
	for range mostTries {
		answer, err := d.answer(ctx, q)
		if err != nil {
			return err
		}
		if answer == "?" {
			d.say(q.help)
			continue
		}
		if answer == "" {
			answer = q.usual
		}
		wrong := q.take(answer)
		if wrong == nil {
			return nil
		}
		for text := range strings.SplitSeq(wrong.Error(), "\n") {
			d.say("! " + text)
		}
	}
	return fmt.Errorf("no answer to %q was right in %d tries; %w", q.text, mostTries, errNothingWritten)
}

// answer writes the question and reads what is said to it. The terminal is
// silent before a password is asked for: somebody may type ahead.
func (d *dialogue) answer(ctx context.Context, q question) (string, error) {
	prompt := q.text
	if q.usual != "" {
		prompt += " [" + clean(q.usual) + "]"
	}
	prompt = strings.Join(wrap(prompt+":", narrowest), "\n") + " "
	if !q.hidden || d.tty == nil {
		fmt.Fprint(d.out, prompt)
		text, err := d.line(ctx)
		if d.tty == nil && err == nil { // as a terminal would have shown it
			fmt.Fprintln(d.out, map[bool]string{false: clean(text)}[q.hidden])
		}
		return text, err
	}
	loud, err := hush(d.tty)
	if err != nil {
		return "", fmt.Errorf("hide what is typed: %w", err)
	}
	fmt.Fprint(d.out, prompt)
	text, err := d.line(ctx)
	fmt.Fprintln(d.out)
	return text, errors.Join(err, loud())
}

// say writes a text, broken into lines, below the question.
func (d *dialogue) say(text string) {
	fmt.Fprintf(d.out, "  %s\n", strings.Join(wrap(clean(text), narrowest-2), "\n  "))
}

// hush keeps the terminal from showing what is typed, until loud is called.
func hush(tty *os.File) (loud func() error, err error) {
	before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		return nil, err
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	silent.Lflag |= unix.ICANON | unix.ISIG
	return func() error { return unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, before) },
		unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, &silent)
}
