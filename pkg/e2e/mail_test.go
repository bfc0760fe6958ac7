//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// attackedNumber is a number in Sierra Leone, another one for each n.
func attackedNumber(n int) string { return fmt.Sprintf("002322222%04d", n) }

// refused dials so many calls, a few at a time, and shows that each of them is refused.
func refused(t *testing.T, phone *Phone, calls int, number func(n int) string) {
	t.Helper()
	var all sync.WaitGroup
	free := make(chan struct{}, 10)
	for n := range calls {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			call := phone.Dial(number(n))
			select {
			case <-call.ended:
			case <-time.After(20 * time.Second):
			}
			if o := call.Outcome(); o.Status != 403 {
				t.Errorf("the call to %s: %+v, want it refused", call.Number, o)
			}
		})
	}
	all.Wait()
}

// An attack of four hundred refused calls and six that were cut makes a handful of mails, and all that the owner
// must know is in them.
func TestAttackMakesFewMails(t *testing.T) {
	t.Parallel()
	const before, after, cut = 100, 300, 6
	forEachVersionMailing(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon, s *SMTPD) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1003")
		began := time.Now()
		refused(t, phone, before, func(int) string { return satellite })
		s.WaitMails(t, 1, 10*time.Second, "about the refusals", func(Mail) bool { return true })
		for n := range cut {
			phone.Dial(attackedNumber(n)).WaitAnswered(t, 5*time.Second)
		}
		d.WaitAnswered(t, cut)
		d.Set(t, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1003", Reason: "stolen password"}})
		var firstCut time.Time
		for _, trunk := range carrier.Calls() {
			if o := trunk.WaitEnded(t, 5*time.Second); firstCut.IsZero() || o.Ended.Before(firstCut) {
				firstCut = o.Ended
			}
		}
		refused(t, phone, after, attackedNumber)
		t.Logf("measured: an attack of %d calls within %v", before+after+cut, time.Since(began).Round(100*time.Millisecond))

		incident := d.WaitIncidents(t, toll.Attack, 1, quietTime+10*time.Second)[0]
		if incident.Refused != before+after || incident.Cut != cut || incident.Caller != "1003" || len(incident.Calls) != cut || len(incident.Locks) != 1 {
			t.Errorf("the incident %+v", incident)
		}
		mails := d.WaitTold(t, s, 10*time.Second, []toll.Incident{incident})
		if len(mails) < 3 || len(mails) > 5 {
			t.Errorf("%d mails about one attack", len(mails))
		}
		told := slices.IndexFunc(mails, func(m Mail) bool { return m.Arrived.After(firstCut) })
		if told < 0 || mails[told].Arrived.Sub(firstCut) > 15*time.Second {
			t.Fatalf("no mail tells of the cut calls in time, at %v: %q", firstCut, subjects(mails))
		}
		t.Logf("measured: %d mails: the first %v after the attack began, the first after the first cut %v after it: %q", len(mails),
			mails[0].Arrived.Sub(began).Round(100*time.Millisecond), mails[told].Arrived.Sub(firstCut).Round(100*time.Millisecond), subjects(mails))
		last := mails[len(mails)-1]
		for _, m := range []Mail{mails[told], last} {
			for n := range cut {
				if !m.Says(e164(attackedNumber(n))) {
					t.Errorf("%q does not have the call to %s", m.Subject, attackedNumber(n))
				}
			}
			if !m.Says("1003", "6 were cut", "stolen password", "tollfuse lock release 1003", "tollfuse incidents show "+incident.ID) {
				t.Errorf("%q does not have the caller, the lock and what to do:\n%s", m.Subject, m.Text)
			}
		}
		if !last.Says("400 were refused") {
			t.Errorf("the last mail does not have the refusals:\n%s", last.Text)
		}
		keep(t, mails[told])
	})
}

func subjects(mails []Mail) (all []string) {
	for _, m := range mails {
		all = append(all, m.Subject)
	}
	return all
}

// keep saves a mail for whoever wants to look at it, as TOLLFUSE_E2E_KEEP_MAIL says.
func keep(t *testing.T, m Mail) {
	t.Helper()
	dir := os.Getenv("TOLLFUSE_E2E_KEEP_MAIL")
	if dir == "" {
		return
	}
	name := strings.NewReplacer("/", "-").Replace(t.Name())
	for end, text := range map[string]string{".txt": m.Text, ".html": m.HTML, ".eml": string(m.Raw)} {
		if err := os.WriteFile(filepath.Join(dir, name+end), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Every call that a lock ends, or the owner himself, is in a mail, whoever made it and whether it was answered.
func TestMailHasEveryCallThatIsEnded(t *testing.T) {
	t.Parallel()
	forEachVersionMailing(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon, s *SMTPD) {
		carrier := l.Carrier(t)
		carrier.OnCall(func(c *Call) Answer {
			if c.Number == attackedNumber(2) {
				return Answer{Ring: time.Minute}
			}
			return Answer{}
		})
		one, two, three, four := l.Phone(t, "1001"), l.Phone(t, "1002"), l.Phone(t, "1003"), l.Phone(t, "1005")
		calls := []*Call{one.Dial(attackedNumber(0)), two.Dial(attackedNumber(1)), three.Dial(attackedNumber(2)), four.Dial(londonNew)}
		bystander := one.Dial(london)
		for _, c := range []*Call{calls[0], calls[1], calls[3], bystander} {
			c.WaitAnswered(t, 5*time.Second)
		}
		Eventually(t, 5*time.Second, "every call has its leg", func() bool {
			return !slices.ContainsFunc(d.WaitLive(t, 5, 5*time.Second), func(l toll.Lease) bool { return l.Leg == "" })
		})
		d.Set(t, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCountry, Subject: "SL", Reason: "nobody calls there"}})
		if out, code := d.Command(t, "hangup", "--caller", "1005", "--yes"); code != 0 {
			t.Fatalf("tollfuse hangup ends with %d: %s", code, out)
		}
		for _, c := range calls {
			c.WaitEnded(t, 5*time.Second)
		}
		// Three callers have an incident each, and who comes later shares one.
		incidents := d.WaitIncidents(t, toll.Attack, 4, quietTime+10*time.Second)
		mails := d.WaitTold(t, s, 10*time.Second, incidents)
		for n, caller := range []string{"1001", "1002", "1003", "1005"} {
			why := "locked"
			if caller == "1005" {
				why = "by hand"
			}
			found := slices.IndexFunc(mails, func(m Mail) bool { return m.Says(e164(calls[n].Number), caller, why) })
			if found < 0 {
				t.Errorf("no mail has the call of %s, and why it was cut: %q", caller, subjects(mails))
				continue
			}
			if after := mails[found].Arrived.Sub(calls[n].Outcome().Ended); after > 15*time.Second {
				t.Errorf("the mail about %s came after %v", caller, after)
			}
		}
		if !bystander.Up() {
			t.Errorf("the call to somewhere else: %+v", bystander.Outcome())
		}
		if slices.ContainsFunc(mails, func(m Mail) bool { return m.Says(e164(london)) }) {
			t.Error("a mail is about the call that went on")
		}
	})
}
