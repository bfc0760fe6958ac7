//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// linkCut is how long the link to the manager interface is away.
const linkCut = 10 * time.Second

// throughProxy puts a link that can be cut between daemon and Asterisk, and keeps it by the Asterisk's name.
func throughProxy(proxies map[string]*Proxy, o DaemonOptions) func(*testing.T, *Lab) DaemonOptions {
	return func(t *testing.T, l *Lab) DaemonOptions {
		p := NewProxy(t, l.AMI)
		proxies[l.Suite] = p
		o := o
		o.AMI = fmt.Sprintf("127.0.0.1:%d", p.Port)
		return o
	}
}

// While the link is away one call goes on beyond its slice, one ends, one begins, one rings and is answered, and
// one caller is locked. When it is back all of that is as if it had never been away.
func TestLinkAwayForTenSeconds(t *testing.T) {
	const slice = 24 * time.Second // half of it is over while the link is away
	proxies := map[string]*Proxy{}
	o := DaemonOptions{
		Change: func(c *config.Config) { c.Calls.MinSlice, c.Calls.MaxSlice = slice/2, slice },
		Limits: []toll.Limit{concurrentLimit(3)},
	}
	forEachVersionWith(t, throughProxy(proxies, o), func(t *testing.T, l *Lab, d *Daemon) {
		proxy, carrier := proxies[l.Suite], l.Carrier(t)
		one, two, three := l.Phone(t, "1001"), l.Phone(t, "1002"), l.Phone(t, "1003")
		long, ending, shut := one.Dial(london), two.Dial(londonEnding), three.Dial(sierraLeone)
		for _, c := range []*Call{long, ending, shut} {
			c.WaitAnswered(t, 5*time.Second)
		}
		for _, number := range []string{london, londonEnding, sierraLeone} {
			d.WaitLease(t, e164(number), "is answered", 5*time.Second, answered)
		}
		lease := d.LeaseOf(t, e164(london), time.Second)
		ended := d.LeaseOf(t, e164(londonEnding), time.Second)
		long.StaysUp(t, 3*time.Second)

		proxy.Cut()
		cut := time.Now()
		refusedFor(t, two.Dial(londonNew), toll.ReasonLimit) // three are live
		ending.Hangup()
		endedAt := time.Now()
		d.Lock(t, "1003")
		shut.StaysUp(t, linkCut-time.Since(cut))
		if got := d.LeaseOf(t, lease.Key.Number, time.Second); got.Covered != lease.Covered {
			t.Errorf("%v are reserved while nobody could tell Asterisk, after %v before", got.Covered, lease.Covered)
		}
		if got := long.Outcome().Answered.Add(slice); time.Now().After(got) {
			t.Fatalf("the machine is too slow for this test: the first slice ended at %v", got)
		}

		restored := time.Now()
		proxy.Restore()
		o := shut.WaitEnded(t, 20*time.Second)
		if o.EndedBy != ByPBX {
			t.Errorf("the call of the locked caller: %+v", o)
		}
		d.WaitLinked(t)
		t.Logf("measured: link away for %v; lock carried out %v after it could come back", restored.Sub(cut).Round(time.Millisecond), o.Ended.Sub(restored).Round(time.Millisecond))
		d.settledLost(t, ended, trunkCall(t, carrier, londonEnding).Outcome().Talk, time.Since(endedAt))
		d.WaitLive(t, 1, 5*time.Second)

		// Beyond the end of the slice that Asterisk's timer knew when the link went.
		long.StaysUp(t, time.Until(long.Outcome().Answered.Add(slice+4*time.Second)))
		if got := d.LeaseOf(t, lease.Key.Number, time.Second); got.ID != lease.ID || got.Leg != lease.Leg {
			t.Errorf("the call goes on under lease %s of leg %s, had %s of %s", got.ID, got.Leg, lease.ID, lease.Leg)
		}
		for _, number := range []string{londonNew, londonRinging} { // one is live of three
			two.Dial(number).WaitAnswered(t, 5*time.Second)
		}
		refusedFor(t, two.Dial(london), toll.ReasonLimit)
		long.Hangup()
		settledOnce(t, d, lease.ID, trunkCall(t, carrier, london).WaitEnded(t, 5*time.Second).Talk)
		oneGrantEach(t, d)
	})
}

// trunkLegs are the Uniqueids of the channels on the trunk, and all is how many channels there are.
func (l *Lab) trunkLegs(t *testing.T) (legs []string, all int) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(l.CLI(t, "core show channels concise")), "\n") {
		if line == "" {
			continue
		}
		all++
		if columns := strings.Split(line, "!"); strings.HasPrefix(columns[0], "PJSIP/carrier-") {
			legs = append(legs, columns[len(columns)-1])
		}
	}
	slices.Sort(legs)
	return legs, all
}

// modelAgrees waits until the daemon knows exactly the channels that Asterisk has: as many in all, and a live
// lease for each trunk leg and no other.
func modelAgrees(t *testing.T, l *Lab, d *Daemon, when string) {
	t.Helper()
	var differ string
	deadline := time.Now().Add(5 * time.Second)
	for {
		want, all := l.trunkLegs(t)
		var got []string
		for _, lease := range d.Live(t) {
			got = append(got, lease.Leg)
		}
		slices.Sort(got)
		status, err := d.Admin.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		known := status.Process.Links[0].Channels
		if slices.Equal(got, want) && known == all {
			t.Logf("%s: %d channels, %d trunk legs with a lease each", when, all, len(got))
			return
		}
		differ = fmt.Sprintf("Asterisk has %d channels and %d trunk legs, the daemon knows %d and %d", all, len(want), known, len(got))
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s", when, differ)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Two hundred calls begin, talk and end while the link is cut and restored: half of them begin before and end
// while it is away, half begin while it is away.
func TestTwoHundredCallsWhileTheLinkIsAway(t *testing.T) {
	const half = 100
	proxies := map[string]*Proxy{}
	forEachVersionWith(t, throughProxy(proxies, DaemonOptions{}), func(t *testing.T, l *Lab, d *Daemon) {
		proxy, carrier := proxies[l.Suite], l.Carrier(t)
		early := SIPp{Scenario: "phone.xml", Extension: "1001", Number: london, Calls: half, Rate: 40, Talk: 4 * time.Second}.Start(t, l)
		Eventually(t, 10*time.Second, "half of the first calls are up", func() bool { return carrier.Up() >= half/2 })
		proxy.Cut()
		late := SIPp{Scenario: "phone.xml", Extension: "1002", Number: berlin, Calls: half, Rate: 25, Talk: 10 * time.Second}.Start(t, l)
		Eventually(t, 20*time.Second, "a third of the first calls has ended", func() bool { return len(carrier.Calls())-carrier.Up() > half/3 })
		proxy.Restore()
		d.WaitLinked(t)
		if err := early(); err != nil {
			t.Error(err)
		}
		Eventually(t, 10*time.Second, "the second half is up alone", func() bool { return carrier.Up() == half && len(carrier.Calls()) == 2*half })
		modelAgrees(t, l, d, "in the middle")
		if err := late(); err != nil {
			t.Error(err)
		}
		l.WaitIdle(t, 10*time.Second)
		modelAgrees(t, l, d, "afterwards")
		ended := map[string]bool{}
		for _, e := range d.WaitHistory(t, admin.HistoryQuery{Limit: 1000}, 2*half) {
			ended[e.Lease.Key.Uniqueid] = true
		}
		if len(ended) != 2*half {
			t.Errorf("%d calls in the history, want %d", len(ended), 2*half)
		}
		oneGrantEach(t, d)
	})
}
