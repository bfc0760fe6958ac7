//go:build e2e

package e2e

import (
	"math"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// clockStep is by how much the test sets the clock.
const clockStep = 10 * time.Second

// exchange is an Asterisk with its daemon, its carrier and phones.
type exchange struct {
	name    string
	lab     *Lab
	daemon  *Daemon
	carrier *Carrier
	phones  []*Phone
	manager *ami.Client
	price   toll.Price
	begun   time.Time // before the clock was ever set: where the ledger's clock comes from
}

// bothExchanges starts an Asterisk of each version. They share the machine's clock, so what a test does to
// it, it does to both.
func bothExchanges(t *testing.T, o DaemonOptions, phones ...string) []*exchange {
	t.Helper()
	var both []*exchange
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		x := &exchange{name: name}
		x.lab, x.daemon = WithDaemon(t, suite, o)
		x.carrier, x.manager, x.begun = x.lab.Carrier(t), x.lab.Manager(t, nil), time.Now()
		for _, p := range phones {
			x.phones = append(x.phones, x.lab.Phone(t, p))
		}
		both = append(both, x)
	}
	return both
}

// spend sets what all calls together may cost.
func (x *exchange) spend(t *testing.T, most toll.Money) {
	t.Helper()
	x.daemon.Set(t, toll.Setting{Limit: &toll.Limit{
		ID: "budget", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerSite, Window: time.Hour}, Act: int64(most),
	}})
}

// dial lets each phone call London, and returns the carrier's ends of those calls.
func (x *exchange) dial(t *testing.T) []*Call {
	t.Helper()
	before := len(x.carrier.Calls())
	for _, p := range x.phones {
		p.Dial(london).WaitAnswered(t, 10*time.Second)
	}
	x.daemon.WaitAnswered(t, len(x.phones))
	x.price = x.daemon.LeaseOf(t, e164(london), time.Second).Price
	return x.carrier.WaitCalls(t, before+len(x.phones), 5*time.Second)[before:]
}

// timersOff is by how much the timer of a trunk leg in Asterisk is away from where its lease ends, at the most.
func (x *exchange) timersOff(t *testing.T) time.Duration {
	t.Helper()
	leases, left := marks(t, x.manager, "carrier") // first, for who asks the daemon makes it look at its clock
	ends := map[string]time.Duration{}
	now := x.begun.Round(0).Add(time.Since(x.begun)) // by the ledger's clock
	for _, l := range x.daemon.Live(t) {
		ends[l.ID] = l.TimerLeft(now)
	}
	off := 0.0
	for i, id := range leases {
		end, live := ends[id]
		if !live {
			t.Errorf("%s: a trunk leg has the mark %q, which is no lease", x.name, id)
		}
		off = max(off, math.Abs(left[i]-end.Seconds()))
	}
	return time.Duration(off * float64(time.Second))
}

// timersSetAnew waits until every timer is where it belongs, to the second to which Asterisk rounds.
func (x *exchange) timersSetAnew(t *testing.T, set time.Time) {
	t.Helper()
	Eventually(t, 3*time.Second, x.name+" has its timers where the leases end", func() bool { return x.timersOff(t) <= 1500*time.Millisecond })
	t.Logf("measured: %s: timers right within %v of the clock being set", x.name, time.Since(set).Round(time.Millisecond))
}

// Whoever sets the machine's clock while calls are live gets no second that is not paid for, and ends no call:
// Asterisk's timers follow that clock, so they are set anew.
func TestClockIsSet(t *testing.T) {
	maySetClock(t)
	change := func(c *config.Config) { c.Calls.MinSlice, c.Calls.MaxSlice = 4*time.Second, 30*time.Second }
	both := bothExchanges(t, DaemonOptions{Change: change}, "1001", "1002", "1003")
	backUntilSpent(t, both)
	backAndKilled(t, both)
	forward(t, both)
}

// backUntilSpent sets the clock back while calls go on, until the budget is spent.
func backUntilSpent(t *testing.T, both []*exchange) {
	t.Helper()
	const budget = toll.Unit / 5 // 40 seconds
	for _, x := range both {
		x.spend(t, budget)
		x.dial(t)
	}
	undo := setClock(t, -clockStep)
	set := time.Now()
	for _, x := range both {
		x.timersSetAnew(t, set)
	}
	for _, x := range both {
		for _, trunk := range x.carrier.Calls() {
			if o := trunk.WaitEnded(t, 30*time.Second); o.EndedBy != ByPBX {
				t.Errorf("%s: %+v, want it cut", x.name, o)
			}
		}
		refusedFor(t, x.phones[0].Dial(london), toll.ReasonLimit)
	}
	undo()
	for _, x := range both {
		Eventually(t, 5*time.Second, "the daemon has seen the clock put right", func() bool {
			return x.daemon.Logged(t, "the wall clock was set") == 2
		})
		refusedFor(t, x.phones[0].Dial(london), toll.ReasonLimit)
		bill := x.bill()
		t.Logf("measured: %s: of %v the carrier bills %v for %v", x.name, budget, bill, x.carrier.Talk().Round(time.Millisecond))
		if bill > budget || bill < budget*8/10 {
			t.Errorf("%s: the carrier bills %v, the budget was %v", x.name, bill, budget)
		}
	}
}

// backAndKilled sets the clock back while calls go on, and kills the daemon when it has set the timers anew.
func backAndKilled(t *testing.T, both []*exchange) {
	t.Helper()
	trunks, granted := map[string][]*Call{}, map[string]time.Duration{}
	for _, x := range both {
		x.spend(t, 2*toll.Unit/5)
		trunks[x.name] = x.dial(t)
	}
	undo := setClock(t, -clockStep)
	set := time.Now()
	for _, x := range both {
		x.timersSetAnew(t, set)
		x.daemon.Kill(t)
		for _, l := range x.daemon.Replayed(t) {
			if l.Lease.Live() {
				granted[x.name] = max(granted[x.name], l.Lease.Timer)
			}
		}
	}
	for _, x := range both {
		for _, trunk := range trunks[x.name] {
			cutWithin(t, trunk.WaitEnded(t, 20*time.Second), 4*time.Second, granted[x.name])
		}
		t.Logf("measured: %s: granted at most %v, the carrier bills %v in all", x.name, granted[x.name], x.bill())
		if x.bill() > 2*toll.Unit/5 {
			t.Errorf("%s: the carrier bills %v", x.name, x.bill())
		}
	}
	undo()
	for _, x := range both {
		x.daemon.Start(t)
	}
}

// forward sets the clock forward while calls go on, and back again.
func forward(t *testing.T, both []*exchange) {
	t.Helper()
	trunks := map[string][]*Call{}
	for _, x := range both {
		x.spend(t, 100*toll.Unit)
		x.begun = time.Now() // the new daemon's
		trunks[x.name] = x.dial(t)
	}
	undo := setClock(t, clockStep)
	set := time.Now()
	for _, x := range both {
		x.timersSetAnew(t, set)
	}
	undo()
	set = time.Now()
	for _, x := range both {
		x.timersSetAnew(t, set)
		for _, trunk := range trunks[x.name] {
			trunk.StaysUp(t, 0)
		}
	}
}

// bill is what the carrier's calls come to.
func (x *exchange) bill() (cost toll.Money) {
	price := x.price
	for _, c := range x.carrier.Calls() {
		cost += price.Cost(c.Outcome().Talk)
	}
	return cost
}
