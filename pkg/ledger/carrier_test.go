package ledger

import (
	"math/big"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// tariff is what a carrier and the site have agreed on for one destination, in
// millionths and seconds. The carrier of the property test bills by it with sums
// of its own, so that a mistake in the ledger's prices cannot hide itself.
type tariff struct {
	perMinute, connect       int64
	minimum, increment, free int64
}

// bills is what the carrier charges for a call of that length on its own clock.
func (f tariff) bills(talk time.Duration) int64 {
	seconds := int64(0)
	for time.Duration(seconds)*time.Second < talk {
		seconds += max(int64((talk-time.Duration(seconds)*time.Second)/time.Second), 1)
	}
	if seconds == 0 || seconds <= f.free {
		return f.connect
	}
	left, billed := seconds-f.free, f.minimum
	for step := max(f.increment, 1); billed < left; {
		billed += step * max((left-billed)/step, 1)
	}
	whole, part := new(big.Int).DivMod(big.NewInt(billed*f.perMinute), big.NewInt(60), new(big.Int))
	if part.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	return f.connect + whole.Int64()
}

// price is what the site's rate deck says of the tariff.
func (f tariff) price() toll.Price {
	second := func(n int64) time.Duration { return time.Duration(n) * time.Second }
	return toll.Price{
		PerMinute: toll.Money(f.perMinute), Connect: toll.Money(f.connect),
		Minimum: second(f.minimum), Increment: second(f.increment), Free: second(f.free),
	}
}

// phone is a call in the real world.
type phone struct {
	lease             toll.Lease // as it was spoken
	asked             toll.Question
	tariff            tariff
	spoken            time.Time // when its channel heard the permission
	dialled, answered bool
	leg               string
	askerGone         bool          // a transfer: the leg lives on
	since             time.Time     // answered
	deadline          time.Time     // at which the timer in Asterisk ends the leg
	late              time.Duration // by which Asterisk does so too late
	transit           time.Duration // by which the carrier sees the call longer than Asterisk does
}

// bill is what the carrier charged for one call.
type bill struct {
	asked   toll.Question
	granted time.Time
	at      time.Time
	cost    int64
	found   bool // by a leg that nobody allowed
}

// hangUp ends the leg and lets the carrier bill it, from its own answer to its own
// end. The timer of a leg that runs out ends it late, and the way to the carrier
// makes it longer still: both are what the margin is for. Of a call that somebody
// ended no margin is left to the ledger, and the carrier is one that counts as
// Asterisk does.
func (w *world) hangUp(p *phone, byTimer bool) {
	if !p.answered {
		return
	}
	talk := w.now.Sub(p.since)
	if byTimer {
		talk += p.transit
	}
	w.billed = append(w.billed, bill{p.asked, p.lease.Granted, w.now, p.tariff.bills(talk), p.lease.Adopted})
}

// night tells by the carrier's calendar whether the schedule that the story knows
// is open: from ten at night until two.
func night(at time.Time) bool { return at.UTC().Hour() >= 22 || at.UTC().Hour() < 2 }

// counts tells whether a call counts in a figure of the limit, and in whose, with
// nothing of the ledger's own figures.
func counts(m toll.Meter, q toll.Question, began time.Time) (subject string, yes bool) {
	switch m.When {
	case "night":
		yes = night(began)
	case "!night":
		yes = !night(began)
	default:
		yes = true
	}
	switch m.Scope {
	case toll.PerSite:
	case toll.PerCaller:
		subject = q.Caller.ID
	case toll.PerCountry:
		subject = q.To.Country
	case toll.PerTrunk:
		subject = q.Trunk
	case toll.PerRange:
		subject = q.To.Range
	}
	if m.Where == toll.Abroad {
		yes = yes && q.To.Country != "US"
	}
	return subject, yes
}
