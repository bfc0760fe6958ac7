package ledger

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// nothingFits is a limit that nothing fits into, so policy agrees with no call.
func nothingFits() toll.Limit { return concurrent(0, toll.PerSite) }

// keeping is a desk that keeps what would be written, to replay it.
type keeping struct {
	*desk
	written []toll.Entry
	orders  []toll.Order
}

func (k *keeping) take(orders []toll.Order, entries []toll.Entry) {
	k.orders, k.written = append(k.orders, orders...), append(k.written, entries...)
}

// goOn lets time go by and looks at every second that the call's talk time is
// reserved, and no more than two minutes ahead.
func (k *keeping) goOn(by time.Duration) {
	k.t.Helper()
	for end := k.now.Add(by); k.now.Before(end); {
		k.now = k.now.Add(time.Second)
		k.take(k.book.Tick(k.now))
		l := k.only()
		if ahead := l.CoveredUntil().Sub(k.now); ahead <= 0 || ahead > 2*time.Minute {
			k.t.Fatalf("at %s: %s of talk time are reserved beyond now", k.now.Sub(start), ahead)
		}
	}
}

// only is the one live lease, which must be a tolerated one.
func (k *keeping) only() toll.Lease {
	k.t.Helper()
	all := k.book.Leases()
	if len(all) != 1 || !all[0].Tolerated || all[0].State != toll.Answered {
		k.t.Fatalf("live leases: %+v, want one that is tolerated and answered", all)
	}
	return all[0]
}

func (k *keeping) wantNoOrders() {
	k.t.Helper()
	if len(k.orders) > 0 {
		k.t.Fatalf("orders about a tolerated leg: %+v", k.orders)
	}
}

// hangUp ends the call; it gives what the lease is settled at.
func (k *keeping) hangUp() toll.Lease {
	k.t.Helper()
	k.take(k.book.Record(k.now, toll.Event{Kind: toll.ChannelGone, PBX: "pbx1", Channel: "leg"}))
	for _, e := range k.written {
		if e.Kind == toll.EntryEnded {
			return e.Lease
		}
	}
	k.t.Fatal("the lease was not settled")
	return toll.Lease{}
}

// renewals are the entries that renew, which must each add a minute.
func (k *keeping) renewals() (n int) {
	k.t.Helper()
	var before time.Duration
	for _, e := range k.written {
		if e.Kind == toll.EntryRenewed {
			n++
			if add := e.Lease.Covered - before; add != time.Minute {
				k.t.Fatalf("renewal %d adds %s", n, add)
			}
		}
		if e.Lease.Leg == "leg" {
			before = e.Lease.Covered
		}
	}
	return n
}

// tolerate is a desk that has found a leg up, by this way, against a policy
// that lets nothing through.
func tolerate(t *testing.T, q toll.Question, why toll.Reason, talk time.Duration, more ...toll.Limit) *keeping {
	t.Helper()
	k := &keeping{desk: newDesk(t, append(more, nothingFits())...)}
	k.take(k.book.Record(k.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q, Why: why, Up: true, Talk: talk}))
	k.only()
	k.wantNoOrders()
	return k
}

func TestToleratedLegTalksAsLongAsItLikes(t *testing.T) {
	spent := budget(1, toll.PerSite)
	for name, test := range map[string]struct {
		question toll.Question
		why      toll.Reason
	}{
		"abroad, around the dialplan, where that is only reported": {abroad(id(1), "1001"), toll.ReasonBypass},
		"at home, let go by a dead daemon":                         {home(id(1), "1001"), toll.ReasonFailOpen},
		"the second leg of an allowed call":                        {abroad(id(1), "1001"), toll.ReasonFork},
		"at home, from before anybody watched":                     {home(id(1), "1001"), toll.ReasonUnseen},
	} {
		t.Run(name, func(t *testing.T) {
			const before, after = 7 * time.Minute, 90 * time.Minute
			k := tolerate(t, test.question, test.why, before, spent)
			k.goOn(after / 2)
			k.take(k.book.Record(k.now, toll.Event{Kind: toll.ClockStepped}))
			k.take(k.book.Review(k.now))
			tighter, err := k.book.Change(k.now, toll.Setting{Rule: &toll.Rule{ID: "no-more", Do: toll.Forbid}})
			if err != nil {
				t.Fatal(err)
			}
			k.take(tighter.Orders, tighter.Entries)
			k.goOn(after / 2)
			k.wantNoOrders()
			if n := k.renewals(); n < 85 || n > 100 {
				t.Errorf("%d renewals in 90 minutes, want about one a minute", n)
			}
			cost := test.question.Price.Cost(before + after)
			if held := k.usage(spent, test.question).Held; held < int64(cost) {
				t.Errorf("%d held for a call that has cost %d so far", held, cost)
			}
			if l := k.hangUp(); l.Why != toll.EndedHangup || l.Talked != before+after || l.Cost != cost {
				t.Errorf("settled as %s at %s and %s, want what was talked", l.Why, l.Talked, l.Cost)
			}
			k.wantUsage(spent, test.question, int64(cost), 0)
		})
	}
}

// A leg that is found ringing gets no timer when it is answered either.
func TestToleratedLegThatIsAnsweredLater(t *testing.T) {
	k := &keeping{desk: newDesk(t, nothingFits())}
	q := abroad(id(1), "1001")
	k.take(k.book.Record(k.now, toll.Event{Kind: toll.LegFound, PBX: "pbx1", Channel: "leg", Found: &q, Why: toll.ReasonBypass}))
	k.now = k.now.Add(20 * time.Second)
	k.take(k.book.Tick(k.now))
	k.take(k.book.Record(k.now, toll.Event{Kind: toll.LegAnswered, PBX: "pbx1", Channel: "leg"}))
	k.goOn(10 * time.Minute)
	k.wantNoOrders()
	if l := k.hangUp(); l.Talked != 10*time.Minute {
		t.Errorf("settled at %s, want the ten minutes since the answer", l.Talked)
	}
}

func TestLockEndsAToleratedLeg(t *testing.T) {
	k := tolerate(t, abroad(id(1), "1001"), toll.ReasonBypass, time.Minute)
	k.goOn(5 * time.Minute)
	other, err := k.book.Change(k.now, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1002"}})
	if err != nil || len(other.Orders) > 0 {
		t.Fatalf("another's lock ordered %+v, %v", other.Orders, err)
	}
	own, err := k.book.Change(k.now, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(own.Orders) != 1 || own.Orders[0].Kind != toll.OrderCut || own.Orders[0].Why != toll.ReasonLocked || own.Orders[0].Lease.Leg != "leg" {
		t.Fatalf("the lock ordered %+v, want its leg to be cut", own.Orders)
	}
	if again := k.pass(cutAgain); cuts(again) != 1 {
		t.Errorf("orders that were not followed: %+v, want the cut once more", again)
	}
}

// The restarting book knows from the entries alone that the leg is tolerated,
// and what it talked while nobody renewed it.
func TestToleratedLegAfterAReplay(t *testing.T) {
	k := tolerate(t, abroad(id(1), "1001"), toll.ReasonBypass, 0)
	k.goOn(3 * time.Minute)
	k.now = k.now.Add(20 * time.Minute) // nobody runs
	k.restart(k.written, nothingFits())
	k.take(k.book.Review(k.now)) // as a ledger does that begins
	k.take(k.book.Tick(k.now))
	k.take(k.book.Record(k.now, toll.Event{Kind: toll.LinkFound, PBX: "pbx1"}))
	k.take(k.book.Record(k.now, toll.Event{Kind: toll.ClockStepped}))
	k.goOn(10 * time.Minute)
	k.wantNoOrders()
	if l := k.hangUp(); l.Live() || l.Talked != 33*time.Minute || l.Cost != l.Price.Cost(33*time.Minute) {
		t.Errorf("settled at %s and %s, want 33 minutes", l.Talked, l.Cost)
	}
}
