package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// While nobody can move a timer a renewal would only take from others what the
// call can never use. Where it talks on when the link is back, it is renewed then.
func TestNothingIsRenewedInTheDark(t *testing.T) {
	lim := budget(20_000_000, toll.PerSite)
	d := newDesk(t, lim)
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	held := d.usage(lim, abroad(id(2), "1001")).Held
	d.event(toll.LinkLost, "", "")
	d.pass(l.Covered - 10*time.Second)
	d.wantUsage(lim, abroad(id(2), "1001"), 0, held)
	d.event(toll.LinkFound, "", "")
	d.pass(2 * time.Second)
	if now := d.usage(lim, abroad(id(2), "1001")).Held; now <= held {
		t.Errorf("%d held after the link is back, want more than %d", now, held)
	}
}

// A leg of which nothing is heard any more costs what it was granted, and no more.
func TestALegInTheDarkCostsWhatItWasGranted(t *testing.T) {
	lim := budget(20_000_000, toll.PerSite)
	d := newDesk(t, lim)
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	d.event(toll.LinkLost, "", "")
	d.pass(time.Hour)
	d.wantUsage(lim, abroad(id(2), "1001"), int64(l.Reserved), 0)
}

// What a change allowed that could not be written is not spoken, though the store
// is well again when the permission's turn comes.
func TestPermissionUnderAChangeThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &once{shelf: &shelf{}}
		l, stop := openOnce(t, o)
		defer stop()
		none := budget(0, toll.PerSite)
		if err := l.Change(t.Context(), toll.Setting{Limit: &none}); err != nil {
			t.Fatal(err)
		}
		gate := make(chan struct{})
		o.arm(gate)
		failed := make(chan error, 1)
		go func() { failed <- l.Change(t.Context(), toll.Setting{Limit: &none, Removed: true}) }()
		synctest.Wait() // the removal stands in memory, and is being written
		answers := make(chan toll.Verdict, 1)
		go func() { v, _ := decide(t, l, abroad(id(1), "1001")); answers <- v }()
		synctest.Wait()
		close(gate)
		if err := <-failed; err == nil {
			t.Fatal("the change should fail")
		}
		if v := <-answers; v.Allow {
			t.Error("allowed by a change that never stood")
		}
	})
}

// After a restart nobody sees a call before the link is back: to renew it before
// would only take from others what nobody can make it talk.
func TestNothingIsRenewedAfterARestartWithoutALink(t *testing.T) {
	lim := budget(20_000_000, toll.PerSite)
	d := newDesk(t, lim)
	v, entries := d.book.Decide(d.now, abroad(id(1), "1001"))
	l := v.Lease
	leg := toll.Event{PBX: "pbx1", Channel: "leg", Lease: l.ID}
	for _, kind := range []toll.EventKind{toll.LegDialled, toll.LegAnswered} {
		leg.Kind = kind
		_, more := d.book.Record(d.now, leg)
		entries = append(entries, more...)
	}
	d.restart(entries, lim)
	held := d.usage(lim, abroad(id(2), "1001")).Held
	d.pass(l.Covered - 10*time.Second)
	d.wantUsage(lim, abroad(id(2), "1001"), 0, held)
	d.event(toll.LinkFound, "", "")
	d.pass(2 * time.Second)
	if now := d.usage(lim, abroad(id(2), "1001")).Held; now <= held {
		t.Errorf("%d held after the link is back, want more than %d", now, held)
	}
}
