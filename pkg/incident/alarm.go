package incident

import (
	"maps"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Alarm takes in that somebody's figure has come to a threshold. Whoever is the
// fourth to come to the same one joins the incident about several.
func (t *Tracker) Alarm(at time.Time, a toll.Alarm) []Change {
	k := key{kind: toll.LimitReached, observed: a.Observed, limit: a.Limit.ID, subject: a.Subject}
	f := t.open[k]
	if f == nil && a.Subject != "" && t.alarms(k) >= mostOpen {
		k.subject = ""
		f = t.open[k]
	}
	if f == nil {
		f = t.beginAlarm(at, k)
	}
	i := &f.incident
	i.Newest, i.Text, i.Reached = later(i.Newest, at), a.Text, i.Reached || a.Acts
	return t.touched(at, f, true)
}

// alarms is how many subjects of the limit have an incident of their own.
func (t *Tracker) alarms(k key) (n int) {
	for other := range t.open {
		if other.limit == k.limit && other.observed == k.observed && other.subject != "" {
			n++
		}
	}
	return n
}

// beginAlarm opens an incident about a threshold, or goes on with one that ended
// a short while ago: a figure that swings about a threshold is told of once.
func (t *Tracker) beginAlarm(at time.Time, k key) *file {
	before, again := t.mended[k]
	delete(t.mended, k)
	if !again || at.Sub(before.Closed) > t.options.Quiet {
		f := &file{incident: toll.Incident{Kind: k.kind, Limit: k.limit, Subject: k.subject, Observed: k.observed}}
		t.open[k] = f
		return f
	}
	before.Closed, before.ClosedBy = time.Time{}, ""
	f := &file{incident: before}
	t.open[k] = f
	return f
}

// EndAlarms closes the incidents about thresholds at which no figure stands any
// more.
func (t *Tracker) EndAlarms(at time.Time, stands func(limit, subject string) bool) (changes []Change) {
	maps.DeleteFunc(t.mended, func(_ key, i toll.Incident) bool { return at.Sub(i.Closed) > t.options.Quiet })
	for _, f := range t.files() {
		if i := &f.incident; i.Kind == toll.LimitReached && !stands(i.Limit, i.Subject) {
			c := t.close(at, f, ByQuiet)
			t.mended[keyOf(&c.Incident)] = clone(&c.Incident)
			changes = append(changes, c)
		}
	}
	return changes
}

// Alarms tells whether an incident about a threshold is open.
func (t *Tracker) Alarms() bool {
	for k := range t.open {
		if k.kind == toll.LimitReached {
			return true
		}
	}
	return false
}
