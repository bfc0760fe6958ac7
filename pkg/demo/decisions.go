package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// decision is one line of the daemon's decision log.
type decision struct {
	word   string // allowed, refused, adopted, cutting …
	fields map[string]string
}

// parseDecision reads a line as the daemon writes it: the time, a word, and key=value or key="value". What is
// malformed is left out.
func parseDecision(line string) decision {
	_, rest, _ := strings.Cut(line, " ")
	word, rest, _ := strings.Cut(rest, " ")
	d := decision{word: word, fields: make(map[string]string)}
	for rest != "" {
		key, after, found := strings.Cut(rest, "=")
		if !found {
			break
		}
		var value string
		if quoted, err := strconv.QuotedPrefix(after); err == nil && strings.HasPrefix(after, `"`) {
			value, _ = strconv.Unquote(quoted)
			rest = strings.TrimPrefix(after[len(quoted):], " ")
		} else {
			value, rest, _ = strings.Cut(after, " ")
		}
		d.fields[key] = value
	}
	return d
}

// kind is what refusals have in common that are shown once and counted from then on.
func (d decision) kind() string {
	return d.fields["caller"] + " " + d.fields["reason"] + " " + d.fields["by"]
}

// explainer is the daemon, asked for its reasons.
type explainer interface {
	Explain(ctx context.Context, q admin.Query) (admin.Explanation, error)
	Settings(ctx context.Context) ([]toll.Setting, error)
}

// reader shows what the daemon decides, as it decides it.
type reader struct {
	screen *screen
	daemon explainer

	mu      sync.Mutex
	limits  map[string]toll.Limit
	seen    map[string]bool // kinds of refusals that were shown
	repeats int             // since the last line about them
	told    time.Time       // when that was
}

func newReader(s *screen, daemon explainer) *reader {
	return &reader{screen: s, daemon: daemon, seen: make(map[string]bool)}
}

// read shows the log until its end.
func (r *reader) read(ctx context.Context, log io.ReadCloser) {
	defer log.Close()
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		r.show(ctx, parseDecision(lines.Text()))
	}
}

func (r *reader) show(ctx context.Context, d decision) {
	switch {
	case d.word == "allowed":
		r.screen.call(green, "allowed", who(d.fields["caller"]), d.fields["number"], r.grant(d))
	case d.word == "refused":
		r.refused(ctx, d)
	case d.word == "adopted" && d.fields["reason"] == string(toll.ReasonEmergency):
		r.screen.call(cyan, "emergency", who(d.fields["caller"]), d.fields["number"], "the dialplan asks nobody")
	case d.word == "adopted":
		r.screen.call(red, "found", who(d.fields["caller"]), d.fields["number"], "it never asked: it went around the dialplan")
	}
}

// grant says for how long a call may last, in the story's time, and what is held for it.
func (r *reader) grant(d decision) string {
	seconds, _ := strconv.Atoi(d.fields["seconds"])
	length := inStory(time.Duration(seconds) * time.Second)
	return fmt.Sprintf("%s, %s; %s held", place(d), length, d.fields["reserved"])
}

// refused shows the first refusal of its kind with its reason, and counts the others.
func (r *reader) refused(ctx context.Context, d decision) {
	r.mu.Lock()
	known := r.seen[d.kind()]
	r.seen[d.kind()] = true
	if known {
		r.repeats++
		if r.told.IsZero() {
			r.told = time.Now()
		}
		late := time.Since(r.told) > time.Second
		r.mu.Unlock()
		if late {
			r.summarize()
		}
		return
	}
	r.mu.Unlock()
	r.screen.call(yellow, "refused", who(d.fields["caller"]), d.fields["number"], r.why(ctx, d))
}

// summarize says how many refusals were not shown.
func (r *reader) summarize() {
	r.mu.Lock()
	n := r.repeats
	r.repeats, r.told = 0, time.Time{}
	r.mu.Unlock()
	if n > 0 {
		r.screen.call(yellow, "refused", "", "", fmt.Sprintf("… and %d more like those above", n))
	}
}

// why is the reason of a refusal in words: the limit, or what the daemon answers when it is asked.
func (r *reader) why(ctx context.Context, d decision) string {
	if r.limits == nil {
		r.limits = make(map[string]toll.Limit)
		settings, _ := r.daemon.Settings(ctx)
		for _, s := range settings {
			if s.Limit != nil {
				r.limits[s.ID()] = *s.Limit
			}
		}
	}
	if l, found := r.limits[d.fields["by"]]; found {
		return limitWords(l)
	}
	_, from, _ := strings.Cut(d.fields["caller"], ":")
	e, err := r.daemon.Explain(ctx, admin.Query{From: from, To: d.fields["number"]})
	if err == nil {
		for _, f := range e.Verdict.Figures {
			if f.Stops && f.By == d.fields["by"] {
				return f.Text
			}
		}
	}
	return d.fields["reason"] + " (" + d.fields["by"] + ")"
}
