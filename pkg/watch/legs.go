package watch

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/calls"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// markVariable is the channel variable that a trunk leg inherits from the
// channel that asked. A picture asks for it and for the number dialled.
const (
	markVariable  = "TOLLFUSE_LEASE"
	peerVariable  = "DIALEDPEERNUMBER"
	markVariables = 2
)

// dialled looks at a leg that was just dialled out. If it leads outside, a
// lease must cover it.
func (w *Watcher) dialled(ctx context.Context, ch calls.Channel) {
	d := parseDialString(ch.DialString)
	trunk, outside := w.trunk(ch.Name, d)
	contact := false
	if !outside && !d.host && w.byAddress() {
		// Its endpoint may have the carrier's address: a phone that has registered
		// with it, or a way out that nobody named.
		if sent, told := w.sentTo(ctx, ch); told {
			contact = d.number == ""
			d = sent
			trunk, outside = w.trunk(ch.Name, d)
			outside = outside && !(contact && w.isAtHome(d.number, trunk))
		}
	}
	if outside {
		w.outside(ctx, outbound{channel: ch, trunk: trunk, number: d.number, contact: contact})
	}
}

// outside looks at a leg that leads outside: a lease must cover it.
func (w *Watcher) outside(ctx context.Context, leg outbound) {
	ch, trunk := leg.channel, leg.trunk
	to := w.options.Numbering.ResolveTrunk(leg.number, trunk.Prefix)
	key := toll.Key{PBX: w.options.PBX, Uniqueid: ch.DialledBy, Number: to.Number()}
	lease, found, err := w.ledger.Find(ctx, key)
	if err != nil {
		w.lostTrack(ctx, err)
		return
	}
	if found && covers(lease, ch, to) && w.attach(ctx, lease.ID, ch, trunk) {
		return
	}
	leg.to = to
	leg.fork = found && lease.State == toll.Granted && lease.Leg != ""
	w.marked(ctx, leg)
}

// outbound is a trunk leg that is looked at.
type outbound struct {
	channel calls.Channel
	to      toll.Destination
	trunk   Trunk
	number  string // as it was sent
	contact bool   // the number is in the contact of the phone that was called
	mark    string
	fork    bool // its dialler has a lease for this number, with another leg
	gone    bool // it ended before its mark could be read
}

// attach makes the leg that of the lease. It fails where the lease was taken
// back meanwhile, as one is that could not be written in time.
func (w *Watcher) attach(ctx context.Context, lease string, ch calls.Channel, trunk Trunk) bool {
	w.record(ctx, toll.Event{Kind: toll.LegDialled, Lease: lease, Channel: ch.Uniqueid, Trunk: trunk.Name})
	l, live, err := w.ledger.Lease(ctx, lease)
	if err != nil {
		w.lostTrack(ctx, err)
		return true // until the next picture nothing can be said
	}
	return live && l.Leg == ch.Uniqueid
}

// covers tells whether the lease is for this leg and number and has no other
// leg.
func covers(l toll.Lease, ch calls.Channel, to toll.Destination) bool {
	return l.Key.Number == to.Number() && (l.Leg == ch.Uniqueid || (l.Leg == "" && l.State == toll.Granted))
}

// rewritten tells whether the lease is the dialler's own and for a number that
// the dialplan may have written in another form: whatever was dialled costs no
// more than what was reserved, or than the same number costs by now, for a price
// list may have been imported since.
func (w *Watcher) rewritten(l toll.Lease, leg outbound) bool {
	price, now := w.options.Rates.Price(leg.to, leg.trunk.Name), w.options.Rates.Price(l.To, leg.trunk.Name)
	return l.Key.Uniqueid == leg.channel.DialledBy && l.State == toll.Granted && l.Leg == "" &&
		price.PerMinute <= max(l.Price.PerMinute, now.PerMinute) && price.Connect <= max(l.Price.Connect, now.Connect)
}

// markWait bounds the wait for a mark, during which other events wait.
const markWait = 500 * time.Millisecond

// marked looks for the lease of a leg by its mark, since the channel that
// dialled may not be the one that asked. What still has none is found: a call
// that the failure policy let go, an emergency call, or one that went round
// the dialplan.
func (w *Watcher) marked(ctx context.Context, leg outbound) {
	ch := leg.channel
	short, cancel := context.WithTimeout(ctx, markWait)
	mark, err := w.client.Getvar(short, ch.Uniqueid, markVariable)
	cancel()
	leg.gone = errors.Is(err, ami.ErrNoSuchChannel)
	if err != nil && !leg.gone {
		w.options.Log.Warn("the mark of a trunk leg cannot be read", "pbx", w.options.PBX, "channel", ch.Uniqueid, "error", err)
	}
	lease, found, err := w.ledger.Lease(ctx, mark)
	found = err == nil && found
	ours := found && lease.Key.PBX == w.options.PBX
	if found && !ours {
		w.options.Log.Error("the dialplan of this Asterisk asks under another's name; write it anew with: tollfuse dialplan --force --pbx "+w.options.PBX,
			"pbx", w.options.PBX, "says", lease.Key.PBX, "channel", ch.Name)
	}
	if ours && (covers(lease, ch, leg.to) || w.rewritten(lease, leg)) && w.attach(ctx, lease.ID, ch, leg.trunk) {
		return
	}
	leg.mark = mark
	w.found(ctx, leg)
}

// found reports a leg that no lease covers.
func (w *Watcher) found(ctx context.Context, leg outbound) {
	ch, to := leg.channel, leg.to
	if w.within(leg) {
		return
	}
	if leg.mark == toll.MarkEmergency && mayBeEmergency(to.Class) {
		// The dialplan, or the carrier, wants it in another form, such as
		// behind the area code. A forged mark buys an ordinary call at worst.
		to.Class = toll.Emergency
	}
	e := toll.Event{
		Kind: toll.LegFound, Channel: ch.Uniqueid, Up: ch.State == calls.Up, Gone: leg.gone,
		Found: &toll.Question{
			Key:    toll.Key{PBX: w.options.PBX, Uniqueid: ch.DialledBy, Number: to.Number()},
			Caller: w.accountable(leg), To: to, Price: w.options.Rates.Price(to, leg.trunk.Name), Trunk: leg.trunk.Name,
		},
	}
	if e.Up && !ch.Answered.IsZero() {
		e.Talk = max(w.ledger.Now().Sub(ch.Answered), 0)
	}
	e.Why, e.Cut = w.verdictOn(leg, to.Class)
	if e.Why == toll.ReasonBypass {
		e.Lock, e.Fuse = w.options.LockBypass, w.options.FuseBypass
		w.options.Log.Warn("a call goes round the dialplan", "pbx", w.options.PBX, "channel", ch.Name, "caller", e.Found.Caller, "number", to.Number(), "class", to.Class, "trunk", leg.trunk.Name)
	}
	w.record(ctx, e)
}

// verdictOn says what a leg is that no lease covers, and whether it is hung up
// whatever policy says.
func (w *Watcher) verdictOn(leg outbound, class toll.Class) (why toll.Reason, cut bool) {
	switch {
	case class == toll.Emergency:
		return toll.ReasonEmergency, false
	case leg.mark == toll.MarkFailOpen && class.Ordinary():
		return toll.ReasonFailOpen, false
	case leg.fork:
		return toll.ReasonFork, false
	case w.first:
		return toll.ReasonUnseen, false // it began before we were there to be asked
	}
	return toll.ReasonBypass, w.options.CutBypass
}

// within tells whether a leg to a trunk does not leave the firm: one to an
// extension behind another PBX of it.
func (w *Watcher) within(leg outbound) bool { return w.internal(leg.to.Class, leg.number) }

func (w *Watcher) internal(class toll.Class, number string) bool {
	if class == toll.Unplaced {
		class = w.options.Numbering.Resolve(number).Class
	}
	return class == toll.Internal || class == toll.FeatureCode
}

// isAtHome tells whether the contact of a phone is its own, although it has the
// address of a trunk: behind a proxy that serves phones and carrier alike, they have
// their extension there, or a token that is no number. An escape (RFC 3261, 19.1.2)
// can be any digit.
func (w *Watcher) isAtHome(number string, trunk Trunk) bool {
	token := strings.ContainsFunc(number, unicode.IsLetter) && !strings.Contains(number, "%") && !w.leadsOut(number, trunk)
	return number == "" || token || w.internal(w.options.Numbering.ResolveTrunk(number, trunk.Prefix).Class, number)
}

// leastDigits is how many digits in a row are no accident in a token: of those that
// phones make from letters and digits one in 28,000 begins so, of those from
// hexadecimal digits one in 43.
const leastDigits = 8

// leadsOut tells whether what has letters in it begins with a number that leads out,
// behind which a carrier may not look. Of a token the digits are seldom the larger
// part, and seldom a number.
func (w *Watcher) leadsOut(text string, trunk Trunk) bool {
	digits := strings.TrimPrefix(text, "+")
	rest := strings.TrimLeft(digits, "0123456789")
	digits = strings.TrimSuffix(digits, rest)
	if len(digits) < leastDigits || len(rest) >= len(digits) {
		return false
	}
	return text[0] == '+' || digits[0] == '0' || w.options.Numbering.ResolveTrunk(digits, trunk.Prefix).Class != toll.Unplaced
}

// mayBeEmergency tells whether a number of this class can be an emergency
// number in another form.
func mayBeEmergency(c toll.Class) bool {
	return c.Ordinary() || c == toll.Unplaced || c == toll.SharedCost
}

// accountable finds who is behind a leg that did not ask: the channel that
// dialled it, or nobody but the leg itself where Originate did. Whoever calls a
// phone does not choose its contact: for that the phone answers.
func (w *Watcher) accountable(leg outbound) toll.Caller {
	ch := leg.channel
	if leg.contact {
		return w.options.Callers.Resolve(caller.Facts{Channel: ch.Name})
	}
	origin, known := w.channel(ch.DialledBy)
	if ch.DialledBy == "" || !known {
		return w.options.Callers.Resolve(caller.Facts{Channel: ch.Name, Originated: true})
	}
	return w.options.Callers.Resolve(caller.Facts{
		Channel: origin.Name, BlindTransfer: origin.Transferer, Forwarder: origin.Forwarder,
	})
}

// trunk tells by which trunk a leg leaves: the one whose endpoint it is on, or
// the one whose address it is sent to, on whatever endpoint.
func (w *Watcher) trunk(channel string, d dialled) (Trunk, bool) {
	name, isTrunk := w.options.Callers.Trunk(channel)
	for _, t := range w.options.Trunks {
		if isTrunk && t.Name == name {
			return t, true
		}
		for _, address := range t.Addresses {
			if d.host && reaches(address, d.target) {
				return t, true
			}
		}
	}
	return Trunk{}, false
}

// lostTrack notes that the ledger could not be asked, so that the next picture
// puts things right.
func (w *Watcher) lostTrack(ctx context.Context, err error) {
	if ctx.Err() == nil {
		w.stale = true
		w.options.Log.Error("the ledger cannot be asked about a leg", "pbx", w.options.PBX, "error", err)
	}
}

// wait bounds one exchange with Asterisk or the ledger.
const wait = 5 * time.Second
