package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// kill ends the daemon: what was not committed is forgotten, calls go on, and
// a new book is made of what the disk has. A commit that has begun may have been
// written all the same; nobody heard of it.
func (w *world) kill(written bool) {
	lost := w.pending.changes
	askers := w.pending.askers
	if w.flight != nil {
		askers = append(askers, w.flight.askers...)
		if written {
			w.write(w.flight.entries)
		} else {
			lost = append(slices.Clone(w.flight.changes), lost...)
		}
	}
	if len(lost) > 0 {
		w.since = lost[0].before
	}
	w.flight, w.pending, w.linked = nil, load{}, false
	w.book = w.replayed()
	w.learn()
	for _, asker := range askers {
		w.refuse(asker)
	}
	w.take(w.book.Review(w.now))
}

// replayed is the book that a restart makes: of the settings that stand, and then
// of each lease the newest that was written.
func (w *world) replayed() *Book {
	w.epoch++
	b := NewBook(newJudge(w.t), Options{Epoch: w.epoch})
	for _, e := range w.disk {
		for _, c := range e.Lease.Firsts() {
			b.Remember(c)
		}
	}
	for _, e := range standingOn(w.disk) {
		if err := b.Apply(e); err != nil {
			w.t.Fatalf("replay: %v", err)
		}
	}
	b.Begin(w.now)
	return b
}

// standingOn is what a store replays of all that was written.
func standingOn(disk []toll.Entry) (replay []toll.Entry) {
	newest := make(map[any]int)
	last := -1
	for i, e := range disk {
		switch {
		case e.Setting != nil:
			newest[settingKey{e.Setting.Kind(), e.Setting.ID()}], last = i, i
		case e.Lease.ID != "":
			newest[e.Lease.ID] = i
		}
	}
	var settings []toll.Entry
	for i, e := range disk {
		s := e.Setting
		if s != nil && !s.Removed && newest[settingKey{s.Kind(), s.ID()}] == i {
			settings = append(settings, toll.Entry{At: e.At, Kind: e.Kind, Setting: s})
		}
	}
	slices.SortStableFunc(settings, func(a, b toll.Entry) int {
		first := func(e toll.Entry) int {
			if e.Setting.Schedule != nil {
				return 0
			}
			return 1
		}
		return cmp.Compare(first(a), first(b))
	})
	for i, e := range disk {
		if e.Setting == nil && (e.Lease.ID == "" || newest[e.Lease.ID] == i) || i == last {
			replay = append(replay, e)
		}
	}
	return append(settings, replay...)
}

// checkReplay compares a replayed book with the living one.
func (w *world) checkReplay() {
	if w.flight != nil || len(w.pending.entries) > 0 {
		return
	}
	other := w.replayed()
	living, replayed := w.book.Leases(), other.Leases()
	byID := func(a, b toll.Lease) int { return cmp.Compare(a.ID, b.ID) }
	slices.SortFunc(living, byID)
	slices.SortFunc(replayed, byID)
	if fmt.Sprint(living) != fmt.Sprint(replayed) {
		w.t.Fatalf("leases\nliving   %v\nreplayed %v", living, replayed)
	}
	for _, q := range w.everybody() {
		if a, b := w.book.past.news(&q), other.past.news(&q); a != b {
			w.t.Fatalf("%s is new to %q by %s, replayed to %q", q.To.Country, a, q.Trunk, b)
		}
	}
	for _, s := range w.book.Settings() {
		if s.Limit == nil {
			continue
		}
		for _, q := range w.everybody() {
			a, b := w.book.meters.Usage(w.now, s.Limit.Meter, q), other.meters.Usage(w.now, s.Limit.Meter, q)
			if a.Held != b.Held || a.Value > b.Value || !w.touched && a.Value != b.Value {
				w.t.Fatalf("%s: living %+v, replayed %+v", s.Limit.ID, a, b)
			}
		}
	}
}
