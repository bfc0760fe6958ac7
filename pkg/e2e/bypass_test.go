//go:build e2e

package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func cutBypasses(c *config.Config)   { c.Bypass = config.BypassCut }
func alertBypasses(c *config.Config) { c.Bypass = config.BypassAlert }

// dialsBegun gives the time of each DialBegin that the test's own manager
// connection sees.
func dialsBegun(t *testing.T, l *Lab) (client *ami.Client, begun <-chan time.Time) {
	t.Helper()
	dials := make(chan time.Time, 100)
	client = l.Manager(t, func(m ami.Message) {
		if m.Event() == "DialBegin" {
			dials <- time.Now()
		}
	})
	return client, dials
}

// cutAsBypass waits until the carrier's call is cut, and says how long after
// DialBegin.
func cutAsBypass(t *testing.T, carrier *Carrier, nth int, begun <-chan time.Time) time.Duration {
	t.Helper()
	trunk := carrier.WaitCalls(t, nth, 10*time.Second)[nth-1]
	select {
	case at := <-begun:
		return untilBye(t, at, trunk)
	case <-time.After(5 * time.Second):
		t.Fatal("no DialBegin")
		return 0
	}
}

// A call that goes round the dialplan is found and cut, whoever makes it.
func TestBypassIsCut(t *testing.T) {
	forEachVersion(t, DaemonOptions{Change: cutBypasses}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, honest, phone := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1004")
		bystander := honest.Dial(london)
		bystander.WaitAnswered(t, 10*time.Second)
		manager, begun := dialsBegun(t, l)

		call := phone.Dial(sierraLeone)
		t.Logf("measured: unguarded dialplan, from DialBegin to the carrier's BYE or CANCEL %v", cutAsBypass(t, carrier, 2, begun))
		if o := call.WaitEnded(t, 5*time.Second); o.EndedBy != ByPBX {
			t.Errorf("the phone's leg: %+v", o)
		}
		d.WaitDecision(t, "cutting", "caller=extension:1004", "reason=bypass", "country=SL")

		// The same while it rings, and at home.
		carrier.Always(Answer{Ring: time.Minute})
		phone.Dial(berlin)
		t.Logf("measured: while it rings %v", cutAsBypass(t, carrier, 3, begun))
		carrier.Always(Answer{})

		for i, action := range []ami.Action{
			ami.NewAction("Originate", "Channel", "PJSIP/"+sierraLeone+"@carrier", "Application", "Wait", "Data", "60", "Async", "true"),
			ami.NewAction("Originate", "Channel", "PJSIP/1001/sip:"+sierraLeone+"@"+carrier.address(), "Application", "Wait", "Data", "60", "Async", "true"),
		} {
			if _, err := manager.Do(t.Context(), action); err != nil {
				t.Fatal(err)
			}
			t.Logf("measured: Originate of %s %v", action.Fields[0].Value, cutAsBypass(t, carrier, 4+i, begun))
		}
		for _, e := range d.WaitHistory(t, admin.HistoryQuery{Outcome: toll.EntryEnded}, 4) {
			if l := e.Lease; !l.Adopted || l.Cut != toll.ReasonBypass {
				t.Errorf("ended as %+v", l)
			}
		}
		if !bystander.Up() || carrier.Up() != 1 {
			t.Errorf("%d calls are up at the carrier, want that of the one who asked", carrier.Up())
		}
		d.WaitLive(t, 1, 5*time.Second)
	})
}

// Where the site only wants to know, such a call goes on, and what it costs is
// in the ledger.
func TestBypassIsSeen(t *testing.T) {
	forEachVersion(t, DaemonOptions{Change: alertBypasses}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		call := phone.Dial(sierraLeone)
		call.WaitAnswered(t, 10*time.Second)
		live := d.WaitLive(t, 1, 5*time.Second)[0]
		if !live.Adopted || live.Why != toll.ReasonBypass || live.Caller.String() != "extension:1004" || live.Trunk != "carrier" || live.Reserved == 0 {
			t.Errorf("live lease %+v", live)
		}
		call.StaysUp(t, 2*time.Second)
		call.Hangup()
		o := carrier.WaitCalls(t, 1, time.Second)[0].WaitEnded(t, 5*time.Second)
		ended := d.WaitHistory(t, admin.HistoryQuery{Caller: "extension:1004"}, 1)[0].Lease
		if ended.Cut != "" || (ended.Talked-o.Talk).Abs() > 500*time.Millisecond || ended.Cost != ended.Price.Cost(ended.Talked+toll.Blur) || ended.Cost == 0 {
			t.Errorf("ended as %+v, the carrier bills %v", ended, o.Talk)
		}
		d.WaitDecision(t, "adopted", "caller=extension:1004", "reason=bypass")
	})
}

// Where the site wants it, whoever goes round the dialplan is locked; what Originate
// began locks nobody.
func TestBypassLocks(t *testing.T) {
	locks := func(c *config.Config) { c.Bypass = config.BypassLock }
	forEachVersion(t, DaemonOptions{Change: locks}, func(t *testing.T, l *Lab, d *Daemon) {
		manager, begun := dialsBegun(t, l)
		carrier := l.Carrier(t)
		action := ami.NewAction("Originate", "Channel", "PJSIP/"+sierraLeone+"@carrier", "Application", "Wait", "Data", "60", "Async", "true")
		if _, err := manager.Do(t.Context(), action); err != nil {
			t.Fatal(err)
		}
		cutAsBypass(t, carrier, 1, begun)
		l.Phone(t, "1004").Dial(sierraLeone)
		cutAsBypass(t, carrier, 2, begun)
		d.WaitDecision(t, "setting", "author=bypass")
		d.Stop(t) // what was decided is in the ledger then
		var locks []string
		for _, e := range d.Replayed(t) {
			if e.Setting != nil && e.Setting.Lock != nil {
				locks = append(locks, e.Setting.Lock.ID())
			}
		}
		if want := []string{"caller=1004"}; !slices.Equal(slices.Compact(locks), want) {
			t.Errorf("locked are %q, want %q", locks, want)
		}
	})
}
