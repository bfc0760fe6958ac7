package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	lookEvery = time.Second
	// failingFor is how long the ledger must have failed to be a trouble: a disk
	// may hiccup.
	failingFor = 10 * time.Second
	// mailAfter is how long a notice may wait before that is a trouble.
	mailAfter = time.Hour
	// wellFor is how long something must have been right again to be so.
	wellFor  = 10 * time.Second
	megabyte = 1 << 20
)

// vitals are the facts about the daemon itself at one moment.
type vitals struct {
	links   []linkVitals
	failing bool      // the ledger cannot be written
	free    int64     // bytes on its disk; below zero where that is not known
	oldest  time.Time // the oldest notice that waits; zero if none does
	mailErr string    // of the newest try to send one
}

type linkVitals struct {
	pbx   string
	up    bool
	error string
}

// health turns vitals into troubles that begin and end. It is pure.
type health struct {
	linkDown time.Duration // after which an Asterisk that is not heard of is a trouble
	diskFree int64         // bytes below which the disk is nearly full
	states   map[toll.Event]*state
}

// state is where one possible trouble stands. Whether an earlier daemon has
// left it open is not known at first, so that it ends is said once in any case.
type state struct {
	said  bool      // its end or beginning was said, and
	wrong bool      // it was its beginning
	seen  bool      // what the last look saw, and
	since time.Time // since when it is seen
}

func newHealth(linkDown time.Duration, diskFree int64) *health {
	return &health{linkDown: linkDown, diskFree: diskFree, states: make(map[toll.Event]*state)}
}

// look gives the troubles that have begun or ended since the last look.
func (h *health) look(now time.Time, v vitals) (events []toll.Event) {
	for _, l := range v.links {
		text := "nothing is heard of the Asterisk " + l.pbx
		if l.error != "" {
			text += ": " + l.error
		}
		events = h.note(events, now, toll.LinkTrouble, l.pbx, !l.up, h.linkDown, text)
	}
	events = h.note(events, now, toll.LedgerTrouble, "", v.failing, failingFor, "the ledger cannot be written")
	if v.free >= 0 {
		low := v.free < h.diskFree || h.is(toll.DiskTrouble) && v.free < h.diskFree/4*5
		events = h.note(events, now, toll.DiskTrouble, "", low, 0, fmt.Sprintf("the disk of the ledger has %d MB left", v.free/megabyte))
	}
	late := !v.oldest.IsZero() && now.Sub(v.oldest) > mailAfter
	text := "notices have not left for an hour"
	if v.mailErr != "" {
		text += ": " + v.mailErr
	}
	return h.note(events, now, toll.MailTrouble, "", late, 0, text)
}

// note says that a trouble begins once it has lasted, and that it ends once it
// has been right for a while.
func (h *health) note(events []toll.Event, now time.Time, kind toll.IncidentKind, pbx string, wrong bool, patience time.Duration, text string) []toll.Event {
	key := toll.Event{Trouble: kind, PBX: pbx}
	s := h.states[key]
	if s == nil {
		s = &state{since: now, seen: wrong}
		h.states[key] = s
	}
	if s.seen != wrong {
		s.seen, s.since = wrong, now
	}
	if s.said && s.wrong == wrong {
		return events
	}
	if !wrong {
		patience = wellFor
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
func (h *health) is(kind toll.IncidentKind) bool {
	s := h.states[toll.Event{Trouble: kind}]
	return s != nil && s.said && s.wrong
}

// watchHealth looks after the daemon itself and reports to the ledger, which
// tells the owner.
func (d *daemon) watchHealth(ctx context.Context) error {
	h := newHealth(d.config.Alerts.LinkDown, d.config.Alerts.DiskFree*megabyte)
	if err := d.endTroubles(ctx); err != nil {
		d.log.Error("troubles of an Asterisk that is gone from the configuration stay open", "error", err)
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		v, err := d.vitals(ctx)
		if err != nil {
			continue // the ledger is busy or stops; the watchdog sees to that
		}
		for _, e := range h.look(d.ledger.Now(), v) {
			if e.Kind == toll.TroubleBegan {
				d.log.Error("trouble", "kind", e.Trouble, "pbx", e.PBX, "text", e.Text)
			}
			if err := d.ledger.Record(ctx, e); err != nil && ctx.Err() == nil {
				d.log.Error("a trouble could not be recorded", "kind", e.Trouble, "error", err)
			}
		}
	}
}

// endTroubles ends those of an Asterisk that the configuration no longer names.
func (d *daemon) endTroubles(ctx context.Context) error {
	v, err := d.ledger.View(ctx)
	if err != nil {
		return err
	}
	for _, i := range v.Incidents {
		named := slices.ContainsFunc(d.config.Asterisk, func(a config.Asterisk) bool { return a.Name == i.PBX })
		if i.Kind == toll.LinkTrouble && !named {
			err = errors.Join(err, d.ledger.Record(ctx, toll.Event{Kind: toll.TroubleEnded, Trouble: i.Kind, PBX: i.PBX}))
		}
	}
	return err
}

func (d *daemon) vitals(ctx context.Context) (vitals, error) {
	v := vitals{free: freeBytes(d.config.Ledger.Path), failing: d.ledger.Failing()}
	for _, a := range d.config.Asterisk {
		s := d.watchers[a.Name].State()
		v.links = append(v.links, linkVitals{a.Name, s.Up, s.Error})
	}
	waiting, err := d.ledger.Waiting(ctx)
	for _, n := range waiting {
		if v.oldest.IsZero() || n.At.Before(v.oldest) {
			v.oldest, v.mailErr = n.At, n.Error
		}
	}
	return v, err
}

// freeBytes is what an ordinary user may still write on the disk of the file;
// below zero where nobody can tell.
func freeBytes(path string) int64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &s); err != nil {
		return -1
	}
	return int64(s.Bavail) * s.Bsize
}
