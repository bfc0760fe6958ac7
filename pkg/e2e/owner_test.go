//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// does runs the program as the owner does, and returns when it was begun.
func (d *Daemon) does(t *testing.T, words ...string) (begun time.Time, said string) {
	t.Helper()
	begun = time.Now()
	said, code := d.Command(t, words...)
	if code != 0 {
		t.Fatalf("tollfuse %s ends with %d: %s", strings.Join(words, " "), code, said)
	}
	return begun, said
}

// cutBy is a command of the owner's that ends a call, and what must then be said about it.
type cutBy struct {
	command []string
	trunk   *Call
	why     toll.Reason
	by      string
	says    string // the mail
}

// What the owner types ends the calls it is about within a second, and no others; decision log, history, incident
// and mail say which words of his did it.
func TestCommandsCutLiveCalls(t *testing.T) {
	forEachVersionMailing(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon, s *SMTPD) {
		carrier := l.Carrier(t)
		dial := func(extension, number string) *Call {
			before := len(carrier.Calls())
			l.Phone(t, extension).Dial(number).WaitAnswered(t, 10*time.Second)
			return carrier.WaitCalls(t, before+1, 5*time.Second)[before]
		}
		cuts := []cutBy{
			{[]string{"lock", "1001", "--reason", "lost handset"}, dial("1001", london), toll.ReasonLocked, "caller=1001", "locked by \"root\" until it is released: \"lost handset\""},
			{[]string{"rule", "set", "no-sl", "--deny", "--country", "SL"}, dial("1002", sierraLeone), toll.ReasonDeniedRule, "no-sl", "denied by rule no-sl"},
			{[]string{"rule", "set", "not-1003", "--deny", "--caller", "1003", "--where", "abroad"}, dial("1003", london), toll.ReasonDeniedRule, "not-1003", "denied by rule not-1003"},
		}
		bystander := dial("1005", london)
		d.WaitAnswered(t, len(cuts)+1)
		leases := d.Live(t)

		// Rules that do not concern them change nothing.
		d.does(t, "rule", "set", "no-al", "--deny", "--country", "AL")
		d.does(t, "rule", "set", "not-1006", "--deny", "--caller", "1006")
		d.does(t, "lock", "1006")
		for _, c := range cuts {
			c.trunk.StaysUp(t, 0)
			begun, _ := d.does(t, c.command...)
			after := untilBye(t, begun, c.trunk)
			t.Logf("measured: from tollfuse %s to the carrier's BYE: %v", strings.Join(c.command, " "), after.Round(time.Millisecond))
			if after > time.Second {
				t.Errorf("tollfuse %s: cut after %v", strings.Join(c.command, " "), after)
			}
		}
		bystander.StaysUp(t, 500*time.Millisecond)
		d.WaitLive(t, 1, 5*time.Second)

		incidents := d.WaitIncidents(t, toll.Attack, len(cuts), quietTime+10*time.Second)
		for i, c := range cuts {
			id := ""
			for _, lease := range leases {
				if lease.Caller.ID == incidents[i].Caller {
					id = lease.ID
				}
			}
			d.WaitDecision(t, "cutting", "caller=extension:"+incidents[i].Caller, "reason="+string(c.why), "lease="+id)
			ended := d.WaitHistory(t, admin.HistoryQuery{Lease: id}, 1)[0].Lease
			if ended.Cut != c.why || ended.By != c.by || !near(ended.Talked, c.trunk.Outcome().Talk, 500*time.Millisecond) {
				t.Errorf("ended as %+v, the carrier bills %v", ended, c.trunk.Outcome().Talk)
			}
			if calls := incidents[i].Calls; len(calls) != 1 || calls[0].Lease != id || calls[0].Cut != c.why || calls[0].By != c.by {
				t.Errorf("the incident has %+v", calls)
			}
			if _, shown := d.does(t, "calls", "show", id); !strings.Contains(shown, c.by) {
				t.Errorf("calls show does not say %q: %s", c.by, shown)
			}
		}
		mails := d.WaitTold(t, s, 10*time.Second, incidents)
		for i, c := range cuts {
			if !slices.ContainsFunc(mails, func(m Mail) bool {
				return m.Says("ended by hand", incidents[i].ID, c.says)
			}) {
				t.Errorf("no mail says %q of incident %s: %q", c.says, incidents[i].ID, subjects(mails))
			}
		}
	})
}
