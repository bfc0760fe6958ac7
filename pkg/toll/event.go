package toll

import "time"

// EventKind says what the watcher saw.
type EventKind string

// The events.
const (
	LegDialled   EventKind = "dialled"  // a trunk leg was begun under a lease
	LegFound     EventKind = "found"    // a trunk leg that no lease covers
	LegAnswered  EventKind = "answered" // a channel was answered; of consequence if it is a leg of a lease
	LegMoved     EventKind = "moved"    // a channel was transferred, or dials in its turn; of consequence if it is a leg of a lease
	ChannelGone  EventKind = "gone"     // a channel has ended, be it a leg or one that asked
	LeaseGone    EventKind = "lost"     // no channel of the lease exists: Why is EndedForged or EndedLost
	LinkFound    EventKind = "up"       // the link to the PBX stands, and the leases have been compared with it
	LinkLost     EventKind = "down"     // from here on nobody sees what happens on the PBX
	CutFailed    EventKind = "uncut"    // a call that is to be cut lives on, whatever was tried
	ContactFound EventKind = "contact"  // a phone has registered with the address of a trunk: its caller is locked
	ClockStepped EventKind = "clock"    // the wall clock was set; the timers in Asterisk are wrong
	TroubleBegan EventKind = "trouble"  // something is wrong with Tollfuse itself
	TroubleEnded EventKind = "mended"   // and is right again
)

// Event is something the watcher saw, or what looks after the daemon itself.
type Event struct {
	Kind    EventKind     `json:"kind"`
	PBX     string        `json:"pbx"`
	Channel string        `json:"channel,omitempty"` // Uniqueid: of the leg, of what was answered, moved or is gone
	Lease   string        `json:"lease,omitempty"`   // dialled, lost, uncut: ID
	Ago     time.Duration `json:"ago,omitempty"`     // answered, gone: how long before it was told
	Up      bool          `json:"up,omitempty"`      // found: the leg is answered, and
	Talk    time.Duration `json:"talk,omitempty"`    // answered, found: has been for so long already
	Gone    bool          `json:"gone,omitempty"`    // found: it has ended before its mark could be read
	Found   *Question     `json:"found,omitempty"`   // found: who calls where, as far as can be told
	Why     Reason        `json:"why,omitempty"`     // found: bypass, unseen, fork, fail_open or emergency; lost: see there
	Cut     bool          `json:"cut,omitempty"`     // found: hang it up whatever policy says,
	Lock    bool          `json:"lock,omitempty"`    // lock whoever is accountable,
	Fuse    bool          `json:"fuse,omitempty"`    // and blow the main fuse
	Trunk   string        `json:"trunk,omitempty"`   // dialled: the trunk it leaves by
	Trouble IncidentKind  `json:"trouble,omitempty"` // trouble, mended: of what kind
	Text    string        `json:"text,omitempty"`    // trouble: a sentence that says what is wrong
}

// OrderKind says what the watcher must do.
type OrderKind string

// The orders.
const (
	OrderCut    OrderKind = "cut"    // hang up the trunk leg, and with Asker the channel that asked
	OrderTimer  OrderKind = "timer"  // move the trunk leg's deadline
	OrderVerify OrderKind = "verify" // look whether the asking channel exists
)

// Order is what the book wants done. It is given once the entries behind it
// stand as they must.
type Order struct {
	Kind  OrderKind     `json:"kind"`
	Lease Lease         `json:"lease"`
	Left  time.Duration `json:"left,omitempty"` // timer: from when the order was given
	Asker bool          `json:"asker,omitempty"`
	Why   Reason        `json:"why,omitempty"`
	By    string        `json:"by,omitempty"`

	Ordered time.Duration `json:"ordered,omitempty"` // cut: how long ago it was ordered first
}
