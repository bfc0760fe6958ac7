package ledger

import (
	"slices"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// guarded is a desk whose rule asks for a PIN abroad; 1001 and 1002 have one.
func guarded(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t)
	for _, s := range []toll.Setting{
		{Rule: &toll.Rule{ID: "ask", Where: toll.Abroad, Do: toll.AskPIN}},
		{PIN: &toll.PIN{Caller: "1001", Hash: "hash-1001"}},
		{PIN: &toll.PIN{Caller: "1002", Hash: "hash-1002"}},
	} {
		if _, err := d.book.Change(d.now, s); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func kinds(entries []toll.Entry) (all []toll.EntryKind) {
	for i := range entries {
		all = append(all, entries[i].Kind)
	}
	return all
}

func TestAPINMakesAPermission(t *testing.T) {
	d := guarded(t)
	q := abroad(id(1), "1001")
	v, entries := d.book.Decide(d.now, q)
	if v.Allow || v.Lease.ID != "" || !v.AsksPIN(q) || len(entries) != 0 {
		t.Fatalf("the first answer is %+v with %v", v, kinds(entries))
	}
	q.Proof = toll.PINRight
	l := d.allowed(q)
	if !l.PIN || l.By != "ask" {
		t.Fatalf("lease %+v", l)
	}
	d.event(toll.LegDialled, "leg1", l.ID)
	d.event(toll.ChannelGone, "leg1", "")
	q.Proof, q.Trunk = toll.NotAsked, "backup"
	if next := d.allowed(q); next.ID != l.ID || !next.PIN {
		t.Fatalf("the next trunk of the call got %+v", next)
	}
	d.talk(l)
	if orders := d.pass(l.Covered); !slices.ContainsFunc(orders, func(o toll.Order) bool { return o.Kind == toll.OrderTimer }) {
		t.Fatalf("the call is not renewed: %+v", orders)
	}
	other := abroad(id(2), "1001")
	if v := d.ask(other); !v.AsksPIN(other) {
		t.Fatalf("another call: %+v", v)
	}
}

func TestProofsThatAreNoneAreRefusedAndRemembered(t *testing.T) {
	for proof, reason := range map[toll.Proof]toll.Reason{
		toll.PINWrong: toll.ReasonPINWrong, toll.PINNone: toll.ReasonPINNeeded, toll.PINUnset: toll.ReasonPINUnset,
	} {
		d := guarded(t)
		q := abroad(id(1), "1001")
		q.Proof = proof
		v, entries := d.book.Decide(d.now, q)
		if v.Allow || v.Reason != reason || v.AsksPIN(q) || !slices.Equal(kinds(entries), []toll.EntryKind{toll.EntryRefused}) || entries[0].Lease.Why != reason {
			t.Errorf("%s: %+v with %v", proof, v, kinds(entries))
		}
	}
}

// Behind a forward, a transfer or a trunk is somebody else, who is not asked.
func TestWhoIsNotThereIsNotAsked(t *testing.T) {
	d := guarded(t)
	for kind, asks := range map[toll.CallerKind]bool{
		toll.Extension: true, toll.GatewayUser: true, toll.Forward: false, toll.Transfer: false, toll.FromTrunk: false,
		toll.Originated: false, toll.Unknown: false,
	} {
		q := abroad(id(1), "1001")
		q.Caller.Kind = kind
		v, entries := d.book.Decide(d.now, q)
		if v.Allow || v.Reason != toll.ReasonPINNeeded || v.AsksPIN(q) != asks || (len(entries) == 0) != asks {
			t.Errorf("%s: %+v with %v", kind, v, kinds(entries))
		}
	}
}

func TestThreeWrongPINsLockTheirCaller(t *testing.T) {
	d := guarded(t)
	wrong := func(n int, from string) (bool, []toll.Order, []toll.Entry) {
		orders, entries, locked := d.book.WrongPIN(d.now, abroad(id(n), from))
		return locked, orders, entries
	}
	live := d.allowed(home(id(9), "1001"))
	d.talk(live)
	for n := range 2 {
		if locked, _, entries := wrong(n, "1001"); locked || len(entries) != 0 {
			t.Fatalf("wrong one %d: %v with %v", n+1, locked, kinds(entries))
		}
		wrong(n, "1002")
	}
	locked, orders, entries := wrong(3, "1001")
	if !locked || entries[0].Kind != toll.EntryRefused || entries[0].Lease.Why != toll.ReasonPINWrong {
		t.Fatalf("the third: %v with %v", locked, kinds(entries))
	}
	if len(orders) != 1 || orders[0].Kind != toll.OrderCut || orders[0].Lease.ID != live.ID {
		t.Fatalf("orders %+v, want the live call of the caller cut", orders)
	}
	lock := entries[slices.IndexFunc(entries, func(e toll.Entry) bool { return e.Setting != nil })].Setting
	if lock.Lock.ID() != "caller=1001" || lock.Author != "pin" || !lock.Lock.Until.Equal(d.now.Add(time.Hour)) {
		t.Fatalf("lock %+v", lock)
	}
	open := d.book.Incidents()
	if len(open) != 1 || open[0].Kind != toll.Attack || open[0].Caller != "1001" || open[0].Refused != 1 || len(open[0].Locks) != 1 {
		t.Fatalf("incidents %+v", open)
	}
	if v := d.ask(abroad(id(4), "1001")); v.Reason != toll.ReasonLocked {
		t.Fatalf("the locked caller: %+v", v)
	}
	if q := abroad(id(5), "1002"); !d.ask(q).AsksPIN(q) {
		t.Fatal("another caller is not asked any more")
	}
	d.pass(time.Hour + time.Second)
	if q := abroad(id(6), "1001"); !d.ask(q).AsksPIN(q) {
		t.Fatal("the lock does not end")
	}
}

func TestWrongPINsAreForgotten(t *testing.T) {
	for name, forget := range map[string]func(d *desk){
		"after an hour": func(d *desk) { d.now = d.now.Add(time.Hour) },
		"by a right one": func(d *desk) {
			q := abroad(id(7), "1001")
			q.Proof = toll.PINRight
			d.allowed(q)
		},
		"by a new PIN": func(d *desk) {
			if _, err := d.book.Change(d.now, toll.Setting{PIN: &toll.PIN{Caller: "1001", Hash: "other"}}); err != nil {
				d.t.Fatal(err)
			}
		},
	} {
		d := guarded(t)
		for n := range 2 {
			d.book.WrongPIN(d.now, abroad(id(n), "1001"))
		}
		forget(d)
		if _, _, locked := d.book.WrongPIN(d.now, abroad(id(8), "1001")); locked {
			t.Errorf("not %s", name)
		}
	}
}

func TestWrongPINsOfWhoHasNoneAreNotRemembered(t *testing.T) {
	d := guarded(t)
	for n := range 10 {
		if _, entries, locked := d.book.WrongPIN(d.now, abroad(id(n), "1003")); locked || len(entries) != 0 {
			t.Fatal("somebody without a PIN was locked")
		}
	}
	if len(d.book.wrong) != 0 {
		t.Fatalf("remembered: %v", d.book.wrong)
	}
}

// The owner's own lock stands for longer, and is not shortened.
func TestALongerLockStands(t *testing.T) {
	d := guarded(t)
	if _, err := d.book.Change(d.now, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}, Author: "owner"}); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		d.book.WrongPIN(d.now, abroad(id(n), "1001"))
	}
	if s := d.book.settings[settingKey{"lock", "caller=1001"}]; s.Author != "owner" || !s.Lock.Until.IsZero() {
		t.Errorf("lock %+v", s)
	}
}
