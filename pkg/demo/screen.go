package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/pbxsim"
)

// width is what every line fits into.
const width = 100

// colour is a sequence of ECMA-48 (SGR).
type colour string

const (
	plain  colour = ""
	bold   colour = "\x1b[1m"
	red    colour = "\x1b[31m"
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[33m"
	cyan   colour = "\x1b[36m"
	reset         = "\x1b[0m"
)

// screen writes what happens, line by line.
type screen struct {
	colours bool

	mu    sync.Mutex
	out   io.Writer
	begin time.Time // of the scene, on the clock of the story
	since time.Time // … and on the wall
}

func newScreen(out io.Writer) *screen { return &screen{out: out, colours: isTerminal(out)} }

// isTerminal tells whether colours would be seen, and are wanted (no-color.org).
func isTerminal(out io.Writer) bool {
	f, isFile := out.(*os.File)
	if !isFile || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (s *screen) paint(c colour, text string) string {
	if !s.colours || c == plain {
		return text
	}
	return string(c) + text + reset
}

// printf writes one line.
func (s *screen) printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...)
}

func (s *screen) opening() {
	s.printf("%s", s.paint(bold, "A weekend's attack on a firm of twelve, in fast motion"))
	s.printf("The daemon, its ledger and the sockets are real; Asterisk and the carrier are simulated.")
	s.printf("A second here is five minutes there, and costs as much; quiet hours are left out, so that one")
	s.printf("day's budget must do for the whole weekend. Amounts are in USD.")
}

func (s *screen) scene(sc scene) {
	s.mu.Lock()
	s.begin, s.since = sc.begin, time.Now()
	s.mu.Unlock()
	s.printf("\n%s", s.paint(bold, sc.title))
}

// clock is the time of the story.
func (s *screen) clock() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begin.Add(time.Since(s.since) * fast).Format("Mon 15:04")
}

// call writes a line about a call. What does not fit goes below.
func (s *screen) call(c colour, word, who, number, text string) {
	head := fmt.Sprintf("%s  %s  ", s.clock(), s.paint(c, fmt.Sprintf("%-9s", word)))
	indent := len("Mon 15:04  ") + 9 + 2
	if who != "" {
		parties := fmt.Sprintf("%-13s → %-14s  ", who, number)
		head += parties
		indent += len([]rune(parties))
	}
	lines := wrap(text, width-indent)
	if len(lines) == 1 {
		s.printf("%s%s", head, lines[0])
		return
	}
	const below = 15
	lines = append([]string{strings.TrimRight(head, " ")}, wrap(text, width-below)...)
	s.printf("%s", strings.Join(lines, "\n"+strings.Repeat(" ", below)))
}

// ended writes of a call that somebody else than its parties ended.
func (s *screen) ended(p played) {
	if len(p.outcome.Legs) == 0 {
		return
	}
	leg := p.outcome.Legs[0]
	number, from := leg.Number, p.call.From
	if len(p.outcome.Verdicts) > 0 && p.outcome.Verdicts[0].Number != "" {
		number = p.outcome.Verdicts[0].Number
	}
	if p.call.Forwarder != "" {
		from = p.call.Forwarder + " forwards"
	}
	if p.call.Way == pbxsim.Originated {
		from, number = "no phone", strings.Replace(number, "011", "+", 1)
	}
	after := ", before anybody answered"
	if leg.Answered {
		after = ", after " + inStory(leg.Talk)
	}
	switch p.outcome.End {
	case pbxsim.EndCut:
		s.call(red, "cut", from, number, "by the daemon"+after)
	case pbxsim.EndTimer:
		s.call(red, "cut", from, number, "by the timer on its leg"+after)
	}
}
