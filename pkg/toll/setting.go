package toll

import "time"

// Effect is what a rule does with a call.
type Effect string

// The effects.
const (
	Permit Effect = "allow"
	Forbid Effect = "deny"
	AskPIN Effect = "pin" // allow once the caller has entered his PIN
)

// Rule says who may call where. Empty fields mean "any"; the rule that says
// most about the call wins.
type Rule struct {
	ID      string     `json:"id"`
	Kind    CallerKind `json:"kind,omitempty"`    // who: by which way
	Caller  string     `json:"caller,omitempty"`  // who: Caller.ID
	Group   string     `json:"group,omitempty"`   // who: Caller.Group
	Prefix  string     `json:"prefix,omitempty"`  // where: E.164 with +, or the beginning of it
	Country string     `json:"country,omitempty"` // where: ISO 3166-1 alpha-2
	Where   Where      `json:"where,omitempty"`   // where: a part, or a class
	When    string     `json:"when,omitempty"`    // a schedule, or Outside and one; empty means always
	Origin  Origin     `json:"origin,omitempty"`  // what must be odd about where the caller is seen from
	Do      Effect     `json:"do"`
	Observe bool       `json:"observe,omitempty"`
	Comment string     `json:"comment,omitempty"`
}

// Lock shuts one caller, range, number, country or trunk.
type Lock struct {
	Scope   Scope     `json:"scope"`
	Subject string    `json:"subject"` // as Scope.Subject writes it
	Reason  string    `json:"reason,omitempty"`
	Author  string    `json:"author,omitempty"`
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until,omitzero"` // zero means until released
}

// ID names the lock in commands and figures: "caller=1001".
func (l Lock) ID() string { return string(l.Scope) + "=" + l.Subject }

// Setting is one change of the owner's: exactly one of Rule, Limit, Lock, Fuse,
// Deck, Schedule, PIN and Past is set. Removed takes it away, and then only what identifies it counts.
type Setting struct {
	Rule     *Rule     `json:"rule,omitempty"`
	Limit    *Limit    `json:"limit,omitempty"`
	Lock     *Lock     `json:"lock,omitempty"`
	Fuse     *Fuse     `json:"fuse,omitempty"`
	Deck     *Deck     `json:"deck,omitempty"`
	Schedule *Schedule `json:"schedule,omitempty"`
	PIN      *PIN      `json:"pin,omitempty"`
	Past     *Past     `json:"past,omitempty"`
	Removed  bool      `json:"removed,omitempty"`
	Author   string    `json:"author"`
	At       time.Time `json:"at"`
	Revision int64     `json:"revision"` // of the policy, once this stands
}

// Kind and ID name what the setting is about; the newest for a pair stands.
func (s Setting) Kind() string {
	switch {
	case s.Rule != nil:
		return "rule"
	case s.Limit != nil:
		return "limit"
	case s.Lock != nil:
		return "lock"
	case s.Fuse != nil:
		return "fuse"
	case s.Deck != nil:
		return "deck"
	case s.Schedule != nil:
		return "schedule"
	case s.PIN != nil:
		return "pin"
	case s.Past != nil:
		return "past"
	}
	return ""
}

// ID is unique among the settings of one kind.
func (s Setting) ID() string {
	switch {
	case s.Rule != nil:
		return s.Rule.ID
	case s.Limit != nil:
		return s.Limit.ID
	case s.Lock != nil:
		return s.Lock.ID()
	case s.Fuse != nil:
		return "main"
	case s.Deck != nil:
		return s.Deck.Name()
	case s.Schedule != nil:
		return s.Schedule.Name
	case s.PIN != nil:
		return s.PIN.Caller
	case s.Past != nil:
		return s.Past.PBX
	}
	return ""
}
