package incident

import (
	"maps"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mostAlarms is how many thresholds an incident lists.
const mostAlarms = 50

// Alarm takes in that somebody's figure has come to a threshold. All of them are
// one incident: what brings one figure there brings others there as well.
func (t *Tracker) Alarm(at time.Time, a toll.Alarm) []Change {
	k := key{kind: toll.LimitReached, observed: a.Observed}
	f := t.open[k]
	switch {
	case f == nil && !shuts(a) && t.attacked(a.Observed):
		return nil // that says which limits refuse and cut
	case f == nil:
		f, _ = t.beginAgain(at, k) // a figure that swings about a threshold is told of once
	}
	i := &f.incident
	urgent := len(i.Causes) < listedAtOnce || a.Acts && !i.Reached // a flood is written every few seconds
	i.Newest, i.Text, i.Reached = later(i.Newest, at), a.Text, i.Reached || a.Acts
	i.Shut = i.Shut || shuts(a)
	tally := toll.Tally{Name: a.Limit.ID, Kind: toll.Warns, Place: a.Subject, Text: a.Text, Count: 1}
	if a.Acts {
		tally.Kind = toll.Acts
	}
	place := slices.IndexFunc(i.Causes, func(c toll.Tally) bool { return c.Name == tally.Name && c.Place == tally.Place })
	switch {
	case place >= 0:
		tally.Count = i.Causes[place].Count + 1
		i.Causes[place] = tally
	case len(i.Causes) < mostAlarms:
		i.Causes = append(i.Causes, tally)
	}
	return t.touched(at, f, urgent)
}

// shuts tells whether the limit locks somebody, or blows the fuse: the owner must
// hear of it whatever else goes on.
func shuts(a toll.Alarm) bool {
	return a.Acts && !a.Observed && (a.Limit.Does(toll.LockCaller) || a.Limit.Does(toll.LockRange) || a.Limit.Does(toll.BlowFuse))
}

// attacked tells whether an attack is going on, or one that is only observed.
func (t *Tracker) attacked(observed bool) bool {
	for k := range t.open {
		if k.kind == toll.Attack && k.observed == observed {
			return true
		}
	}
	return false
}

// EndAlarms closes the incident about thresholds once no figure stands at one.
func (t *Tracker) EndAlarms(at time.Time, stands func(observed bool) bool) (changes []Change) {
	maps.DeleteFunc(t.mended, func(_ key, i toll.Incident) bool { return at.Sub(i.Closed) > t.options.Quiet })
	for _, f := range t.files() {
		if i := &f.incident; i.Kind == toll.LimitReached && !stands(i.Observed) {
			c := t.close(at, f, ByQuiet)
			t.mended[keyOf(&c.Incident)] = clone(&c.Incident)
			changes = append(changes, c)
		}
	}
	return changes
}

// Alarms tells whether an incident about thresholds is open.
func (t *Tracker) Alarms() bool {
	for k := range t.open {
		if k.kind == toll.LimitReached {
			return true
		}
	}
	return false
}
