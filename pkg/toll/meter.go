package toll

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scope says what a meter counts apart: one figure for each caller, country …
type Scope string

// The scopes.
const (
	PerSite    Scope = "site"
	PerPBX     Scope = "pbx"
	PerCaller  Scope = "caller"
	PerGroup   Scope = "group"
	PerTrunk   Scope = "trunk"
	PerCountry Scope = "country"
	PerRange   Scope = "range"
	PerNumber  Scope = "number"
	PerCall    Scope = "call" // the lease itself; needs no window
)

// Scopes lists every scope, for checks and help.
func Scopes() []Scope {
	return []Scope{PerSite, PerPBX, PerCaller, PerGroup, PerTrunk, PerCountry, PerRange, PerNumber, PerCall}
}

// Subject is whose figure a question counts in; false where the scope does not
// apply to it (no group, no trunk known).
func (s Scope) Subject(q Question) (string, bool) {
	switch s {
	case PerSite:
		return "", true
	case PerPBX:
		return q.Key.PBX, true
	case PerCaller:
		return q.Caller.ID, true // by whatever way: who is locked may not forward either
	case PerGroup:
		return q.Caller.Group, q.Caller.Group != ""
	case PerTrunk:
		return q.Trunk, q.Trunk != ""
	case PerCountry:
		return q.To.Country, q.To.Country != ""
	case PerRange:
		return q.To.Range, q.To.Range != ""
	case PerNumber:
		return q.To.Number(), true
	}
	return "", false
}

// Where narrows a meter or a limit to a part of the destinations.
type Where string

// The parts. A class name is a part as well.
const (
	Anywhere   Where = ""
	AtHome     Where = "home"     // ordinary home numbers
	Abroad     Where = "abroad"   // everything outside the site's own country
	Unlisted   Where = "unlisted" // ordinary numbers abroad, in countries where the site does no business
	Dear       Where = "dear"     // of the unlisted, those in countries that are not Moderate
	Chargeable Where = "special"  // neither ordinary home nor abroad: premium, shared cost, personal, unplaced
)

// Covers tells whether a call there counts. Emergency, internal and feature calls
// never do.
func (w Where) Covers(d Destination) bool {
	return w.Touches(d.Class) && w.Includes(&d)
}

// Includes tells whether a call there counts, where its class is one that w
// touches.
func (w Where) Includes(d *Destination) bool {
	switch w {
	case Unlisted:
		return !d.Listed
	case Dear:
		return !d.Listed && !Moderate(d.Country)
	}
	return true
}

// Touches tells whether a call to some destination of that class counts.
func (w Where) Touches(c Class) bool {
	if !c.Metered() {
		return false
	}
	switch w {
	case Anywhere:
		return true
	case AtHome:
		return c.Ordinary()
	case Abroad:
		return c.Abroad()
	case Unlisted, Dear:
		return c == IntlFixed || c == IntlMobile
	case Chargeable:
		return !c.Ordinary() && !c.Abroad()
	}
	return Class(w) == c
}

// Meter names one family of figures. Two limits with the same meter share it.
type Meter struct {
	Measure Measure       `json:"measure"`
	Scope   Scope         `json:"scope"`
	Window  time.Duration `json:"window,omitempty"` // rolling; 0 counts only what is live
	Where   Where         `json:"where,omitempty"`
	When    string        `json:"when,omitempty"` // a schedule, or Outside and one: only calls that began then count
}

// String writes the meter as commands and figures name it.
func (m Meter) String() string {
	s := fmt.Sprintf("%s per %s", m.Measure, m.Scope)
	if m.Where != Anywhere {
		s += " " + string(m.Where)
	}
	if name, outside := strings.CutPrefix(m.When, Outside); outside {
		s += " outside " + name
	} else if m.When != "" {
		s += " during " + m.When
	}
	if m.Window > 0 {
		s += " in " + sayWindow(m.Window)
	}
	return s
}

// Usage is where a meter stands for one subject.
type Usage struct {
	Value int64 `json:"value"` // spent inside the window
	Held  int64 `json:"held"`  // reserved by live leases
	Ready bool  `json:"ready"` // false while a new meter is filled from history

	Again bool `json:"again,omitempty"` // of a Distinct measure: the question's own thing is among those counted, or is none
}

// Usages are the figures and locks that stand when a question is judged.
type Usages interface {
	// Usage is where the meter stands for the question's own subject.
	Usage(Meter) Usage
	// Lock is the lock that shuts the question's caller, range or trunk.
	Lock() (Lock, bool)
}

// Action is what a limit does when its threshold is reached.
type Action string

// The actions.
const (
	Alert      Action = "alert"       // tell the owner
	Deny       Action = "deny"        // refuse what does not fit
	RequirePIN Action = "pin"         // let what does not fit go with a PIN only
	Cut        Action = "cut"         // hang up the live calls concerned, and refuse
	LockCaller Action = "lock_caller" // shut the caller, see Limit.LockFor
	LockRange  Action = "lock_range"  // shut the range of the number
	BlowFuse   Action = "fuse"        // shut the way out: the main fuse
)

// Limit is a meter with thresholds.
type Limit struct {
	ID      string        `json:"id"`
	Meter   Meter         `json:"meter"`
	Warn    int64         `json:"warn,omitempty"`     // 0 means no warning
	Act     int64         `json:"act"`                // in the measure's unit; 0 means nothing at all is let through
	Do      []Action      `json:"do,omitempty"`       // none given means deny
	LockFor time.Duration `json:"lock_for,omitempty"` // how long its locks last; 0 means until released
	Observe bool          `json:"observe,omitempty"`
	Comment string        `json:"comment,omitempty"`
}

// Does tells whether the action is one of the limit's.
func (l *Limit) Does(a Action) bool {
	return slices.Contains(l.Do, a) || a == Deny && (len(l.Do) == 0 || slices.Contains(l.Do, Cut))
}

// Alarm says that the figure of somebody has come to a threshold of a limit.
type Alarm struct {
	Limit    *Limit
	Subject  string // whose figure, as the scope of the meter names it
	Usage    Usage
	Acts     bool   // the limit does what it is for; else it only warns
	Observed bool   // it does nothing, since limit or site only observe
	Text     string // a sentence with the figures, without hostile text; "" until somebody is to read it
}

// Subject is whose figure of this meter a question counts in; false where it
// does not count at all.
func (m Meter) Subject(q Question) (string, bool) {
	if !m.Where.Covers(q.To) || !q.Within(m.When) {
		return "", false
	}
	return m.Scope.Subject(q)
}
