package toll

import "time"

// EventKind says what the watcher saw.
type EventKind string

// The events. They speak of one lease, but for LegFound and ClockStepped.
const (
	LegDialled   EventKind = "dialled"  // a trunk leg was begun under the lease
	LegAnswered  EventKind = "answered" // the trunk leg was answered
	LegEnded     EventKind = "ended"    // the trunk leg, or the asking channel without one, is gone
	LegFound     EventKind = "found"    // a trunk leg that no lease covers
	TimerMoved   EventKind = "timer"    // Asterisk confirmed a new deadline
	Unasked      EventKind = "unasked"  // Asterisk knows no channel that asked for the lease
	Resynced     EventKind = "resynced" // Live lists every lease of the PBX that still has its channel
	ClockStepped EventKind = "clock"    // the wall clock was set; timers in Asterisk are wrong
)

// Event is something the watcher saw.
type Event struct {
	Kind  EventKind     `json:"kind"`
	PBX   string        `json:"pbx"`
	Lease string        `json:"lease,omitempty"` // its ID
	Leg   string        `json:"leg,omitempty"`   // Uniqueid of the trunk leg
	Up    bool          `json:"up,omitempty"`    // found: the leg is answered, and
	Talk  time.Duration `json:"talk,omitempty"`  // answered, found: has been for so long already
	Timer time.Duration `json:"timer,omitempty"` // timer: from the answer
	Found *Question     `json:"found,omitempty"` // found: who calls where, as far as can be told
	Why   Reason        `json:"why,omitempty"`   // found: bypass, fail_open or emergency; ended: one of the Ended reasons
	Cut   bool          `json:"cut,omitempty"`   // found: hang it up whatever policy says
}

// OrderKind says what the watcher must do.
type OrderKind string

// The orders.
const (
	OrderCut    OrderKind = "cut"    // hang up the trunk leg, and the asking channel if there is no leg yet
	OrderTimer  OrderKind = "timer"  // move the trunk leg's deadline
	OrderVerify OrderKind = "verify" // look whether the asking channel exists
)

// Order is what the book wants done. It is given once the entries behind it
// stand as they must.
type Order struct {
	Kind  OrderKind     `json:"kind"`
	Lease Lease         `json:"lease"`
	Left  time.Duration `json:"left,omitempty"` // timer: from now
	Why   Reason        `json:"why,omitempty"`
	By    string        `json:"by,omitempty"`
}
