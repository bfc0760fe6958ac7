package incident

import (
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestWhatWasNotWrittenIsLearntFromTheLedger(t *testing.T) {
	d := newDesk(t, settings)
	first := cut(lease("1003"), toll.ReasonSpent, "x")
	d.note(0, toll.EntryCutting, first)
	again := newDesk(t, settings)
	again.Next() // which is asked between any two
	stood := d.Open()[0]
	again.Restore(stood)
	again.Next()
	stood.Noticed = mostNotices - 1 // as a later entry has it: there is nothing to tell, and so to do
	again.Restore(stood)
	again.Next()
	// Behind it in the log: the first call's end, and another one cut and ended.
	gone, live := cut(lease("1003"), toll.ReasonSpent, "x"), cut(lease("1003"), toll.ReasonSpent, "x")
	again.Learn(toll.Entry{At: noon.Add(time.Second), Kind: toll.EntryEnded, Lease: ended(first, 5)})
	again.Next()
	again.Learn(toll.Entry{At: noon.Add(2 * time.Second), Kind: toll.EntryEnded, Lease: ended(gone, 7)})
	again.Next()
	again.Resume(noon.Add(time.Minute), []toll.Lease{live})
	again.Next()
	i := again.Open()[0]
	same(t, "cut, listed, cost", []any{i.Cut, len(i.Calls), i.Cost}, []any{3, 3, toll.Money(12)})
	if flushed := again.Flush(); len(flushed) != 1 || flushed[0].Incident.Cut != 3 || len(again.Flush()) != 0 {
		t.Errorf("flushed %+v", flushed)
	}
	again.Next()
	again.Resume(noon.Add(time.Minute), nil)
	again.Next()
}

// Amounts at prices that no rate deck says are told as such, and others are not.
func TestAssumedPricesAreKnownAsSuch(t *testing.T) {
	for _, assumed := range []bool{false, true} {
		d := newDesk(t, settings)
		one := func() toll.Lease {
			l := lease("1003")
			l.Price.Assumed = assumed
			return l
		}
		for n := range 6 {
			d.note(time.Duration(n)*time.Second, toll.EntryRefused, one())
		}
		l := one()
		d.note(7*time.Second, toll.EntryCutting, cut(l, toll.ReasonSpent, "abroad-day"))
		d.note(8*time.Second, toll.EntryEnded, ended(l, toll.Unit/2))
		d.until(5 * time.Hour)
		i := d.told[len(d.told)-1].Incident
		if i.Assumed != assumed || len(i.Calls) != 1 || i.Calls[0].Assumed != assumed {
			t.Errorf("assumed %t: got %t, calls %+v", assumed, i.Assumed, i.Calls)
		}
	}
}

// A limit that locks somebody is told of although others attack.
func TestALockByALimitIsToldDuringAnAttack(t *testing.T) {
	d := newDesk(t, settings)
	for n := range 10 {
		l := lease("1006")
		l.Key.Uniqueid = strconv.Itoa(n)
		d.note(time.Duration(n)*time.Second, toll.EntryRefused, l)
	}
	if len(d.open) != 1 {
		t.Fatalf("%d incidents are open", len(d.open))
	}
	limit := &toll.Limit{ID: "five", Do: []toll.Action{toll.Deny}}
	d.keep(d.Alarm(noon.Add(time.Minute), toll.Alarm{Limit: limit, Subject: "1007", Acts: true, Text: "denies"}))
	if len(d.open) != 1 {
		t.Error("a limit that only denies has an incident beside the attack")
	}
	locks := &toll.Limit{ID: "short", Do: []toll.Action{toll.LockCaller}}
	d.keep(d.Alarm(noon.Add(time.Minute), toll.Alarm{Limit: locks, Subject: "1008", Acts: true, Text: "locks"}))
	d.until(time.Hour)
	told := false
	for _, c := range d.told {
		told = told || c.Incident.Kind == toll.LimitReached && c.Incident.Shut
	}
	if !told {
		t.Errorf("nobody is told: %+v", d.told)
	}
}
