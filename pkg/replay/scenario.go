package replay

import (
	"net/netip"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Scenario is a story: a site, who calls what during which time, and what breaks.
type Scenario struct {
	Name    string
	Site    SiteFacts
	Policy  string // one of those that have names, or a file that "policy export" wrote
	Starts  time.Time
	Lasts   time.Duration // no call begins later
	Seed    uint64
	Traffic []Traffic
	Faults  []Fault

	policyLine, policyColumn int // where the file names the policy
}

// SiteFacts is what a scenario says of its firm.
type SiteFacts struct {
	Country   string   // ISO 3166, such as US
	Zone      string   // IANA, such as America/New_York
	Currency  string   // ISO 4217
	Countries []string // allowed besides home
	Size      int      // extensions
	Hours     []string // when somebody is there, for the default policy; none: it knows no hours
}

// Label says which side a call is on.
type Label string

// The labels.
const (
	Attack     Label = "attack"
	Legitimate Label = "legitimate"
	Misdial    Label = "misdial" // meant well, and no number: no carrier could connect it either
)

// Traffic is one kind of call that comes again and again.
type Traffic struct {
	Label   Label
	From    Origin
	To      []Target
	ToIn    map[string][]Target // instead of To, by the site's country; At chooses
	Via     []Target            // of transfers: whom the phone calls first, to send that call on; none: a call from outside is sent on
	ViaIn   map[string][]Target // instead of Via, as with To
	InOrder bool                // targets, and callers, in turn; else at random
	Numbers int                 // so many numbers are drawn from To once, and called; 0: a new one for each call
	Lines   int                 // so many calls at a time a caller makes; 0: any number

	// How often: one of the three.
	Every      time.Duration // a call each so long,
	Daily      float64       // so many a day, spread as Shape says,
	Concurrent int           // or so many at a time, each followed by the next

	After   time.Duration // since the scenario's beginning
	Until   time.Duration // … or its end, when it is zero
	Calls   int           // at most so many; 0: any number
	Days    []time.Weekday
	Between []Hours // times of day, on the site's clock; none: all day
	Shape   Shape
	Repeat  float64 // the chance that a number is one that this caller has called before

	Talk     Talk
	Ring     Talk
	Answered float64 // the chance that somebody answers

	Addresses []netip.Addr // where the phones are, in turn; none: in the office
	Guesses   int          // so many wrong passwords are tried before the first call

	Failovers int // so many trunks are down, and the dialplan asks again for each

	Price *toll.Price // what the carrier charges; nil: what the site's own prices say
}

// Target is a number; an x stands for any digit. One in E.164, with a +, is dialled
// as the site does, and any other as it stands.
type Target struct {
	Number string
	Weight float64
}

// OriginKind says how a call comes to the trunk.
type OriginKind string

// The kinds of origin.
const (
	FromExtension OriginKind = "extension" // a phone dials
	FromForward   OriginKind = "forward"   // somebody outside calls a phone that deflects to the number
	FromTransfer  OriginKind = "transfer"  // a phone sends a call on to the number, and is gone
	FromAttended  OriginKind = "attended"  // a phone calls the number, joins another call to it, and is gone
	FromTrunk     OriginKind = "trunk"     // a call from outside dials on (DISA, voicemail)
	FromNowhere   OriginKind = "originate" // AMI or a call file makes it, past the dialplan
)

// Origin is who calls. Names are extensions, or the trunk.
type Origin struct {
	Kind  OriginKind
	Names []string
}

// transfers tells whether a phone sends calls on.
func (o *Origin) transfers() bool { return o.Kind == FromTransfer || o.Kind == FromAttended }

// dials tells whether a phone of the site begins such calls, and shows its password.
func (t *Traffic) dials() bool {
	return t.From.Kind == FromExtension || t.From.Kind == FromAttended || t.sendsOn()
}

// sendsOn tells whether a phone sends on calls that it has made itself.
func (t *Traffic) sendsOn() bool { return len(t.Via)+len(t.ViaIn) > 0 }

// Hours is a time of day from (included) to (not included), since midnight; it may
// go over midnight.
type Hours struct{ From, To time.Duration }

func (h Hours) has(t time.Duration) bool {
	if h.From <= h.To {
		return t >= h.From && t < h.To
	}
	return t >= h.From || t < h.To
}

// Talk is a length of time that is drawn: anything from Min to Max alike, or, with a
// Mean, more often short than long (a cut exponential distribution).
type Talk struct{ Min, Max, Mean time.Duration }

// Shape is how the calls of a day are spread over it.
type Shape string

// The shapes.
const (
	Even   Shape = ""       // all day and every day alike
	Office Shape = "office" // weekdays, with two peaks and a lunch break
	Clinic Shape = "clinic" // weekdays from early on, a little on Saturdays and at night
	Centre Shape = "centre" // every day from eight to ten at night, less at weekends
)

// FaultKind says what breaks.
type FaultKind string

// The faults.
const (
	DaemonKilled FaultKind = "daemon_killed" // kill -9; started again at its end
	AMILost      FaultKind = "ami_lost"      // no link to Asterisk
	LedgerFull   FaultKind = "ledger_full"   // nothing can be written
	ClockBack    FaultKind = "clock_back"    // the system clock is set back by the fault's time
	SMTPDown     FaultKind = "smtp_down"     // the mail server takes nothing
)

var faultKinds = []FaultKind{DaemonKilled, AMILost, LedgerFull, ClockBack, SMTPDown}

// Fault is something that breaks for a while.
type Fault struct {
	At, For time.Duration
	Kind    FaultKind
}
