package admin

import (
	"context"
	"io"
	"time"

	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Service is everything that can be asked. Errors are an *Error where their
// kind matters; see there.
type Service interface {
	// Status is how things stand.
	Status(ctx context.Context) (Status, error)
	// Explain says what would become of a call, and changes nothing.
	Explain(ctx context.Context, q Query) (Explanation, error)
	// Settings are the rules, limits and locks that stand, by kind and name.
	Settings(ctx context.Context) ([]toll.Setting, error)
	// Change makes a rule, limit or lock stand, or takes it away, and returns it
	// as it was written. Live calls are judged anew before it returns. Author,
	// time and revision are the service's to fill in.
	Change(ctx context.Context, s toll.Setting) (toll.Setting, error)
	// ImportPolicy makes schedules, rules and limits stand as a file has them, all
	// or nothing. What is wrong with them the report says, without an error.
	ImportPolicy(ctx context.Context, in PolicyImport) (PolicyReport, error)
	// Live are the leases of calls that go on, the oldest first.
	Live(ctx context.Context) ([]toll.Lease, error)
	// Hangup ends the live calls that are chosen and returns what they were.
	// Emergency calls are never ended.
	Hangup(ctx context.Context, s Selection) ([]toll.Lease, error)
	// History lists ended and refused calls, the newest first.
	History(ctx context.Context, q HistoryQuery) ([]toll.Entry, error)
	// Call is the life of one call, by its lease: what became of it, in order.
	Call(ctx context.Context, lease string) ([]toll.Entry, error)
	// Changes lists the changes of settings, the newest first: who, when, what.
	Changes(ctx context.Context, q ChangesQuery) ([]toll.Entry, error)
	// Incidents lists incidents, the newest first.
	Incidents(ctx context.Context, q IncidentQuery) ([]toll.Incident, error)
	// Incident is one of them, with what was told of it.
	Incident(ctx context.Context, id string) (IncidentReport, error)
	// CloseIncident ends an incident; calls that still come make another one.
	CloseIncident(ctx context.Context, id string) (toll.Incident, error)
	// TestAlert sends a mail at once to everybody who is told of incidents, and
	// returns when the mail server has taken it.
	TestAlert(ctx context.Context) (AlertTest, error)
	// TestFuse runs the main fuse's command with the word "test", ResetFuse with
	// "reset", after which the fuse can blow again.
	TestFuse(ctx context.Context) (FuseRun, error)
	ResetFuse(ctx context.Context) (FuseRun, error)
	// ImportRates reads a carrier's price list and makes it the deck of a trunk.
	// While there are bad rows that are not to be skipped nothing changes, and the
	// report says so without an error. The deck before counts until the new one is
	// whole; live calls keep the price that they were granted at.
	ImportRates(ctx context.Context, in RatesImport, list io.Reader) (RatesReport, error)
	// Decks are the rate decks that count, by name.
	Decks(ctx context.Context) ([]DeckStanding, error)
	// DeckRows is a part of one of them.
	DeckRows(ctx context.Context, q RatesQuery) (RatesPage, error)
	// RemoveDeck takes the deck of that name away and returns what it was.
	RemoveDeck(ctx context.Context, name string) (DeckStanding, error)
	// Remember notes who has called which country before, as call records of an
	// Asterisk say, and tells what of it was not known.
	Remember(ctx context.Context, in PastImport) (PastReport, error)
	// Prices says what a call costs by each trunk.
	Prices(ctx context.Context, q PriceQuery) (PriceAnswer, error)
}

// Status is how things stand.
type Status struct {
	At       time.Time `json:"at"`       // on the ledger's clock
	Revision int64     `json:"revision"` // of the policy in force
	Failing  bool      `json:"failing"`  // the ledger cannot be written
	Live     int       `json:"live"`     // calls that go on
	Rules    int       `json:"rules"`
	Limits   int       `json:"limits"`
	Locks    int       `json:"locks"` // those that have not run out
	Site     Site      `json:"site"`
	Process  Process   `json:"process"`

	Incidents int        `json:"incidents"` // those that are open
	Mail      MailStatus `json:"mail"`
	Fuse      FuseStatus `json:"fuse"`

	Decks     []DeckStanding   `json:"decks"`     // that count, by name
	Schedules []ScheduleStatus `json:"schedules"` // by name
}

// MailStatus is how the owner's mail stands.
type MailStatus struct {
	Configured bool      `json:"configured"` // somebody is told
	Waiting    int       `json:"waiting"`    // notices that have not left
	Oldest     time.Time `json:"oldest,omitzero"`
	Error      string    `json:"error,omitempty"` // of the newest try
}

// FuseStatus is how the main fuse stands.
type FuseStatus struct {
	Configured bool       `json:"configured"`
	Blown      *toll.Fuse `json:"blown,omitempty"` // nil: it has not
}

// Selection chooses live calls. What is empty does not narrow; nothing at all
// chooses nothing.
type Selection struct {
	Lease   string     `json:"lease,omitempty"`
	Caller  string     `json:"caller,omitempty"` // Caller.ID, by whatever way it calls
	PBX     string     `json:"pbx,omitempty"`
	Trunk   string     `json:"trunk,omitempty"`
	Where   toll.Where `json:"where,omitempty"` // a part of the destinations, or a class
	Country string     `json:"country,omitempty"`
	Number  string     `json:"number,omitempty"` // the number with +, or its beginning
	All     bool       `json:"all,omitempty"`    // every call
}

// ChangesQuery chooses from the changes of settings.
type ChangesQuery struct {
	Kind   string `json:"kind,omitempty"`   // rule, limit, lock, fuse, deck, schedule or pin
	ID     string `json:"id,omitempty"`     // of the setting
	Before int64  `json:"before,omitempty"` // page on: Seq of the last entry of the page before
	Limit  int    `json:"limit,omitempty"`  // rows; 100 if zero, at most 1000
}

// IncidentQuery chooses from the incidents.
type IncidentQuery struct {
	Open   bool              `json:"open,omitempty"` // only those that go on
	Kind   toll.IncidentKind `json:"kind,omitempty"`
	Caller string            `json:"caller,omitempty"` // Caller.ID
	From   time.Time         `json:"from,omitzero"`    // opened at or after
	To     time.Time         `json:"to,omitzero"`      // and before
	Limit  int               `json:"limit,omitempty"`  // rows; 100 if zero, at most 1000
}

// IncidentReport is an incident with the notices of it.
type IncidentReport struct {
	Incident toll.Incident `json:"incident"`
	Notices  []toll.Notice `json:"notices"` // the oldest first
	Hints    []Hint        `json:"hints"`   // what to type to tighten or to release
}

// AlertTest is what became of a test mail.
type AlertTest struct {
	To     []string      `json:"to"`
	Server string        `json:"server"` // or the path of sendmail
	Took   time.Duration `json:"took"`
}

// FuseRun is what became of a run of the main fuse's command.
type FuseRun struct {
	Command []string      `json:"command"`
	Output  string        `json:"output"` // what it printed, bounded
	Took    time.Duration `json:"took"`
}

// Site is what must be known of the site to show times and amounts.
type Site struct {
	Country  string `json:"country"`
	Timezone string `json:"timezone"` // IANA name, or Local
	Currency string `json:"currency"`
	Observe  bool   `json:"observe"` // nothing is blocked
}

// Process is who answers.
type Process struct {
	Version string    `json:"version"`
	Daemon  bool      `json:"daemon"` // false: the ledger alone was read
	PID     int       `json:"pid,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Links   []Link    `json:"links,omitempty"`
}

// Link is the connection to the AMI of one Asterisk.
type Link struct {
	PBX      string    `json:"pbx"`
	Up       bool      `json:"up"`
	Since    time.Time `json:"since,omitzero"`
	Error    string    `json:"error,omitempty"` // why it is down
	Channels int       `json:"channels"`        // live channels, as far as the daemon knows
}

// Query is the call to explain.
type Query struct {
	From  string `json:"from"`            // an endpoint, such as 1001
	To    string `json:"to"`              // as dialled
	PBX   string `json:"pbx,omitempty"`   // needed where there are several
	Trunk string `json:"trunk,omitempty"` // by which it would leave, if that matters

	// At is when the call would begin; zero means now. Schedules, locks and prices
	// count as they will stand then, the figures of limits as they stand now.
	At time.Time `json:"at,omitzero"`
}

// Explanation is why a call is allowed or refused.
type Explanation struct {
	At      time.Time        `json:"at"`      // when the call would begin
	Figures time.Time        `json:"figures"` // when the figures of limits stood so
	PBX     string           `json:"pbx"`
	Caller  toll.Caller      `json:"caller"`
	To      toll.Destination `json:"to"`
	Price   toll.Price       `json:"price"`
	Rate    rating.Quote     `json:"rate"` // who says what the price is
	Trunk   string           `json:"trunk,omitempty"`
	Steps   []numbering.Step `json:"steps"` // how the dialled string became a destination
	Verdict toll.Verdict     `json:"verdict"`
	Hints   []Hint           `json:"hints"` // what to type to change it
}

// Hint is one way to change a verdict.
type Hint struct {
	Text    string `json:"text"`
	Command string `json:"command,omitempty"` // ready for a shell
}

// HistoryQuery chooses from history. What is zero does not narrow.
type HistoryQuery struct {
	Caller  string         `json:"caller,omitempty"`  // as toll.Caller writes it: extension:1001
	Number  string         `json:"number,omitempty"`  // the number, or its beginning
	Lease   string         `json:"lease,omitempty"`   // its ID
	Outcome toll.EntryKind `json:"outcome,omitempty"` // ended, refused or toll.WouldDeny
	Reason  toll.Reason    `json:"reason,omitempty"`  // of the end, the refusal or the cut, or of what only observes
	From    time.Time      `json:"from,omitzero"`     // at or after
	To      time.Time      `json:"to,omitzero"`       // and before
	Before  int64          `json:"before,omitempty"`  // page on: Seq of the last entry of the page before
	Limit   int            `json:"limit,omitempty"`   // rows; 100 if zero, at most 1000
}
