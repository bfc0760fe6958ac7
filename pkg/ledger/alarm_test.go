package ledger

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/incident"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// fivePerMinute lets a caller make five calls a minute.
func fivePerMinute(do ...toll.Action) toll.Limit {
	return toll.Limit{ID: "five", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerCaller, Window: time.Minute}, Act: 5, Do: do}
}

// calls are so many calls of a caller, one after the other, that nobody answers.
func (d *desk) calls(from string, first, n int) {
	for i := range n {
		q := abroad(id(first+i), from)
		d.ask(q)
		d.event(toll.ChannelGone, q.Key.Uniqueid, "")
	}
	d.tick()
}

func (d *desk) tick() []toll.Order {
	orders, _ := d.book.Tick(d.now)
	return orders
}

func (d *desk) locked(subject string) (toll.Lock, bool) {
	for _, s := range d.book.Settings() {
		if s.Lock != nil && s.Lock.Subject == subject {
			return *s.Lock, true
		}
	}
	return toll.Lock{}, false
}

func TestLimitLocksTheCallerForATime(t *testing.T) {
	five := fivePerMinute(toll.Deny, toll.LockCaller)
	five.LockFor = 10 * time.Minute
	d := newDesk(t, five)
	talking := d.allowed(abroad(id(1), "1001"))
	d.talk(talking)
	other := d.allowed(abroad(id(2), "1002"))
	d.talk(other)
	d.calls("1001", 10, 4)
	if _, locked := d.locked("1001"); locked {
		t.Fatal("locked by calls that fitted")
	}
	d.ask(abroad(id(20), "1001"))
	var cut []string
	for _, o := range d.tick() {
		if o.Kind == toll.OrderCut {
			cut = append(cut, o.Lease.ID)
		}
	}
	l, locked := d.locked("1001")
	if !locked || l.Author != "limit five" || !l.Until.Equal(d.now.Add(10*time.Minute)) || l.Reason == "" {
		t.Fatalf("the lock: %+v", l)
	}
	if len(cut) != 1 || cut[0] != talking.ID {
		t.Errorf("cut: %v; want the caller's own call and no other", cut)
	}
	if v := d.ask(abroad(id(21), "1001")); v.Reason != toll.ReasonLocked {
		t.Errorf("the locked caller: %+v", v.Judgement)
	}
	d.allowed(abroad(id(22), "1002"))
	help := abroad(id(23), "1001")
	help.To, help.Key.Number = toll.Destination{Dialled: "911", Country: "US", Class: toll.Emergency, Valid: true}, "911"
	d.allowed(help)
	d.hangUp(talking)
	d.pass(10*time.Minute + time.Second)
	d.allowed(abroad(id(24), "1001"))
}

// A lock that has run out is set again while the figure stands, and one that the
// owner has released is not.
func TestLockOfALimitReturnsUntilItIsReleased(t *testing.T) {
	l := toll.Limit{ID: "tries", Meter: toll.Meter{Measure: toll.RefusedAttempts, Scope: toll.PerCaller, Window: 24 * time.Hour}, Act: 3,
		Do: []toll.Action{toll.LockCaller}, LockFor: time.Minute}
	d := newDesk(t, l)
	premium := func(n int) toll.Question {
		q := abroad(id(n), "1001")
		q.To.Class = toll.IntlPremium
		return q
	}
	for n := range 3 {
		d.ask(premium(n))
		d.tick()
	}
	if _, locked := d.locked("1001"); !locked {
		t.Fatal("not locked")
	}
	d.pass(2 * time.Minute)
	d.allowed(abroad(id(10), "1001"))
	d.ask(premium(11))
	d.tick()
	again, _ := d.locked("1001")
	if !again.Since.Equal(d.now) {
		t.Fatalf("not locked again: %+v", again)
	}
	if _, err := d.book.Change(d.now, toll.Setting{Lock: &again, Removed: true}); err != nil {
		t.Fatal(err)
	}
	d.ask(premium(12))
	d.tick()
	if _, locked := d.locked("1001"); locked {
		t.Error("locked against the will of the owner")
	}
	d.pass(25 * time.Hour) // the figure falls
	for n := range 3 {
		d.ask(premium(20 + n))
		d.tick()
	}
	if _, locked := d.locked("1001"); !locked {
		t.Error("released for ever")
	}
}

// A lock lasts for as long as somebody tries, and a week at most.
func TestLockOfALimitLastsWhileTried(t *testing.T) {
	five := fivePerMinute(toll.Deny, toll.LockCaller)
	five.LockFor = 10 * time.Minute
	d := newDesk(t)
	if _, err := d.book.Change(d.now, toll.Setting{Limit: &five}); err != nil {
		t.Fatal(err)
	}
	d.calls("1001", 10, 5)
	d.ask(abroad(id(20), "1001"))
	d.tick()
	first, locked := d.locked("1001")
	if !locked {
		t.Fatal("not locked")
	}
	tries := 0
	try := func() toll.Lock {
		tries++
		d.ask(abroad(id(1000+tries), "1001"))
		d.tick()
		l, _ := d.locked("1001")
		return l
	}
	d.pass(4 * time.Minute)
	if l := try(); !l.Until.Equal(first.Until) {
		t.Errorf("written anew before half of its time is over: until %s", l.Until)
	}
	d.pass(3 * time.Minute)
	if l := try(); !l.Until.Equal(d.now.Add(10*time.Minute)) || !l.Since.Equal(first.Since) || l.Author != first.Author {
		t.Errorf("after seven minutes: %+v; want it to last ten more", l)
	}
	last := first.Since.Add(longestProlonged)
	for d.now.Before(last.Add(-5 * time.Minute)) {
		d.pass(5 * time.Minute)
		if l := try(); l.Until.After(last) {
			t.Fatalf("until %s, more than a week after %s", l.Until, first.Since)
		}
	}
	d.pass(10 * time.Minute)
	d.allowed(abroad(id(9), "1001"))
}

func TestLimitLocksTheRange(t *testing.T) {
	l := toll.Limit{ID: "range", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerRange, Window: time.Hour}, Act: 2, Do: []toll.Action{toll.LockRange}}
	d := newDesk(t, l)
	d.calls("1001", 1, 2)
	d.calls("1002", 3, 1)
	lock, locked := d.locked("+44207946")
	if !locked || lock.Scope != toll.PerRange || !lock.Until.IsZero() {
		t.Fatalf("the lock: %+v", lock)
	}
	if v := d.ask(abroad(id(9), "1003")); v.Reason != toll.ReasonLocked {
		t.Errorf("into the locked range: %+v", v.Judgement)
	}
	d.allowed(home(id(10), "1003"))
}

func TestLimitCutsTheCallsConcerned(t *testing.T) {
	two := concurrent(2, toll.PerCaller)
	two.Do = []toll.Action{toll.Cut}
	d := newDesk(t, two)
	mine := []toll.Lease{d.allowed(abroad(id(1), "1001")), d.allowed(abroad(id(2), "1001"))}
	theirs := d.allowed(abroad(id(3), "1002"))
	for _, l := range append(mine, theirs) {
		d.talk(l)
	}
	d.tick()
	if v := d.ask(abroad(id(4), "1001")); v.Allow {
		t.Fatal("a third call is let through")
	}
	cut := map[string]bool{}
	for _, o := range d.tick() {
		cut[o.Lease.ID] = o.Kind == toll.OrderCut && o.By == two.ID
	}
	if !cut[mine[0].ID] || !cut[mine[1].ID] || len(cut) != 2 {
		t.Errorf("cut: %v", cut)
	}
}

func TestLimitBlowsTheFuse(t *testing.T) {
	l := budget(3*toll.Unit, toll.PerSite)
	l.Do = []toll.Action{toll.Deny, toll.BlowFuse}
	d := newDesk(t, l)
	a := d.allowed(abroad(id(1), "1001"))
	d.talk(a)
	d.pass(5 * time.Minute)
	f, blown := d.book.Fuse()
	if !blown {
		t.Fatal("the fuse is whole")
	}
	if f.Why == "" {
		t.Error("nobody is told why")
	}
}

func TestObservedLimitOnlyTells(t *testing.T) {
	five := fivePerMinute(toll.Deny, toll.LockCaller, toll.BlowFuse)
	five.Observe = true
	d := newDesk(t, five)
	d.calls("1001", 1, 7)
	if _, locked := d.locked("1001"); locked {
		t.Error("a limit that only observes has locked")
	}
	if _, blown := d.book.Fuse(); blown {
		t.Error("a limit that only observes has blown the fuse")
	}
	open := d.book.Incidents()
	if len(open) != 1 || open[0].Kind != toll.Attack || !open[0].Observed {
		t.Errorf("incidents: %+v", open)
	}
}

// The owner is told when a figure warns, and when the limit acts of the call that it
// refuses, and not again while the figure stands there.
func TestThresholdsAreTold(t *testing.T) {
	day := budget(10*toll.Unit, toll.PerSite)
	day.Warn = int64(5 * toll.Unit)
	p, err := policy.New(policy.Options{Countries: []string{"GB"}})
	if err != nil {
		t.Fatal(err)
	}
	j, err := judge{p}.With(toll.Setting{Limit: &day, Revision: 1})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, now: start, book: NewBook(j, Options{Epoch: 1, Incidents: incident.Options{Tell: true, Gather: time.Second}})}
	d.book.Begin(start)
	d.book.Record(start, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"})
	told, refused := map[toll.NoticeKind]int{}, 0
	tick := func(by time.Duration) {
		for end := d.now.Add(by); d.now.Before(end); d.now = d.now.Add(time.Second) {
			_, entries := d.book.Tick(d.now)
			for _, e := range entries {
				switch {
				case e.Notice == nil:
				case e.Notice.Incident.Kind == toll.LimitReached:
					told[e.Notice.Kind]++
				case e.Notice.Kind == toll.NoticeOpened:
					refused++
				}
			}
		}
	}
	for n := range 40 {
		v := d.ask(abroad(id(n), "1001"))
		if v.Allow {
			d.talk(v.Lease)
		}
		tick(time.Minute)
		if v.Allow {
			d.hangUp(v.Lease)
		}
		tick(2 * time.Minute)
	}
	if told[toll.NoticeOpened] != 1 || len(told) != 1 || refused != 1 {
		t.Errorf("told: %v, and %d times of refused calls; want each once", told, refused)
	}
	tick(26 * time.Hour)
	for _, i := range d.book.Incidents() {
		if i.Kind == toll.LimitReached {
			t.Errorf("still open when the figure has fallen: %+v", i)
		}
	}
	if len(d.book.bells.ringing) != 0 {
		t.Errorf("%d figures are remembered", len(d.book.bells.ringing))
	}
}

// What many come to at once is one incident.
func TestManyCallersAtOneThreshold(t *testing.T) {
	d := newDesk(t, fivePerMinute(toll.Alert))
	for caller := range 30 {
		d.calls(id(caller), 100*caller, 7)
	}
	n := 0
	for _, i := range d.book.Incidents() {
		if i.Kind == toll.LimitReached {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d incidents about one limit", n)
	}
}
