package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestTwoAtATime(t *testing.T) {
	limit := concurrent(2, toll.PerSite)
	d := newDesk(t, limit)
	var leases []toll.Lease
	refused := 0
	for n := range 50 {
		if v := d.ask(abroad(id(n), "1001")); v.Allow {
			leases = append(leases, v.Lease)
		} else {
			refused++
			if v.Reason != toll.ReasonLimit || v.By != limit.ID {
				t.Fatalf("refused for %s by %s", v.Reason, v.By)
			}
		}
	}
	if len(leases) != 2 || refused != 48 {
		t.Fatalf("%d allowed and %d refused, want 2 and 48", len(leases), refused)
	}
	for _, l := range leases {
		d.talk(l)
	}
	d.pass(5 * time.Second)
	for _, l := range leases {
		d.hangUp(l)
	}
	d.wantUsage(limit, abroad("", "1001"), 0, 0)
}

func TestSettledAtWhatItCost(t *testing.T) {
	limit := budget(10*toll.Unit, toll.PerCaller)
	d := newDesk(t, limit)
	l := d.allowed(abroad(id(1), "1001"))
	if l.Timer != l.Covered {
		t.Fatalf("the timer runs %s and %s is reserved", l.Timer, l.Covered)
	}
	d.wantUsage(limit, abroad("", "1001"), 0, int64(l.Price.Cost(l.Covered+toll.Margin)))
	d.talk(l)
	d.pass(30 * time.Second)
	d.hangUp(l)
	d.wantUsage(limit, abroad("", "1001"), 300_000, 0)
	d.wantUsage(limit, abroad("", "1002"), 0, 0)
}

func TestNobodyAnswersAndNothingIsOwed(t *testing.T) {
	limit := budget(10*toll.Unit, toll.PerSite)
	d := newDesk(t, limit)
	l := d.allowed(abroad(id(1), "1001"))
	d.event(toll.LegDialled, "leg", l.ID)
	d.event(toll.ChannelGone, l.Key.Uniqueid, "") // the phone goes first, the leg after it
	if _, live := d.book.Lease(l.ID); !live {
		t.Fatal("settled while the leg was still ringing")
	}
	d.event(toll.ChannelGone, "leg", "")
	d.wantUsage(limit, abroad("", "1001"), 0, 0)
	if n := len(d.book.Leases()); n != 0 {
		t.Fatalf("%d leases live", n)
	}
}

func TestFailoverIsOneLease(t *testing.T) {
	calls := toll.Limit{ID: "calls", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerCaller, Window: time.Hour}, Act: 1}
	cost := budget(10*toll.Unit, toll.PerSite)
	d := newDesk(t, calls, cost)
	q := abroad(id(1), "1001")
	first := d.allowed(q)
	if again := d.allowed(q); again.ID != first.ID {
		t.Fatal("the same question got another lease")
	}
	d.event(toll.LegDialled, "leg1", first.ID)
	d.event(toll.ChannelGone, "leg1", "")
	q.Trunk, q.Price.PerMinute = "backup", 1_200_000
	second := d.allowed(q)
	if second.ID != first.ID || second.Trunk != "backup" {
		t.Fatalf("the next trunk got lease %s on %s, want %s", second.ID, second.Trunk, first.ID)
	}
	d.wantUsage(calls, q, 1, 0)
	d.wantUsage(cost, q, 0, int64(q.Price.Cost(second.Covered+toll.Margin)))
	d.event(toll.LegDialled, "leg2", second.ID)
	d.event(toll.LegAnswered, "leg2", "")
	if third := d.ask(q); third.Allow || third.By != calls.ID {
		t.Fatalf("an answered lease was given again: %+v", third)
	}
}

func TestRenewedAtHalfTime(t *testing.T) {
	d := newDesk(t, budget(100*toll.Unit, toll.PerSite))
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	if orders := d.pass(l.Covered/2 - 2*time.Second); len(orders) != 0 {
		t.Fatalf("orders before half time: %+v", orders)
	}
	orders := d.pass(4 * time.Second)
	if len(orders) != 1 || orders[0].Kind != toll.OrderTimer {
		t.Fatalf("orders at half time: %+v, want one to move the timer", orders)
	}
	now, _ := d.book.Lease(l.ID)
	talked := d.now.Sub(now.Answered)
	if now.Timer != now.Covered || now.Covered <= l.Covered || orders[0].Left > now.Timer-talked+2*time.Second || orders[0].Left < now.Timer-talked {
		t.Fatalf("covered %s, timer %s, %s left after %s of talk", now.Covered, now.Timer, orders[0].Left, talked)
	}
}

func TestCutWhenTheBudgetIsSpent(t *testing.T) {
	limit := budget(2*toll.Unit, toll.PerSite)
	d := newDesk(t, limit)
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	var cut time.Duration
	for cut == 0 && d.now.Before(start.Add(time.Hour)) {
		for _, o := range d.pass(time.Second) {
			if o.Kind == toll.OrderCut {
				cut = d.now.Sub(start)
			}
		}
	}
	live, _ := d.book.Lease(l.ID)
	if cut == 0 || cut != live.Covered || live.Cut != toll.ReasonSpent {
		t.Fatalf("cut after %s for %q with %s covered", cut, live.Cut, live.Covered)
	}
	if cut < 2*time.Minute || live.Reserved > 2*toll.Unit {
		t.Fatalf("cut after %s with %s reserved: too little of the budget was used, or too much", cut, live.Reserved)
	}
	again := d.pass(5 * time.Second)
	if len(again) != 2 {
		t.Fatalf("%d further orders in 5 s, want the cut repeated every 2 s", len(again))
	}
	d.hangUp(l)
	if u := d.usage(limit, abroad("", "")); u.Value > limit.Act || u.Held != 0 {
		t.Fatalf("%d spent, %d held of %d", u.Value, u.Held, limit.Act)
	}
}

func TestHomeCallKeepsItsLongTimer(t *testing.T) {
	d := newDesk(t, budget(100*toll.Unit, toll.PerSite))
	l := d.allowed(home(id(1), "1001"))
	if l.Timer < time.Hour || l.Covered > 10*time.Minute {
		t.Fatalf("timer %s, covered %s", l.Timer, l.Covered)
	}
	d.talk(l)
	if orders := d.pass(time.Hour); len(orders) != 0 {
		t.Fatalf("orders in an hour of a home call: %+v", orders)
	}
}

func TestLockCutsAtOnceAndOnlyTheOneLocked(t *testing.T) {
	d := newDesk(t)
	one, other := d.allowed(abroad(id(1), "1001")), d.allowed(abroad(id(2), "1002"))
	d.talk(one)
	d.talk(other)
	lock := toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}}
	c, err := d.book.Change(d.now, lock)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Orders) != 1 || c.Orders[0].Kind != toll.OrderCut || c.Orders[0].Lease.ID != one.ID {
		t.Fatalf("orders: %+v", c.Orders)
	}
	if v := d.ask(abroad(id(3), "1001")); v.Allow || v.Reason != toll.ReasonLocked {
		t.Fatalf("a locked caller got %+v", v)
	}
	emergency := abroad(id(4), "1001")
	emergency.Key.Number, emergency.To = "911", toll.Destination{Dialled: "911", Class: toll.Emergency}
	e := d.allowed(emergency)
	d.talk(e)
	if orders, _ := d.book.Review(d.now); len(orders) != 0 {
		t.Fatalf("a review ordered %+v", orders)
	}
	if _, _, cut := d.book.Cut(d.now, e.ID, toll.ReasonManual, "somebody"); cut {
		t.Fatal("an emergency call can be cut by hand")
	}
	lock.Removed = true
	if _, err := d.book.Change(d.now, lock); err != nil {
		t.Fatal(err)
	}
	d.allowed(abroad(id(5), "1001"))
	if _, err := d.book.Change(d.now, lock); !errors.Is(err, ErrNoSetting) {
		t.Fatalf("a second release: %v", err)
	}
}

func TestLockEndsByItself(t *testing.T) {
	d := newDesk(t)
	lock := toll.Setting{Lock: &toll.Lock{Scope: toll.PerRange, Subject: "+44207946", Until: start.Add(time.Minute)}}
	if _, err := d.book.Change(d.now, lock); err != nil {
		t.Fatal(err)
	}
	if v := d.ask(abroad(id(1), "1001")); v.Allow {
		t.Fatal("the range is not locked")
	}
	d.pass(time.Minute)
	d.allowed(abroad(id(2), "1001"))
}

func TestForgedRequestIsReleased(t *testing.T) {
	limit := concurrent(1, toll.PerCaller)
	d := newDesk(t, limit)
	l := d.allowed(abroad("made-up", "1001"))
	orders := d.pass(2 * time.Second)
	if len(orders) != 1 || orders[0].Kind != toll.OrderVerify || orders[0].Lease.ID != l.ID {
		t.Fatalf("orders after 2 s: %+v", orders)
	}
	d.book.Record(d.now, toll.Event{Kind: toll.LeaseGone, PBX: "pbx1", Lease: l.ID, Why: toll.EndedForged})
	d.wantUsage(limit, abroad("", "1001"), 0, 0)
}

func TestNoReservationOutlivesItsLease(t *testing.T) {
	limit := budget(100*toll.Unit, toll.PerSite)
	d := newDesk(t, limit)
	silent, answered := d.allowed(abroad(id(1), "1001")), d.allowed(abroad(id(2), "1002"))
	d.talk(answered)
	d.pass(3 * time.Hour)
	if left := d.book.Leases(); len(left) != 0 {
		t.Fatalf("after 3 hours without news: %+v", left)
	}
	u := d.usage(limit, abroad("", ""))
	least := int64(silent.Reserved + answered.Price.Cost(answered.Covered))
	if u.Held != 0 || u.Value < least {
		t.Fatalf("%d spent and %d held, want at least %d and 0", u.Value, u.Held, least)
	}
}

func TestBypassIsCutAndCounted(t *testing.T) {
	limit := budget(10*toll.Unit, toll.PerSite)
	d := newDesk(t, limit)
	q := abroad(id(1), "1004")
	orders, _ := d.book.Record(d.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q, Why: toll.ReasonBypass, Cut: true})
	if len(orders) != 1 || orders[0].Kind != toll.OrderCut || orders[0].Why != toll.ReasonBypass || orders[0].Lease.Leg != "leg" {
		t.Fatalf("orders: %+v", orders)
	}
	if u := d.usage(limit, q); u.Held == 0 {
		t.Fatal("what a bypass may cost is not reserved")
	}
	if again, _ := d.book.Record(d.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q}); again != nil {
		t.Fatal("one leg was found twice")
	}
	d.event(toll.ChannelGone, "leg", "")
	d.wantUsage(limit, q, 0, 0)
}

func TestEmergencyIsFoundAndLeftAlone(t *testing.T) {
	d := newDesk(t, concurrent(0, toll.PerSite))
	q := toll.Question{Key: toll.Key{PBX: "pbx1", Uniqueid: "x", Number: "112"}, Caller: toll.Caller{ID: "1001"}, To: toll.Destination{Dialled: "112", Class: toll.Emergency}}
	orders, entries := d.book.Record(d.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q, Why: toll.ReasonEmergency, Cut: true})
	if len(orders) != 0 || len(entries) != 1 || entries[0].Kind != toll.EntryAdopted {
		t.Fatalf("orders %+v, entries %+v", orders, entries)
	}
	d.event(toll.LegAnswered, "leg", "")
	if orders := d.pass(5 * time.Hour); len(orders) != 0 {
		t.Fatalf("orders about an emergency call: %+v", orders)
	}
}

func TestFailOpenCallIsAdoptedAndMetered(t *testing.T) {
	limit := budget(10*toll.Unit, toll.PerSite)
	d := newDesk(t, limit)
	q := home(id(1), "1001")
	orders, _ := d.book.Record(d.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q, Why: toll.ReasonFailOpen, Up: true, Talk: time.Minute})
	if len(orders) != 1 || orders[0].Kind != toll.OrderTimer {
		t.Fatalf("orders: %+v, want one for its timer", orders)
	}
	d.pass(time.Minute)
	d.event(toll.ChannelGone, "leg", "")
	d.wantUsage(limit, q, 40_000, 0)
}

func TestClockStepSetsEveryTimerAnew(t *testing.T) {
	d := newDesk(t)
	l := d.allowed(abroad(id(1), "1001"))
	d.talk(l)
	d.pass(10 * time.Second)
	orders, _ := d.book.Record(d.now, toll.Event{Kind: toll.ClockStepped})
	if len(orders) != 1 || orders[0].Kind != toll.OrderTimer || orders[0].Left != l.Timer-10*time.Second {
		t.Fatalf("orders: %+v", orders)
	}
}

func TestTimeNeverRunsBackwards(t *testing.T) {
	limit := toll.Limit{ID: "calls", Meter: toll.Meter{Measure: toll.Calls, Scope: toll.PerCaller, Window: time.Hour}, Act: 1}
	d := newDesk(t, limit)
	d.allowed(abroad(id(1), "1001"))
	d.now = start.Add(-48 * time.Hour)
	if v := d.ask(abroad(id(2), "1001")); v.Allow {
		t.Fatal("a clock set back refilled a window")
	}
}

// A site may let calls last for a day. That is not the same as to observe: a
// dead daemon must still end them where their money ends.
func TestLongCallsAreNotObserved(t *testing.T) {
	p, err := policy.New(policy.Options{Countries: []string{"GB"}, MaxCall: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	b := NewBook(judge{p}, Options{Epoch: 1})
	v, _ := b.Decide(start, abroad(id(1), "1001"))
	if !v.Allow || v.Lease.Timer != v.Lease.Covered {
		t.Fatalf("allowed %t, timer %s, covered %s", v.Allow, v.Lease.Timer, v.Lease.Covered)
	}
}

// Where the site only observes, nothing of ours may end a call.
func TestObservedCallsHaveALongTimer(t *testing.T) {
	p, err := policy.New(policy.Options{Observe: true})
	if err != nil {
		t.Fatal(err)
	}
	b := NewBook(judge{p}, Options{Epoch: 1})
	v, _ := b.Decide(start, abroad(id(1), "1001"))
	if !v.Allow || v.Lease.Timer < policy.Unlimited {
		t.Fatalf("allowed %t, timer %s", v.Allow, v.Lease.Timer)
	}
}
