package incident

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The tests of this file play an attacker who knows how few mails an owner gets, and
// uses them up with what costs him nothing.

// cutAt plays a call that was up, was cut, and cost so much.
func (d *desk) cutAt(at time.Duration, l toll.Lease, cost toll.Money) {
	d.t.Helper()
	d.until(at)
	d.note(at, toll.EntryCutting, cut(l, toll.ReasonSpent, "x"))
	d.note(at+time.Second, toll.EntryEnded, ended(l, cost))
}

// hears tells whether a notice of the caller's attack was made by then.
func (d *desk) hears(caller string, by time.Duration) bool {
	d.t.Helper()
	d.until(by)
	return slices.ContainsFunc(d.told, func(c Change) bool { return c.Incident.Caller == caller && c.Incident.Up() > 0 })
}

// Attacks of which nothing gets through, one after the other, leave room for the first
// one of which something does.
func TestRefusedAttacksHideNoneThatGetsThrough(t *testing.T) {
	for _, first := range []int{1, 2, 3, 10} {
		d, at := newDesk(t, settings), time.Duration(0)
		for n := range first {
			for range 6 {
				d.until(at)
				d.note(at, toll.EntryRefused, to("100"+strconv.Itoa(n), "SL"))
				at += time.Minute
			}
			at += 40 * time.Minute
		}
		d.cutAt(at, to("2001", "GM"), toll.Unit)
		if !d.hears("2001", at+time.Minute) {
			t.Errorf("after %d refused attacks nobody hears of the call that was up: %v", first, d.kinds())
		}
		if d.until(at + 20*time.Hour); len(d.told) > mostNotices {
			t.Errorf("%d notices", len(d.told))
		}
	}
}

// Calls that were up for a second use up the notices. What costs ten times as much
// as all of them is told at once, whoever makes it.
func TestCheapCallsHideNoExpensiveOnes(t *testing.T) {
	for _, expensive := range []string{"1003", "2001"} {
		d, at := newDesk(t, settings), time.Duration(0)
		for n := range 40 {
			d.cutAt(at, to("1003", "SL"), toll.Unit/100)
			if at += 10 * time.Second; n%10 == 9 {
				at += 40 * time.Minute
			}
		}
		before := len(d.told)
		if before < roomForUp || before > mostNotices {
			t.Fatalf("%d notices were made", before)
		}
		for range 10 {
			d.cutAt(at, to(expensive, "GM"), 5*toll.Unit)
			at += time.Minute
		}
		told := slices.ContainsFunc(d.told[before:], func(c Change) bool { return c.Incident.Caller == expensive })
		if !told {
			t.Errorf("nobody hears of the expensive calls of %s: %v", expensive, d.kinds())
		}
		if n := len(d.told) - before; n > 2 {
			t.Errorf("%d more notices", n)
		}
	}
}

// However an attack goes, ten times the money of what was told is not lost before the
// next notice, and notices beyond the five are one for each ten times the money.
func TestWhatIsLostIsTold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d, at, lost, told := newDesk(t, settings), time.Duration(0), toll.Money(0), toll.Money(0)
		for range rapid.IntRange(1, 100).Draw(rt, "length") {
			l := to("100"+strconv.Itoa(rapid.IntRange(0, 5).Draw(rt, "caller")), rapid.SampledFrom([]string{"SL", "GM", "CU"}).Draw(rt, "country"))
			before := len(d.told)
			if rapid.Bool().Draw(rt, "cut") {
				cost := rapid.SampledFrom([]toll.Money{1, toll.Unit, 9 * toll.Unit, 60 * toll.Unit}).Draw(rt, "cost")
				d.cutAt(at, l, cost)
				lost += cost
			} else {
				d.note(at, toll.EntryRefused, l)
			}
			at += rapid.SampledFrom([]time.Duration{10 * time.Second, time.Minute, 40 * time.Minute}).Draw(rt, "wait")
			if d.until(at); len(d.told) > before {
				if before == 0 {
					lost = d.told[0].Incident.Cost // what others lost until then has its own notice to come
				}
				told = lost
			}
			if lost >= worse*max(told, toll.Unit) {
				rt.Fatalf("%s lost and %s told: %v", lost, told, d.kinds())
			}
		}
		most := mostNotices + int(at/dark)
		for money := toll.Unit; money <= lost; money *= worse {
			most++
		}
		if len(d.told) > most {
			rt.Fatalf("%d notices, at most %d wanted: %v", len(d.told), most, d.kinds())
		}
	})
}

// A daemon that was killed knows what was lost, and what of it was told.
func TestARestartHidesNoExpensiveCalls(t *testing.T) {
	d, at := newDesk(t, settings), time.Duration(0)
	for n := range 40 {
		d.cutAt(at, to("1003", "SL"), toll.Unit/100)
		if at += 10 * time.Second; n%10 == 9 {
			at += 40 * time.Minute
		}
	}
	again := newDesk(t, settings)
	again.ids = d.ids
	for _, i := range slices.SortedFunc(maps.Values(d.last), func(a, b toll.Incident) int { return a.Newest.Compare(b.Newest) }) {
		again.Restore(i)
		again.last[i.ID] = i
	}
	again.cutAt(at, to("2001", "GM"), 50*toll.Unit)
	if !again.hears("2001", at+time.Minute) {
		t.Errorf("nobody hears of the expensive call: %v", again.kinds())
	}
}

// An extension may be named like a country.
func TestAnExtensionNamedLikeACountry(t *testing.T) {
	d := newDesk(t, settings)
	d.night(0, 0, "1003", "SL")
	d.night(day, 0, "SL", "GM")
	if len(d.episodes) != 2 {
		t.Errorf("%d episodes, want 2", len(d.episodes))
	}
}
