package ledger

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// bypassBy reports a call around the dialplan that the site wants cut.
func (d *desk) bypassBy(leg string, by toll.Caller, lock, fuse bool) {
	q := abroad(leg+"-asker", by.ID)
	q.Caller = by
	d.book.Record(d.now, toll.Event{
		Kind: toll.LegFound, PBX: "pbx1", Channel: leg, Found: &q, Why: toll.ReasonBypass, Cut: true, Lock: lock, Fuse: fuse,
	})
}

func TestWhoGoesAroundTheDialplanIsLocked(t *testing.T) {
	d := newDesk(t)
	d.talk(d.allowed(abroad(id(1), "1001")))
	other := d.allowed(abroad(id(2), "1002"))
	d.bypassBy("leg-1", toll.Caller{Kind: toll.Extension, ID: "1001"}, true, false)
	orders := d.pass(time.Second)
	if len(orders) == 0 || orders[0].Why != toll.ReasonLocked || orders[0].Lease.Caller.ID != "1001" {
		t.Errorf("his other call: %+v", orders)
	}
	if v := d.ask(abroad(id(3), "1001")); v.Reason != toll.ReasonLocked {
		t.Errorf("his next call: %s", v.Reason)
	}
	if l, live := d.book.Lease(other.ID); !live || l.Cut != "" {
		t.Errorf("the call of another: %+v", l)
	}
	if _, blown := d.book.Fuse(); blown {
		t.Error("the fuse has blown, which nobody wanted")
	}
}

// What Originate began, or nobody can be named for, locks nobody: it may be the
// trunk itself, or all who are unknown.
func TestNobodyIsLockedForWhatNobodyMade(t *testing.T) {
	for _, kind := range []toll.CallerKind{toll.FromTrunk, toll.Originated, toll.Unknown} {
		d := newDesk(t)
		d.bypassBy("leg-1", toll.Caller{Kind: kind, ID: "carrier"}, true, true)
		d.pass(time.Second)
		if v := d.ask(abroad(id(3), "carrier")); v.Reason == toll.ReasonLocked {
			t.Errorf("%s: the trunk is locked", kind)
		}
		if _, blown := d.book.Fuse(); !blown {
			t.Errorf("%s: the fuse has not blown", kind)
		}
	}
}
