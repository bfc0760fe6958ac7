package ledger

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// goneAtOnce reports a leg of the asker's that had ended before its mark could be
// read, and gives how many legs went round the dialplan by that.
func (d *desk) goneAtOnce(leg, asker string, to toll.Question) (bypasses int) {
	to.Key.Uniqueid = asker
	to.Key.Number = to.To.Number()
	_, entries := d.book.Record(d.now, toll.Event{
		Kind: toll.LegFound, PBX: "pbx1", Channel: leg, Gone: true, Why: toll.ReasonBypass, Found: &to,
	})
	for _, e := range entries {
		if e.Kind == toll.EntryAdopted {
			bypasses++
		}
	}
	return bypasses
}

// elsewhere is a number that is not the one of the lease.
func elsewhere(price toll.Money) toll.Question {
	q := abroad("", "1001")
	q.To.E164, q.To.Range, q.Price.PerMinute = "+442079469999", "+44207946", price
	return q
}

func TestBusyLegsAreThoseOfTheLease(t *testing.T) {
	d := newDesk(t, budget(100*toll.Unit, toll.PerSite))
	l := d.allowed(abroad(id(1), "1001"))
	for n := range 3 {
		leg := "busy-" + id(n)
		if d.goneAtOnce(leg, l.Key.Uniqueid, elsewhere(600_000)) > 0 {
			t.Fatalf("leg %d is taken for a bypass", n)
		}
		d.event(toll.ChannelGone, leg, "")
	}
	d.talk(l)
	if live, _ := d.book.Lease(l.ID); live.State != toll.Answered {
		t.Fatalf("the call that was allowed: %+v", live)
	}
	d.pass(time.Minute)
	d.hangUp(l)
	d.wantUsage(budget(100*toll.Unit, toll.PerSite), abroad("", "1001"), 600_000, 0)
}

// Whoever is answered and gone in no time pays, and one permission covers one
// such leg only, none that is dearer, and none of another dialler's.
func TestShortLegsAreNeverFree(t *testing.T) {
	limit := budget(100*toll.Unit, toll.PerSite)
	d := newDesk(t, limit)
	q := abroad(id(1), "1001")
	q.Price.Connect = 100_000
	l := d.allowed(q)
	if n := d.goneAtOnce("dear", l.Key.Uniqueid, elsewhere(600_001)); n != 1 {
		t.Errorf("%d bypasses by a leg that is dearer than the lease", n)
	}
	if n := d.goneAtOnce("stranger", id(9), elsewhere(600_000)); n != 1 {
		t.Errorf("%d bypasses by the leg of a stranger", n)
	}
	if n := d.goneAtOnce("short", l.Key.Uniqueid, elsewhere(600_000)); n != 0 {
		t.Fatal("the first leg is taken for a bypass")
	}
	if n := d.goneAtOnce("beside", l.Key.Uniqueid, elsewhere(600_000)); n != 1 {
		t.Errorf("%d bypasses by a second leg beside the first", n)
	}
	for _, gone := range []string{"dear", "stranger", "beside"} {
		d.event(toll.ChannelGone, gone, "")
	}
	d.event(toll.LegAnswered, "short", "")
	d.now = d.now.Add(time.Second)
	d.event(toll.ChannelGone, "short", "")
	d.wantUsage(limit, q, 110_000, 0)
	if n := d.goneAtOnce("again", l.Key.Uniqueid, elsewhere(600_000)); n != 1 {
		t.Errorf("%d bypasses by a leg after the lease was used", n)
	}
}

func TestEmergencyGoneAtOnceIsNobodysLease(t *testing.T) {
	d := newDesk(t)
	l := d.allowed(abroad(id(1), "1001"))
	help := elsewhere(0)
	help.To = toll.Destination{Dialled: "911", Country: "US", Class: toll.Emergency, Valid: true}
	if n := d.goneAtOnce("help", l.Key.Uniqueid, help); n != 1 {
		t.Errorf("a call for help was taken for the leg of another call")
	}
}
