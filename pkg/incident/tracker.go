package incident

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Options say what makes an incident, and when the owner is told.
type Options struct {
	Refusals  int64         // refused calls of one caller inside Within that open one, where they would cost little; 0 means 5
	Within    time.Duration // 0 means an hour
	Gather    time.Duration // between what an owner is told of and the notice of it, so that this has more to say
	Quiet     time.Duration // after its last call an attack is closed; 0 means half an hour
	Emergency bool          // emergency calls are incidents
	Tell      bool          // somebody wants notices; without it there are none
}

func (o Options) withDefaults() Options {
	if o.Refusals <= 0 {
		o.Refusals = 5
	}
	if o.Within <= 0 {
		o.Within = time.Hour
	}
	if o.Quiet <= 0 {
		o.Quiet = 30 * time.Minute
	}
	return o
}

// Context is what the tracker asks of the book.
type Context struct {
	// NewID gives a name that no other incident has.
	NewID func() string
	// Said is a sentence with figures about the rule, limit or lock of that name,
	// from the newest time it stopped a call; "" where there was none.
	Said func(by string) string
	// Lock is the lock with that ID, if it stands.
	Lock func(id string) (toll.Lock, bool)
}

// Change is an incident as it stands now, and why the owner is told, if he is.
type Change struct {
	Incident toll.Incident
	Notice   toll.NoticeKind
}

// Tracker knows the incidents that are open. It is not safe for concurrent use.
type Tracker struct {
	options  Options
	context  Context
	open     map[key]*file
	calls    map[string]*call // those of theirs that are up, by lease
	suspects *suspects
	mended   map[key]toll.Incident // troubles that ended lately, which may begin again
	episodes []*episode

	next  time.Time // what Next says,
	any   bool      // likewise,
	known bool      // as long as nothing has changed
}

// key tells apart what is never one incident.
type key struct {
	kind     toll.IncidentKind
	pbx      string
	caller   string
	observed bool
}

func keyOf(i *toll.Incident) key { return key{i.Kind, i.PBX, i.Caller, i.Observed} }

// file is an open incident with what the tracker plans for it.
type file struct {
	incident toll.Incident
	last     toll.Key   // of the refusal that was counted last
	restored time.Time  // how new what the ledger had was; zero for one that was opened since
	tellAt   time.Time  // when the owner is to be told that it opened or has worsened; zero once he was
	putOff   bool       // to tellAt, since the episode had no room
	episode  *episode   // that it belongs to; nil for a trouble of ours
	told     toll.Money // of its cost, what notices told
	unsaved  time.Time  // since when its newest state is not in the ledger; zero if it is
	urgent   bool       // that state must not wait
	up       int        // calls of it that are up
}

// New makes a tracker that knows no incident.
func New(o Options, c Context) *Tracker {
	return &Tracker{
		options: o.withDefaults(), context: c,
		open: make(map[key]*file), calls: make(map[string]*call), suspects: newSuspects(), mended: make(map[key]toll.Incident),
	}
}

// Restore takes in an incident as the ledger has it, in place of what was known
// of it. It is how a restarted tracker learns of what was open, and how much was told
// of what is over.
func (t *Tracker) Restore(i toll.Incident) {
	t.known = false
	k := keyOf(&i)
	f := t.open[k]
	if !i.Open() {
		if f != nil && f.incident.ID == i.ID {
			t.forget(f)
		}
		t.recall(&file{incident: i})
		return
	}
	if f != nil {
		t.forget(f)
	}
	f = &file{incident: clone(&i), restored: i.Newest}
	if t.options.Tell && (i.Noticed == 0 || i.Noticed < mostNotices-1 && hasWorsened(&i)) {
		f.tellAt = i.Newest.Add(t.gather(i.Kind))
	}
	t.open[k] = f
	t.recall(f)
	for place := range f.incident.Calls {
		if c := &f.incident.Calls[place]; c.Ended.IsZero() {
			t.calls[c.Lease] = &call{f, place, c.Cut != "", c.Bypassed}
			f.up++
		}
	}
}

// Open are copies of the incidents that go on, the oldest first.
func (t *Tracker) Open() []toll.Incident {
	all := make([]toll.Incident, 0, len(t.open))
	for _, f := range t.files() {
		all = append(all, clone(&f.incident))
	}
	return all
}

// files are the open incidents in a stable order, so that a replay does the same.
func (t *Tracker) files() []*file {
	all := make([]*file, 0, len(t.open))
	for _, f := range t.open {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *file) int {
		return cmp.Or(a.incident.Opened.Compare(b.incident.Opened), strings.Compare(a.incident.ID, b.incident.ID))
	})
	return all
}

// Close ends an incident because somebody says so; false when none is open by
// that name.
func (t *Tracker) Close(now time.Time, id, by string) (Change, bool) {
	for _, f := range t.open {
		if f.incident.ID == id {
			return t.close(now, f, by), true
		}
	}
	return Change{}, false
}

func (t *Tracker) forget(f *file) {
	delete(t.open, keyOf(&f.incident))
	maps.DeleteFunc(t.calls, func(_ string, c *call) bool { return c.file == f })
}

// clone is a copy that shares nothing with the living one: entries are written
// while that goes on.
func clone(i *toll.Incident) toll.Incident {
	c := *i
	c.Calls = slices.Clone(i.Calls)
	c.Locks = slices.Clone(i.Locks)
	c.From = slices.Clone(i.From)
	c.To = slices.Clone(i.To)
	c.Causes = slices.Clone(i.Causes)
	return c
}
