//go:build e2e

package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// contactAt gives the site an endpoint whose contact is a number at the carrier, as a stolen phone registers it.
func contactAt(t *testing.T, l *Lab, endpoint, uri string) {
	t.Helper()
	before, err := os.ReadFile(l.Path("etc/pjsip.conf"))
	if err != nil {
		t.Fatal(err)
	}
	l.WriteConfig(t, "pjsip.conf", string(before)+"\n["+endpoint+"]\ntype = endpoint\ntransport = transport\ncontext = internal\ndisallow = all\nallow = ulaw\naors = "+
		endpoint+"\n["+endpoint+"]\ntype = aor\ncontact = "+uri+"\n")
	l.CLI(t, "module reload res_pjsip.so")
}

// originated begins a call that waits.
func originated(t *testing.T, manager *ami.Client, channel string) {
	t.Helper()
	action := ami.NewAction("Originate", "Channel", channel, "Application", "Wait", "Data", "60", "Async", "true")
	if _, err := manager.Do(t.Context(), action); err != nil {
		t.Fatal(err)
	}
}

// Whoever calls a phone that has registered with the carrier's address calls the carrier. It is cut, and the phone
// answers for it.
func TestContactAtTheCarrierIsCut(t *testing.T) {
	forEachVersion(t, DaemonOptions{Change: cutBypasses}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		contactAt(t, l, "1099", "sip:"+sierraLeone+"@"+carrier.address())
		manager, begun := dialsBegun(t, l)
		l.Phone(t, "1001").Dial("1099")
		t.Logf("measured: contact at the carrier, from DialBegin to the carrier's BYE or CANCEL %v", cutAsBypass(t, carrier, 1, begun))
		d.WaitDecision(t, "cutting", "caller=extension:1099", "reason=bypass", "country=SL")
		originated(t, manager, "PJSIP/1099")
		t.Logf("measured: Originate of it %v", cutAsBypass(t, carrier, 2, begun))
		for _, lease := range d.WaitEnded(t, e164(sierraLeone), 2, 10*time.Second) {
			if lease.Caller.String() != "extension:1099" || lease.Cut != toll.ReasonBypass || lease.Trunk != "carrier" {
				t.Errorf("ended as %+v", lease)
			}
		}
	})
}

// What went round the dialplan while the link was away is found when it is back. An emergency call and one that
// had asked go on.
func TestBypassWhileLinkIsAwayIsCut(t *testing.T) {
	proxies := map[string]*Proxy{}
	forEachVersionWith(t, throughProxy(proxies, DaemonOptions{Change: cutBypasses}), func(t *testing.T, l *Lab, d *Daemon) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		manager := l.Manager(t, func(ami.Message) {})
		contactAt(t, l, "1099", "sip:"+londonNew+"@"+carrier.address())
		leased := phone.Dial(london)
		leased.WaitAnswered(t, 10*time.Second)
		d.WaitLease(t, e164(london), "is answered", 5*time.Second, answered)

		proxies[l.Suite].Cut()
		originated(t, manager, "PJSIP/"+sierraLeone+"@carrier")
		originated(t, manager, "PJSIP/112@carrier")
		l.Phone(t, "1002").Dial("1099")
		callFile(t, l, "PJSIP/"+londonEnding+"@carrier")
		carrier.WaitCalls(t, 5, 10*time.Second)
		for _, number := range []string{sierraLeone, londonNew, londonEnding, "112"} {
			trunkCall(t, carrier, number).WaitAnswered(t, 5*time.Second)
		}
		proxies[l.Suite].Restore()
		for _, number := range []string{sierraLeone, londonNew, londonEnding} {
			trunkCall(t, carrier, number).WaitEnded(t, 20*time.Second)
			for _, lease := range d.WaitEnded(t, e164(number), 1, 5*time.Second) {
				if lease.Cut != toll.ReasonBypass || lease.Trunk != "carrier" {
					t.Errorf("ended as %+v", lease)
				}
			}
		}
		d.WaitLinked(t)
		leased.StaysUp(t, 2*time.Second)
		trunkCall(t, carrier, "112").StaysUp(t, 0)
	})
}

// A phone that registers with the carrier's address is told of at once, and locked where the site wants that.
func TestContactAtTheCarrierIsFoundAsItRegisters(t *testing.T) {
	o := DaemonOptions{Change: func(c *config.Config) { c.Bypass = config.BypassLock }}
	forEachVersion(t, o, func(t *testing.T, l *Lab, d *Daemon) {
		contact := "<sip:" + sierraLeone + "@" + carrierHost + ":5060>"
		registers := func(extension string, seconds int) {
			t.Helper()
			if status := l.register(t, extension, contact, seconds); !strings.Contains(status, " 200 ") {
				t.Fatalf("%s registers: %s", extension, status)
			}
		}
		open := func(number int) {
			t.Helper()
			Eventually(t, 5*time.Second, "that many incidents about contacts are open", func() bool {
				all, err := d.Admin.Incidents(t.Context(), admin.IncidentQuery{Kind: toll.ContactTrouble, Open: true})
				return err == nil && len(all) == number
			})
		}
		locked := func(extension string) {
			t.Helper()
			Eventually(t, 5*time.Second, extension+" is locked", func() bool {
				all, err := d.Admin.Settings(t.Context())
				return err == nil && slices.ContainsFunc(all, func(s toll.Setting) bool { return s.Lock != nil && s.Lock.Subject == extension })
			})
		}
		registers("1002", 300)
		open(1)
		locked("1002")
		registers("1002", 0)
		open(0)
		refusedFor(t, l.Phone(t, "1002").Dial(london), toll.ReasonLocked)
	})
}
