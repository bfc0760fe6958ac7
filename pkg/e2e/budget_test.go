//go:build e2e

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// oneBudget is what all phones of these tests may spend together: 100 seconds at 0.60 a minute.
const oneBudget = toll.Unit

// crowd is that many phones which call for as long as they can, over one carrier.
type crowd struct {
	lab     *Lab
	daemon  *Daemon
	carrier *Carrier
	price   toll.Price
	stop    func() // ends all calls, and waits for the phones
}

// twentyCall lets twenty phones call London at once, for as long as they can or for that long, and call again a
// second after the call was over or refused. Every call is to a number of its own.
func twentyCall(t *testing.T, l *Lab, d *Daemon, talk time.Duration) *crowd {
	t.Helper()
	namesTheTrunk(t, l)
	d.imports(t, priceList(t, "deck.csv", "0.60,0,0,1", 0))
	c := &crowd{lab: l, daemon: d, carrier: l.Carrier(t), price: toll.Price{PerMinute: 6 * toll.Unit / 10, Increment: time.Second}}
	c.stop = phonesCall(l.guardedPhones(t, 20), talk, func(phone, nth int) string { return fmt.Sprintf("00442079%02d%04d", phone, nth) })
	return c
}

// oneCostLimit lets the site spend so much, and gives short slices so that many phones get some of it.
func oneCostLimit() DaemonOptions {
	return DaemonOptions{
		Change: func(c *config.Config) { c.Calls.MinSlice, c.Calls.MaxSlice = 5*time.Second, 20*time.Second },
		Limits: []toll.Limit{{ID: "budget", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerSite, Window: time.Hour}, Act: int64(oneBudget)}},
	}
}

// halfSpent waits until the carrier would bill half of the budget.
func (c *crowd) halfSpent(t *testing.T) {
	t.Helper()
	Eventually(t, time.Minute, "half of the budget is spent", func() bool { return c.bill() >= oneBudget/2 })
}

// bill is what the carrier bills by now: each call by its own clock, in started seconds.
func (c *crowd) bill() (sum toll.Money) {
	for _, call := range c.carrier.Calls() {
		if o := call.Outcome(); !o.Answered.IsZero() {
			talk := o.Talk
			if o.Ended.IsZero() {
				talk = time.Since(o.Answered)
			}
			sum += c.price.Cost(talk)
		}
	}
	return sum
}

// spent waits until no call has been up for some seconds, while the phones go on trying, and returns the bill.
func (c *crowd) spent(t *testing.T) toll.Money {
	t.Helper()
	const quiet = 6 * time.Second
	last := time.Now()
	Eventually(t, 2*time.Minute, "no phone can call any more", func() bool {
		if c.carrier.Up() > 0 {
			last = time.Now()
		}
		return time.Since(last) > quiet
	})
	c.stop()
	c.lab.WaitIdle(t, 10*time.Second)
	bill := c.bill()
	if bill > oneBudget {
		t.Errorf("the carrier bills %v, the budget was %v", bill, oneBudget)
	}
	c.report(t, bill)
	return bill
}

// served is how many of the phones talked at all.
func (c *crowd) served() int {
	phones := map[string]bool{}
	for _, call := range c.carrier.Calls() {
		if !call.Outcome().Answered.IsZero() {
			phones[call.Number[8:10]] = true
		}
	}
	return len(phones)
}

// report prints what was measured, and fails where a call went on beyond its last paid second and the margin that is
// reserved for that, or was settled below its price.
func (c *crowd) report(t *testing.T, bill toll.Money) {
	t.Helper()
	leases, settled := map[string]toll.Lease{}, toll.Money(0)
	for _, e := range c.daemon.Replayed(t) {
		if e.Kind == toll.EntryRefused || e.Lease.ID == "" {
			continue
		}
		l := e.Lease
		l.Covered = max(l.Covered, leases[l.Key.Number].Covered)
		leases[l.Key.Number] = l
	}
	var late, behind time.Duration
	var calls, low int
	for _, call := range c.carrier.Calls() {
		o, l := call.Outcome(), leases[e164(call.Number)]
		if o.Answered.IsZero() {
			continue
		}
		calls++
		settled += l.Cost
		if over := o.Talk - l.Covered; over > toll.Margin {
			t.Errorf("the call to %s was paid for %v, the carrier bills %v", call.Number, l.Covered, o.Talk)
		} else if o.EndedBy == ByPBX {
			late = max(late, over)
		}
		if l.State == toll.Ended && l.Cost < c.price.Cost(o.Talk) {
			low++
			behind = max(behind, o.Talk-l.Talked)
			if o.Talk-l.Talked <= toll.Blur {
				t.Errorf("the call to %s was settled at %v after %v, the carrier bills %v", call.Number, l.Cost, l.Talked, o.Talk)
			}
		}
	}
	t.Logf("measured: of %v the carrier bills %v (%d %%) in %d calls of %d phones; the ledger settled %v, %d of them too low (by at most %v); the latest cut came %v after the last paid second",
		oneBudget, bill, 100*bill/oneBudget, calls, c.served(), settled, low, behind.Round(time.Millisecond), late.Round(time.Millisecond))
}

// Twenty phones call at once for as long as they can. Several are served, most of the budget is used, and the
// carrier's bill is within it.
func TestTwentyPhonesShareABudget(t *testing.T) {
	forEachVersion(t, oneCostLimit(), func(t *testing.T, l *Lab, d *Daemon) {
		c := twentyCall(t, l, d, 0)
		if bill := c.spent(t); bill < oneBudget*8/10 {
			t.Errorf("the carrier bills only %v of %v", bill, oneBudget)
		}
		if n := c.served(); n < 4 {
			t.Errorf("%d phones were served", n)
		}
	})
}

// The daemon is killed half way and never comes back. What it permitted is all that can be spent: the failure policy
// lets nobody call abroad.
func TestTwentyPhonesAndTheDaemonKilled(t *testing.T) {
	forEachVersion(t, oneCostLimit(), func(t *testing.T, l *Lab, d *Daemon) {
		c := twentyCall(t, l, d, 0)
		c.halfSpent(t)
		d.Kill(t)
		if bill := c.spent(t); bill < oneBudget/2 {
			t.Errorf("the carrier bills only %v of %v", bill, oneBudget)
		}
	})
}

// The link to the manager interface goes half way and never comes back. The daemon sees no call end, and
// permits no more than it knows to be left.
func TestTwentyPhonesAndTheLinkCut(t *testing.T) {
	proxies := map[string]*Proxy{}
	forEachVersionWith(t, throughProxy(proxies, oneCostLimit()), func(t *testing.T, l *Lab, d *Daemon) {
		c := twentyCall(t, l, d, 0)
		c.halfSpent(t)
		proxies[l.Suite].Cut()
		if bill := c.spent(t); bill < oneBudget/2 {
			t.Errorf("the carrier bills only %v of %v", bill, oneBudget)
		}
	})
}

// Twenty phones hang up just before each first second is full. The carrier, which sees an answer a little earlier and
// an end a little later than Asterisk tells, bills two seconds for many of them, and still no more than the budget.
func TestTwentyPhonesHangUpJustBeforeASecond(t *testing.T) {
	forEachVersion(t, oneCostLimit(), func(t *testing.T, l *Lab, d *Daemon) {
		c := twentyCall(t, l, d, 988*time.Millisecond)
		if bill := c.spent(t); bill < oneBudget/4 {
			t.Errorf("the carrier bills only %v of %v", bill, oneBudget)
		}
	})
}

// With the slices that are usual a budget of 100 seconds is little: the first phone takes a minute of it, and what is
// left is too short for another call.
func TestTwentyPhonesWithUsualSlices(t *testing.T) {
	o := oneCostLimit()
	o.Change = nil
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		c := twentyCall(t, l, d, 0)
		if bill := c.spent(t); bill < oneBudget/2 {
			t.Errorf("the carrier bills only %v of %v", bill, oneBudget)
		}
	})
}
