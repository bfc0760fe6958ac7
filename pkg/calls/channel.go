package calls

import (
	"strings"
	"time"
)

// Channel is a channel as the model knows it.
type Channel struct {
	Snapshot
	Began      time.Time `json:"began"`
	Answered   time.Time `json:"answered,omitzero"`     // when it was first Up; once set it stays
	Dialled    time.Time `json:"dialled,omitzero"`      // when somebody began to dial it; zero for one that called us
	DialledBy  string    `json:"dialled_by,omitempty"`  // Uniqueid of the channel that dialled it, also when that is gone; empty if nobody did (Originate, call file)
	DialString string    `json:"dial_string,omitempty"` // what was dialled, without the technology: 0023222123456@carrier
	Bridge     string    `json:"bridge,omitempty"`      // BridgeUniqueid, while it is in one
	LocalPeer  string    `json:"local_peer,omitempty"`  // Uniqueid of the other half of a Local channel, also when that is gone
	Forwarder  string    `json:"forwarder,omitempty"`   // name of the channel that sent the call here instead of answering it
	Transferer string    `json:"transferer,omitempty"`  // name of the channel that last transferred this one
}

// Leg tells whether the channel was dialled out, by a channel or by Originate.
// A channel found by Replace is a leg only as far as its finder said so.
func (c Channel) Leg() bool { return !c.Dialled.IsZero() }

// Call is the channels that belong together.
type Call struct {
	Linkedid string    `json:"linkedid"`
	Channels []Channel `json:"channels"` // oldest first
}

// ChangeKind says what has become known.
type ChangeKind string

// The changes worth knowing.
const (
	Began       ChangeKind = "began"       // a channel exists
	Dialled     ChangeKind = "dialled"     // the channel is a leg dialled out; DialledBy and DialString tell by whom and where
	Answered    ChangeKind = "answered"    // the channel is Up
	Transferred ChangeKind = "transferred" // somebody sent the channel on
	Ended       ChangeKind = "ended"       // the channel is gone
)

// Change is one thing that has become known.
type Change struct {
	Kind      ChangeKind
	At        time.Time
	Channel   Channel // as it stands after the change; as it last stood, if ended
	Cause     int     // ended: Q.850 cause; 0 if nobody said
	By        string  // transferred: Uniqueid of the transferer
	Extension string  // transferred blindly: where to
	Target    string  // transferred with an announcement: Uniqueid of whom it talks to now
	Resynced  bool    // found by Replace: it happened at some moment before At
}

// The bounds of what is kept of a text from outside.
const (
	maxUniqueid = 150 // AST_MAX_UNIQUEID in Asterisk; a longer one is not one
	maxText     = 256
)

func validUniqueid(id string) bool { return id != "" && len(id) <= maxUniqueid }

// clip bounds a text, and copies it if it was longer, so that it does not hold
// what it was cut from in memory.
func clip[T ~string](s T) T {
	if len(s) <= maxText {
		return s
	}
	return T(strings.Clone(strings.ToValidUTF8(string(s[:maxText]), "")))
}

// tell takes over what a snapshot says, and leaves what it does not mention.
// Up stays Up: an answered channel never goes back, so an older word that
// arrives late cannot undo the answer.
func (c *Channel) tell(s Snapshot) {
	replace(&c.Linkedid, s.Linkedid)
	replace(&c.Name, s.Name)
	replace(&c.CallerIDNum, s.CallerIDNum)
	replace(&c.ConnectedLineNum, s.ConnectedLineNum)
	replace(&c.Context, s.Context)
	replace(&c.Exten, s.Exten)
	if c.State != Up {
		replace(&c.State, s.State)
	}
}

func replace[T ~string](field *T, value T) {
	if value != "" {
		*field = clip(value)
	}
}

// localHalf splits the name of a Local channel into what both halves share and
// its half, ";1" or ";2".
func localHalf(name string) (shared, half string, ok bool) {
	if !strings.HasPrefix(name, "Local/") || len(name) < 2 {
		return "", "", false
	}
	shared, half = name[:len(name)-2], name[len(name)-2:]
	return shared, half, half == ";1" || half == ";2"
}
