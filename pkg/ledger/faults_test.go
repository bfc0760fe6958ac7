package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The tests of this file each show a fault that was there once.

func (d *desk) restart(entries []toll.Entry, limits ...toll.Limit) {
	b := NewBook(newJudge(d.t, limits...), Options{Epoch: 2})
	for _, e := range entries {
		if err := b.Apply(e); err != nil {
			d.t.Fatal(err)
		}
	}
	b.Begin(d.now)
	d.book = b
}

func cuts(orders []toll.Order) (n int) {
	for _, o := range orders {
		if o.Kind == toll.OrderCut {
			n++
		}
	}
	return n
}

// A home call goes on while no daemon renews it, and after that.
func TestHomeCallSurvivesADeadDaemon(t *testing.T) {
	d := newDesk(t)
	v, es := d.book.Decide(d.now, home(id(1), "1001"))
	_, e := d.book.Record(d.now, toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Channel: "leg", Lease: v.Lease.ID})
	es = append(es, e...)
	_, e = d.book.Record(d.now, toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: "leg"})
	es = append(es, e...)
	d.now = d.now.Add(15 * time.Minute) // killed
	d.restart(es)
	if o, _ := d.book.Tick(d.now); cuts(o) > 0 {
		t.Errorf("timer %s; cut after restart: %+v", v.Lease.Timer, o[0].Why)
	}
}

// While nobody sees what happens, a lease may have been used up when the same
// channel asks again.
func TestNothingIsGivenTwiceUnseen(t *testing.T) {
	lim := budget(10_000_000, toll.PerSite)
	d := newDesk(t, lim)
	d.book.Record(d.now, toll.Event{Kind: toll.LinkLost, PBX: "pbx1"})
	var real toll.Money
	q := abroad(id(1), "1001")
	for range 5 {
		l := d.allowed(q)
		d.now = d.now.Add(l.Timer)
		d.book.Tick(d.now)
		real += l.Price.Cost(l.Timer)
		d.now = d.now.Add(5 * time.Second)
	}
	d.event(toll.ChannelGone, id(1), "")
	d.pass(time.Hour)
	u := d.usage(lim, q)
	if int64(real) > u.Value {
		t.Errorf("carrier billed %s, book says %s", real, toll.Money(u.Value))
	}
}

// The same with another trunk each time.
func TestNothingIsGivenTwiceUnseenByAnotherTrunk(t *testing.T) {
	lim := budget(100_000_000, toll.PerSite)
	d := newDesk(t, lim)
	d.book.Record(d.now, toll.Event{Kind: toll.LinkLost, PBX: "pbx1"})
	var real toll.Money
	q := abroad(id(1), "1001")
	for i := range 10 {
		q.Trunk = []string{"carrier", "backup"}[i%2]
		l := d.allowed(q)
		d.now = d.now.Add(60 * time.Second)
		d.book.Tick(d.now)
		real += l.Price.Cost(60 * time.Second)
	}
	d.event(toll.LeaseGone, "", d.book.Leases()[0].ID)
	u := d.usage(lim, q)
	if int64(real) > u.Value+u.Held {
		t.Errorf("carrier billed %s, book says %s", real, toll.Money(u.Value+u.Held))
	}
}

// A failover counts for the trunk that it took, now and after a restart.
func TestFailoverCountsForTheTrunkItTook(t *testing.T) {
	lim := toll.Limit{ID: "c", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerTrunk, Window: time.Hour}, Act: 3}
	d := newDesk(t, lim)
	var last []toll.Entry
	n := 0
	for i := range 10 {
		q := abroad(id(i), "1001")
		q.Trunk = fmt.Sprint("first", i) // refuses nothing
		d.ask(q)
		q.Trunk = "backup"
		v, e := d.book.Decide(d.now, q)
		if v.Allow {
			n++
			last = append(last, e[len(e)-1])
		}
		d.event(toll.ChannelGone, id(i), "")
	}
	q := abroad(id(99), "1001")
	q.Trunk = "backup"
	living := d.usage(lim, q)
	d.restart(last, lim)
	if n > 3 {
		t.Errorf("%d calls by backup, limit 3; living %+v replayed %+v", n, living, d.usage(lim, q))
	}
}

// A channel that finds one number busy and dials the next holds one lease.
func TestChannelThatHuntsHoldsOneNumber(t *testing.T) {
	lim := concurrent(1, toll.PerCaller)
	b := budget(50_000_000, toll.PerSite)
	d := newDesk(t, lim, b)
	q := abroad(id(1), "1001")
	l := d.allowed(q)
	d.event(toll.LegDialled, "leg1", l.ID)
	d.event(toll.ChannelGone, "leg1", "") // busy
	q2 := q
	q2.Key.Number, q2.To.E164 = "+442079460001", "+442079460001"
	if v := d.ask(q2); !v.Allow {
		t.Errorf("next number of the same channel is refused: %s by %s", v.Reason, v.By)
	}
	d.pass(time.Hour) // the channel listens to announcements
	if u := d.usage(b, q); u.Value > 0 {
		t.Errorf("a busy call cost %s", toll.Money(u.Value))
	}
}

// A channel with a refused call behind it may be talking to the emergency
// service now.
func TestCutSparesAChannelThatDialsEmergency(t *testing.T) {
	d := newDesk(t)
	q := abroad(id(1), "1001")
	l := d.allowed(q)
	d.event(toll.LegDialled, "leg1", l.ID)
	d.event(toll.ChannelGone, "leg1", "") // busy; the same channel goes on and dials 112
	em := q
	em.To = toll.Destination{Dialled: "112", Country: "US", Class: toll.Emergency, Valid: true}
	em.Key.Number = "112"
	e := d.allowed(em)
	d.event(toll.LegDialled, "leg2", e.ID)
	d.event(toll.LegAnswered, "leg2", "")
	c, _ := d.book.Change(d.now, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}})
	for _, o := range c.Orders {
		if o.Kind == toll.OrderCut && o.Lease.State == toll.Granted && o.Lease.Key.Uniqueid == id(1) {
			t.Errorf("channel %s, which talks to 112, is hung up", o.Lease.Key.Uniqueid)
		}
	}
}

// A budget whose removal could not be written is as full as before.
func TestRemovalThatCannotBeWrittenRefillsNoBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lim := budget(5_000_000, toll.PerSite)
		s := &shelf{}
		l, stop := open(t, s)
		defer stop()
		if err := l.Change(t.Context(), toll.Setting{Limit: &lim}); err != nil {
			t.Fatal(err)
		}
		spend := func() toll.Money {
			q := abroad(id(int(time.Now().UnixNano()%1e6)), "1001")
			v, err := decide(t, l, q)
			if err != nil || !v.Allow {
				return 0
			}
			_ = l.Record(t.Context(), toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Channel: "leg" + v.Lease.ID, Lease: v.Lease.ID})
			_ = l.Record(t.Context(), toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: "leg" + v.Lease.ID})
			passes(100 * time.Second)
			_ = l.Record(t.Context(), toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: "leg" + v.Lease.ID})
			passes(time.Second)
			return v.Lease.Price.Cost(100 * time.Second)
		}
		var total toll.Money
		for range 20 {
			total += spend()
		}
		s.set(errors.New("disk full"), nil)
		err := l.Change(t.Context(), toll.Setting{Limit: &lim, Removed: true})
		if err == nil {
			t.Fatal("should fail")
		}
		s.set(nil, nil)
		passes(3 * time.Second)
		for range 20 {
			total += spend()
		}
		if total > 5_000_000 {
			t.Errorf("spent %s of a budget of 5.00 that always stood", total)
		}
	})
}

// A lock that is set while the disk is full holds at once, and is written later.
func TestLockHoldsOnAFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := open(t, s)
		defer stop()
		s.set(errors.New("disk full"), nil)
		lock := toll.Lock{Scope: toll.PerCaller, Subject: "1001"}
		err := l.Change(t.Context(), toll.Setting{Lock: &lock})
		passes(2 * time.Second)
		v, _ := l.View(t.Context())
		if len(v.Settings) != 1 {
			t.Errorf("Change said %v; the lock does not stand", err)
		}
		s.set(nil, nil)
		passes(5 * time.Second)
		v, _ = l.View(t.Context())
		if n := s.count(toll.EntrySetting); int(n) != len(v.Settings) {
			t.Errorf("the disk has %d settings, the book %d", n, len(v.Settings))
		}
	})
}

// A question that is asked again while its permission is being written waits
// for it as well.
func TestRepeatedQuestionWaitsForTheDiskToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &shelf{gate: gate}
		l, stop := open(t, s)
		defer stop()
		_, _ = decide(t, l, abroad(id(1), "1001")) // deadline passes: abandoned
		v, _ := decide(t, l, abroad(id(1), "1001"))
		if v.Allow && s.count(toll.EntryGranted) == 0 {
			t.Error("the permission was spoken before it was durable")
		}
		s.set(nil, nil)
		close(gate)
		synctest.Wait()
		if v.Allow {
			if _, found, _ := l.Lease(t.Context(), v.Lease.ID); !found {
				t.Error("a permission that was spoken has been withdrawn: nothing is reserved")
			}
		}
	})
}

// The same when the write fails.
func TestRepeatedQuestionIsNotAnsweredByAFailedCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &shelf{gate: gate}
		l, stop := open(t, s)
		defer stop()
		go func() { _, _ = decide(t, l, abroad(id(1), "1001")) }()
		synctest.Wait()
		v, _ := decide(t, l, abroad(id(1), "1001"))
		s.set(errors.New("disk full"), nil)
		close(gate)
		synctest.Wait()
		if _, found, _ := l.Lease(t.Context(), v.Lease.ID); v.Allow && !found {
			t.Error("spoken, then withdrawn: nothing on disk, nothing reserved")
		}
	})
}

// A longer timer that waited for the disk still ends where the lease does.
func TestLateTimerOrderEndsWhereTheLeaseDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		l, stop := open(t, s)
		defer stop()
		v, err := decide(t, l, abroad(id(1), "1001"))
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Record(t.Context(), toll.Event{Kind: toll.LegDialled, PBX: "pbx1", Channel: "leg", Lease: v.Lease.ID})
		answered := time.Now()
		_ = l.Record(t.Context(), toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: "leg"})
		passes(v.Lease.Timer/2 - 10*time.Second)
		gate := make(chan struct{})
		s.set(nil, gate)
		passes(60 * time.Second) // the disk hangs for most of a minute; renewal is in it
		s.set(nil, nil)
		close(gate)
		synctest.Wait()
		os, _ := l.Orders(t.Context())
		for _, o := range os {
			if o.Kind == toll.OrderTimer {
				end := time.Since(answered) + o.Left
				lease, _, _ := l.Lease(t.Context(), v.Lease.ID)
				if end > lease.Covered+toll.Margin {
					t.Errorf("leg would run to %s, reserved is %s", end, lease.Covered)
				}
			}
		}
	})
}

// A caller who is locked while his permission is being written does not get it.
func TestLockMeetsAPermissionBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		s := &shelf{gate: gate}
		l, stop := open(t, s)
		defer stop()
		var v toll.Verdict
		done := make(chan struct{})
		go func() { v, _ = decide(t, l, abroad(id(1), "1001")); close(done) }()
		synctest.Wait()
		go func() {
			_ = l.Change(t.Context(), toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}})
		}()
		synctest.Wait()
		s.set(nil, nil)
		close(gate)
		<-done
		lease, _, _ := l.Lease(t.Context(), v.Lease.ID)
		if v.Allow && lease.Cut != "" {
			t.Errorf("allowed to a locked caller: lease is cut for %s", lease.Cut)
		}
	})
}

// Of two changes of one limit the first cannot be written: the second stands.
func TestSecondChangeIsNotUndoneWithTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		f := &once{shelf: s}
		l, stop := openOnce(t, f)
		lim := func(act int64) toll.Setting {
			x := concurrent(act, toll.PerSite)
			return toll.Setting{Limit: &x}
		}
		_ = l.Change(t.Context(), lim(10))
		gate := make(chan struct{})
		f.arm(gate)
		var err2 error
		d1, d2 := make(chan int), make(chan int)
		go func() { _ = l.Change(t.Context(), lim(20)); close(d1) }()
		synctest.Wait()
		go func() { err2 = l.Change(t.Context(), lim(2)); close(d2) }()
		synctest.Wait()
		close(gate)
		<-d1
		<-d2
		v, _ := l.View(t.Context())
		if err2 == nil && v.Settings[0].Limit.Act != 2 {
			t.Errorf("the owner was told that 2 stands; the book enforces %d", v.Settings[0].Limit.Act)
		}
		stop()
	})
}

// What was told to the owner is what the next start finds, and it does start.
func TestFailedRemovalLeavesALedgerThatOpens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		f := &once{shelf: s}
		l, stop := openOnce(t, f)
		a := toll.Rule{ID: "a", Prefix: "+44", Do: toll.Forbid}
		b := toll.Rule{ID: "b", Prefix: "+44", Do: toll.Permit}
		_ = l.Change(t.Context(), toll.Setting{Rule: &a})
		gate := make(chan struct{})
		f.arm(gate)
		d1, d2 := make(chan int), make(chan int)
		go func() { _ = l.Change(t.Context(), toll.Setting{Rule: &a, Removed: true}); close(d1) }()
		synctest.Wait()
		var err error
		go func() { err = l.Change(t.Context(), toll.Setting{Rule: &b}); close(d2) }()
		synctest.Wait()
		close(gate)
		<-d1
		<-d2
		stop()
		_, err2 := Open(t.Context(), s, newJudge(t), Config{})
		if err == nil && err2 != nil {
			t.Errorf("the daemon cannot start again: %v", err2)
		}
	})
}

// A budget that is taken away and given back is not full again.
func TestLimitGivenBackKnowsItsPast(t *testing.T) {
	lim := budget(5_000_000, toll.PerSite)
	d := newDesk(t)
	_, _ = d.book.Change(d.now, toll.Setting{Limit: &lim})
	q := abroad(id(1), "1001")
	for range 4 {
		l := d.allowed(q)
		d.talk(l)
		d.pass(100 * time.Second)
		d.hangUp(l)
	}
	a := d.usage(lim, q)
	_, _ = d.book.Change(d.now, toll.Setting{Limit: &lim, Removed: true})
	_, _ = d.book.Change(d.now, toll.Setting{Limit: &lim})
	b := d.usage(lim, q)
	if b.Value < a.Value && d.ask(abroad(id(2), "1001")).Allow {
		t.Error("a budget that was taken away and given back is full again")
	}
}

// Orders that nobody takes do not pile up.
func TestOrdersThatWaitAreBounded(t *testing.T) {
	d := newDesk(t)
	o := newOrders()
	for i := range 100 {
		l := d.allowed(home(id(i), "1001"))
		d.talk(l)
		_, _, _ = d.book.Cut(d.now, l.ID, toll.ReasonManual, "")
	}
	for range 600 {
		d.now = d.now.Add(time.Second)
		x, _ := d.book.Tick(d.now)
		o.put(x)
	}
	if len(o.queue) > 200 {
		t.Errorf("100 leases, %d orders wait after 10 minutes of a stalled AMI", len(o.queue))
	}
}

// once fails the next commit only.
type once struct {
	*shelf
	m    sync.Mutex
	gate chan struct{}
}

func (o *once) arm(g chan struct{}) { o.m.Lock(); o.gate = g; o.m.Unlock() }
func (o *once) Append(ctx context.Context, epoch int64, es []toll.Entry) error {
	o.m.Lock()
	g := o.gate
	o.gate = nil
	o.m.Unlock()
	if g != nil {
		<-g
		return errors.New("io")
	}
	return o.shelf.Append(ctx, epoch, es)
}

func openOnce(t *testing.T, s Store) (*Ledger, func()) {
	l, err := Open(t.Context(), s, newJudge(t), Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	return l, func() { cancel(); <-done }
}
