package toll

import (
	"strings"
	"time"
)

// Key names one question: asked again while no leg was answered, it finds the
// same lease. The PBX is in it because two Asterisks can hand out one Uniqueid.
type Key struct {
	PBX      string `json:"pbx"`
	Uniqueid string `json:"uniqueid"` // of the channel that dials
	Number   string `json:"number"`   // Destination.Number
}

// Purpose says what a question is asked for.
type Purpose string

// The purposes.
const (
	Ask     Purpose = "ask"     // may this call begin?
	Renew   Purpose = "renew"   // may it go on after what is reserved?
	Review  Purpose = "review"  // may it go on, now that a rule or lock has changed?
	Explain Purpose = "explain" // what would the answer be? Changes nothing.
)

// Question asks whether a caller may talk to a destination at a price. It is
// data, never a closure, so that it can be forwarded, recorded and repeated.
type Question struct {
	Purpose Purpose       `json:"purpose"`
	Key     Key           `json:"key"`
	Caller  Caller        `json:"caller"`
	To      Destination   `json:"to"`
	Price   Price         `json:"price"`
	Trunk   string        `json:"trunk,omitempty"`   // the trunk it would leave by, where that is known
	Covered time.Duration `json:"covered,omitempty"` // talk time already reserved; above zero when a lease is renewed or reviewed
	At      time.Time     `json:"at,omitzero"`       // to explain: when it would be asked; zero means now
	Times   string        `json:"times,omitempty"`   // names of the schedules that were open when the call began, separated by commas
	New     string        `json:"new,omitempty"`     // scopes whose subject had never called the country when the call began, separated by commas
	Origin  string        `json:"origin,omitempty"`  // what is odd about where the caller was seen from when the call began, separated by commas
	Proof   Proof         `json:"proof,omitempty"`   // what became of it when the caller was asked for his PIN
}

// Outside stands before the name of a schedule for all the time that it is not
// open.
const Outside = "!"

// Within tells whether the call began in the times that a rule or a limit names:
// those of a schedule, those outside of one, or any for an empty name. What
// counts is when the call began, so that a closing hour ends no conversation.
func (q *Question) Within(when string) bool {
	if when == "" {
		return true
	}
	name, outside := strings.CutPrefix(when, Outside)
	return names(q.Times, name) != outside
}

// names tells whether the name is in a list with commas.
func names(list, name string) bool {
	for rest, more := list, list != ""; more; {
		var one string
		if one, rest, more = strings.Cut(rest, ","); one == name {
			return true
		}
	}
	return false
}

// Judgement is what policy says to a question, before anything is reserved.
type Judgement struct {
	Allow     bool          `json:"allow"`
	Reason    Reason        `json:"reason"`
	By        string        `json:"by,omitempty"`         // the rule, limit or lock that decided
	Slice     time.Duration `json:"slice,omitempty"`      // further talk time that the budgets allow now
	Maximum   time.Duration `json:"maximum,omitempty"`    // the longest a call may be from its answer
	Denied    Reason        `json:"would_deny,omitempty"` // in observe mode: what it would have been refused for
	Observing bool          `json:"observing,omitempty"`  // the whole site only observes: nothing may end the call
	Figures   []Figure      `json:"figures,omitempty"`    // what was looked at; all of it when explaining, else what decided
}

// Figure is one rule, limit or lock that was looked at, with its figures at
// that moment.
type Figure struct {
	By    string `json:"by"`
	Text  string `json:"text"`            // a sentence for a person, without hostile text
	Limit *Limit `json:"limit,omitempty"` // for a limit, with
	Usage Usage  `json:"usage"`           // where its meter stands and
	Need  int64  `json:"need,omitempty"`  // what this call would add at the least
	Stops bool   `json:"stops,omitempty"` // this is why the call may not
}

// Verdict is the answer to a question.
type Verdict struct {
	Judgement
	Lease    Lease `json:"lease"`    // the permission; only ID "" when refused
	Revision int64 `json:"revision"` // of the policy that judged
}

// Seconds is what the dialplan gives to the timer on the trunk leg.
func (v Verdict) Seconds() int { return int(v.Lease.Timer / time.Second) }

// Marks that stand in the dialplan's TOLLFUSE_LEASE where there is no lease.
const (
	MarkFailOpen  = "failopen"  // the failure policy let the call go
	MarkEmergency = "emergency" // nobody was asked
)
