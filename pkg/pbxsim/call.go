package pbxsim

import "time"

// Way is how a call gets to the trunk.
type Way int

// The ways.
const (
	Guarded    Way = iota // through the snippet: emergency numbers at once, others after asking
	Unguarded             // a phone in a context that dials without asking
	Originated            // straight to the trunk, as AMI's Originate or a call file does; no phone at all
)

// Call is the script of one call.
type Call struct {
	From    string // endpoint of the phone that dials, such as 1001; a trunk, for a call from outside
	Number  string // what it dials; with a Forwarder, where that sends the call to
	Trunk   string // endpoint of the trunk; default "carrier"
	Account string // account code of the phone
	Way     Way

	// Forwarder is a phone that From calls, and that answers with "moved" (SIP 302) to Number.
	Forwarder string

	Ring   time.Duration // until the carrier answers; negative: it never does, and Dial() gives up after 60 s
	Reject int           // the Q.850 cause with which the carrier refuses after Ring, instead of answering
	Talk   time.Duration // from the answer until a side hangs up; 0: neither does, as when a phone has vanished
	Callee bool          // the called side hangs up, not the phone
}

// End is what ended a call.
type End string

// The ends.
const (
	EndRefused    End = "refused"    // the dialplan did not dial
	EndPhone      End = "phone"      // the phone hung up
	EndCallee     End = "callee"     // the called side hung up
	EndTimer      End = "timer"      // a timer of Asterisk's ran out
	EndCut        End = "cut"        // AMI's Hangup
	EndUnanswered End = "unanswered" // the carrier refused, or nobody answered
	EndRestart    End = "restart"    // Asterisk went
)

// Verdict is what the snippet left in the variables of the channel that asked, in the end.
type Verdict struct {
	Asker   string // Uniqueid of the channel
	Allow   bool
	Reason  string
	Lease   string
	Number  string // E.164, as the daemon resolved it
	Seconds int    // for S()
	Cause   int    // of a refusal
	Asked   bool   // the daemon was asked, and could be reached
	Took    time.Duration
}

// Leg is one leg to the carrier.
type Leg struct {
	Uniqueid string
	Number   string
	Answered bool
	Talk     time.Duration
}

// Outcome is what became of a call. A call that was transferred has a verdict and a leg more.
type Outcome struct {
	Verdicts []Verdict
	Legs     []Leg
	End      End
	Cause    int // Q.850, with which the phone was hung up
}

// Allowed tells whether everything that was asked was allowed. A call that never asked counts as allowed.
func (o Outcome) Allowed() bool {
	for _, v := range o.Verdicts {
		if !v.Allow {
			return false
		}
	}
	return true
}

// Live is a call that goes on, or has ended.
type Live struct {
	Call Call

	pbx      *PBX
	life     *life
	ending   chan hangup // requests, one of each channel at most
	transfer chan string
	answered chan struct{}
	done     chan struct{}

	// Guarded by the PBX.
	channels []*channel
	behind   []*channel // wait for the answer of the channel that dials, the nearest first
	over     bool       // somebody wants the call to end
	asks     func()     // says HANGUP to the server that is being asked; nil if none is
	outcome  Outcome
}

// mostChannels is how many channels one call can have: a phone, one that forwards, two halves of a Local
// channel, and the legs of a call that is transferred again and again.
const mostChannels = 16

func newLive(p *PBX, c Call) *Live {
	return &Live{
		Call: c, pbx: p, life: p.life,
		ending: make(chan hangup, mostChannels), transfer: make(chan string, 1),
		answered: make(chan struct{}), done: make(chan struct{}),
	}
}

// Answered is closed when the carrier first answered; never, if it does not.
func (l *Live) Answered() <-chan struct{} { return l.answered }

// Done is closed when all channels of the call are gone.
func (l *Live) Done() <-chan struct{} { return l.done }

// Outcome waits for the end of the call and tells what became of it.
func (l *Live) Outcome() Outcome {
	<-l.done
	return l.outcome
}

// Hangup lets the phone hang up, at any moment; a call without a phone is ended by who is called.
func (l *Live) Hangup() {
	l.pbx.mu.Lock()
	defer l.pbx.mu.Unlock()
	if len(l.channels) > 0 {
		l.channels[0].end(EndPhone, causeNormal)
	}
}

// Transfer lets the phone send the called side on to another number (SIP REFER) and hang up itself, as soon
// as the call is answered. It is for a call that the phone dialled itself. Ring and Talk of the call count anew.
func (l *Live) Transfer(number string) {
	select {
	case l.transfer <- number:
	default: // one at a time
	}
}

// lock takes the PBX, or returns false when Asterisk has been restarted under the call.
func (l *Live) lock() bool {
	l.pbx.mu.Lock()
	if l.pbx.life == l.life {
		return true
	}
	l.outcome.End = EndRestart
	l.pbx.mu.Unlock()
	return false
}

func (l *Live) unlock() { l.pbx.mu.Unlock() }

// talked notes how long an answered leg has talked that is gone. The PBX is locked.
func (l *Live) talked(c *channel) {
	for i := range l.outcome.Legs {
		if leg := &l.outcome.Legs[i]; leg.Uniqueid == c.uniqueid {
			leg.Talk = time.Since(c.answered)
		}
	}
}
