package watch

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/calls"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Ledger is told what happened and asked what covers a leg.
type Ledger interface {
	Record(ctx context.Context, e toll.Event) error
	Find(ctx context.Context, k toll.Key) (toll.Lease, bool, error)
	Lease(ctx context.Context, id string) (toll.Lease, bool, error)
	Leases(ctx context.Context, pbx string) ([]toll.Lease, error)
	Now() time.Time
}

// Numbering resolves a number as it was sent to a trunk.
type Numbering interface {
	Resolve(dialled string) toll.Destination
	ResolveTrunk(number, prefix string) toll.Destination
}

// Rates know what a destination costs.
type Rates interface {
	Price(to toll.Destination, trunk string) toll.Price
}

// Asterisk is one Asterisk as a watcher talks to it: an ami.Client, or one that is
// simulated.
type Asterisk interface {
	State() ami.State
	CoreStatus(ctx context.Context) (ami.Message, error)
	Status(ctx context.Context, variables ...string) (ami.List, error)
	ChannelStatus(ctx context.Context, uniqueid string, variables ...string) (ami.Message, error)
	Getvar(ctx context.Context, channel, name string) (string, error)
	AbsoluteTimeout(ctx context.Context, uniqueid string, seconds int) error
	Hangup(ctx context.Context, uniqueid string, cause int) error
}

// Trunk is a way out of the site.
type Trunk struct {
	Name      string   // of its endpoint
	Addresses []string // hosts, with or without a port, that its calls are sent to
	Prefix    string   // what the carrier wants before the number
}

// Options are what a watcher must know of its Asterisk.
type Options struct {
	PBX        string
	Trunks     []Trunk
	Callers    caller.Site
	Numbering  Numbering
	Rates      Rates
	CutBypass  bool // hang up what goes round the dialplan, at once
	LockBypass bool // and lock whoever made it
	FuseBypass bool // and blow the main fuse

	Origins    Origins          // nil if nobody wants to know
	SecondWays []SecondWay      // to hang up, the best first
	Wall       func() time.Time // the system clock, by which Asterisk tells its timers; nil: the machine's
	Log        *slog.Logger
}

// Watcher watches one Asterisk. Run is its life.
type Watcher struct {
	options Options
	client  Asterisk
	source  func(context.Context, func(context.Context, ami.Notice)) error // brings what happens, in order
	ledger  Ledger
	model   *calls.Model // owned by the goroutine of Run; guarded for readers
	mu      sync.Mutex

	turn      sync.Mutex // held by whoever takes in a notice or takes a picture; it guards the fields below
	stale     bool       // events are missing; a new picture is due
	mute      bool       // since the newest picture a question about a leg had no answer
	doubt     bool       // somebody writes into the events or the picture; a new one is due when the last is old enough
	since     uint64
	pictured  time.Time         // when the newest picture was taken
	down      string            // why there is no link, as it was logged last
	boot      string            // when Asterisk started, as it says
	linked    atomic.Bool       // the ledger counts on hearing of everything
	seen      bool              // a picture has been taken before,
	first     bool              // and this is the first
	contacts  map[string]lodger // phones that are where a trunk is, by endpoint and contact
	lodging   string            // what was said of them
	forgotten time.Time         // when those that had gone were forgotten last
	placed    map[string]string // the names of live channels that need not be asked which way they go: they came in, or have been asked
	ago       time.Duration     // how long ago what is taken in now has happened

	timers sync.Map // by lease, the newest that was ordered while it is being set

	tamper atomic.Uint64 // messages that cannot have been Asterisk's own
}

// pictureRest is the least time between two pictures that are taken because
// somebody writes into the events. A picture shows his line breaks as well, and
// so gives cause for the next one.
const pictureRest = time.Second

// New makes a watcher on a client that is not running yet.
func New(client *ami.Client, ledger Ledger, o Options) *Watcher {
	w := NewStepped(client, ledger, o)
	w.source = client.Run
	return w
}

// NewStepped makes a watcher that nothing reaches by itself: not Run but its owner
// brings what happens, with Take, TakeLatePicture and CarryOut.
func NewStepped(a Asterisk, ledger Ledger, o Options) *Watcher {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	return &Watcher{options: o, client: a, ledger: ledger, model: calls.New(0), placed: make(map[string]string), contacts: make(map[string]lodger)}
}

// Events are the AMI events that a watcher wants.
func Events() []string {
	return append(securityEvents(),
		"Newchannel", "Newstate", "Rename", "Hangup", "DialBegin", "DialEnd",
		"LocalBridge", "BlindTransfer", "AttendedTransfer", eventContact,
	)
}

// Run follows the Asterisk until the context ends.
func (w *Watcher) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var late sync.WaitGroup
	late.Go(func() { w.takeLatePictures(ctx) })
	defer late.Wait()
	defer cancel()
	return w.source(ctx, w.Take)
}

// takeLatePictures takes the pictures that could not be taken when they became
// due, also when no event comes that would remind of them.
func (w *Watcher) takeLatePictures(ctx context.Context) {
	ticker := time.NewTicker(pictureRest)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		w.TakeLatePicture(ctx)
	}
}

// TakeLatePicture takes a picture that is due, if there is one.
func (w *Watcher) TakeLatePicture(ctx context.Context) {
	w.turn.Lock()
	defer w.turn.Unlock()
	if (w.stale || w.doubt) && w.client.State().Up {
		w.resync(ctx)
	}
	if w.forgetContacts() {
		w.sayContacts(ctx)
	}
}

// Take takes one notice of the client, in order.
func (w *Watcher) Take(ctx context.Context, n ami.Notice) {
	w.turn.Lock()
	defer w.turn.Unlock()
	switch n.Kind {
	case ami.Up:
		w.options.Log.Info("connected to Asterisk", "pbx", w.options.PBX)
		w.stale, w.down = true, ""
		w.newBoot(ctx)
	case ami.Resync:
		w.resyncNotice(ctx, n.Err)
	case ami.Down:
		// It is tried every two seconds, perhaps for days: said once for each reason.
		if why := n.Err.Error(); why != w.down {
			w.down = why
			w.options.Log.Warn("no link to Asterisk; trying again and again", "pbx", w.options.PBX, "error", why)
		}
		w.loseLink(ctx)
		return
	case ami.Event:
		w.ago = w.options.Wall().Sub(n.Received)
		w.event(ctx, n.Event)
	}
	news := n.Kind == ami.Up || n.Kind == ami.Resync && !errors.Is(n.Err, ami.ErrTampered)
	if news || (w.stale || w.doubt) && w.ledger.Now().Sub(w.pictured) >= pictureRest {
		w.resync(ctx)
	}
	if news {
		w.reviewContacts(ctx)
	}
}

// resyncNotice notes that something is missing: events that were lost, or one
// that somebody wrote a line break into.
func (w *Watcher) resyncNotice(ctx context.Context, why error) {
	if errors.Is(why, ami.ErrTampered) {
		w.doubt = true
		return
	}
	w.options.Log.Warn("events were lost; taking a new picture", "pbx", w.options.PBX, "reason", why)
	w.stale = true
	w.loseLink(ctx)
}

// loseLink tells the ledger that things may happen unseen from now on, until
// the next picture.
func (w *Watcher) loseLink(ctx context.Context) {
	if w.linked.Swap(false) {
		w.record(ctx, toll.Event{Kind: toll.LinkLost})
	}
}

// newBoot begins with an empty model if Asterisk has been started anew: it can
// hand out the same Uniqueids again.
func (w *Watcher) newBoot(ctx context.Context) {
	status, err := w.client.CoreStatus(ctx)
	if err != nil {
		return // then the model forgets by itself what has ended
	}
	boot := status.Get("CoreStartupDate") + " " + status.Get("CoreStartupTime")
	if w.boot != "" && boot != w.boot {
		w.mu.Lock()
		w.model = calls.New(0)
		w.mu.Unlock()
		clear(w.placed)
		if clear(w.contacts); w.lodging != "" {
			w.sayContacts(ctx) // who registers again is told of again
		}
	}
	w.boot = boot
}

// event takes one event of Asterisk. What happened before the newest whole
// picture is in it already.
func (w *Watcher) event(ctx context.Context, m ami.Message) {
	if w.noteSecurity(m) || w.noteContact(ctx, m) || m.Seq() < w.since {
		return
	}
	e, err := translate(m)
	if err != nil {
		w.tamper.Add(1)
		if !w.doubt {
			w.doubt = true
			w.options.Log.Error("an event cannot be Asterisk's own; taking a new picture", "pbx", w.options.PBX, "error", err)
		}
		return
	}
	if e.Kind == "" {
		return
	}
	w.mu.Lock()
	changes := w.model.Apply(w.ledger.Now(), e)
	w.mu.Unlock()
	if ch, lives := w.channel(e.Channel.Uniqueid); lives && e.Kind == calls.ChannelNew && e.Channel.State == calls.Ring {
		w.placed[ch.Uniqueid] = ch.Name // it came in; one that Asterisk begins is Down at first
	}
	w.follow(ctx, changes)
}

// follow tells the ledger what has become known.
func (w *Watcher) follow(ctx context.Context, changes []calls.Change) {
	for _, c := range changes {
		switch c.Kind {
		case calls.Dialled:
			w.dialled(ctx, c.Channel)
			if by, known := w.channel(c.Channel.DialledBy); known && by.Leg() {
				// A leg that was transferred has reached a Dial of the dialplan,
				// behind whatever that did to its timer.
				w.record(ctx, toll.Event{Kind: toll.LegMoved, Channel: by.Uniqueid})
			}
		case calls.Transferred:
			w.record(ctx, toll.Event{Kind: toll.LegMoved, Channel: c.Channel.Uniqueid})
		case calls.Answered:
			w.record(ctx, toll.Event{Kind: toll.LegAnswered, Channel: c.Channel.Uniqueid, Talk: c.At.Sub(c.Channel.Answered), Ago: w.ago})
		case calls.Ended:
			delete(w.placed, c.Channel.Uniqueid)
			w.record(ctx, toll.Event{Kind: toll.ChannelGone, Channel: c.Channel.Uniqueid, Ago: w.ago})
		}
	}
}

func (w *Watcher) record(ctx context.Context, e toll.Event) {
	e.PBX = w.options.PBX
	if err := w.ledger.Record(ctx, e); err != nil && ctx.Err() == nil {
		w.stale = true
		w.options.Log.Error("the ledger did not take in an event", "pbx", w.options.PBX, "event", e.Kind, "error", err)
	}
}

// Channels are the live channels as the watcher knows them.
func (w *Watcher) Channels() []calls.Channel {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.model.Channels()
}

// channel is one of them.
func (w *Watcher) channel(uniqueid string) (calls.Channel, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.model.Channel(uniqueid)
}

// State is how the watcher stands.
type State struct {
	PBX       string    `json:"pbx"`
	Up        bool      `json:"up"` // there is a link, and the model is in step with Asterisk
	Since     time.Time `json:"since,omitzero"`
	Error     string    `json:"error,omitempty"`
	Channels  int       `json:"channels"`
	Tampered  uint64    `json:"tampered"`  // messages that cannot have been Asterisk's own
	Overflows uint64    `json:"overflows"` // of the queue of events
}

// State tells how the watcher stands.
func (w *Watcher) State() State {
	s := w.client.State()
	state := State{PBX: w.options.PBX, Up: s.Up && w.linked.Load(), Since: s.Since, Tampered: w.tamper.Load() + s.Tampered, Overflows: s.Overflows}
	if s.Err != nil {
		state.Error = s.Err.Error()
	}
	w.mu.Lock()
	state.Channels = w.model.Len()
	w.mu.Unlock()
	return state
}
