package ledger

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// repeatFor is how long repeats of a refusal are gathered into one entry.
const repeatFor = time.Minute

// maxRepeats bounds how many different refusals are gathered at a time.
const maxRepeats = 10_000

// repeats collapses a flood of refusals: the first of a kind is written at
// once, what follows within a minute becomes one entry with a count. The
// meters have counted each of them already.
type repeats struct {
	open map[repeatKey]*repeat
	next time.Time // when the oldest is due
}

type repeatKey struct {
	caller toll.Caller
	rang   string
	reason toll.Reason
	by     string
}

type repeat struct {
	until time.Time
	entry toll.Entry // the newest, with the count
}

func newRepeats() *repeats { return &repeats{open: make(map[repeatKey]*repeat)} }

// absorb tells whether the refusal was gathered and need not be written now.
func (r *repeats) absorb(e toll.Entry) bool {
	key := repeatKey{e.Lease.Caller, e.Lease.To.Range, e.Lease.Why, e.Lease.By}
	known := r.open[key]
	if known == nil {
		if len(r.open) < maxRepeats {
			until := e.At.Add(repeatFor)
			r.open[key] = &repeat{until: until}
			if r.next.IsZero() || until.Before(r.next) {
				r.next = until
			}
		}
		return false
	}
	e.Count = known.entry.Count + 1
	known.entry = e
	return true
}

// flush gives the entries whose minute is over; all of them at a zero time.
func (r *repeats) flush(now time.Time) []toll.Entry {
	if !now.IsZero() && (r.next.IsZero() || now.Before(r.next)) {
		return nil
	}
	var done []toll.Entry
	r.next = time.Time{}
	for key, known := range r.open {
		if !now.IsZero() && now.Before(known.until) {
			if r.next.IsZero() || known.until.Before(r.next) {
				r.next = known.until
			}
			continue
		}
		if known.entry.Count > 0 {
			done = append(done, known.entry)
		}
		delete(r.open, key)
	}
	return done
}
