package incident

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mostOpen is how many callers have an attack of their own at a time. Who comes
// later joins the one about several, so that a broken PBX with two hundred
// extensions does not make two hundred mails.
const mostOpen = 3

// Note takes in an entry of the ledger.
func (t *Tracker) Note(e toll.Entry) []Change {
	l := &e.Lease
	switch e.Kind {
	case toll.EntryRefused:
		return t.refused(e.At, l, false)
	case toll.EntryGranted:
		switch {
		case l.To.Class == toll.Emergency:
			return t.emergency(e.At, l)
		case l.Denied != "":
			return t.refused(e.At, l, true)
		}
	case toll.EntryAdopted:
		switch {
		case l.To.Class == toll.Emergency:
			return t.emergency(e.At, l)
		case l.Why == toll.ReasonBypass:
			return t.up(e.At, l)
		}
	case toll.EntryCutting:
		return t.up(e.At, l)
	case toll.EntryShadow:
		return t.shadow(e.At, l)
	case toll.EntryEnded:
		return t.ended(e.At, l)
	case toll.EntrySetting:
		return t.setting(e.At, e.Setting)
	}
	return nil
}

// refused counts a question that was refused, or would have been. It belongs to
// the attack that is open, or to what may become one.
func (t *Tracker) refused(at time.Time, l *toll.Lease, observed bool) []Change {
	k := key{kind: toll.Attack, pbx: l.Key.PBX, caller: name(l.Caller), observed: observed}
	f := t.find(k)
	if f == nil {
		f = t.suspect(at, k, l, t.enough(l))
	}
	if k.caller = ""; f == nil {
		f = t.open[k] // no attack of one caller; perhaps one of many
	}
	if f == nil {
		f = t.suspect(at, k, l, manyCallers*t.options.Refusals)
	}
	if f == nil || f.last == l.Key {
		return nil // the next trunk of one call
	}
	f.last = l.Key
	t.tallyRefusal(&f.incident, at, l, observed)
	return t.touched(at, f, f.incident.ID == "")
}

// enough is how many refused calls of one caller make an incident: a single one
// that would have gone abroad or cost much, several where somebody may have
// mistaken a digit, or is kept from it by a rule of the owner's own or by his PIN.
func (t *Tracker) enough(l *toll.Lease) int64 {
	why := l.Why
	if l.Denied != "" {
		why = l.Denied
	}
	switch c := l.To.Class; {
	case c.Ordinary() || c == toll.Unplaced:
	case why == toll.ReasonDeniedClass || why == toll.ReasonLimit || why == toll.ReasonLocked:
		return 1
	}
	return t.options.Refusals
}

// shadow counts a call that would have been cut. One is enough for an incident, as
// one that is cut in earnest is.
func (t *Tracker) shadow(at time.Time, l *toll.Lease) []Change {
	k := key{kind: toll.Attack, pbx: l.Key.PBX, caller: name(l.Caller), observed: true}
	f := t.find(k)
	if f == nil {
		f = t.begin(k, t.suspects.take(k, at, t.options.Within))
	}
	t.tallyRefusal(&f.incident, at, l, true)
	return t.touched(at, f, f.incident.ID == "")
}

// manyCallers is how many times as many refusals of a whole PBX make an
// incident as those of one caller do: for whom each new identity costs nothing.
const manyCallers = 10

// suspect counts a refusal that belongs to no incident, and opens one when it is
// one too many.
func (t *Tracker) suspect(at time.Time, k key, l *toll.Lease, most int64) *file {
	s := t.suspects.of(k, at, t.options.Within)
	if s.last == l.Key {
		return nil
	}
	s.last = l.Key
	if !s.refused(at, most, t.options.Within) {
		t.tallyRefusal(&s.incident, at, l, k.observed)
		return nil
	}
	t.suspects.drop(k)
	return t.begin(k, s.incident)
}

// up counts a call that was up: found beside the dialplan, cut, or both.
func (t *Tracker) up(at time.Time, l *toll.Lease) []Change {
	c := t.calls[l.ID]
	if c == nil {
		k := key{kind: toll.Attack, pbx: l.Key.PBX, caller: name(l.Caller)}
		f := t.find(k)
		if f == nil {
			f = t.begin(k, t.suspects.take(k, at, t.options.Within))
		}
		c = t.follow(f, l)
		t.tallyCall(&f.incident, l)
	}
	i := &c.file.incident
	i.Newest = later(i.Newest, at)
	t.judge(c, l)
	return t.touched(at, c.file, len(i.Calls) <= listedAtOnce)
}

// emergency counts a call for help.
func (t *Tracker) emergency(at time.Time, l *toll.Lease) []Change {
	if !t.options.Emergency || t.calls[l.ID] != nil {
		return nil
	}
	k := key{kind: toll.EmergencyCall, pbx: l.Key.PBX, caller: name(l.Caller)}
	f := t.find(k)
	if f == nil {
		f = t.begin(k, toll.Incident{})
	}
	i := &f.incident
	i.Newest = later(i.Newest, at)
	i.Bypassed++ // nobody was asked, and rightly so
	t.tallyCall(i, l)
	t.follow(f, l)
	return t.touched(at, f, true)
}

// ended notes what a call of an incident came to.
func (t *Tracker) ended(at time.Time, l *toll.Lease) []Change {
	c := t.calls[l.ID]
	if c == nil {
		return nil
	}
	t.settleCall(at, c, l)
	return t.touched(at, c.file, len(c.file.incident.Calls) <= listedAtOnce)
}

// setting notes locks that concern an open attack, and the main fuse.
func (t *Tracker) setting(at time.Time, s *toll.Setting) []Change {
	switch {
	case s.Fuse != nil:
		return t.fuse(at, s)
	case s.Lock == nil || s.Removed:
		return nil
	}
	var changes []Change
	for _, f := range t.files() {
		if i := &f.incident; i.Kind == toll.Attack && !i.Observed && concerns(s.Lock, i) && t.addLock(i, s.Lock.ID()) {
			changes = append(changes, t.touched(at, f, true)...)
		}
	}
	return changes
}

// Guessed opens the attack of a caller who is locked for wrong PINs, unless it is
// open: the refusal is counted there.
func (t *Tracker) Guessed(at time.Time, l *toll.Lease) []Change {
	k := key{kind: toll.Attack, pbx: l.Key.PBX, caller: name(l.Caller)}
	if t.find(k) != nil {
		return nil
	}
	return t.touched(at, t.begin(k, t.suspects.take(k, at, t.options.Within)), true)
}

// fuse opens the incident of the main fuse when it has blown, notes how its
// command went, and closes it when the fuse is reset.
func (t *Tracker) fuse(at time.Time, s *toll.Setting) []Change {
	k := key{kind: toll.FuseBlown}
	f := t.open[k]
	if s.Removed {
		if f == nil {
			return nil
		}
		return []Change{t.close(at, f, s.Author)}
	}
	if f == nil {
		f = t.begin(k, toll.Incident{})
	}
	i := &f.incident
	i.Newest, i.Text = at, s.Fuse.Why
	if s.Fuse.Error != "" {
		i.Refused++
		i.Text += "; its command failed: " + s.Fuse.Error
	}
	return t.touched(at, f, true)
}

// Begin opens an incident about Tollfuse itself, unless it is open.
func (t *Tracker) Begin(at time.Time, kind toll.IncidentKind, pbx, text string) []Change {
	k := key{kind: kind, pbx: pbx}
	f := t.open[k]
	if f != nil && f.incident.Text == text {
		return nil
	}
	if f == nil {
		f = t.beginTrouble(at, k)
	}
	f.incident.Text, f.incident.Newest = text, later(f.incident.Newest, at)
	return t.touched(at, f, f.incident.Noticed == 0)
}

// beginTrouble opens an incident about Tollfuse itself, and tells at once of one
// that goes on.
func (t *Tracker) beginTrouble(at time.Time, k key) *file {
	f, goesOn := t.beginAgain(at, k)
	if goesOn && t.options.Tell && f.incident.Noticed < mostNotices {
		f.tellAt = at
	}
	return f
}

// beginAgain opens an incident, or goes on with the one of that key that ended a
// short while ago: what comes and goes all night must not make a mail each time.
func (t *Tracker) beginAgain(at time.Time, k key) (f *file, goesOn bool) {
	before, again := t.mended[k]
	delete(t.mended, k)
	if !again || at.Sub(before.Closed) > t.options.Quiet {
		return t.begin(k, toll.Incident{}), false
	}
	before.Closed, before.ClosedBy = time.Time{}, ""
	f = &file{incident: before}
	t.open[k] = f
	return f, true
}

// End closes it.
func (t *Tracker) End(at time.Time, kind toll.IncidentKind, pbx string) []Change {
	k := key{kind: kind, pbx: pbx}
	if f := t.open[k]; f != nil {
		c := t.close(at, f, ByQuiet)
		t.mended[k] = clone(&c.Incident)
		return []Change{c}
	}
	return nil
}

// find is the open incident that something belongs to; nil if there is none.
func (t *Tracker) find(k key) *file {
	if f := t.open[k]; f != nil {
		return f
	}
	if !t.crowded(k) {
		return nil
	}
	k.caller = ""
	return t.open[k]
}

// crowded tells whether so many callers have an incident of this kind that
// another one gets none of its own.
func (t *Tracker) crowded(k key) bool {
	n := 0
	for other := range t.open {
		if other.kind == k.kind && other.observed == k.observed && other.caller != "" {
			n++
		}
	}
	return n >= mostOpen
}

// begin opens an incident, with what was known of it before.
func (t *Tracker) begin(k key, before toll.Incident) *file {
	if k.caller != "" && t.crowded(k) {
		k.caller = ""
	}
	before.ID = "" // named when it is first written
	before.Kind, before.PBX, before.Caller, before.Observed = k.kind, k.pbx, k.caller, k.observed
	f := &file{incident: before}
	t.open[k] = f
	return f
}

// touched plans what a change of an incident brings about, and gives what is to
// be written at once.
func (t *Tracker) touched(at time.Time, f *file, urgent bool) []Change {
	i := &f.incident
	if inEpisode(i) {
		t.join(at, f)
	}
	if i.ID == "" {
		i.ID = t.context.NewID()
		urgent = true
		if i.Opened.IsZero() {
			i.Opened = at
		}
		i.Newest = later(i.Newest, at)
		if t.options.Tell {
			f.tellAt = at.Add(t.gather(i.Kind))
		}
	}
	f.urgent = f.urgent || urgent
	if f.unsaved.IsZero() {
		f.unsaved = at
	}
	if c, changed := t.settle(at, f); changed {
		return []Change{c}
	}
	return nil
}

// name is who an incident is about.
func name(c toll.Caller) string {
	if c.ID == "" {
		return string(c.Kind)
	}
	return c.ID
}
