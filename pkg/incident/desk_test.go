package incident

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// desk is a tracker with what the book would give it.
type desk struct {
	*Tracker
	t     *testing.T
	ids   int
	locks map[string]toll.Lock
	told  []Change // that carried a notice
	last  map[string]toll.Incident
}

func newDesk(t *testing.T, o Options) *desk {
	d := &desk{t: t, locks: make(map[string]toll.Lock), last: make(map[string]toll.Incident)}
	d.Tracker = New(o, Context{
		NewID: func() string { d.ids++; return strconv.Itoa(d.ids) },
		Said:  func(by string) string { return "about " + by },
		Lock:  func(id string) (toll.Lock, bool) { l, ok := d.locks[id]; return l, ok },
	})
	return d
}

// Next is the tracker's, which must not be what was true before something changed.
func (d *desk) Next() (time.Time, bool) {
	d.t.Helper()
	next, any := d.Tracker.Next()
	if due, is := d.due(); is != any || !due.Equal(next) {
		d.t.Errorf("next is %s (%t), and due %s (%t)", next, any, due, is)
	}
	return next, any
}

func (d *desk) keep(changes []Change) {
	d.t.Helper()
	d.Next()
	for _, c := range changes {
		d.last[c.Incident.ID] = c.Incident
		if c.Notice != "" {
			d.told = append(d.told, c)
		}
	}
}

func (d *desk) note(at time.Duration, kind toll.EntryKind, l toll.Lease) {
	d.t.Helper()
	d.keep(d.Note(toll.Entry{At: noon.Add(at), Kind: kind, Lease: l}))
}

// until lets time pass as the ledger does: tick by tick.
func (d *desk) until(at time.Duration) {
	d.t.Helper()
	for n := 0; ; n++ {
		next, any := d.Next()
		if !any || next.After(noon.Add(at)) {
			d.keep(d.Tick(noon.Add(at)))
			return
		}
		if n > 1000 {
			d.t.Fatalf("the tracker always wants to be asked at %s", next)
		}
		d.keep(d.Tick(next))
	}
}

func (d *desk) kinds() (kinds []toll.NoticeKind) {
	for _, c := range d.told {
		kinds = append(kinds, c.Notice)
	}
	return kinds
}

var settings = Options{Refusals: 5, Gather: 5 * time.Second, Quiet: 30 * time.Minute, Tell: true}

var calls int

// lease is that of a call to Sierra Leone; each is another one.
func lease(caller string) toll.Lease {
	calls++
	id := strconv.Itoa(calls)
	return toll.Lease{
		ID: "l" + id, Key: toll.Key{PBX: "pbx", Uniqueid: id, Number: "+23222123456"}, Caller: toll.Caller{Kind: toll.Extension, ID: caller},
		To:    toll.Destination{E164: "+23222123456", Country: "SL", Class: toll.IntlFixed, Range: "+2322212"},
		Price: toll.Price{PerMinute: toll.Unit}, Granted: noon, Why: toll.ReasonDeniedClass, By: "default:intl_fixed",
	}
}

func cut(l toll.Lease, why toll.Reason, by string) toll.Lease {
	l.Cut, l.By = why, by
	return l
}

func ended(l toll.Lease, cost toll.Money) toll.Lease {
	l.Ended, l.Cost, l.Talked, l.State = noon.Add(time.Hour), cost, time.Minute, toll.Ended
	return l
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
