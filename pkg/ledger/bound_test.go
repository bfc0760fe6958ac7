package ledger

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A caller who dials a new number each time reaches the bound of the meters. No
// figure ever shows less than what was called, and the memory that more numbers
// take does not grow with them.
func TestANewNumberForEachCall(t *testing.T) {
	const bound, calls = 1000, 200_000
	perNumber := toll.Limit{ID: "number", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerNumber, Window: time.Hour}, Act: 1 << 40}
	spent := budget(1<<50, toll.PerNumber)
	b := NewBook(newJudge(t, perNumber, spent), Options{Epoch: 1, Bound: bound})
	b.Begin(start)
	b.Record(start, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
	question := func(n int) toll.Question {
		q := abroad(id(n), "1001")
		q.To.E164 = "+4420" + strconv.Itoa(10_000_000+n)
		q.Key.Number = q.To.E164
		return q
	}
	var early, late runtime.MemStats
	for n := range calls {
		q := question(n)
		v, _ := b.Decide(start, q)
		if !v.Allow {
			t.Fatalf("call %d is refused: %s by %s", n, v.Reason, v.By)
		}
		leg := "leg-" + q.Key.Uniqueid
		b.Record(start, toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Channel: leg, Lease: v.Lease.ID})
		b.Record(start, toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: leg, Talk: time.Minute})
		b.Record(start, toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: leg})
		b.Record(start, toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: q.Key.Uniqueid})
		b.Tick(start)
		switch n {
		case calls / 10:
			runtime.GC()
			runtime.ReadMemStats(&early)
		case calls - 1:
			runtime.GC()
			runtime.ReadMemStats(&late)
		}
	}
	for n := 0; n < calls; n += 97 {
		q := question(n)
		if u := b.meters.Usage(start, perNumber.Meter, q); u.Value < 1 || u.Held != 0 {
			t.Fatalf("number %d was called once, its figure is %+v", n, u)
		}
		if u := b.meters.Usage(start, spent.Meter, q); u.Value < 600_000 || u.Held != 0 {
			t.Fatalf("number %d cost 0.60, its figure is %+v", n, u)
		}
	}
	if grown := int64(late.HeapAlloc) - int64(early.HeapAlloc); grown > 4<<20 {
		t.Errorf("180,000 more numbers take %d kB", grown>>10)
	}
}
