package watch

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/calls"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func leaseOf(id, asker, leg string) toll.Lease {
	return toll.Lease{ID: id, State: toll.Answered, Answered: time.Now(), Timer: time.Minute, Leg: leg, Key: toll.Key{PBX: "pbx1", Uniqueid: asker}}
}

func verifyOrder(n int) toll.Order {
	return toll.Order{Kind: toll.OrderVerify, Lease: leaseOf(fmt.Sprint("1-", n), fmt.Sprint("q.", n), "")}
}

func cutOrder(leg string) toll.Order {
	return toll.Order{Kind: toll.OrderCut, Lease: leaseOf("1-cut", "", leg), Why: toll.ReasonLocked}
}

func timerOrder(leg string, timer time.Duration) toll.Order {
	l := leaseOf("1-timer", "", leg)
	l.Timer = timer
	return toll.Order{Kind: toll.OrderTimer, Lease: l}
}

// Forged requests make questions about channels. However many there are, and
// however long Asterisk takes over them, a cut goes through at once.
func TestQuestionsDoNotHoldUpACut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, silentOn("Status"))
		var orders []toll.Order
		for n := range parallel + 10 {
			orders = append(orders, verifyOrder(n))
		}
		x.order(orders...)
		synctest.Wait()
		x.mu.Lock()
		if len(x.asked) != parallelQuestions {
			t.Errorf("%d questions are under way, want %d", len(x.asked), parallelQuestions)
		}
		x.asked = nil
		x.mu.Unlock()
		x.order(cutOrder("leg"))
		x.wantAsked("Hangup leg")
		passes(wait) // those questions are given up, and the next have their turn
		synctest.Wait()
		if len(x.asked) != 1+parallelQuestions {
			t.Errorf("after the first questions: %q, want the next ones", x.asked)
		}
	})
}

// The ledger orders a cut again every two seconds. What is under way already is
// not carried out a second time, and what has ended may be.
func TestOrderUnderWayIsNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, silentOn("Hangup"))
		x.order(cutOrder("leg"), cutOrder("leg"))
		x.wantAsked("Hangup leg")
		passes(unconfirmed / 2)
		x.order(cutOrder("leg"))
		x.wantAsked("Hangup leg")
		passes(wait)
		x.order(cutOrder("leg"))
		x.wantAsked("Hangup leg", "Hangup leg")
	})
}

// A renewed lease has another timer, which must not wait for the one before.
func TestLaterTimerIsAnotherOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, func(a ami.Action) string {
			if a.Get("Timeout") == "60" {
				return silent
			}
			return done
		})
		x.order(timerOrder("leg", time.Minute))
		x.wantAsked("AbsoluteTimeout leg 60")
		x.order(timerOrder("leg", time.Minute), timerOrder("leg", 2*time.Minute))
		x.wantAsked("AbsoluteTimeout leg 60", "AbsoluteTimeout leg 120")
	})
}

// An older timer whose action was lost is not tried again once there is a later
// one: it would end the call early.
func TestOlderTimerGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, func(a ami.Action) string {
			if a.Get("Timeout") == "60" {
				return silent
			}
			return done
		})
		x.order(timerOrder("leg", time.Minute))
		x.wantAsked("AbsoluteTimeout leg 60")
		x.order(timerOrder("leg", 2*time.Minute))
		passes(2 * wait)
		x.wantAsked("AbsoluteTimeout leg 60", "AbsoluteTimeout leg 120")
		x.order(timerOrder("leg", time.Minute)) // and what is ordered last counts
		x.wantAsked("AbsoluteTimeout leg 60", "AbsoluteTimeout leg 120", "AbsoluteTimeout leg 60")
	})
}

func TestOrderForAnUnknownAsteriskIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, always(done))
		other := cutOrder("elsewhere")
		other.Lease.Key.PBX = "pbx2"
		x.order(other, cutOrder("leg"))
		x.wantAsked("Hangup leg")
	})
}

// An action may be lost. The timer is set again, to what is left by then; for
// as long as one order may take.
func TestTimerIsTriedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		answers func(a ami.Action) string
		want    []string
	}{
		"unanswered once": {
			func(a ami.Action) string {
				if a.Get("Timeout") == "60" {
					return silent
				}
				return done
			},
			[]string{"AbsoluteTimeout leg 60", "AbsoluteTimeout leg 59"},
		},
		"answered":             {always(done), []string{"AbsoluteTimeout leg 60"}},
		"refused":              {always("Permission denied"), []string{"AbsoluteTimeout leg 60"}},
		"the leg has gone":     {always(gone), []string{"AbsoluteTimeout leg 60"}},
		"the leg is not known": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := obeying(t, test.answers)
				leg := "leg"
				if test.want == nil {
					leg = ""
				}
				x.order(timerOrder(leg, time.Minute))
				synctest.Wait()
				passes(2 * wait)
				x.wantAsked(test.want...)
			})
		})
	}
}

// A leg whose timer cannot be set does not keep its place for ever: the picture
// that is taken when the link is back makes it good.
func TestTimerIsNotTriedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, always(silent))
		x.order(timerOrder("leg", time.Minute))
		passes(3 * wait)
		x.mu.Lock()
		n := len(x.asked)
		x.mu.Unlock()
		if most := int(wait / time.Second); n < most-1 || n > most+1 {
			t.Errorf("tried %d times in %s, want once a second in %s", n, 3*wait, wait)
		}
	})
}

// A timer that should have ended the call already is set to the next second:
// zero would take it away.
func TestTimerIsNeverZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, always(done))
		x.order(timerOrder("leg", -time.Minute))
		x.wantAsked("AbsoluteTimeout leg 1")
	})
}

// A channel to be hung up that is not there has gone unseen, so the ledger
// must hear of it, or it would order the cut for ever.
func TestHangupOfAChannelThatIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, func(a ami.Action) string {
			if a.Get("Channel") == "leg" {
				return gone
			}
			return "Permission denied"
		})
		x.order(cutOrder("leg"), toll.Order{Kind: toll.OrderCut, Lease: leaseOf("1-2", "", "other")})
		x.page.wantTold(t, "gone pbx1 leg")
	})
}

// The asking channel goes first, or its dialplan tries the next trunk.
func TestCutHangsUpTheAskerFirst(t *testing.T) {
	for name, test := range map[string]struct {
		asker, there bool
		want         []string
	}{
		"with the asker":             {true, true, []string{"Hangup asker", "Hangup leg"}},
		"without":                    {false, true, []string{"Hangup leg"}},
		"an asker that is not there": {true, false, []string{"Hangup leg"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := obeying(t, always(done))
				if test.there {
					x.watch.mu.Lock()
					x.watch.model.Apply(time.Now(), calls.Event{Kind: calls.ChannelNew, Channel: calls.Snapshot{Uniqueid: "asker", Linkedid: "asker", Name: "PJSIP/1001-00000001", State: calls.Ring}})
					x.watch.mu.Unlock()
				}
				o := cutOrder("leg")
				o.Asker, o.Lease.Key.Uniqueid = test.asker, "asker"
				x.order(o)
				x.wantAsked(test.want...)
			})
		})
	}
}

// A lease is released as forged only when Asterisk says that there is no such
// channel, and nothing that has been heard since says that there was.
func TestVerify(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		live   bool
		leg    string
		want   []string
	}{
		"a channel that never was":      {gone, true, "", []string{"asked", "lost pbx1 1-1 " + string(toll.EndedForged)}},
		"a channel that is there":       {done, true, "", nil},
		"nobody can tell":               {silent, true, "", nil},
		"Asterisk refuses to tell":      {"Permission denied", true, "", nil},
		"a leg has been seen meanwhile": {gone, true, "leg", []string{"asked"}},
		"the lease has ended meanwhile": {gone, false, "", []string{"asked"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := obeying(t, always(test.answer))
				x.page.mu.Lock()
				x.page.lease, x.page.live = leaseOf("1-1", "q.1", test.leg), test.live
				x.page.mu.Unlock()
				x.order(verifyOrder(1))
				x.wantAsked("Status q.1")
				passes(2 * wait)
				x.page.wantTold(t, test.want...)
			})
		})
	}
}

// The channel may have come and gone in events that have been received but not
// taken in. The ledger is asked about the lease only behind them.
func TestVerifyWaitsForTheEventsBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, always(gone))
		x.page.busy = make(chan struct{})
		x.page.lease, x.page.live = leaseOf("1-1", "q.1", ""), true
		for _, id := range []string{"17.1", "17.2"} {
			x.event("Newchannel", id)
			x.event("Hangup", id)
		}
		synctest.Wait() // the first end of a channel is with the ledger, the second waits
		x.order(verifyOrder(1))
		x.wantAsked("Status q.1")
		passes(100 * time.Millisecond)
		x.page.wantTold(t)
		close(x.page.busy)
		passes(100 * time.Millisecond)
		x.page.wantTold(t, "gone pbx1 17.1", "gone pbx1 17.2", "asked", "lost pbx1 1-1 "+string(toll.EndedForged))
	})
}

// The channel that asked may have dialled on, perhaps an emergency number. It is
// hung up only when it is sure that nothing else hangs on it.
func TestMayHangUp(t *testing.T) {
	leg := func(id, linkedid, name, dialString string) calls.Event {
		return calls.Event{
			Kind: calls.DialBegun, DialString: dialString,
			Channel: calls.Snapshot{Uniqueid: linkedid, Linkedid: linkedid, Name: "PJSIP/1001-0000000" + linkedid},
			Dest:    calls.Snapshot{Uniqueid: id, Linkedid: linkedid, Name: name},
		}
	}
	own := leg("3", "1", "PJSIP/carrier-00000003", "0044@carrier")
	for name, test := range map[string]struct {
		unlinked, stranger bool
		events             []calls.Event
		want               bool
	}{
		"before it dials":                 {want: true},
		"with the lease's own leg":        {events: []calls.Event{own}, want: true},
		"with an emergency call besides":  {events: []calls.Event{own, leg("4", "1", "PJSIP/carrier-00000004", "112@carrier")}},
		"by another trunk":                {events: []calls.Event{leg("4", "1", "PJSIP/backup-00000004", "112@backup")}},
		"to a trunk's address":            {events: []calls.Event{leg("4", "1", "PJSIP/1002-00000004", "1002/sip:112@192.0.2.1")}},
		"with a phone that rings as well": {events: []calls.Event{own, leg("4", "1", "PJSIP/1002-00000004", "1002")}, want: true},
		"while another call goes out":     {events: []calls.Event{leg("4", "2", "PJSIP/carrier-00000004", "112@carrier")}, want: true},
		"when the emergency call is over": {events: []calls.Event{
			leg("4", "1", "PJSIP/carrier-00000004", "112@carrier"),
			{Kind: calls.Hungup, Channel: calls.Snapshot{Uniqueid: "4", Linkedid: "1"}},
		}, want: true},
		"with an incoming call in it": {events: []calls.Event{
			{Kind: calls.ChannelNew, Channel: calls.Snapshot{Uniqueid: "5", Linkedid: "1", Name: "PJSIP/carrier-00000005"}},
		}, want: true},
		"when events may be missing":    {unlinked: true},
		"when the channel is not known": {stranger: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := New(nil, &page{}, Options{
				PBX: "pbx1", Trunks: []Trunk{{Name: "carrier", Addresses: []string{"192.0.2.1:5060"}}, {Name: "backup"}},
				Callers: caller.Site{Trunks: []string{"carrier", "backup"}}, Log: slog.New(slog.DiscardHandler),
			})
			w.linked.Store(!test.unlinked)
			now := time.Unix(1_800_000_000, 0)
			if !test.stranger {
				w.model.Apply(now, calls.Event{Kind: calls.ChannelNew, Channel: calls.Snapshot{Uniqueid: "1", Linkedid: "1", Name: "PJSIP/1001-00000001"}})
			}
			for _, e := range test.events {
				w.model.Apply(now, e)
			}
			if got := w.mayHangUp(leaseOf("1-1", "1", "3")); got != test.want {
				t.Errorf("got %t, want %t; the model holds %+v", got, test.want, w.model.Channels())
			}
		})
	}
}

// Nothing waits in the queue while the last event is being taken in, and still
// it may be what the lease waits for.
func TestDrainedWaitsForTheEventThatIsBeingTakenIn(t *testing.T) {
	client, err := ami.New(ami.Options{Address: "127.0.0.1:1", Username: "u"})
	if err != nil {
		t.Fatal(err)
	}
	w := New(client, &page{}, Options{PBX: "pbx1", Log: slog.New(slog.DiscardHandler)})
	w.turn.Lock()
	drained := make(chan error, 1)
	go func() { drained <- w.drained(t.Context()) }()
	select {
	case err := <-drained:
		t.Errorf("the event that is being taken in was not waited for: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	w.turn.Unlock()
	if !t.Failed() {
		if err := <-drained; err != nil {
			t.Error(err)
		}
	}
}
