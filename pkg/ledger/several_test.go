package ledger

import (
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Two Asterisks that hand out the same Uniqueids, for the same number and from the same extension, have a call each: what
// one of them tells never reaches the call of the other, and limits hold for both together.
func TestEqualUniqueidsOfTwoAsterisks(t *testing.T) {
	limit := concurrent(2, toll.PerCaller)
	d := newDesk(t, limit)
	d.book.Record(d.now, toll.Event{Kind: toll.LinkFound, PBX: "pbx2"})
	q := abroad(id(1), "1001")
	there := q
	there.Key.PBX = "pbx2"
	here, far := d.allowed(q), d.allowed(there)
	if here.ID == far.ID {
		t.Fatal("the two calls have one lease")
	}
	d.wantUsage(limit, q, 0, 2)
	third := there
	third.Key.Uniqueid = id(2)
	if v := d.ask(third); v.Allow || v.By != limit.ID {
		t.Fatalf("the third call of the caller: %+v", v)
	}

	tell := func(kind toll.EventKind, pbx, lease string) {
		d.book.Record(d.now, toll.Event{Kind: kind, PBX: pbx, Channel: "leg", Lease: lease})
	}
	tell(toll.LegDialled, "pbx1", here.ID)
	tell(toll.LegDialled, "pbx2", far.ID)
	tell(toll.LegAnswered, "pbx2", "")
	state := func(l toll.Lease) toll.State {
		now, _ := d.book.Lease(l.ID)
		return now.State
	}
	if state(here) != toll.Granted || state(far) != toll.Answered {
		t.Fatalf("after the answer on pbx2: %s on pbx1, %s on pbx2", state(here), state(far))
	}
	tell(toll.LegAnswered, "pbx1", "")
	tell(toll.ChannelGone, "pbx1", "")
	if _, live := d.book.Lease(here.ID); live || state(far) != toll.Answered {
		t.Fatalf("after the end on pbx1: live there %t, %s on pbx2", live, state(far))
	}
}
