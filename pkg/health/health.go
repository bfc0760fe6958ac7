package health

import (
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	// LookEvery is how often the daemon is to be looked at.
	LookEvery = time.Second
	// WellFor is how long something must have been right again to be so.
	WellFor = 10 * time.Second
	// failingFor is how long the ledger must have failed to be a trouble: a disk
	// may hiccup.
	failingFor = 10 * time.Second
	// mailAfter is how long a notice may wait before that is a trouble.
	mailAfter = time.Hour

	megabyte = 1 << 20
)

// Options say what an owner calls a trouble.
type Options struct {
	LinkDown time.Duration // after which an Asterisk that is not heard of is one
	DiskFree int64         // bytes below which the disk is nearly full
}

// Vitals are the facts about the daemon at one moment.
type Vitals struct {
	Links     []Link
	Failing   bool      // the ledger cannot be written
	Free      int64     // bytes on its disk; below zero where that is not known
	Oldest    time.Time // the oldest notice that waits; zero if none does
	MailError string    // of the newest try to send it
}

// Link is how the link to one Asterisk stands.
type Link struct {
	PBX   string
	Up    bool
	Error string // why it is not up
}

// Note takes in the notices that wait.
func (v *Vitals) Note(waiting []toll.Notice) {
	for i := range waiting {
		if n := &waiting[i]; v.Oldest.IsZero() || n.At.Before(v.Oldest) {
			v.Oldest, v.MailError = n.At, n.Error
		}
	}
}

// Watch remembers what earlier looks have found. It is not safe for concurrent use.
type Watch struct {
	options Options
	states  map[toll.Event]*state
}

// state is where one possible trouble stands. Whether an earlier daemon has
// left it open is not known at first, so that it ends is said once in any case.
type state struct {
	said  bool      // its end or beginning was said, and
	wrong bool      // it was its beginning
	seen  bool      // what the last look saw, and
	since time.Time // since when it is seen
}

// New makes a watch that has not looked yet.
func New(o Options) *Watch { return &Watch{options: o, states: make(map[toll.Event]*state)} }

// Look gives the troubles that have begun or ended since the last look.
func (w *Watch) Look(now time.Time, v Vitals) (events []toll.Event) {
	for _, l := range v.Links {
		text := "nothing is heard of the Asterisk " + l.PBX
		if l.Error != "" {
			text += ": " + l.Error
		}
		events = w.note(events, now, toll.LinkTrouble, l.PBX, !l.Up, w.options.LinkDown, text)
	}
	events = w.note(events, now, toll.LedgerTrouble, "", v.Failing, failingFor, "the ledger cannot be written")
	if v.Free >= 0 {
		low := v.Free < w.options.DiskFree || w.is(toll.DiskTrouble) && v.Free < w.options.DiskFree/4*5
		events = w.note(events, now, toll.DiskTrouble, "", low, 0, fmt.Sprintf("the disk of the ledger has %d MB left", v.Free/megabyte))
	}
	late := !v.Oldest.IsZero() && now.Sub(v.Oldest) > mailAfter
	text := "notices have not left for an hour"
	if v.MailError != "" {
		text += ": " + v.MailError
	}
	return w.note(events, now, toll.MailTrouble, "", late, 0, text)
}

// note says that a trouble begins once it has lasted, and that it ends once it
// has been right for a while.
func (w *Watch) note(events []toll.Event, now time.Time, kind toll.IncidentKind, pbx string, wrong bool, patience time.Duration, text string) []toll.Event {
	key := toll.Event{Trouble: kind, PBX: pbx}
	s := w.states[key]
	if s == nil {
		s = &state{since: now, seen: wrong}
		w.states[key] = s
	}
	if s.seen != wrong {
		s.seen, s.since = wrong, now
	}
	if s.said && s.wrong == wrong {
		return events
	}
	if !wrong {
		patience = WellFor
	}
	if now.Sub(s.since) < patience {
		return events
	}
	s.said, s.wrong = true, wrong
	e := toll.Event{Kind: toll.TroubleEnded, Trouble: kind, PBX: pbx}
	if wrong {
		e.Kind, e.Text = toll.TroubleBegan, text
	}
	return append(events, e)
}

// is tells whether that is a trouble now.
func (w *Watch) is(kind toll.IncidentKind) bool {
	s := w.states[toll.Event{Trouble: kind}]
	return s != nil && s.said && s.wrong
}
