package ledger

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/incident"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// perRange lets two calls an hour into one range.
func perRange(do ...toll.Action) toll.Limit {
	return toll.Limit{ID: "range", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerRange, Window: time.Hour}, Act: 2, Do: do}
}

// Where many share a figure, whoever begins to call is locked, and nobody whose
// call was there before and goes on or ends.
func TestNobodyIsLockedForTheEndOfACall(t *testing.T) {
	d := newDesk(t, perRange(toll.LockCaller))
	honest := d.allowed(abroad(id(1), "1001"))
	d.talk(honest)
	d.tick()
	d.calls("1002", 10, 2)
	if _, locked := d.locked("1002"); !locked {
		t.Fatal("who brought the figure there is not locked")
	}
	d.pass(20 * time.Minute) // and is renewed
	d.hangUp(honest)
	d.tick()
	if _, locked := d.locked("1001"); locked {
		t.Error("locked because an allowed call went on or ended")
	}
}

func TestReleaseSparesWhoWasReleased(t *testing.T) {
	d := newDesk(t, perRange(toll.Deny, toll.LockCaller))
	d.calls("1001", 10, 3)
	lock, locked := d.locked("1001")
	if !locked {
		t.Fatal("not locked")
	}
	d.calls("1002", 20, 1)
	if _, err := d.book.Change(d.now, toll.Setting{Lock: &lock, Removed: true}); err != nil {
		t.Fatal(err)
	}
	d.calls("1001", 30, 2)
	if _, locked := d.locked("1001"); locked {
		t.Error("locked against the will of the owner")
	}
	d.calls("1003", 40, 1)
	if _, locked := d.locked("1003"); !locked {
		t.Error("one release spared everybody")
	}
}

// A limit that was given more room acts again when that is used up too.
func TestAChangedLimitBeginsAnew(t *testing.T) {
	l := perRange(toll.Alert, toll.BlowFuse)
	d := newDesk(t, l)
	d.calls("1001", 10, 3)
	blown, is := d.book.Fuse()
	if !is {
		t.Fatal("the fuse is whole")
	}
	if _, err := d.book.Change(d.now, toll.Setting{Fuse: &blown, Removed: true}); err != nil {
		t.Fatal(err)
	}
	d.calls("1001", 20, 2)
	if _, again := d.book.Fuse(); again {
		t.Fatal("blown a second time by the same figure")
	}
	l.Act = 8
	if _, err := d.book.Change(d.now, toll.Setting{Limit: &l}); err != nil {
		t.Fatal(err)
	}
	d.calls("1001", 30, 2)
	if _, again := d.book.Fuse(); again {
		t.Fatal("blown below the new threshold")
	}
	d.calls("1001", 40, 2)
	if _, again := d.book.Fuse(); !again {
		t.Error("nothing happens at the new threshold")
	}
}

// A limit per call cuts the legs that it covers and no other of the same channel.
func TestALimitPerCallCutsWhatItCovers(t *testing.T) {
	l := toll.Limit{ID: "long", Meter: toll.Meter{Measure: toll.Seconds, Scope: toll.PerCall, Where: toll.Abroad}, Act: 120, Do: []toll.Action{toll.Cut}}
	d := newDesk(t, l)
	far, near := d.allowed(abroad(id(1), "1001")), d.allowed(home(id(1), "1001"))
	d.talk(far)
	d.talk(near)
	cut := make(map[string]bool)
	for _, o := range d.pass(5 * time.Minute) {
		cut[o.Lease.ID] = cut[o.Lease.ID] || o.Kind == toll.OrderCut
	}
	if !cut[far.ID] || cut[near.ID] {
		t.Errorf("cut abroad: %v, at home: %v", cut[far.ID], cut[near.ID])
	}
}

// A restart neither tells again of a figure that still stands, nor acts on it, nor
// leaves the incident open when it has fallen.
func TestARestartRingsNoBellAgain(t *testing.T) {
	l := perRange(toll.Alert, toll.BlowFuse)
	mail := Options{Epoch: 1, Incidents: incident.Options{Tell: true}}
	d := &desk{t: t, now: start, book: NewBook(newJudge(t, l), mail)}
	d.book.settings[settingKey{"limit", l.ID}] = toll.Setting{Limit: &l}
	d.book.Begin(start)
	var written []toll.Entry
	for n := range 3 {
		_, entries := d.book.Decide(d.now, abroad(id(n), "1001"))
		written = append(written, entries...)
	}
	_, entries := d.book.Tick(d.now)
	written = append(written, entries...)
	blown, is := d.book.Fuse()
	if !is {
		t.Fatal("the fuse is whole")
	}
	reset, err := d.book.Change(d.now, toll.Setting{Fuse: &blown, Removed: true})
	if err != nil {
		t.Fatal(err)
	}
	written = append(written, reset.Entries...)

	again := NewBook(newJudge(t), mail)
	if err := again.Apply(toll.Entry{At: start, Kind: toll.EntrySetting, Setting: &toll.Setting{Limit: &l, Revision: 1}}); err != nil {
		t.Fatal(err)
	}
	for _, e := range written {
		if err := again.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	d.now, d.book = start.Add(40*time.Minute), again
	again.Begin(d.now)
	again.Tick(d.now)
	_, entries = again.Decide(d.now, abroad(id(9), "1001"))
	_, more := again.Tick(d.now)
	for _, e := range append(entries, more...) {
		if e.Kind == toll.EntryNotice {
			t.Errorf("told again: %s of %s", e.Notice.Kind, e.Notice.Incident.Kind)
		}
	}
	if _, is := again.Fuse(); is {
		t.Error("the fuse has blown again")
	}
	d.pass(3 * time.Hour)
	for _, i := range again.Incidents() {
		t.Errorf("still open: %s", i.Kind)
	}
}

// A flood of callers at one limit is bounded in what it locks, writes and
// remembers, and stops no call for help.
func TestAFloodOfCallersAtOneLimit(t *testing.T) {
	one := toll.Limit{ID: "one", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerCaller, Window: time.Hour}, Act: 1,
		Do: []toll.Action{toll.Deny, toll.LockCaller}}
	d := newDesk(t, one)
	help := abroad("help", "9999")
	help.To, help.Key.Number = toll.Destination{Dialled: "911", Country: "US", Class: toll.Emergency, Valid: true}, "911"
	d.talk(d.allowed(help))
	const callers = 10_000
	for n := range callers {
		d.ask(abroad(id(2*n), id(n)))
		d.ask(abroad(id(2*n+1), id(n)))
	}
	began := time.Now()
	orders, entries := d.book.Tick(d.now)
	took := time.Since(began)
	size := 0
	for i := range entries {
		if k := entries[i].Kind; k == toll.EntryIncident || k == toll.EntryNotice {
			body, err := json.Marshal(&entries[i])
			if err != nil {
				t.Fatal(err)
			}
			size += len(body)
		}
	}
	t.Logf("%s, %d entries, %d bytes of incidents, %d settings", took, len(entries), size, len(d.book.Settings()))
	if n := len(d.book.Settings()); n == 0 || n > callers/10 {
		t.Errorf("%d locks", n)
	}
	if size > 4<<20 {
		t.Errorf("%d bytes about incidents", size)
	}
	for _, o := range orders {
		if o.Lease.To.Class == toll.Emergency {
			t.Fatal("a call for help is cut")
		}
	}
	if again, e := d.book.Tick(d.now); len(again)+len(e) > 0 {
		t.Error("the next tick goes on with it")
	}
}

func TestExplainRingsNoBell(t *testing.T) {
	d := newDesk(t, perRange(toll.LockRange))
	for n := range 9 {
		q := abroad(id(n), "1001")
		q.Purpose = toll.Explain
		d.ask(q)
	}
	d.tick()
	if n := len(d.book.Settings()); n > 0 || d.book.seq > 0 {
		t.Errorf("%d settings, %d entries", n, d.book.seq)
	}
}

// Nobody but a person is locked by a limit: behind a trunk stands everybody whose
// calls are forwarded.
func TestALimitLocksNoTrunk(t *testing.T) {
	limit := toll.Limit{
		ID: "tries", Meter: toll.Meter{Measure: toll.RefusedAttempts, Scope: toll.PerCaller, Window: time.Hour}, Act: 3,
		Do: []toll.Action{toll.Deny, toll.LockCaller},
	}
	for kind, locks := range map[toll.CallerKind]bool{
		toll.Extension: true, toll.Forward: true, toll.Transfer: true, toll.GatewayUser: true,
		toll.FromTrunk: false, toll.Originated: false, toll.Unknown: false,
	} {
		d := newDesk(t, limit)
		for n := range 5 {
			q := abroad(id(n), "carrier")
			q.Caller.Kind, q.To.Class = kind, toll.IntlPremium
			d.ask(q)
			d.pass(time.Second)
		}
		q := home(id(9), "carrier")
		q.Caller.Kind = kind
		if v := d.ask(q); (v.Reason == toll.ReasonLocked) != locks || v.Allow {
			t.Errorf("%s: %s", kind, v.Reason)
		}
	}
}
