//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// patience is how long until a mail about something that lasts: it is no trouble before ten seconds, and over
// when it has been well for as long.
const patience = 30 * time.Second

// The owner hears of an emergency call; of a PBX that nobody sees, and of a ledger that cannot be written, although
// nothing about it can be written; and that they are back.
func TestMailAboutTroubles(t *testing.T) {
	t.Parallel()
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, disk := StartSMTPD(t), SmallDisk(t, 8<<20)
			l := Prepare(t, Options{Suite: suite})
			proxy := NewProxy(t, l.AMI)
			d := PrepareDaemon(t, l, withMail(s, DaemonOptions{
				AMI: fmt.Sprintf("127.0.0.1:%d", proxy.Port),
				Change: func(c *config.Config) {
					ledgerOn(disk)(c)
					c.Alerts.Emergency, c.Alerts.LinkDown, c.Alerts.DiskFree = true, 2*time.Second, 1
				},
			}))
			l.Run(t)
			d.Start(t)
			hearsOfEmergency(t, l, d, s)
			hearsOfTroubles(t, d, s, proxy, disk)
		})
	}
}

func hearsOfEmergency(t *testing.T, l *Lab, d *Daemon, s *SMTPD) {
	t.Helper()
	carrier, phone := l.Carrier(t), l.Phone(t, "1002")
	call := dialsEmergency(t, carrier, phone, "with alerts")
	m := s.WaitMails(t, 1, 10*time.Second, "about the emergency call", func(Mail) bool { return true })[0]
	t.Logf("measured: %q, %v after the call", m.Subject, m.Arrived.Sub(call.Outcome().Begun).Round(time.Millisecond))
	if !m.Says("1002", emergencyNumber) || !strings.Contains(m.Subject, "1002") {
		t.Errorf("the mail about the emergency call: %s\n%s", m.Subject, m.Text)
	}
	call.StaysUp(t, 0)
	call.Hangup()
	d.WaitLive(t, 0, 5*time.Second)
	d.WaitTold(t, s, 5*time.Second, d.WaitIncidents(t, toll.EmergencyCall, 1, quietTime+5*time.Second))
}

func hearsOfTroubles(t *testing.T, d *Daemon, s *SMTPD, proxy *Proxy, disk string) {
	t.Helper()
	began := time.Now()
	proxy.Cut()
	free := FillDisk(t, disk)
	kinds := []toll.IncidentKind{toll.LinkTrouble, toll.DiskTrouble, toll.LedgerTrouble}
	mails := s.WaitMails(t, 1+len(kinds), patience, "about the troubles", func(Mail) bool { return true })
	for _, m := range mails[1:] {
		t.Logf("measured: %q, %v after it began", m.Subject, m.Arrived.Sub(began).Round(100*time.Millisecond))
	}
	if len(mails) != 1+len(kinds) {
		t.Errorf("mails: %q", subjects(mails))
	}
	if !slices.ContainsFunc(mails, func(m Mail) bool { return m.Says(PBXName) }) {
		t.Errorf("no mail names the PBX: %q", subjects(mails))
	}
	if d.Logged(t, "the ledger cannot be written") == 0 {
		t.Error("the ledger could be written, so nothing was tried")
	}

	proxy.Restore()
	free()
	mended := time.Now()
	var incidents []toll.Incident
	for _, kind := range append(kinds, toll.EmergencyCall) {
		incidents = append(incidents, d.WaitIncidents(t, kind, 1, patience)...)
	}
	mails = d.WaitTold(t, s, patience, incidents)
	if want := 1 + 2*len(kinds); len(mails) != want {
		t.Errorf("%d mails, want %d: %q", len(mails), want, subjects(mails))
	}
	for _, m := range mails[min(4, len(mails)):] {
		t.Logf("measured: %q, %v after it was mended", m.Subject, m.Arrived.Sub(mended).Round(100*time.Millisecond))
	}
}

// downTime is for how long the mail server is away.
func downTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("TOLLFUSE_E2E_SMTP_DOWN")
	if text == "" {
		return 45 * time.Second
	}
	down, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("TOLLFUSE_E2E_SMTP_DOWN: %v", err)
	}
	return down
}

// The mail server is away, the daemon is killed meanwhile, more than once, and the server puts senders off when it
// is back. Then each mail comes, to each address, exactly once.
func TestMailServerAway(t *testing.T) {
	t.Parallel()
	down := downTime(t)
	s := StartSMTPD(t)
	l, d := WithDaemon(t, Asterisk22, withMail(s, DaemonOptions{
		Change: func(c *config.Config) { c.Mail.To = []string{ownerAddress, ownersAddress} },
	}))
	carrier, one, two := l.Carrier(t), l.Phone(t, "1001"), l.Phone(t, "1002")
	s.Stop(t)
	stopped := time.Now()

	refused(t, one, 10, func(int) string { return satellite })
	Eventually(t, 10*time.Second, "somebody has tried to send", func() bool {
		all := d.Incidents(t, toll.Attack)
		if len(all) == 0 {
			return false
		}
		notices := d.Notices(t, all[0])
		return len(notices) > 0 && notices[0].Tries > 0 && notices[0].Error != ""
	})
	d.Kill(t)
	d.Start(t)
	two.Dial(attackedNumber(1)).WaitAnswered(t, 5*time.Second)
	d.WaitAnswered(t, 1)
	d.Lock(t, "1002")
	carrier.Calls()[0].WaitEnded(t, 5*time.Second)
	d.WaitLive(t, 0, 5*time.Second)
	Eventually(t, 10*time.Second, "the second attack is told of", func() bool {
		all := d.Incidents(t, toll.Attack)
		return len(all) == 2 && len(d.Notices(t, all[1])) > 0
	})
	d.Kill(t)
	d.Start(t)
	incidents := d.WaitIncidents(t, toll.Attack, 2, quietTime+10*time.Second)
	if mails := s.Mails(t); len(mails) != 0 {
		t.Fatalf("a server that is down has mails: %q", subjects(mails))
	}
	status, err := d.Admin.Status(t.Context())
	if err != nil || status.Mail.Waiting == 0 || status.Mail.Error == "" {
		t.Errorf("the status of mail is %+v (%v)", status.Mail, err)
	}
	time.Sleep(time.Until(stopped.Add(down)))

	s.Busy(t, true)
	s.Start(t)
	d.Kill(t)
	d.Start(t)
	s.Busy(t, false)
	back := time.Now()
	mails := d.WaitTold(t, s, down+2*time.Minute, incidents)
	t.Logf("measured: the mail server away for %v, the daemon killed 3 times; %d mails to each of %d addresses, each once, the last %v after the server was back",
		back.Sub(stopped).Round(time.Second), len(mails), len(d.Config.Mail.To), mails[len(mails)-1].Arrived.Sub(back).Round(time.Second))
	for _, m := range mails {
		if !m.Arrived.After(back) {
			t.Errorf("%q came at %v, before the server was back", m.Subject, m.Arrived)
		}
	}
}

// Calls around the dialplan, more than the configuration bears, run the owner's command; he is told, and can reset.
func TestMainFuse(t *testing.T) {
	t.Parallel()
	const bypasses = 3
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := StartSMTPD(t)
			command := filepath.Join(t.TempDir(), "shut")
			if err := os.WriteFile(command, []byte("#!/bin/sh\necho \"$*\" \"$TOLLFUSE_WHY\" >>\"$0.log\"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			l, d := WithDaemon(t, suite, withMail(s, DaemonOptions{Change: func(c *config.Config) {
				cutBypasses(c)
				c.Fuse.Command, c.Fuse.Bypasses = []string{command, "carrier 1"}, bypasses
			}}))
			carrier, phone := l.Carrier(t), l.Phone(t, "1004")
			for round := range 2 {
				began := time.Now()
				for n := range bypasses {
					if lines := ran(t, command); len(lines) != 2*round {
						t.Fatalf("after %d calls the command has run: %q", n, lines)
					}
					call := phone.Dial(attackedNumber(n))
					if o := call.WaitEnded(t, 10*time.Second); o.EndedBy != ByPBX {
						t.Fatalf("a call round the dialplan: %+v", o)
					}
					d.WaitLive(t, 0, 5*time.Second)
				}
				Eventually(t, 5*time.Second, "the command has run", func() bool { return len(ran(t, command)) == 2*round+1 })
				if line := ran(t, command)[2*round]; !strings.HasPrefix(line, "carrier 1 blow ") || !strings.Contains(line, fmt.Sprint(bypasses)) {
					t.Errorf("the command was run as %q", line)
				}
				blown := d.Incidents(t, toll.FuseBlown)
				if len(blown) != round+1 {
					t.Fatalf("incidents of the fuse: %+v", blown)
				}
				m := s.WaitMails(t, 1, 15*time.Second, "about the fuse", func(m Mail) bool { return m.About(d.Notices(t, blown[round])[0]) })[0]
				if !m.Says(blown[round].Text, "tollfuse fuse reset") {
					t.Errorf("the mail about the fuse, %q, does not say why, and how to reset it:\n%s", m.Subject, m.Text)
				}
				t.Logf("measured: the command has run and is mailed %v after the first call", time.Since(began).Round(100*time.Millisecond))
				d.resets(t)
				if line := ran(t, command)[2*round+1]; !strings.HasPrefix(line, "carrier 1 reset") {
					t.Errorf("the command was run as %q", line)
				}
			}
			if n := len(carrier.Calls()); n > 2*bypasses {
				t.Errorf("%d calls at the carrier", n)
			}
			incidents := append(d.WaitIncidents(t, toll.FuseBlown, 2, 5*time.Second), d.WaitIncidents(t, toll.Attack, 1, quietTime+10*time.Second)...)
			mails := d.WaitTold(t, s, 10*time.Second, incidents)
			if len(mails) > 10 {
				t.Errorf("%d mails: %q", len(mails), subjects(mails))
			}
		})
	}
}

// ran are the lines that the fuse's command has written, one for each run.
func ran(t *testing.T, command string) []string {
	t.Helper()
	text, err := os.ReadFile(command + ".log")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(text)))
}

// resets runs "tollfuse fuse reset" as the owner does.
func (d *Daemon) resets(t *testing.T) {
	t.Helper()
	if out, code := d.Command(t, "fuse", "reset"); code != 0 {
		t.Fatalf("tollfuse fuse reset ends with %d: %s", code, out)
	}
	status, err := d.Admin.Status(t.Context())
	if err != nil || status.Fuse.Blown != nil || !status.Fuse.Configured {
		t.Errorf("after the reset the fuse is %+v (%v)", status.Fuse, err)
	}
}
