//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// carrierPrice is what the carrier of the demonstration charges, in units of
// currency a second: a second stands for a minute.
var carrierPrice = map[string]float64{london: 0.30, sierraLeone: 1.50, berlin: 0.02, satellite: 10}

const satellite = "00881612345678"

// attackTalk is for how long each call of the attack would talk.
const attackTalk = 12 * time.Second

// TestDemo is the demonstration on a real Asterisk: a weekend attack over SIP,
// a second for a minute, and the carrier's bill with Tollfuse and without.
func TestDemo(t *testing.T) {
	budget := toll.Limit{
		ID: "abroad-site-day", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerSite, Window: 24 * time.Hour, Where: toll.Abroad},
		Act: int64(toll.Unit) / 2, Comment: "0.50 at a price a minute, which stands for 30.00 here",
	}
	l, d := WithDaemon(t, Asterisk22, DaemonOptions{
		Limits: []toll.Limit{budget, {ID: "abroad-caller-live", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerCaller, Where: toll.Abroad}, Act: 3}},
		Change: func(c *config.Config) { c.Calls.MinSlice, c.Calls.MaxSlice = 2*time.Second, 4*time.Second },
	})
	carrier := l.Carrier(t)
	office, stolen, unguarded := l.Phone(t, "1001"), l.Phone(t, "1003"), l.Phone(t, "1004")

	t.Log("Friday: the office works; somebody calls for an ambulance")
	calls := []*Call{office.Dial(berlin), office.Dial(london), office.Dial("112")}
	for _, c := range calls {
		c.WaitAnswered(t, 10*time.Second)
	}
	for _, c := range calls {
		c.StaysUp(t, time.Second)
		c.Hangup()
	}

	t.Log("Saturday night: the password of 1003 is known, and a line of dialplan asks nobody")
	without := 0.0
	var attack []*Call
	for n := range 24 {
		number := []string{sierraLeone, satellite}[n%2]
		without += attackTalk.Seconds() * carrierPrice[number]
		attack = append(attack, stolen.Dial(number))
	}
	attack = append(attack, unguarded.Dial(sierraLeone))
	without += attackTalk.Seconds() * carrierPrice[sierraLeone]
	time.Sleep(attackTalk)
	for _, c := range attack {
		c.Hangup()
		c.WaitEnded(t, 10*time.Second)
	}
	d.WaitLive(t, 0, 10*time.Second)

	with, refused := 0.0, 0
	for _, c := range carrier.Calls() {
		o := c.WaitEnded(t, 10*time.Second)
		with += o.Talk.Seconds() * carrierPrice[c.Number]
		if c.Number == satellite {
			t.Error("a satellite call reached the carrier")
		}
	}
	for _, c := range attack {
		if o := c.Outcome(); o.Status >= 300 {
			refused++
		}
	}
	fmt.Println(strings.TrimSpace(d.Decisions(t)))
	fmt.Printf("\nof %d calls of the attack %d were refused\nthe attack without Tollfuse  %8.2f\nthe whole bill with Tollfuse %8.2f   (the budget stands for 30.00)\n", len(attack), refused, without, with)
	if with >= 40 || without < 1000 || refused < 20 {
		t.Errorf("the bill is %.2f with and %.2f without, %d refused", with, without, refused)
	}
}
