package toll

import "time"

// IncidentKind says what an incident is about.
type IncidentKind string

// The kinds. They are stored; never renamed, never reused.
const (
	Attack         IncidentKind = "attack"    // calls that were cut, refused in numbers, or went around the dialplan
	EmergencyCall  IncidentKind = "emergency" // somebody called for help; told to the owner where he wants it
	FuseBlown      IncidentKind = "fuse"      // the main fuse has blown
	LimitReached   IncidentKind = "limit"     // figures have come to thresholds of limits
	CutTrouble     IncidentKind = "uncut"     // a call that is to be cut lives on
	ContactTrouble IncidentKind = "contact"   // a phone has registered with the address of a trunk
	LinkTrouble    IncidentKind = "link"      // nobody sees what happens on a PBX
	LedgerTrouble  IncidentKind = "ledger"    // the ledger cannot be written
	DiskTrouble    IncidentKind = "disk"      // the ledger's disk is nearly full
	MailTrouble    IncidentKind = "mail"      // notices do not leave
)

// Trouble tells whether the incident is about Tollfuse itself and not about
// calls.
func (k IncidentKind) Trouble() bool {
	switch k {
	case CutTrouble, ContactTrouble, LinkTrouble, LedgerTrouble, DiskTrouble, MailTrouble:
		return true
	}
	return false
}

// Incident is everything that belongs to one attack, or to one trouble of
// ours. It makes a handful of notices, however many calls belong to it.
type Incident struct {
	ID       string       `json:"id"`
	Kind     IncidentKind `json:"kind"`
	PBX      string       `json:"pbx,omitempty"`
	Caller   string       `json:"caller,omitempty"` // Caller.ID; empty where it is about several or about none
	Opened   time.Time    `json:"opened"`           // when its first call or trouble was
	Newest   time.Time    `json:"newest"`           // when its newest was
	Closed   time.Time    `json:"closed,omitzero"`  // zero while it is open
	ClosedBy string       `json:"closed_by,omitempty"`
	Reached  bool         `json:"reached,omitempty"`  // of thresholds: a limit acts; else they only warn
	Shut     bool         `json:"shut,omitempty"`     // of thresholds: a limit locks somebody, or blows the fuse
	Observed bool         `json:"observed,omitempty"` // nothing was blocked: the site or the rules only observe
	Text     string       `json:"text,omitempty"`     // a sentence, where calls do not tell it

	Refused  int64 `json:"refused,omitempty"`  // questions that were refused, or would have been
	Cut      int64 `json:"cut,omitempty"`      // live calls that were hung up
	Bypassed int64 `json:"bypassed,omitempty"` // calls on a trunk that never asked

	Cost    Money `json:"cost,omitempty"`     // of its calls that were cut, as settled
	AtStake Money `json:"at_stake,omitempty"` // of its refused calls, had each lasted StakeLength
	Assumed bool  `json:"assumed,omitempty"`  // some of that is at a price that no rate deck says

	Calls  []IncidentCall `json:"calls,omitempty"`  // those that were up, the oldest first
	Locks  []Lock         `json:"locks,omitempty"`  // those that were set meanwhile and concern it
	From   []Tally        `json:"from,omitempty"`   // callers, as Caller.String writes them
	To     []Tally        `json:"to,omitempty"`     // destinations, by range
	Causes []Tally        `json:"causes,omitempty"` // what refused or cut them; of thresholds the limits

	Noticed int  `json:"noticed,omitempty"` // how many notices were made
	Told    Told `json:"told,omitzero"`     // what the newest of them said
}

// Told is how bad an incident was when the owner was last told of it.
type Told struct {
	Refused int64 `json:"refused,omitempty"`
	Up      int64 `json:"up,omitempty"` // Incident.Up
	Money   Money `json:"money,omitempty"`
	Reached bool  `json:"reached,omitempty"`
	Shut    bool  `json:"shut,omitempty"`
}

// Up is how many of its calls were up: cut, or found on a trunk. A call around
// the dialplan that was cut counts as both.
func (i *Incident) Up() int64 { return i.Cut + i.Bypassed }

// StakeLength is for how long a refused call is assumed to have lasted when an
// incident says what it would have cost.
const StakeLength = 10 * time.Minute

// Open tells whether the incident goes on.
func (i *Incident) Open() bool { return i.Closed.IsZero() }

// ByHand tells whether the owner himself ended every call of it, by hanging up,
// with a lock or with a rule, and nothing else has happened: then there is no
// sign of fraud but his own.
func (i *Incident) ByHand() bool {
	if i.Kind != Attack || i.Refused > 0 || i.Bypassed > 0 || i.Cut == 0 {
		return false
	}
	for _, cause := range i.Causes {
		switch Reason(cause.Kind) {
		case ReasonManual, ReasonLocked, ReasonDeniedRule:
		default:
			return false
		}
	}
	return true
}

// IncidentCall is a call of an incident that was up.
type IncidentCall struct {
	Lease    string        `json:"lease"`
	PBX      string        `json:"pbx,omitempty"`
	Caller   Caller        `json:"caller"`
	Number   string        `json:"number"`
	Country  string        `json:"country,omitempty"`
	Class    Class         `json:"class"`
	Began    time.Time     `json:"began"`
	Cut      Reason        `json:"cut,omitempty"` // why it was hung up; empty where it was only found
	By       string        `json:"by,omitempty"`
	Bypassed bool          `json:"bypassed,omitempty"` // it never asked
	Ended    time.Time     `json:"ended,omitzero"`     // zero while it is up
	Talked   time.Duration `json:"talked,omitempty"`
	Cost     Money         `json:"cost,omitempty"`
	Assumed  bool          `json:"assumed,omitempty"` // no rate deck says so
}

// Tally counts what is alike in an incident.
type Tally struct {
	Name  string `json:"name"`            // the caller, the range, or the rule, limit or lock
	Kind  string `json:"kind,omitempty"`  // of a cause: the reason; of a destination: the class; of a threshold: Warns or Acts
	Place string `json:"place,omitempty"` // of a destination: the country
	Text  string `json:"text,omitempty"`  // of a cause: a sentence with the figures of the newest time
	Count int64  `json:"count"`
}

// The kinds of a threshold in Tally.Kind.
const (
	Warns = "warns"
	Acts  = "acts"
)

// NoticeKind says why the owner is told.
type NoticeKind string

// The kinds of notices.
const (
	NoticeOpened NoticeKind = "opened"
	NoticeWorse  NoticeKind = "worse" // tenfold since the last one
	NoticeClosed NoticeKind = "closed"
	NoticeTest   NoticeKind = "test" // somebody wants to see whether they arrive
)

// Notice is one message about an incident. It stays in the ledger until it has
// left.
type Notice struct {
	ID       string     `json:"id"` // never recurs; makes the Message-ID
	Kind     NoticeKind `json:"kind"`
	At       time.Time  `json:"at"`
	Incident Incident   `json:"incident"`           // as it stood
	Sent     time.Time  `json:"sent,omitzero"`      // when it left; zero while it waits
	GivenUp  bool       `json:"given_up,omitempty"` // it never left, and is not tried any more
	Tries    int        `json:"tries,omitempty"`
	First    time.Time  `json:"first,omitzero"` // when it was first tried, on the wall clock
	Next     time.Time  `json:"next,omitzero"`  // not tried again before
	Error    string     `json:"error,omitempty"`
	Reached  []string   `json:"reached,omitempty"` // the recipients who have it, while others have not
}

// Waits tells whether the notice is still to be sent.
func (n *Notice) Waits() bool { return n.Sent.IsZero() && !n.GivenUp }
