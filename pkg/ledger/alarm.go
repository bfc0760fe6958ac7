package ledger

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	// mostBells bounds the figures of one limit that are remembered to stand at a
	// threshold, so that a flood of callers at one of them leaves room to the others.
	// Beyond it a limit still denies.
	mostBells = 1000
	// lookAgain is how often those figures are looked at, whether they have fallen.
	lookAgain = time.Minute
	// restless is how long a figure must have been quiet to have fallen: a call that
	// was refused for the little that was missing leaves it below the threshold.
	restless = 10 * time.Minute
)

// bells are the figures that stand at a threshold of a limit. Each rings once,
// until it has fallen below.
type bells struct {
	touched []touch                     // questions whose figures have changed since the newest Tick
	spare   []touch                     // room for the next ones
	ringing map[string]map[string]*bell // by limit and subject
	look    time.Time                   // when they are looked at next
	resumed bool                        // those that rang before a restart are known again
	locked  bool                        // somebody was locked, and the live calls are still to be looked at
}

// touch is a question and what refused it.
type touch struct {
	q    toll.Question
	by   string
	asks bool // somebody begins a call; else one goes on, has ended or is cut
}

type bell struct {
	limit  toll.Limit    // as it stood when it rang
	q      toll.Question // the newest that counted in the figure
	newest time.Time
	acts   bool            // the limit has acted
	shadow bool            // it only observes
	spared map[string]bool // locks that the owner has released: not again while the figure stands
}

func newBells() bells { return bells{ringing: make(map[string]map[string]*bell)} }

// put remembers a bell; false where there is no room.
func (b *bells) put(limit, subject string, one *bell) bool {
	if b.ringing[limit] == nil {
		b.ringing[limit] = make(map[string]*bell)
	}
	if len(b.ringing[limit]) >= mostBells && b.ringing[limit][subject] == nil {
		return false
	}
	b.ringing[limit][subject] = one
	return true
}

// all are the bells that ring, in no order.
func (b *bells) all() iter.Seq[*bell] {
	return func(yield func(*bell) bool) {
		for _, same := range b.ringing {
			for _, one := range same {
				if !yield(one) {
					return
				}
			}
		}
	}
}

// touch notes that an entry has moved the figures of its question.
func (b *Book) touch(e *toll.Entry) {
	l := &e.Lease
	if !l.To.Class.Metered() {
		return
	}
	t := touch{q: l.Question(toll.Ask)}
	switch {
	case e.Kind == toll.EntryRefused && l.Why == toll.ReasonLimit, e.Kind == toll.EntryGranted && l.Denied == toll.ReasonLimit,
		l.Cut == toll.ReasonSpent, l.Cut == toll.ReasonLimit,
		e.Kind == toll.EntryShadow && (l.Denied == toll.ReasonSpent || l.Denied == toll.ReasonLimit):
		t.by = l.By
	}
	switch e.Kind {
	case toll.EntryRefused, toll.EntryGranted, toll.EntryAdopted:
		t.asks = true
		if limit, asked := strings.CutPrefix(l.By, toll.ByLimit); asked { // for a PIN, in vain
			t.by = limit
		}
	}
	b.bells.touched = append(b.bells.touched, t)
}

// nextBell is when Tick has to look at figures.
func (b *Book) nextBell() (time.Time, bool) {
	switch {
	case len(b.bells.touched) > 0:
		return b.now, true
	case len(b.bells.ringing) > 0 || b.incidents.Alarms():
		return b.bells.look, true
	}
	return time.Time{}, false
}

// ring lets limits do what they do at the thresholds to which figures have come.
// What that changes may bring others there.
func (b *Book) ring() (orders []toll.Order, entries []toll.Entry) {
	b.resumeBells()
	for len(b.bells.touched) > 0 {
		touched := b.bells.touched
		b.bells.touched, b.bells.spare = b.bells.spare, nil
		for _, t := range touched {
			for _, a := range b.judge.Alarms(t.q, t.by, b.figures(&t.q)) {
				o, e := b.alarm(a, t)
				orders, entries = append(orders, o...), append(entries, e...)
			}
		}
		clear(touched)
		b.bells.spare = touched[:0]
		if b.bells.locked {
			b.bells.locked = false
			o, e := b.review(b.now, true)
			orders, entries = append(orders, o...), append(entries, b.watchOver(e)...)
		}
	}
	if !b.now.Before(b.bells.look) {
		b.bells.look = b.now.Add(lookAgain)
		entries = append(entries, b.silence()...)
	}
	return orders, entries
}

// alarm does what is due about one figure: the first time that it comes to a
// threshold, and to the upper one. A limit that has been changed begins anew, and so
// does one that only observed until now, or only observes from now on: what it would
// have done is not done.
func (b *Book) alarm(a toll.Alarm, t touch) (orders []toll.Order, entries []toll.Entry) {
	known := b.bells.ringing[a.Limit.ID][a.Subject]
	if known != nil && (known.shadow != a.Observed || !sameThresholds(&known.limit, a.Limit)) {
		known = nil
	}
	first := a.Acts && (known == nil || !known.acts)
	if known == nil || first {
		a.Text = b.judge.Sentence(a)
	}
	if known == nil {
		known = &bell{limit: *a.Limit, shadow: a.Observed}
		if !b.bells.put(a.Limit.ID, a.Subject, known) {
			return nil, nil
		}
		entries = b.writeIncidents(b.incidents.Alarm(b.now, a))
	} else if first {
		entries = b.writeIncidents(b.incidents.Alarm(b.now, a))
	}
	known.q, known.newest, known.acts, known.shadow = t.q, b.now, known.acts || a.Acts, a.Observed
	if !a.Acts || a.Observed {
		return nil, entries
	}
	o, e := b.act(a, t, known, first)
	return o, append(entries, e...)
}

// sameThresholds tells whether a limit is still what it was when it rang.
func sameThresholds(a, b *toll.Limit) bool {
	return a.Meter == b.Meter && a.Act == b.Act && a.Warn == b.Warn && a.Observe == b.Observe && slices.Equal(a.Do, b.Do)
}

// act is what the limit does at its upper threshold. It locks again whoever's
// lock has run out while the figure still stands there.
func (b *Book) act(a toll.Alarm, t touch, known *bell, first bool) (orders []toll.Order, entries []toll.Entry) {
	if first && a.Limit.Does(toll.BlowFuse) {
		entries = append(entries, b.watchOver(b.blow("limit "+a.Limit.ID+": "+a.Text))...)
	}
	if a.Limit.Does(toll.LockCaller) {
		entries = append(entries, b.lockBy(a, toll.PerCaller, t, known)...)
	}
	if a.Limit.Does(toll.LockRange) {
		entries = append(entries, b.lockBy(a, toll.PerRange, t, known)...)
	}
	if first && a.Limit.Does(toll.Cut) {
		o, e := b.cutFor(a)
		orders, entries = append(orders, o...), append(entries, e...)
	}
	return orders, entries
}

// lockBy shuts the question's caller or range, unless that is shut already or the
// owner has released it. In a figure that many share it shuts only those who begin
// to call, and nobody whose call goes on or ends while others fill the figure. The
// live calls are looked at once for all locks, in ring.
func (b *Book) lockBy(a toll.Alarm, scope toll.Scope, t touch, known *bell) []toll.Entry {
	subject, applies := scope.Subject(t.q)
	own := a.Limit.Meter.Scope == scope || a.Limit.Meter.Scope == toll.PerNumber && scope == toll.PerRange || a.Limit.Meter.Scope == toll.PerCall
	if !applies || subject == "" || !own && !t.asks || scope == toll.PerCaller && !lockable(t.q.Caller.Kind) {
		return nil // nobody can be named
	}
	l := toll.Lock{Scope: scope, Subject: subject, Author: byLimit + a.Limit.ID, Since: b.now}
	if a.Limit.LockFor > 0 {
		l.Until = b.now.Add(a.Limit.LockFor)
	}
	if known.spared[l.ID()] || b.isShut(&l) {
		return nil
	}
	l.Reason = b.judge.Sentence(a)
	return b.shut(l)
}

// lockable tells whether a lock that nobody has thought about may shut such a
// caller. A trunk is the way of everybody whose calls are forwarded, those that
// Originate began have the channel's name, and who is unknown shares it with all
// such.
func lockable(k toll.CallerKind) bool {
	return k != toll.FromTrunk && k != toll.Originated && k != toll.Unknown
}

// isShut tells whether such a lock stands already.
func (b *Book) isShut(l *toll.Lock) bool {
	s, stands := b.settings[settingKey{"lock", l.ID()}]
	return stands && (s.Lock.Until.IsZero() || b.now.Before(s.Lock.Until))
}

// shut sets a lock, unless it stands already. The live calls are looked at in ring.
func (b *Book) shut(l toll.Lock) []toll.Entry {
	if b.isShut(&l) {
		return nil
	}
	set := toll.Setting{Lock: &l, Author: l.Author, At: b.now, Revision: b.judge.Revision() + 1}
	e := toll.Entry{Seq: b.seq + 1, At: b.now, Kind: toll.EntrySetting, Setting: &set}
	if err := b.Apply(e); err != nil {
		return nil // policy has no opinion on locks
	}
	b.bells.locked = true
	return b.watchOver([]toll.Entry{e})
}

// cutFor hangs up the live calls that hold something in the figure.
func (b *Book) cutFor(a toll.Alarm) (orders []toll.Order, entries []toll.Entry) {
	for _, h := range b.newestFirst() {
		l := &h.lease
		subject, counts := a.Limit.Meter.Subject(l.Question(toll.Ask))
		if a.Limit.Meter.Scope == toll.PerCall {
			q := l.Question(toll.Ask)
			subject, counts = l.Key.Uniqueid, a.Limit.Meter.Where.Covers(l.To) && q.Within(a.Limit.Meter.When)
		}
		if !counts || subject != a.Subject || l.Cut != "" || l.To.Class == toll.Emergency || l.Tolerated {
			continue
		}
		order, entry := b.cut(h, toll.ReasonLimit, a.Limit.ID)
		orders, entries = append(orders, order), append(entries, entry)
	}
	return orders, b.watchOver(b.feedFuse(entries))
}

// silence forgets the figures that have fallen, and closes their incident after
// the last of them.
func (b *Book) silence() []toll.Entry {
	for limit, same := range b.bells.ringing {
		maps.DeleteFunc(same, func(_ string, one *bell) bool { return b.fallen(limit, one) })
		if len(same) == 0 {
			delete(b.bells.ringing, limit)
		}
	}
	stands := make(map[bool]bool)
	for one := range b.bells.all() {
		stands[one.shadow] = true
	}
	return b.writeIncidents(b.incidents.EndAlarms(b.now, func(observed bool) bool { return stands[observed] }))
}

// fallen tells whether a figure is below the thresholds of its limit again. Where
// it is below the upper one, the limit may act anew.
func (b *Book) fallen(limit string, one *bell) bool {
	if b.now.Sub(one.newest) < restless {
		return false
	}
	alarms := b.judge.Alarms(one.q, "", b.figures(&one.q))
	at := slices.IndexFunc(alarms, func(a toll.Alarm) bool { return a.Limit.ID == limit })
	if at >= 0 && !alarms[at].Acts {
		one.acts, one.spared = false, nil
	}
	return at < 0
}

// spare notes that the owner has released a lock: no limit sets it again while the
// figure stands that it rings for.
func (b *Book) spare(lock *toll.Lock) {
	for one := range b.bells.all() {
		if one.spared == nil {
			one.spared = make(map[string]bool)
		}
		one.spared[lock.ID()] = true
	}
}

// resumeBells takes from the open incidents which figures stood at a threshold when
// the daemon last ran, so that a restart neither tells of them nor acts again.
func (b *Book) resumeBells() {
	if b.bells.resumed {
		return
	}
	b.bells.resumed = true
	for _, i := range b.incidents.Open() {
		if i.Kind != toll.LimitReached {
			continue
		}
		for _, c := range i.Causes {
			s, stands := b.settings[settingKey{"limit", c.Name}]
			if !stands || b.bells.ringing[c.Name][c.Place] != nil {
				continue
			}
			if q, can := s.Limit.Meter.Example(c.Place); can {
				b.bells.put(c.Name, c.Place, &bell{limit: *s.Limit, q: q, newest: i.Newest, acts: c.Kind == toll.Acts, shadow: i.Observed})
			}
		}
	}
}
