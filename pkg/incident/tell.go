package incident

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	// mostNotices is how many notices an incident makes, the one of its end among
	// them, and how many all incidents of an episode make together.
	mostNotices = 5
	// worse is by which factor an incident must have grown for another notice.
	worse = 10
	// manyMore is the same for thresholds, of which there are never many.
	manyMore = 3
	// saveAfter is how long a change of an incident that can wait is not written.
	saveAfter = 5 * time.Second
	// longest is how long an attack is one incident. What goes on after it opens
	// the next one, so that nobody is left in the dark for days.
	longest = 24 * time.Hour
)

// ByQuiet is who closes an incident that has ended by itself.
const ByQuiet = "quiet"

// Next is when Tick has something to do; false when nothing is due ever. It is asked
// far more often than something changes.
func (t *Tracker) Next() (next time.Time, any bool) {
	if !t.known {
		t.next, t.any = t.due()
		t.known = true
	}
	return t.next, t.any
}

// due is the earliest that is planned for any incident.
func (t *Tracker) due() (next time.Time, any bool) {
	consider := func(at time.Time) {
		if !at.IsZero() && (!any || at.Before(next)) {
			next, any = at, true
		}
	}
	for _, f := range t.open {
		consider(f.tellAt)
		if !f.unsaved.IsZero() {
			consider(f.unsaved.Add(saveAfter))
		}
		if ends, does := t.ends(f); does {
			consider(ends)
		}
	}
	return next, any
}

// Tick tells of what is due, and closes what has ended.
func (t *Tracker) Tick(now time.Time) (changes []Change) {
	if next, any := t.Next(); !any || now.Before(next) {
		return nil
	}
	for _, f := range t.files() {
		if ends, does := t.ends(f); does && !now.Before(ends) {
			changes = append(changes, t.close(ends, f, ByQuiet))
			continue
		}
		if c, changed := t.settle(now, f); changed {
			changes = append(changes, c)
		}
	}
	return changes
}

// ends is when an incident is over unless more comes; false for one that
// somebody else ends: a trouble, the fuse, a threshold, an attack with a call that
// is up.
func (t *Tracker) ends(f *file) (time.Time, bool) {
	i := &f.incident
	if i.Kind != toll.Attack && i.Kind != toll.EmergencyCall || f.up > 0 {
		return time.Time{}, false
	}
	quiet, most := i.Newest.Add(t.options.Quiet), i.Opened.Add(longest)
	if most.Before(quiet) {
		return later(most, i.Newest), true
	}
	return quiet, true
}

// settle says whether the incident's newest state is to be written now, and
// whether the owner is told.
func (t *Tracker) settle(now time.Time, f *file) (Change, bool) {
	t.known = false
	kind := t.tell(now, f)
	if kind == "" && !f.urgent && (f.unsaved.IsZero() || now.Before(f.unsaved.Add(saveAfter))) {
		return Change{}, false
	}
	return t.change(now, f, kind), true
}

// tell says whether the owner is told something now.
func (t *Tracker) tell(now time.Time, f *file) toll.NoticeKind {
	i := &f.incident
	if i.Kind == toll.LimitReached && !i.Shut && t.attacked(i.Observed) {
		f.tellAt, i.Told = time.Time{}, toll.Told{Up: int64(len(i.Causes)), Reached: i.Reached} // the attack's mails say it
		return ""
	}
	known := i.Noticed > 0 || i.Told != toll.Told{} // by its own notices, or those of an attack
	if f.tellAt.IsZero() && t.options.Tell && known && (i.Noticed < mostNotices-1 && hasWorsened(i) || f.costly()) {
		f.tellAt = now.Add(t.gather(i.Kind))
	}
	if f.tellAt.IsZero() || now.Before(f.tellAt) && !f.putOff {
		return ""
	}
	var again time.Time
	if again, f.putOff = t.full(now, f); f.putOff {
		f.tellAt = again
		return ""
	}
	if i.Noticed == 0 {
		return toll.NoticeOpened
	}
	return toll.NoticeWorse
}

// hasWorsened compares the incident with what was told of it last.
func hasWorsened(i *toll.Incident) bool {
	told, money := i.Told, i.Cost+i.AtStake
	switch i.Kind {
	case toll.EmergencyCall:
		return i.Up() > told.Up // each call for help is told
	case toll.FuseBlown:
		return i.Refused > told.Refused // its command has failed
	case toll.LimitReached:
		return i.Reached && !told.Reached || i.Shut && !told.Shut || int64(len(i.Causes)) >= manyMore*max(told.Up, 1)
	case toll.Attack:
		return told.Up == 0 && i.Up() > 0 || // up to now it was only refused
			i.Up() >= worse*max(told.Up, 1) ||
			i.Refused >= worse*max(told.Refused, 1) ||
			money >= worse*max(told.Money, toll.Unit)
	}
	return false
}

// close ends an incident, and the owner hears of it. Of a trouble only if he has
// heard of its beginning, and may still hear when it begins again; of calls for
// help only if there were more than he was told of.
func (t *Tracker) close(now time.Time, f *file, by string) Change {
	i := &f.incident
	i.Closed, i.ClosedBy = now, by
	kind := toll.NoticeClosed
	switch {
	case !t.options.Tell:
		kind = ""
	case i.Kind.Trouble() && (i.Noticed == 0 || i.Noticed >= mostNotices-1):
		kind = ""
	case i.Kind == toll.EmergencyCall && i.Told.Up == i.Up():
		kind = ""
	case i.Kind == toll.LimitReached:
		kind = "" // a figure falls by itself, and nobody need do anything
	case i.Kind == toll.Attack && !t.endsEpisode(f):
		kind = ""
	}
	c := t.change(now, f, kind)
	t.forget(f)
	return c
}

// change is the incident as it stands, on its way to the ledger.
func (t *Tracker) change(now time.Time, f *file, kind toll.NoticeKind) Change {
	t.known = false
	i := &f.incident
	if kind != "" {
		i.Noticed++
		if inEpisode(i) {
			f.episode.notice(now, f, kind)
		}
		i.Told = toll.Told{Refused: i.Refused, Up: i.Up(), Money: i.Cost + i.AtStake, Reached: i.Reached, Shut: i.Shut}
		if i.Kind == toll.LimitReached {
			i.Told.Up = int64(len(i.Causes))
		}
		f.tellAt = time.Time{}
	}
	f.unsaved, f.urgent = time.Time{}, false
	return Change{Incident: clone(i), Notice: kind}
}

// gather is how long a notice waits for more to say.
func (t *Tracker) gather(k toll.IncidentKind) time.Duration {
	if k == toll.Attack || k == toll.LimitReached {
		return t.options.Gather
	}
	return 0
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
