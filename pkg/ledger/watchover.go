package ledger

import (
	"strconv"
	"time"

	"github.com/tollfuse/tollfuse/pkg/incident"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mostNotices bounds the notices that wait. An owner whose mail has not worked
// for so long has other means to learn of it.
const mostNotices = 1000

// newTracker makes the book's incidents.
func (b *Book) newTracker() *incident.Tracker {
	return incident.New(b.options.Incidents, incident.Context{
		NewID: func() string { b.nextSeq(); return b.id(b.seq) },
		Said:  func(by string) string { return b.said[by] },
		Lock: func(id string) (toll.Lock, bool) {
			s, stands := b.settings[settingKey{"lock", id}]
			if !stands {
				return toll.Lock{}, false
			}
			return *s.Lock, true
		},
	})
}

// watchOver looks through what has just been decided or recorded for what is
// part of an attack, and adds what that comes to.
func (b *Book) watchOver(entries []toll.Entry) []toll.Entry {
	for _, e := range entries {
		for _, c := range b.incidents.Note(e) {
			entries = append(entries, b.writeIncident(c)...)
		}
	}
	return entries
}

// writeIncident makes entries of an incident that has changed, and of the
// notice about it.
func (b *Book) writeIncident(c incident.Change) []toll.Entry {
	entries := []toll.Entry{{Seq: b.nextSeq(), At: b.now, Kind: toll.EntryIncident, Incident: &c.Incident}}
	if c.Notice == "" {
		return entries
	}
	n := toll.Notice{ID: c.Incident.ID + "-" + strconv.Itoa(c.Incident.Noticed), Kind: c.Notice, At: b.now, Incident: c.Incident}
	b.keepNotice(n)
	return append(entries, toll.Entry{Seq: b.nextSeq(), At: b.now, Kind: toll.EntryNotice, Notice: &n})
}

func (b *Book) writeIncidents(changes []incident.Change) (entries []toll.Entry) {
	for _, c := range changes {
		entries = append(entries, b.writeIncident(c)...)
	}
	return entries
}

// keepNotice keeps a notice for as long as it waits.
func (b *Book) keepNotice(n toll.Notice) {
	if !n.Waits() {
		delete(b.notices, n.ID)
		return
	}
	b.notices[n.ID] = n
	if len(b.notices) > mostNotices {
		delete(b.notices, b.leastNotice())
	}
}

// leastNotice is the one to do without: the oldest about a trouble of ours, or
// else the oldest.
func (b *Book) leastNotice() (least string) {
	for id, n := range b.notices {
		m, any := b.notices[least]
		trouble, other := n.Incident.Kind.Trouble(), m.Incident.Kind.Trouble()
		if !any || trouble && !other || trouble == other && (n.At.Before(m.At) || n.At.Equal(m.At) && id < least) {
			least = id
		}
	}
	return least
}

// Waiting are the notices that have not left, in no order.
func (b *Book) Waiting() []toll.Notice {
	all := make([]toll.Notice, 0, len(b.notices))
	for _, n := range b.notices {
		all = append(all, n)
	}
	return all
}

// Tried notes the outcome of a try to send a notice; nothing where the notice
// waits no more.
func (b *Book) Tried(now time.Time, n toll.Notice) []toll.Entry {
	b.advance(now)
	known, waits := b.notices[n.ID]
	if !waits {
		return nil
	}
	known.Sent, known.GivenUp, known.Tries, known.Next, known.Error = n.Sent, n.GivenUp, n.Tries, n.Next, n.Error
	known.First, known.Reached = n.First, n.Reached
	b.keepNotice(known)
	return []toll.Entry{{Seq: b.nextSeq(), At: b.now, Kind: toll.EntryNotice, Notice: &known}}
}

// Flush gives what has changed of incidents and is not in the ledger yet.
func (b *Book) Flush() []toll.Entry { return b.writeIncidents(b.incidents.Flush()) }

// Incidents are copies of those that are open, the oldest first.
func (b *Book) Incidents() []toll.Incident { return b.incidents.Open() }

// CloseIncident ends an incident because somebody says so; false when none is
// open by that name.
func (b *Book) CloseIncident(now time.Time, id, by string) (toll.Incident, []toll.Entry, bool) {
	c, found := b.incidents.Close(b.advance(now), id, by)
	if !found {
		return toll.Incident{}, nil, false
	}
	return c.Incident, b.writeIncident(c), true
}
