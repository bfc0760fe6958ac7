package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// journalQueue is how many lines may wait to be written.
const journalQueue = 8192

// journal is the decision log: one line for each verdict, cut, end and change,
// that a person can read and fail2ban can parse. Whoever decides never waits
// for it; when its disk is too slow, lines are dropped and counted.
type journal struct {
	lines   chan string
	dropped atomic.Int64
	opened  map[string]bool // incidents whose opening was written; of the decider alone
	out     io.WriteCloser
	log     *slog.Logger
}

// openJournal opens the decision log for appending; an empty path is none.
func openJournal(path string, log *slog.Logger) (*journal, error) {
	j := &journal{lines: make(chan string, journalQueue), log: log, opened: make(map[string]bool)}
	if path == "" {
		j.out = discard{}
		return j, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640) //nolint:gosec // the owner's own path; readable by his log tools
	if err != nil {
		return nil, fmt.Errorf("open the decision log: %w", err)
	}
	j.out = f
	return j, nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }

// run writes lines until the context ends, and then what is left.
func (j *journal) run(ctx context.Context) error {
	w := bufio.NewWriter(j.out)
	failing := false
	flush := func() {
		if err := w.Flush(); err != nil {
			if !failing {
				j.log.Error("the decision log cannot be written", "error", err)
			}
			failing = true
			w.Reset(j.out)
			return
		}
		failing = false
	}
	for {
		select {
		case line := <-j.lines:
			_, _ = w.WriteString(line)
			if len(j.lines) == 0 {
				flush()
			}
		case <-ctx.Done():
			for len(j.lines) > 0 {
				_, _ = w.WriteString(<-j.lines)
			}
			flush()
			return j.out.Close()
		}
		if n := j.dropped.Swap(0); n > 0 {
			j.log.Error("lines of the decision log were dropped", "lines", n)
		}
	}
}

// Verdict writes what was decided about a question.
func (j *journal) Verdict(at time.Time, q toll.Question, v toll.Verdict) {
	word := "refused"
	if v.Allow {
		word = "allowed"
	}
	l := &line{at: at, word: word}
	l.call(q.Key.PBX, q.Caller, q.To, q.Trunk)
	l.add("reason", string(v.Reason)).add("by", v.By)
	if v.Denied != "" {
		l.add("would_deny", string(v.Denied))
	}
	if v.Allow {
		l.add("seconds", fmt.Sprint(v.Seconds())).add("reserved", v.Lease.Reserved.String()).add("lease", v.Lease.ID)
	}
	j.put(l)
}

// Entry writes what else happened.
func (j *journal) Entry(e toll.Entry) {
	l := &line{at: e.At, word: string(e.Kind)}
	switch e.Kind {
	case toll.EntrySetting:
		l.add("kind", e.Setting.Kind()).add("id", e.Setting.ID()).add("author", e.Setting.Author)
		if f := e.Setting.Fuse; f != nil {
			l.add("why", f.Why).add("error", f.Error)
		}
		if e.Setting.Removed {
			l.add("removed", "yes")
		}
	case toll.EntryIncident:
		if !l.incident(e.Incident, j.opened) {
			return
		}
	case toll.EntryNotice:
		n := e.Notice
		l.add("id", n.ID).add("kind", string(n.Kind)).add("sent", sentence(n)).add("error", n.Error)
	case toll.EntryChanged:
		return
	default:
		l.call(e.Lease.Key.PBX, e.Lease.Caller, e.Lease.To, e.Lease.Trunk)
		l.lease(e)
	}
	j.put(l)
}

func (j *journal) put(l *line) {
	select {
	case j.lines <- l.String():
	default:
		j.dropped.Add(1)
	}
}

// line is one line: the time, a word, and key=value pairs.
type line struct {
	at   time.Time
	word string
	text strings.Builder
}

func (l *line) add(key, value string) *line {
	if value == "" {
		return l
	}
	l.text.WriteByte(' ')
	l.text.WriteString(key)
	l.text.WriteByte('=')
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == '"' || r == '=' || r > '~' }) {
		value = fmt.Sprintf("%+q", value)
	}
	l.text.WriteString(value)
	return l
}

func (l *line) call(pbx string, from toll.Caller, to toll.Destination, trunk string) {
	l.add("pbx", pbx).add("caller", from.String()).add("number", to.Number()).add("country", to.Country).
		add("class", string(to.Class)).add("trunk", trunk)
}

// incident writes that an incident was opened or closed; what lies between is in
// the calls' own lines.
func (l *line) incident(i *toll.Incident, known map[string]bool) bool {
	state := "opened"
	switch {
	case !i.Open():
		state = "closed"
		delete(known, i.ID)
	case known[i.ID]:
		return false
	default:
		known[i.ID] = true
	}
	l.add("id", i.ID).add("state", state).add("kind", string(i.Kind)).add("pbx", i.PBX).add("caller", i.Caller).add("text", i.Text)
	if i.Kind == toll.Attack {
		l.add("refused", fmt.Sprint(i.Refused)).add("cut", fmt.Sprint(i.Cut)).add("bypassed", fmt.Sprint(i.Bypassed)).
			add("cost", i.Cost.String())
	}
	return true
}

// sentence says whether a notice has left.
func sentence(n *toll.Notice) string {
	switch {
	case n.GivenUp:
		return "never"
	case n.Sent.IsZero():
		return "no"
	}
	return "yes"
}

func (l *line) lease(e toll.Entry) {
	lease := e.Lease
	switch e.Kind {
	case toll.EntryCutting:
		l.add("reason", string(lease.Cut)).add("by", lease.By)
	case toll.EntryShadow:
		l.add("would_deny", string(lease.Denied)).add("by", lease.By)
	case toll.EntryEnded:
		l.add("reason", string(lease.Why)).add("cut", string(lease.Cut)).add("would_deny", string(lease.Denied)).
			add("talked", fmt.Sprintf("%.1f", lease.Talked.Seconds())).add("cost", lease.Cost.String())
	default:
		l.add("reason", string(lease.Why)).add("seconds", fmt.Sprint(int(lease.Covered.Seconds()))).add("reserved", lease.Reserved.String())
	}
	l.add("lease", lease.ID)
}

// String is the line with its end.
func (l *line) String() string {
	return l.at.UTC().Format("2006-01-02T15:04:05.000Z") + " " + l.word + l.text.String() + "\n"
}
