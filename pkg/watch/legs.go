package watch

import (
	"context"
	"errors"
	"time"

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
	if !outside {
		return
	}
	to := w.options.Numbering.ResolveTrunk(d.number, trunk.Prefix)
	key := toll.Key{PBX: w.options.PBX, Uniqueid: ch.DialledBy, Number: to.Number()}
	lease, found, err := w.ledger.Find(ctx, key)
	if err != nil {
		w.lostTrack(ctx, err)
		return
	}
	if found && covers(lease, ch, to) && w.attach(ctx, lease.ID, ch) {
		return
	}
	w.marked(ctx, ch, to, trunk)
}

// attach makes the leg that of the lease. It fails where the lease was taken
// back meanwhile, as one is that could not be written in time.
func (w *Watcher) attach(ctx context.Context, lease string, ch calls.Channel) bool {
	w.record(ctx, toll.Event{Kind: toll.LegDialled, Lease: lease, Channel: ch.Uniqueid})
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

// marked looks for the lease of a leg by its mark, since the channel that
// dialled may not be the one that asked. What still has none is found: a call
// that the failure policy let go, an emergency call, or one that went round
// the dialplan.
func (w *Watcher) marked(ctx context.Context, ch calls.Channel, to toll.Destination, trunk Trunk) {
	mark, err := w.client.Getvar(ctx, ch.Uniqueid, markVariable)
	if err != nil && !errors.Is(err, ami.ErrNoSuchChannel) {
		w.options.Log.Warn("the mark of a trunk leg cannot be read", "pbx", w.options.PBX, "channel", ch.Uniqueid, "error", err)
	}
	if lease, found, err := w.ledger.Lease(ctx, mark); err == nil && found && lease.Key.PBX == w.options.PBX && covers(lease, ch, to) && w.attach(ctx, lease.ID, ch) {
		return
	}
	w.found(ctx, ch, to, trunk, mark)
}

// found reports a leg that no lease covers.
func (w *Watcher) found(ctx context.Context, ch calls.Channel, to toll.Destination, trunk Trunk, mark string) {
	if !to.Class.Metered() && to.Class != toll.Emergency {
		return
	}
	who := w.accountable(ch)
	e := toll.Event{
		Kind: toll.LegFound, Channel: ch.Uniqueid, Up: ch.State == calls.Up, Why: toll.ReasonBypass,
		Found: &toll.Question{
			Key:    toll.Key{PBX: w.options.PBX, Uniqueid: ch.DialledBy, Number: to.Number()},
			Caller: who, To: to, Price: w.options.Rates.Price(to, trunk.Name), Trunk: trunk.Name,
		},
	}
	if e.Up && !ch.Answered.IsZero() {
		e.Talk = max(w.ledger.Now().Sub(ch.Answered), 0)
	}
	switch {
	case to.Class == toll.Emergency:
		e.Why = toll.ReasonEmergency
	case mark == toll.MarkFailOpen && to.Class.Ordinary():
		e.Why = toll.ReasonFailOpen
	default:
		e.Cut = w.options.CutBypass
		w.options.Log.Warn("a call goes round the dialplan", "pbx", w.options.PBX, "channel", ch.Name, "caller", who, "number", to.Number(), "class", to.Class, "trunk", trunk.Name)
	}
	w.record(ctx, e)
}

// accountable finds who is behind a leg that did not ask: the channel that
// dialled it, or nobody but the leg itself where Originate did.
func (w *Watcher) accountable(ch calls.Channel) toll.Caller {
	w.mu.Lock()
	origin, known := w.model.Channel(ch.DialledBy)
	w.mu.Unlock()
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
			if d.host && sameHost(address, d.target) {
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
