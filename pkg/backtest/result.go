package backtest

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Result is what a policy makes of calls that were really made. Money is in the
// site's currency, at the site's prices.
type Result struct {
	Policy   string    `json:"policy"`
	Currency string    `json:"currency,omitempty"`
	Zone     string    `json:"timezone"` // of all times
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"` // when the first and the last call began

	Rows    int           `json:"rows"` // of the file, a heading not among them
	BadRows int           `json:"bad_rows"`
	Bad     []cdr.Problem `json:"bad,omitempty"` // the first hundred of them
	Records cdr.Counts    `json:"records"`       // what became of the others

	Elsewhere []string      `json:"elsewhere,omitempty"` // some ends to which legs went that are no trunk's
	Unnamed   []cdr.Unnamed `json:"unnamed,omitempty"`   // those of them that look like trunks

	Total   Group      `json:"total"`
	Assumed toll.Money `json:"assumed"` // how much of the cost is at prices that no rate deck says
	Mails   int        `json:"mails"`   // that the owner would have got about attacks and limits

	Reasons   []Group `json:"reasons"`   // what stood against calls, those that cost most first
	Callers   []Group `json:"callers"`   // likewise
	Countries []Group `json:"countries"` // likewise, by their ISO 3166 code; home too
	Hours     []Group `json:"hours"`     // of the day, 00 to 23
	Days      []Group `json:"days"`      // on which somebody called, in order: 2026-03-07

	Stopped     []Stopped  `json:"stopped"`      // the first of them in the order of their beginning
	StoppedMore int        `json:"stopped_more"` // how many are not told one by one
	Proposals   []Proposal `json:"proposals"`
}

// Group is the calls that have something in common: how they were in truth, and
// what the policy would have done.
type Group struct {
	Name     string     `json:"name"`
	Calls    int        `json:"calls"`
	Answered int        `json:"answered"`
	Seconds  int64      `json:"seconds"` // of talk
	Cost     toll.Money `json:"cost"`

	Refused int        `json:"refused"`
	Cut     int        `json:"cut"`
	PIN     int        `json:"pin"`     // callers were asked for a PIN; they are taken to know it
	Stopped toll.Money `json:"stopped"` // cost of those refused, and of what came after a cut
}

// Outcome is what would have become of a call.
type Outcome string

// The outcomes of a call that did not just go through.
const (
	OutcomeRefused Outcome = "refused"
	OutcomeCut     Outcome = "cut"
	OutcomePIN     Outcome = "pin"
)

// Stopped is one call that would not just have gone through.
type Stopped struct {
	Line    int         `json:"line"` // of the file
	At      time.Time   `json:"at"`
	Caller  string      `json:"caller"`
	Number  string      `json:"number"`
	Country string      `json:"country,omitempty"`
	Outcome Outcome     `json:"outcome"`
	Reason  toll.Reason `json:"reason"`
	By      string      `json:"by"`              // the rule, limit or lock
	Seconds int64       `json:"seconds"`         // of talk, in truth
	After   int64       `json:"after,omitempty"` // cut: after so many seconds of talk
	Cost    toll.Money  `json:"cost"`            // in truth
}

// Proposal is something that the owner may want to change, by what his calls are
// like.
type Proposal struct {
	About   string `json:"about"`   // "numbers", "countries" or "limit"
	Name    string `json:"name"`    // of the limit
	Text    string `json:"text"`    // a sentence: what was seen
	Command string `json:"command"` // to paste
}
