package incident

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Learn takes in, while the ledger is replayed, how a call came to its end:
// the newest of its incident may not have been written when the daemon died.
func (t *Tracker) Learn(e toll.Entry) {
	l := &e.Lease
	if e.Kind != toll.EntryEnded || l.To.Class == toll.Emergency {
		return
	}
	c := t.calls[l.ID]
	if c == nil {
		f := t.find(key{kind: toll.Attack, pbx: l.Key.PBX, caller: name(l.Caller)})
		if f == nil || l.Cut == "" || !e.At.After(f.restored) {
			return
		}
		c = t.follow(f, l)
		t.tallyCall(&f.incident, l)
	}
	t.judge(c, l)
	t.settleCall(e.At, c, l)
	c.file.unsaved, t.known = e.At, false
}

// Resume compares what was restored with the leases that are live now. A call
// that is up no more has ended, nobody knows how; one that is being cut belongs
// to an attack.
func (t *Tracker) Resume(now time.Time, live []toll.Lease) {
	slices.SortFunc(live, func(a, b toll.Lease) int { return cmp.Or(a.Granted.Compare(b.Granted), strings.Compare(a.ID, b.ID)) })
	up := make(map[string]bool, len(live))
	for i := range live {
		l := &live[i]
		up[l.ID] = true
		if l.Cut != "" && t.calls[l.ID] == nil {
			t.up(now, l) // what it says is said again when it is written
		}
	}
	for lease, c := range t.calls {
		if up[lease] {
			continue
		}
		i := &c.file.incident
		if c.place >= 0 {
			i.Calls[c.place].Ended = i.Newest
		}
		c.file.up--
		delete(t.calls, lease)
	}
	for _, f := range t.open {
		f.unsaved = now
	}
	t.known = false
}

// Flush gives what has changed and is not in the ledger yet.
func (t *Tracker) Flush() (changes []Change) {
	for _, f := range t.files() {
		if !f.unsaved.IsZero() {
			changes = append(changes, t.change(f.incident.Newest, f, ""))
		}
	}
	return changes
}
