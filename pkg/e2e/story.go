//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// told is something that was decided about a call, and when.
type told struct {
	at   time.Time
	said string
}

// story has the steps of each call, by the number it goes to, and under setLocks what was locked.
type story map[string][]told

const setLocks = "locks"

// story is what the decision log tells.
func (d *Daemon) story(t *testing.T) story {
	t.Helper()
	all := story{}
	for line := range strings.Lines(d.Decisions(t)) {
		words := strings.Fields(line)
		at, err := time.Parse(time.RFC3339, words[0])
		if err != nil {
			t.Fatalf("the decision log has %q: %v", line, err)
		}
		v := map[string]string{}
		for _, word := range words[2:] {
			key, value, _ := strings.Cut(word, "=")
			v[key] = strings.Trim(value, `"`)
		}
		switch word := words[1]; word {
		case "allowed":
			all.add(at, v["number"], word, v["caller"], v["reason"], v["by"], v["seconds"])
		case "refused", "cutting":
			all.add(at, v["number"], word, v["caller"], v["reason"], v["by"])
		case "renewed":
			all.add(at, v["number"], word, v["seconds"])
		case "ended":
			all.add(at, v["number"], word, v["cut"])
		case "setting":
			if v["kind"] == "lock" {
				all.add(at, setLocks, v["id"])
			}
		}
	}
	return all
}

func (s story) add(at time.Time, number string, words ...string) {
	s[number] = append(s[number], told{at, strings.Join(words, " ")})
}

// heard is the same of a simulator, as its journal.
type heard struct{ story story }

func (h heard) Verdict(at time.Time, q toll.Question, v toll.Verdict) {
	who, why := q.Caller.String(), string(v.Reason)
	if v.Allow {
		h.story.add(at, q.To.Number(), "allowed", who, why, v.By, fmt.Sprint(v.Seconds()))
		return
	}
	h.story.add(at, q.To.Number(), "refused", who, why, v.By)
}

func (h heard) Entry(e toll.Entry) {
	l, number := &e.Lease, e.Lease.To.Number()
	switch {
	case e.Kind == toll.EntryRenewed:
		h.story.add(e.At, number, "renewed", fmt.Sprint(int(l.Covered/time.Second)))
	case e.Kind == toll.EntryCutting:
		h.story.add(e.At, number, "cutting", l.Caller.String(), string(l.Cut), l.By)
	case e.Kind == toll.EntryEnded:
		h.story.add(e.At, number, "ended", string(l.Cut))
	case e.Setting != nil && e.Setting.Lock != nil:
		h.story.add(e.At, setLocks, e.Setting.ID())
	}
}

// asked is when it was asked whether a number may be called.
func (s story) asked(t *testing.T, dialled string) time.Time {
	t.Helper()
	for _, number := range []string{e164(dialled), dialled} {
		if all := s[number]; len(all) > 0 {
			return all[0].at
		}
	}
	t.Fatalf("nobody was asked about %s", dialled)
	return time.Time{}
}

func (s story) said(number string) (all []string) {
	for _, one := range s[number] {
		all = append(all, one.said)
	}
	return all
}

// differences says of which numbers two stories tell otherwise, and what.
func (s story) differences(other story) (all []string) {
	both := maps.Clone(s)
	maps.Copy(both, other)
	for _, number := range slices.Sorted(maps.Keys(both)) {
		if one, two := s.said(number), other.said(number); !slices.Equal(one, two) {
			all = append(all, fmt.Sprintf("%s: %q, and %q", number, one, two))
		}
	}
	return all
}

// String is the story call by call, for whoever must find out why two differ.
func (s story) String() string {
	var text strings.Builder
	for _, number := range slices.Sorted(maps.Keys(s)) {
		for _, one := range s[number] {
			fmt.Fprintf(&text, "%s %s %s\n", one.at.UTC().Format("05.000"), number, one.said)
		}
	}
	return text.String()
}
