package app

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// patience bounds every wait; nothing waits that long unless it fails.
const patience = 20 * time.Second

// exchange is the daemon beside a simulated Asterisk.
type exchange struct {
	running
	t   *testing.T
	pbx *pbxsim.PBX
}

const (
	london = "011442079460000"
	friend = "2025550123"
)

func newExchange(t *testing.T, change func(*config.Config), limits ...toll.Limit) *exchange {
	t.Helper()
	p, err := pbxsim.Start(t.Context(), pbxsim.Options{
		Name: "pbx1", SystemName: "pbx1", User: "tollfuse", Secret: "x",
		Dialplan: pbxsim.Dialplan{Emergency: []string{"911"}, Home: func(n string) bool { return n == friend }},
		Tariff:   func(string) int64 { return 600_000 },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	c := testConfig(t)
	c.Asterisk[0].AMI.Address = p.AMI()
	c.Asterisk[0].Trunks = []config.Trunk{{Name: "carrier"}, {Name: "backup"}}
	if change != nil {
		change(&c)
	}
	x := &exchange{running: startDaemon(t, c), t: t, pbx: p}
	t.Cleanup(func() { _ = x.stop() })
	p.SetAGI(x.fastagi)
	for i := range limits {
		x.set(toll.Setting{Limit: &limits[i]})
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.Connected(ctx); err != nil {
		t.Fatal(err)
	}
	x.linked()
	return x
}

// linked waits until the daemon is in step with the PBX.
func (x *exchange) linked() {
	x.t.Helper()
	for deadline := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		s, err := x.client.Status(x.t.Context())
		if err == nil && s.Process.Links[0].Up {
			return
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("the daemon is not linked: %+v, %v", s, err)
		}
	}
}

func (x *exchange) set(s toll.Setting) {
	x.t.Helper()
	if _, err := x.client.Change(x.t.Context(), s); err != nil {
		x.t.Fatal(err)
	}
}

func (x *exchange) call(c pbxsim.Call) *pbxsim.Live {
	x.t.Helper()
	live, err := x.pbx.Dial(c)
	if err != nil {
		x.t.Fatal(err)
	}
	return live
}

// until waits until the live leases are as wanted.
func (x *exchange) until(what string, ok func([]toll.Lease) bool) []toll.Lease {
	x.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		live, err := x.client.Live(x.t.Context())
		if err != nil {
			x.t.Fatal(err)
		}
		if ok(live) {
			return live
		}
		if time.Now().After(deadline) {
			x.t.Fatalf("not seen in time: %s; live: %+v", what, live)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (x *exchange) idle() {
	x.t.Helper()
	x.until("no live lease", func(l []toll.Lease) bool { return len(l) == 0 })
}

func (x *exchange) talking(n int) []toll.Lease {
	x.t.Helper()
	return x.until("calls that talk", func(l []toll.Lease) bool {
		up := 0
		for _, one := range l {
			if one.State == toll.Answered {
				up++
			}
		}
		return up == n && len(l) == n
	})
}

func TestTwoOfFiftyAtOnce(t *testing.T) {
	x := newExchange(t, nil, toll.Limit{ID: "two", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite}, Act: 2})
	var calls []*pbxsim.Live
	for range 50 {
		calls = append(calls, x.call(pbxsim.Call{From: "1001", Number: london}))
	}
	for _, c := range calls {
		select {
		case <-c.Answered():
		case <-c.Done():
		}
	}
	x.talking(2)
	allowed := 0
	for _, c := range calls {
		c.Hangup()
		if o := c.Outcome(); len(o.Legs) > 0 {
			allowed++
		} else if o.Verdicts[0].Reason != string(toll.ReasonLimit) {
			t.Errorf("refused for %q", o.Verdicts[0].Reason)
		}
	}
	if allowed != 2 {
		t.Fatalf("%d of 50 calls reached the carrier, want 2", allowed)
	}
	x.idle()
}

func TestLockEndsALiveCall(t *testing.T) {
	x := newExchange(t, nil)
	one, other := x.call(pbxsim.Call{From: "1001", Number: london}), x.call(pbxsim.Call{From: "1002", Number: london})
	x.talking(2)
	x.set(toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}})
	if o := one.Outcome(); o.End != pbxsim.EndCut {
		t.Fatalf("the locked caller's call ended by %s", o.End)
	}
	live := x.talking(1)
	if live[0].Caller.ID != "1002" {
		t.Fatalf("left alive: %+v", live[0])
	}
	other.Hangup()
	x.idle()
}

func TestCallIsRenewedWhileTheBudgetLasts(t *testing.T) {
	// 0.07 at 0.30 a minute is 14 seconds, less the margin. A slice of five seconds
	// leaves a busy machine two and a half to renew it in.
	budget := toll.Limit{ID: "budget", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerSite, Window: time.Hour}, Act: 70_000}
	x := newExchange(t, func(c *config.Config) {
		c.Calls.MinSlice, c.Calls.MaxSlice, c.Calls.Share = 2*time.Second, 5*time.Second, 1
	}, budget)
	o := x.call(pbxsim.Call{From: "1001", Number: london}).Outcome()
	x.idle()
	if len(o.Legs) != 1 || o.Legs[0].Talk < 6*time.Second || o.Legs[0].Talk > 14*time.Second {
		t.Fatalf("legs %+v, ended by %s", o.Legs, o.End)
	}
	if o.End != pbxsim.EndCut && o.End != pbxsim.EndTimer {
		t.Fatalf("ended by %s", o.End)
	}
}

func TestBypassIsCut(t *testing.T) {
	x := newExchange(t, nil)
	for name, way := range map[string]pbxsim.Way{"unguarded": pbxsim.Unguarded, "originated": pbxsim.Originated} {
		o := x.call(pbxsim.Call{From: "1004", Number: london, Way: way, Ring: 50 * time.Millisecond, Talk: 3 * time.Second}).Outcome()
		if o.End != pbxsim.EndCut {
			t.Errorf("%s: ended by %s", name, o.End)
		}
	}
	x.idle()
	o := x.call(pbxsim.Call{From: "1004", Number: "911", Way: pbxsim.Unguarded, Talk: 300 * time.Millisecond}).Outcome()
	if o.End != pbxsim.EndPhone {
		t.Errorf("an emergency call ended by %s", o.End)
	}
}

func TestForwardIsTheForwardersCall(t *testing.T) {
	x := newExchange(t, nil)
	c := x.call(pbxsim.Call{From: "carrier", Number: london, Forwarder: "1002"})
	live := x.talking(1)
	if live[0].Caller != (toll.Caller{Kind: toll.Forward, ID: "1002"}) || live[0].Adopted {
		t.Fatalf("charged: %+v", live[0])
	}
	x.set(toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1002"}})
	if o := c.Outcome(); o.End != pbxsim.EndCut {
		t.Fatalf("ended by %s", o.End)
	}
	x.idle()
}

func TestTransferIsTheTransferersCall(t *testing.T) {
	x := newExchange(t, nil)
	c := x.call(pbxsim.Call{From: "1001", Number: friend})
	x.talking(1)
	c.Transfer(london)
	live := x.talking(2)
	for _, l := range live {
		if l.To.Country == "GB" && l.Caller != (toll.Caller{Kind: toll.Transfer, ID: "1001"}) {
			t.Errorf("charged: %+v", l.Caller)
		}
		if l.Adopted {
			t.Errorf("a leg that was asked for was found: %+v", l)
		}
	}
	x.set(toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}})
	_ = c.Outcome()
	x.idle()
}

// What happens while the link is down is made good when it returns.
func TestLinkLostAndFoundAgain(t *testing.T) {
	x := newExchange(t, nil)
	ends, stays, locked := x.call(pbxsim.Call{From: "1001", Number: london}), x.call(pbxsim.Call{From: "1002", Number: london}), x.call(pbxsim.Call{From: "1003", Number: london})
	x.talking(3)
	x.pbx.RefuseAMI(true)
	x.pbx.DropAMI()
	ends.Hangup()
	_ = ends.Outcome()
	x.set(toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1003"}})
	begun := x.call(pbxsim.Call{From: "1004", Number: london}) // asks and is answered while nobody watches
	<-begun.Answered()
	bypass := x.call(pbxsim.Call{From: "1005", Number: london, Way: pbxsim.Unguarded})
	<-bypass.Answered()
	x.pbx.RefuseAMI(false)
	if o := locked.Outcome(); o.End != pbxsim.EndCut {
		t.Errorf("the locked call ended by %s", o.End)
	}
	if o := bypass.Outcome(); o.End != pbxsim.EndCut {
		t.Errorf("the bypass ended by %s", o.End)
	}
	for _, l := range x.talking(2) {
		if l.Caller.ID != "1002" && l.Caller.ID != "1004" || l.Adopted {
			t.Errorf("left alive: %+v", l)
		}
	}
	stays.Hangup()
	begun.Hangup()
	x.idle()
}

func TestAsteriskRestartsAndNothingIsHeld(t *testing.T) {
	x := newExchange(t, nil, toll.Limit{ID: "one", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite}, Act: 1})
	x.call(pbxsim.Call{From: "1001", Number: london})
	x.talking(1)
	x.pbx.Restart()
	x.idle()
	again := x.call(pbxsim.Call{From: "1001", Number: london})
	x.talking(1)
	again.Hangup()
	x.idle()
}

func TestDeadDaemonAndNewOne(t *testing.T) {
	var kept config.Config
	x := newExchange(t, func(c *config.Config) { kept = *c })
	c := x.call(pbxsim.Call{From: "1001", Number: london})
	before := x.talking(1)[0]
	if err := x.stop(); err != nil {
		t.Fatal(err)
	}
	home := x.call(pbxsim.Call{From: "1002", Number: friend})
	<-home.Answered()
	if o := x.call(pbxsim.Call{From: "1003", Number: london}).Outcome(); len(o.Legs) != 0 {
		t.Errorf("a call abroad went out without the daemon: %+v", o)
	}
	x.running = startDaemon(t, kept)
	x.pbx.SetAGI(x.fastagi)
	for _, l := range x.talking(2) {
		switch l.Caller.ID {
		case "1001":
			if l.ID != before.ID || !l.Answered.Equal(before.Answered) {
				t.Errorf("the call is another one: %+v, before %+v", l, before)
			}
		case "1002":
			if !l.Adopted || l.Why != toll.ReasonFailOpen {
				t.Errorf("the call that the failure policy let go: %+v", l)
			}
		default:
			t.Errorf("unknown: %+v", l)
		}
	}
	c.Hangup()
	home.Hangup()
	x.idle()
}

func TestForgedRequestIsReleasedSoon(t *testing.T) {
	x := newExchange(t, nil, toll.Limit{ID: "one", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite}, Act: 1})
	if set := x.dial(t, "pbx1-1.999", london); !strings.Contains(set, "TOLLFUSE_VERDICT=allow") {
		t.Fatal(set)
	}
	begun := time.Now()
	x.idle()
	t.Logf("released after %s", time.Since(begun))
}
