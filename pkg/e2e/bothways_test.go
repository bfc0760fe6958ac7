//go:build e2e

package e2e

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/replay"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// planned is one call of the attack that is played both ways. Each has a number of its own, by which it is known.
type planned struct {
	at     time.Duration // since the attack began
	from   string        // an extension
	number string
	talk   time.Duration // then the caller hangs up; 0: never
	gives  time.Duration // nobody answers, and so long after dialling the caller gives up
	sends  bool          // somebody outside calls the extension, which forwards

	via       string // the extension calls this number first, and sends that call on to the other
	announced bool   // … after it has called there itself
}

// first is the number that the extension dials first.
func (p planned) first() string { return cmp.Or(p.via, p.number) }

func inFreetown(n int) string { return fmt.Sprintf("002322222%04d", n) }

// plannedAttack goes on for half a minute: calls until the money is spent, a burst by one phone, and a try at each
// end of what the policy forbids. No two calls are renewed, cut or ended at the same time: which of them comes first
// would be chance.
func plannedAttack() []planned {
	const ms = time.Millisecond
	return []planned{
		{at: 0, from: "1001", number: inFreetown(1)},
		{at: 500 * ms, from: "1002", number: inFreetown(2), talk: 6 * time.Second},
		{at: 1000 * ms, from: "1003", number: inFreetown(3), sends: true},
		{at: 1500 * ms, from: "1009", number: satellite},
		{at: 2200 * ms, from: "1002", number: inFreetown(4)},
		{at: 2500 * ms, from: "1005", number: inLondon(5), gives: 3500 * ms},
		{at: 3000 * ms, from: "1005", number: inFreetown(6)}, // the sixth at a time
		{at: 3500 * ms, from: "1005", number: "0017675551234"},
		{at: 4000 * ms, from: "1007", number: "0023"},
		{at: 8000 * ms, from: "1006", number: inLondon(7)},
		{at: 8500 * ms, from: "1006", number: inLondon(8), talk: 1000 * ms},
		{at: 9500 * ms, from: "1006", number: inLondon(9)},
		{at: 10000 * ms, from: "1006", number: inLondon(10)}, // one more than it may try
		{at: 10500 * ms, from: "1006", number: inLondon(11)},
		{at: 11650 * ms, from: "1007", number: inLondon(12), talk: 2500 * ms},
		{at: 24000 * ms, from: "1008", number: inFreetown(13)}, // nothing is left
		{at: 24500 * ms, from: "1008", number: inLondon(14), talk: time.Second},
	}
}

// plannedPolicy has what such an attack runs into, one after the other.
func plannedPolicy() []toll.Setting {
	limit := func(l toll.Limit) toll.Setting { return toll.Setting{Limit: &l} }
	return []toll.Setting{
		denyCountry("DM"),
		limit(concurrentLimit(5)),
		limit(toll.Limit{ID: "budget", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerSite, Window: time.Hour}, Act: int64(3 * toll.Unit / 2)}),
		limit(toll.Limit{
			ID: "burst", Meter: toll.Meter{Measure: toll.Attempts, Scope: toll.PerCaller, Window: time.Minute}, Act: 3,
			Do: []toll.Action{toll.Deny, toll.LockCaller}, LockFor: 10 * time.Minute,
		}),
	}
}

// comesTo are words of what the attack must have come to, so that much is compared.
var comesTo = []string{
	"renewed", "forward:1003", "spent budget", "locked caller=1006", "limit at-once", "limit burst", "limit budget",
	"denied_rule", "denied_class", "bad_number",
}

// One attack is played on a real Asterisk, and what its phones did once more by the simulator. Both come to the same
// verdicts, renewals and cuts, call by call, and the carrier bills the same but for what nobody can see of a call.
func TestOneAttackBothWays(t *testing.T) {
	bothWays(t, plannedAttack(), comesTo, func(t *testing.T, d *Daemon, seen story, scenario *replay.Scenario) {
		for name, other := range otherPolicies() {
			played := heard{story{}}
			if _, err := app.SimulateTold(t.Context(), d.Config, other, scenario, played); err != nil {
				t.Fatal(err)
			}
			if len(seen.differences(played.story)) == 0 {
				t.Errorf("with %s the simulator comes to the same verdicts", name)
			}
		}
	})
}

// bothWays plays an attack on each version and by the simulator, and compares them. Each of the words must have come of
// it. The test goes on with what was seen of it.
func bothWays(t *testing.T, attack []planned, words []string, more func(*testing.T, *Daemon, story, *replay.Scenario)) {
	short := func(c *config.Config) { c.Calls.MinSlice, c.Calls.MaxSlice = 4*time.Second, 8*time.Second }
	forEachVersion(t, DaemonOptions{Change: short}, func(t *testing.T, l *Lab, d *Daemon) {
		takeWaysOut(t, l)
		for _, s := range plannedPolicy() {
			d.Set(t, s)
		}
		carrier := attackFor(t, l, attack)
		seen := d.story(t)
		played := heard{story{}}
		scenario := scenarioOf(t, attack, seen, carrier)
		result, err := app.SimulateTold(t.Context(), d.Config, plannedPolicy(), scenario, played)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(seen.String(), word) {
				t.Errorf("nothing of the attack has come to %q", word)
			}
		}
		if differ := seen.differences(played.story); len(differ) > 0 {
			t.Errorf("Asterisk and the simulator differ:\n%s", strings.Join(differ, "\n"))
			t.Logf("Asterisk:\n%vthe simulator:\n%v", seen, played.story)
		}
		samePrice(t, d, carrier, result)
		more(t, d, seen, scenario)
	})
}

// otherPolicies are not the daemon's, and must be told from it.
func otherPolicies() map[string][]toll.Setting {
	change := func(do func(*toll.Limit)) []toll.Setting {
		all := plannedPolicy()
		for _, s := range all {
			if s.Limit != nil {
				do(s.Limit)
			}
		}
		return all
	}
	set := func(id string, act int64) []toll.Setting {
		return change(func(l *toll.Limit) {
			if l.ID == id {
				l.Act = act
			}
		})
	}
	return map[string][]toll.Setting{
		"one call more at a time": set("at-once", 6),
		"one attempt more":        set("burst", 4),
		"a fifth more to spend":   set("budget", int64(18*toll.Unit/10)),
		"no rule":                 plannedPolicy()[1:],
		"no lock": change(func(l *toll.Limit) {
			l.Do, l.LockFor = nil, 0
		}),
	}
}

// attackFor plays the attack on Asterisk until no call is up any more.
func attackFor(t *testing.T, l *Lab, attack []planned) *Carrier {
	t.Helper()
	carrier := l.Carrier(t)
	carrier.OnCall(func(c *Call) Answer {
		for _, p := range attack {
			if p.number == c.Number && p.gives > 0 {
				return Answer{Ring: time.Minute}
			}
		}
		return Answer{Ring: 300 * time.Millisecond}
	})
	phones := map[string]*Phone{}
	for _, p := range attack {
		if phones[p.from] == nil {
			phones[p.from] = l.Phone(t, p.from)
		}
		if p.sends {
			phones[p.from].Always(Answer{Status: 302, Contact: fmt.Sprintf("sip:%s@127.0.0.1:%d", p.number, l.SIP)})
		}
	}
	var talking sync.WaitGroup
	began := time.Now()
	for _, p := range attack {
		time.Sleep(time.Until(began.Add(p.at)))
		switch {
		case p.sends:
			carrier.Dial(p.from, "030123")
			continue
		case p.via != "":
			p.sendOn(t, carrier, phones[p.from])
			continue
		}
		call := phones[p.from].Dial(p.number)
		switch {
		case p.gives > 0:
			time.AfterFunc(p.gives, call.Hangup)
		case p.talk > 0:
			talking.Go(func() { call.hangUpAfter(p.talk, nil) })
		}
	}
	l.WaitIdle(t, time.Minute)
	talking.Wait()
	return carrier
}

// scenarioOf tells the simulator what the phones and the carrier did, and when.
func scenarioOf(t *testing.T, attack []planned, seen story, carrier *Carrier) *replay.Scenario {
	t.Helper()
	const lasts = time.Minute
	s := &replay.Scenario{Name: "both ways", Site: replay.SiteFacts{Country: "DE"}, Lasts: lasts, Seed: 1}
	for _, p := range attack {
		asked := seen.asked(t, p.first())
		if s.Starts.IsZero() {
			s.Starts = asked
		}
		one := replay.Traffic{
			Label: replay.Attack, From: replay.Origin{Kind: replay.FromExtension, Names: []string{p.from}},
			To: []replay.Target{{Number: p.number, Weight: 1}}, After: asked.Sub(s.Starts), Every: lasts, Calls: 1,
			Talk: exactly(lasts), Ring: exactly(time.Second), Answered: 1,
		}
		switch {
		case p.sends:
			one.From.Kind = replay.FromForward
		case p.announced:
			one.From.Kind = replay.FromAttended
		case p.via != "":
			one.From.Kind = replay.FromTransfer
		}
		if p.via != "" {
			one.Via = []replay.Target{{Number: p.via, Weight: 1}}
		}
		for _, c := range carrier.Calls() {
			o := c.Outcome()
			if c.Number == p.number && p.talk > 0 {
				one.Talk = exactly(o.Talk)
			}
			switch {
			case c.Number != p.first():
			case o.Answered.IsZero():
				one.Ring, one.Answered = exactly(o.Ended.Sub(asked)), 0
			default:
				one.Ring = exactly(o.Answered.Sub(asked))
			}
		}
		s.Traffic = append(s.Traffic, one)
	}
	return s
}

func exactly(d time.Duration) replay.Talk { return replay.Talk{Min: d, Max: d} }

// samePrice holds the bill of the carrier against what the simulator bills.
func samePrice(t *testing.T, d *Daemon, carrier *Carrier, played replay.Result) {
	t.Helper()
	prices := map[string]toll.Price{}
	for _, e := range d.Replayed(t) {
		if e.Lease.ID != "" {
			prices[e.Lease.To.E164] = e.Lease.Price
		}
	}
	var least, bill, most toll.Money
	answered := 0
	for _, c := range carrier.Calls() {
		o := c.Outcome()
		if o.Answered.IsZero() {
			continue
		}
		price := prices[e164(c.Number)]
		answered++
		bill += price.Cost(o.Talk)
		least += price.Cost(max(o.Talk-toll.Blur, 0))
		most += price.Cost(o.Talk + toll.Blur)
	}
	t.Logf("measured: the carrier bills %v for %d calls, the simulator %v for %d", bill, answered, played.LeakedCost, played.LeakedCalls)
	if played.LeakedCost < least || played.LeakedCost > most || played.LeakedCalls != answered {
		t.Errorf("the simulator bills %v for %d calls, the carrier %v (%v to %v) for %d", played.LeakedCost, played.LeakedCalls, bill, least, most, answered)
	}
}
