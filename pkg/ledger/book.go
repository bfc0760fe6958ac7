package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/tollfuse/tollfuse/pkg/incident"
	"github.com/tollfuse/tollfuse/pkg/meter"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Judge is policy, as the book needs it. It is immutable: With makes another.
type Judge interface {
	// Judge says what policy thinks of the question, given the figures.
	Judge(now time.Time, q toll.Question, u toll.Usages) toll.Judgement
	// Meters are the meters that its limits need.
	Meters() []toll.Meter
	// Times names the schedules that are open at the moment, as a question says it.
	Times(now time.Time) string
	// Alarms are the thresholds at which the question's figures stand; by is what
	// refused it.
	Alarms(q toll.Question, by string, u toll.Usages) []toll.Alarm
	// Sentence says an alarm in words.
	Sentence(a toll.Alarm) string
	// Revision is that of the newest setting in it.
	Revision() int64
	// With is this policy with one more setting, or why that cannot be.
	With(s toll.Setting) (Judge, error)
}

// Options bound and time a book.
type Options struct {
	Epoch  int64         // of the leader that keeps the book; makes lease IDs unique
	Ring   time.Duration // the longest that a call may ring before it is answered
	Grace  time.Duration // how long after its last possible moment a silent lease is settled
	Verify time.Duration // after which Asterisk must know the channel that asked
	Blur   time.Duration // by how much longer than we saw it a carrier may count a call; none where all times are exact
	Bound  int           // subjects that a meter counts apart
	Leases int           // live leases at most; more questions are refused

	Incidents incident.Options
	Fuse      FuseOptions
}

// withDefaults fills what was left out.
func (o Options) withDefaults() Options {
	fill := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	fill(&o.Ring, 2*time.Minute)
	fill(&o.Grace, 30*time.Second)
	fill(&o.Verify, 2*time.Second)
	if o.Bound <= 0 {
		o.Bound = meter.DefaultBound
	}
	if o.Leases <= 0 {
		o.Leases = 50_000
	}
	return o
}

// Book is the state of all calls in memory. It is not safe for concurrent use.
type Book struct {
	options  Options
	judge    Judge
	meters   *meter.Set
	fresh    []toll.Meter // made by the newest change, and without their past
	live     map[string]*holder
	byKey    map[toll.Key]string     // newest lease of a question
	byLeg    map[channelKey]string   // lease of a trunk leg
	byAsker  map[channelKey][]string // leases that a channel asked for
	due      dueHeap
	settings map[settingKey]toll.Setting
	locks    map[toll.Scope]map[string]*toll.Lock // of the settings, by whom they shut
	asked    standing                             // what the figures were last asked for
	now      time.Time                            // the newest time the book has seen
	stepped  time.Time                            // when the wall clock was last set
	seq      int64
	complete bool            // the past is known: a meter made now has missed nothing
	linked   map[string]bool // PBXs whose calls somebody sees
	patience time.Time       // before it nothing expires

	incidents *incident.Tracker
	notices   map[string]toll.Notice // those that wait
	said      map[string]string      // by rule, limit or lock: how it stopped a call the newest time
	fuse      fuseBox
	bells     bells
	uncut     map[string]bool        // PBXs with calls that could not be hung up
	wrong     map[string][]time.Time // wrong PINs of late, by Caller.ID
	past      past
}

// settingKey names a setting among all.
type settingKey struct{ kind, id string }

// channelKey names a channel.
type channelKey struct{ pbx, uniqueid string }

// askerOf is the channel that asked a question.
func askerOf(k toll.Key) channelKey { return channelKey{k.PBX, k.Uniqueid} }

// holder is a live lease with what the book plans for it.
type holder struct {
	lease    toll.Lease
	slice    time.Duration // of the newest grant or renewal
	verified bool          // the order to verify was given, or a leg has been seen
	due      time.Time     // when Tick must look at it
	heapAt   int           // place in the heap of dues
	retry    time.Time     // when a refused renewal or a cut is tried again

	cutAt  time.Time // when it was first ordered to be hung up
	failed bool      // it lives on all the same, and the owner was told

	said      time.Duration // the timer that is durable: no longer one is ever set
	blind     bool          // for some time nobody saw what became of it
	tried     bool          // a leg has been and gone without an answer
	askerGone bool          // the channel that asked has gone, the leg not yet
	refused   bool          // the newest renewal was refused
	refusedBy string        // by this
}

// NewBook makes an empty book that knows no past. Apply what the store
// replays, then call Begin.
func NewBook(judge Judge, o Options) *Book {
	b := &Book{
		options:  o.withDefaults(),
		judge:    judge,
		live:     make(map[string]*holder),
		byKey:    make(map[toll.Key]string),
		byLeg:    make(map[channelKey]string),
		byAsker:  make(map[channelKey][]string),
		settings: make(map[settingKey]toll.Setting),
		locks:    make(map[toll.Scope]map[string]*toll.Lock),
		complete: true,
		linked:   make(map[string]bool),
		notices:  make(map[string]toll.Notice),
		said:     make(map[string]string),
		fuse:     newFuseBox(),
		bells:    newBells(),
		uncut:    make(map[string]bool),
		wrong:    make(map[string][]time.Time),
	}
	b.past = newPast(b.options.Bound)
	b.incidents = b.newTracker()
	b.meters = meter.NewSet(b.options.Bound)
	b.requireMeters()
	return b
}

// Begin ends the replay: from here on a meter that a new limit needs has
// missed its past and says so. What was alive when we last ran is given time
// to be looked at; until somebody sees it, it is in the dark.
func (b *Book) Begin(now time.Time) {
	b.complete = false
	b.patience = b.advance(now).Add(b.options.Grace)
	for _, h := range b.live {
		if pbx := h.lease.Key.PBX; !b.linked[pbx] {
			b.linked[pbx] = false
			b.lookAway(pbx)
		}
		b.plan(h)
	}
	if !b.options.Incidents.Tell {
		clear(b.notices) // nobody sends them; a daemon with mail finds them in the ledger again
	}
	b.incidents.Resume(b.now, b.Leases())
	for _, i := range b.incidents.Open() {
		if i.Kind == toll.CutTrouble {
			b.uncut[i.PBX] = true
		}
	}
}

// Apply makes the entry part of the book. The living book and the restarting
// one go through this same door. A setting that policy refuses is an error,
// and then nothing has changed.
func (b *Book) Apply(e toll.Entry) error {
	switch e.Kind {
	case toll.EntrySetting:
		if err := b.applySetting(e); err != nil {
			return fmt.Errorf("apply entry %d: %w", e.Seq, err)
		}
	case toll.EntryIncident:
		b.incidents.Restore(*e.Incident)
	case toll.EntryNotice:
		b.keepNotice(*e.Notice)
	default:
		if b.complete {
			b.incidents.Learn(e)
			b.fuse.recall(&e, b.live[e.Lease.ID], b.options.Fuse)
		}
		b.applyLease(e)
		b.Committed(e)
	}
	b.seq = max(b.seq, e.Seq)
	b.advance(e.At)
	return nil
}

// applyLease moves a lease from what the book knows to what the entry says,
// and the meters with it. It tells whether that moved any figure.
func (b *Book) applyLease(e toll.Entry) (moved bool) {
	l := e.Lease
	q := l.Question(toll.Ask)
	if e.Kind == toll.EntryRefused {
		b.meters.Refused(e.At, q, e.Lease.Why, max(e.Count, 1))
		return true
	}
	b.past.mark(&l)
	h, known := b.live[l.ID]
	counted := known && countsAs(&h.lease, &l)
	held := counted && holdsAs(&h.lease, &l)
	if known {
		b.fuse.weigh(&h.lease, -1, e.At)
		if !held {
			b.meters.Hold(h.lease.Question(toll.Ask), -1)
		}
		if !counted {
			b.meters.Granted(h.lease.Granted, h.lease.Question(toll.Ask), -1)
		}
	}
	if !counted {
		b.meters.Granted(l.Granted, q, 1)
	}
	if !l.Live() {
		b.meters.Spent(l.Ended, q, l.Talked, l.Cost)
		if known {
			b.forget(h)
		}
		return true
	}
	if !held {
		b.meters.Hold(q, 1)
	}
	b.fuse.weigh(&l, 1, e.At)
	if !known {
		h = &holder{slice: l.Covered, heapAt: -1, blind: !b.linked[l.Key.PBX]}
		b.live[l.ID] = h
		asker := askerOf(l.Key)
		b.byAsker[asker] = append(b.byAsker[asker], l.ID)
	} else if l.Covered > h.lease.Covered {
		h.slice, h.refused = l.Covered-h.lease.Covered, false
	}
	b.indexLeg(&h.lease, &l)
	h.lease = l
	if h.said = min(h.said, l.Timer); !known || e.Kind == toll.EntryGranted {
		h.said = l.Timer // nobody hears of it before it is durable
	}
	if !l.Adopted {
		b.byKey[l.Key] = l.ID
	}
	b.plan(h)
	return !held
}

// countsAs tells whether what the grant of a lease counts stays where it is: it is
// counted elsewhere after a change of trunk, for one.
func countsAs(old, l *toll.Lease) bool {
	return old.Granted.Equal(l.Granted) && old.Trunk == l.Trunk && old.Key == l.Key && old.Caller == l.Caller && old.To == l.To &&
		old.Times == l.Times && old.New == l.New
}

// holdsAs tells likewise whether what a lease holds stays as it is, which is so of most
// changes: that its leg is known, or was answered.
func holdsAs(old, l *toll.Lease) bool {
	return l.Live() && old.Covered == l.Covered && old.Price == l.Price
}

// indexLeg keeps the index of trunk legs while a lease changes.
func (b *Book) indexLeg(old, l *toll.Lease) {
	if old.Leg == l.Leg {
		return
	}
	if k := (channelKey{old.Key.PBX, old.Leg}); b.byLeg[k] == old.ID {
		delete(b.byLeg, k)
	}
	if l.Leg != "" {
		b.byLeg[channelKey{l.Key.PBX, l.Leg}] = l.ID
	}
}

// forget drops a lease that has ended.
func (b *Book) forget(h *holder) {
	l := &h.lease
	if b.byKey[l.Key] == l.ID {
		delete(b.byKey, l.Key)
	}
	b.indexLeg(l, &toll.Lease{})
	asker := askerOf(l.Key)
	b.byAsker[asker] = slices.DeleteFunc(b.byAsker[asker], func(id string) bool { return id == l.ID })
	if len(b.byAsker[asker]) == 0 {
		delete(b.byAsker, asker)
	}
	delete(b.live, l.ID)
	b.due.remove(h)
}

// advance moves the book's time, which never runs backwards.
func (b *Book) advance(now time.Time) time.Time {
	if now.After(b.now) {
		b.now = now
	}
	return b.now
}

// write makes an entry of what happened and applies it. It is for entries
// about leases, which cannot fail.
func (b *Book) write(kind toll.EntryKind, l toll.Lease) toll.Entry {
	e := toll.Entry{Seq: b.seq + 1, At: b.now, Kind: kind, Lease: l}
	moved := b.applyLease(e)
	b.seq = e.Seq
	if moved || kind != toll.EntryChanged || l.Cut != "" {
		b.touch(&e)
	}
	return e
}

// nextSeq takes the number of an entry that is already applied.
func (b *Book) nextSeq() int64 {
	b.seq++
	return b.seq
}

// newID names a lease by the entry that will grant it.
func (b *Book) newID() string { return b.id(b.seq + 1) }

// id is a name that never recurs: the leader's epoch and a number of the book's.
func (b *Book) id(seq int64) string {
	return strconv.FormatInt(b.options.Epoch, 36) + "-" + strconv.FormatInt(seq, 36)
}

// Lease is a copy of a live lease.
func (b *Book) Lease(id string) (toll.Lease, bool) {
	if h := b.live[id]; h != nil {
		return h.lease, true
	}
	return toll.Lease{}, false
}

// Find is the newest live lease that answers a question.
func (b *Book) Find(k toll.Key) (toll.Lease, bool) { return b.Lease(b.byKey[k]) }

// Leases are copies of all live leases, in no order. Their timers are those that
// are durable, which a leg may be set to.
func (b *Book) Leases() []toll.Lease {
	all := make([]toll.Lease, 0, len(b.live))
	for _, h := range b.live {
		l := h.lease
		l.Timer = h.said
		all = append(all, l)
	}
	return all
}

// Revision is that of the policy in force.
func (b *Book) Revision() int64 { return b.judge.Revision() }

// Committed notes that an entry is durable: from now on the timer may be set anew
// to what it has renewed.
func (b *Book) Committed(e toll.Entry) {
	if h := b.live[e.Lease.ID]; h != nil && e.Kind == toll.EntryRenewed {
		h.said = min(max(h.said, e.Lease.Timer), h.lease.Timer)
	}
}
