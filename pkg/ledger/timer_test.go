package ledger

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A leg that is transferred gets its timer again, for what is left of its lease
// and not a second more; a leg that has none of ours gets none.
func TestMovedLegHasItsTimerSetAnew(t *testing.T) {
	d := newDesk(t)
	l := d.allowed(abroad(id(1), "1001"))
	d.event(toll.LegDialled, "leg-"+l.ID, l.ID)
	if orders := d.event(toll.LegMoved, "leg-"+l.ID, ""); len(orders) != 0 {
		t.Fatalf("before the answer: %+v", orders)
	}
	d.event(toll.LegAnswered, "leg-"+l.ID, "")
	d.pass(10 * time.Second)
	orders := d.event(toll.LegMoved, "leg-"+l.ID, "")
	if len(orders) != 1 || orders[0].Kind != toll.OrderTimer || orders[0].Lease.ID != l.ID || orders[0].Left != l.Timer-10*time.Second {
		t.Fatalf("orders: %+v", orders)
	}
	for _, other := range []string{id(1), "leg-of-nobody", ""} {
		if orders := d.event(toll.LegMoved, other, ""); len(orders) != 0 {
			t.Errorf("%q: %+v", other, orders)
		}
	}

	q := abroad(id(2), "1001")
	q.To.Class = toll.Emergency
	d.talk(d.allowed(q))
	if orders := d.event(toll.LegMoved, "leg-"+d.book.live[d.book.byKey[q.Key]].lease.ID, ""); len(orders) != 0 {
		t.Errorf("an emergency call: %+v", orders)
	}
}

// A call that was answered just before the wall clock was set, and of which that
// is known only afterwards, has its timer on the old clock.
func TestAnswerAroundAClockStepHasItsTimerSet(t *testing.T) {
	d := newDesk(t)
	l := d.allowed(abroad(id(1), "1001"))
	d.event(toll.LegDialled, "leg-"+l.ID, l.ID)
	d.event(toll.ClockStepped, "", "")
	orders := d.event(toll.LegAnswered, "leg-"+l.ID, "")
	if len(orders) != 1 || orders[0].Kind != toll.OrderTimer || orders[0].Left != l.Timer {
		t.Errorf("right after the step: %+v", orders)
	}
	d.pass(time.Minute)
	l = d.allowed(abroad(id(2), "1001"))
	d.event(toll.LegDialled, "leg-"+l.ID, l.ID)
	if orders := d.event(toll.LegAnswered, "leg-"+l.ID, ""); len(orders) != 0 {
		t.Errorf("a minute later: %+v", orders)
	}
}

// A renewal that could not be written leaves the lease as it was before, in what the
// disk is told of it too.
func TestARenewalThatFailedLeavesNoTimer(t *testing.T) {
	d := newDesk(t, budget(20_000_000, toll.PerSite))
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	var renewed *toll.Entry
	for renewed == nil {
		d.now = d.now.Add(time.Second)
		_, entries := d.book.Tick(d.now)
		for i := range entries {
			if entries[i].Kind == toll.EntryRenewed {
				renewed = &entries[i]
			}
		}
	}
	entries := d.book.Withdraw(d.now, *renewed)
	if len(entries) != 1 {
		t.Fatalf("entries %+v", entries)
	}
	if got := entries[0].Lease; got.Timer != l.Timer || got.Covered != l.Covered || got.Reserved != l.Reserved {
		t.Errorf("timer %s, covered %s, reserved %d; want %s, %s and %d", got.Timer, got.Covered, got.Reserved, l.Timer, l.Covered, l.Reserved)
	}
}
