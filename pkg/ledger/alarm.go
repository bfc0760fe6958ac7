package ledger

import (
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	// mostBells bounds the figures that are remembered to stand at a threshold.
	mostBells = 10_000
	// lookAgain is how often those figures are looked at, whether they have fallen.
	lookAgain = time.Minute
	// restless is how long a figure must have been quiet to have fallen: a call that
	// was refused for the little that was missing leaves it below the threshold.
	restless = 10 * time.Minute
)

// bells are the figures that stand at a threshold of a limit. Each rings once,
// until it has fallen below.
type bells struct {
	touched []touch // questions whose figures have changed since the newest Tick
	ringing map[bellKey]*bell
	look    time.Time // when they are looked at next
}

// touch is a question and what refused it.
type touch struct {
	q  toll.Question
	by string
}

type bellKey struct{ limit, subject string }

type bell struct {
	q      toll.Question // the newest that counted in the figure
	newest time.Time
	acts   bool // the limit has acted
	shadow bool // it only observes
	spared bool // the owner has released what it locked: not again while the figure stands
}

func newBells() bells { return bells{ringing: make(map[bellKey]*bell)} }

// touch notes that an entry has moved the figures of its question.
func (b *Book) touch(e *toll.Entry) {
	l := &e.Lease
	if !l.To.Class.Metered() {
		return
	}
	t := touch{q: l.Question(toll.Ask)}
	switch {
	case e.Kind == toll.EntryRefused && l.Why == toll.ReasonLimit, e.Kind == toll.EntryGranted && l.Denied == toll.ReasonLimit,
		l.Cut == toll.ReasonSpent, l.Cut == toll.ReasonLimit:
		t.by = l.By
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
	for len(b.bells.touched) > 0 {
		touched := b.bells.touched
		b.bells.touched = nil
		for _, t := range touched {
			for _, a := range b.judge.Alarms(t.q, t.by, standing{b, t.q}) {
				o, e := b.alarm(a, t.q)
				orders, entries = append(orders, o...), append(entries, e...)
			}
		}
	}
	if !b.now.Before(b.bells.look) {
		b.bells.look = b.now.Add(lookAgain)
		entries = append(entries, b.silence()...)
	}
	return orders, entries
}

// alarm does what is due about one figure: the first time that it comes to a
// threshold, and to the upper one.
func (b *Book) alarm(a toll.Alarm, q toll.Question) (orders []toll.Order, entries []toll.Entry) {
	k := bellKey{a.Limit.ID, a.Subject}
	known := b.bells.ringing[k]
	if known == nil {
		if len(b.bells.ringing) >= mostBells {
			return nil, nil
		}
		known = &bell{}
		b.bells.ringing[k] = known
		entries = b.writeIncidents(b.incidents.Alarm(b.now, a))
	} else if a.Acts && !known.acts {
		entries = b.writeIncidents(b.incidents.Alarm(b.now, a))
	}
	first := a.Acts && !known.acts
	known.q, known.newest, known.acts, known.shadow = q, b.now, known.acts || a.Acts, a.Observed
	if !a.Acts || a.Observed {
		return nil, entries
	}
	o, e := b.act(a, q, first, known.spared)
	return append(orders, o...), append(entries, e...)
}

// act is what the limit does at its upper threshold. It locks again whoever's
// lock has run out while the figure still stands there.
func (b *Book) act(a toll.Alarm, q toll.Question, first, spared bool) (orders []toll.Order, entries []toll.Entry) {
	add := func(o []toll.Order, e []toll.Entry) { orders, entries = append(orders, o...), append(entries, e...) }
	if first && a.Limit.Does(toll.BlowFuse) {
		add(nil, b.watchOver(b.blow("limit "+a.Limit.ID+": "+a.Text)))
	}
	if a.Limit.Does(toll.LockCaller) && !spared {
		add(b.lockBy(a, toll.PerCaller, q))
	}
	if a.Limit.Does(toll.LockRange) && !spared {
		add(b.lockBy(a, toll.PerRange, q))
	}
	if first && a.Limit.Does(toll.Cut) {
		add(b.cutFor(a))
	}
	return orders, entries
}

// lockBy shuts the question's caller or range, unless that is shut already.
func (b *Book) lockBy(a toll.Alarm, scope toll.Scope, q toll.Question) ([]toll.Order, []toll.Entry) {
	subject, applies := scope.Subject(q)
	if !applies || subject == "" {
		return nil, nil // nobody can be named
	}
	author := "limit " + a.Limit.ID
	l := toll.Lock{Scope: scope, Subject: subject, Reason: a.Text, Author: author, Since: b.now}
	if a.Limit.LockFor > 0 {
		l.Until = b.now.Add(a.Limit.LockFor)
	}
	if s, stands := b.settings[settingKey{"lock", l.ID()}]; stands && (s.Lock.Until.IsZero() || b.now.Before(s.Lock.Until)) {
		return nil, nil
	}
	c, err := b.Change(b.now, toll.Setting{Lock: &l, Author: author})
	if err != nil {
		return nil, nil // policy has no opinion on locks
	}
	return c.Orders, c.Entries
}

// cutFor hangs up the live calls that hold something in the figure.
func (b *Book) cutFor(a toll.Alarm) (orders []toll.Order, entries []toll.Entry) {
	for _, h := range b.newestFirst() {
		l := &h.lease
		subject, counts := a.Limit.Meter.Subject(l.Question(toll.Ask))
		if a.Limit.Meter.Scope == toll.PerCall {
			subject, counts = l.Key.Uniqueid, true
		}
		if !counts || subject != a.Subject || l.Cut != "" || l.To.Class == toll.Emergency || l.Tolerated() {
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
	for k, bell := range b.bells.ringing {
		if b.now.Sub(bell.newest) < restless {
			continue
		}
		alarms := b.judge.Alarms(bell.q, "", standing{b, bell.q})
		at := slices.IndexFunc(alarms, func(a toll.Alarm) bool { return a.Limit.ID == k.limit })
		switch {
		case at < 0:
			delete(b.bells.ringing, k)
		case !alarms[at].Acts:
			bell.acts, bell.spared = false, false
		}
	}
	stands := make(map[bool]bool)
	for _, bell := range b.bells.ringing {
		stands[bell.shadow] = true
	}
	return b.writeIncidents(b.incidents.EndAlarms(b.now, func(observed bool) bool { return stands[observed] }))
}

// spare notes that the owner has released a lock: the limit that set it does not
// set it again while the same figure stands.
func (b *Book) spare(lock *toll.Lock) {
	for _, bell := range b.bells.ringing {
		if subject, applies := lock.Scope.Subject(bell.q); applies && subject == lock.Subject {
			bell.spared = true
		}
	}
}
