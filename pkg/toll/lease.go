package toll

import "time"

// State is where a lease stands.
type State string

// The states. Granted and answered leases are live and hold what they reserved.
const (
	Granted  State = "granted"  // allowed, nobody has answered yet
	Answered State = "answered" // talking
	Ended    State = "ended"    // settled
	Refused  State = "refused"  // never was a permission; kept for history
)

// Margin is what a lease reserves beyond the granted talk time: Asterisk cuts
// up to a second late, and carriers bill started seconds.
const Margin = 2 * time.Second

// Blur is by how much longer than we saw it a carrier may count a call: it sees
// the answer a little before Asterisk tells us of it, and the end a little after
// (up to 80 ms were measured, on a busy machine). A call that ends just before a
// step of its price is settled as if it had reached it; otherwise whoever hangs
// up just then makes a bill that is above the budget.
const Blur = 250 * time.Millisecond

// What a real Asterisk was seen to take, for whoever plays one in virtual time.
const (
	TimerLag    = 20 * time.Millisecond // from the moment that a timer is set to, until it fires
	HangupTakes = 20 * time.Millisecond // from the action Hangup to the carrier's BYE
)

// Lease is the permission to talk for so many seconds. Its whole cost is
// reserved before the call is allowed.
type Lease struct {
	ID       string        `json:"id,omitempty"`
	State    State         `json:"state"`
	Key      Key           `json:"key"`
	Caller   Caller        `json:"caller"`
	To       Destination   `json:"to"`
	Price    Price         `json:"price"`
	Trunk    string        `json:"trunk,omitempty"`
	Leg      string        `json:"leg,omitempty"`        // Uniqueid of the trunk leg, once it is known
	Granted  time.Time     `json:"granted"`              // when it was asked, on the ledger's clock
	Answered time.Time     `json:"answered,omitzero"`    // when the trunk leg was answered
	Ended    time.Time     `json:"ended,omitzero"`       // when it was settled
	Timer    time.Duration `json:"timer"`                // what the trunk leg's timer runs to, from the answer
	Covered  time.Duration `json:"covered"`              // talk time that is reserved, from the answer; below Timer only for ordinary home calls
	Reserved Money         `json:"reserved"`             // cost of Covered and the margin
	Talked   time.Duration `json:"talked,omitempty"`     // settled talk time
	Cost     Money         `json:"cost,omitempty"`       // settled cost
	Why      Reason        `json:"why"`                  // of the grant or refusal; of the end once ended
	By       string        `json:"by,omitempty"`         // the rule, limit or lock behind Why
	Cut      Reason        `json:"cut,omitempty"`        // we ordered it to be hung up, for this reason
	Denied   Reason        `json:"would_deny,omitempty"` // what it would have been refused or cut for, if that did not only observe
	Adopted  bool          `json:"adopted,omitempty"`    // found live, not asked for: a bypass, a fail-open call
	Revision int64         `json:"revision,omitempty"`   // of the policy that granted it
	Times    string        `json:"times,omitempty"`      // as in the question
	New      string        `json:"new,omitempty"`        // likewise
	Origin   string        `json:"origin,omitempty"`     // likewise
	PIN      bool          `json:"pin,omitempty"`        // the right one was entered; it is not asked for again

	// Tolerated is a found leg that policy does not agree with, as Denied says, and
	// that is let be all the same: because the site wants such legs reported only,
	// because it began before anybody watched, or because a dead daemon let it go.
	// Nothing but a lock ends it, and it has no timer of ours.
	Tolerated bool `json:"tolerated,omitempty"`
}

// Live tells whether the lease still holds something.
func (l *Lease) Live() bool { return l.State == Granted || l.State == Answered }

// Question is the question that this lease answers, asked again for another
// purpose.
func (l *Lease) Question(p Purpose) Question {
	q := Question{Purpose: p, Key: l.Key, Caller: l.Caller, To: l.To, Price: l.Price, Trunk: l.Trunk, Covered: l.Covered, Times: l.Times, New: l.New, Origin: l.Origin}
	if l.PIN {
		q.Proof = PINRight
	}
	return q
}

// TimerLeft is how long the trunk leg's timer still runs; below zero when it
// should have ended the call.
func (l *Lease) TimerLeft(now time.Time) time.Duration { return l.Timer - now.Sub(l.Answered) }

// CoveredUntil is when the reserved talk time ends, counted from the answer;
// zero while nobody has answered.
func (l *Lease) CoveredUntil() time.Time {
	if l.Answered.IsZero() {
		return time.Time{}
	}
	return l.Answered.Add(l.Covered)
}
