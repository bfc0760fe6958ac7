//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Command runs the program as the owner does, and returns what it printed and its exit code.
func (d *Daemon) Command(t testing.TB, words ...string) (printed string, code int) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(words, "--config", filepath.Join(d.Dir, "tollfuse.yaml"))...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("run tollfuse %s: %v", strings.Join(words, " "), err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// "tollfuse alert test" says that a real server took the mail, or what is wrong with it and what to do.
func TestAlertTestCommand(t *testing.T) {
	t.Parallel()
	s := StartSMTPD(t)
	_, d := WithDaemon(t, Asterisk22, withMail(s, DaemonOptions{}))
	took := func() {
		t.Helper()
		n := len(s.Mails(t))
		out, code := d.Command(t, "alert", "test")
		if code != 0 || !strings.Contains(out, s.address()) || !strings.Contains(out, ownerAddress) {
			t.Fatalf("alert test ends with %d and says %q", code, out)
		}
		mails := s.WaitMails(t, n+1, 5*time.Second, "of the test", func(Mail) bool { return true })
		if m := mails[n]; m.To != ownerAddress || !strings.Contains(strings.ToLower(m.Subject), "test") {
			t.Errorf("the mail of the test is to %s: %q", m.To, m.Subject)
		}
	}
	fails := func(what string, words ...string) {
		t.Helper()
		n := len(s.Mails(t))
		out, code := d.Command(t, "alert", "test")
		if code != 1 {
			t.Errorf("%s: alert test ends with %d", what, code)
		}
		for _, word := range words {
			if !strings.Contains(out, word) {
				t.Errorf("%s: alert test does not say %q: %s", what, word, out)
			}
		}
		if strings.Contains(out, s.Password) || len(s.Mails(t)) != n {
			t.Errorf("%s: a mail has come, or the password is shown: %s", what, out)
		}
		t.Logf("%s: %s", what, out)
	}
	took()

	s.Busy(t, true)
	fails("busy", "451", "try again later")
	s.Busy(t, false)
	s.Stop(t)
	fails("stopped", "connection refused", "mail.server")
	s.Start(t)

	// The daemon reads the file at each connection.
	trusted, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	other, _, _ := makeCertificate(t, SMTPName)
	if err := os.WriteFile(s.CA, other, 0o600); err != nil {
		t.Fatal(err)
	}
	fails("another authority", "mail.ca")
	if err := os.WriteFile(s.CA, trusted, 0o600); err != nil {
		t.Fatal(err)
	}
	took()

	if err := os.WriteFile(s.passwordFile(), []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.Stop(t)
	d.Start(t)
	fails("another password", "535", "mail.user")
}

// An address that the server refuses keeps nobody else from the mail, and brings it to nobody twice.
func TestMailWithABadAddress(t *testing.T) {
	t.Parallel()
	s := StartSMTPD(t)
	l, d := WithDaemon(t, Asterisk22, withMail(s, DaemonOptions{Change: func(c *config.Config) {
		c.Mail.To = []string{"nobody@example.test", ownerAddress}
	}}))
	out, code := d.Command(t, "alert", "test")
	if code != 1 || !strings.Contains(out, "nobody@example.test") || strings.Contains(out, ownerAddress) {
		t.Errorf("alert test ends with %d: %s", code, out)
	}
	refused(t, l.Phone(t, "1001"), 10, func(int) string { return satellite })
	attack := d.WaitIncidents(t, toll.Attack, 1, quietTime+10*time.Second)[0]
	for _, n := range d.Notices(t, attack) {
		mails := s.WaitMails(t, 1, 5*time.Second, "about "+n.ID, func(m Mail) bool { return m.About(n) })
		if len(mails) != 1 || mails[0].To != ownerAddress {
			t.Errorf("mails about notice %s: %q", n.ID, subjects(mails))
		}
	}
	if got, want := len(s.Mails(t)), 1+len(d.Notices(t, attack)); got != want {
		t.Errorf("%d mails, want %d", got, want)
	}
}

// Without a server notices leave by the machine's own sendmail, which Exim is too.
func TestMailBySendmail(t *testing.T) {
	t.Parallel()
	s := StartSMTPD(t)
	program := s.Sendmail(t)
	l, d := WithDaemon(t, Asterisk22, withMail(s, DaemonOptions{Change: func(c *config.Config) {
		c.Mail = config.Mail{To: []string{ownerAddress, ownersAddress}, From: senderAddress, Security: config.StartTLS, Sendmail: program}
	}}))
	refused(t, l.Phone(t, "1001"), 10, func(int) string { return satellite })
	for _, m := range d.WaitTold(t, s, 10*time.Second, d.WaitIncidents(t, toll.Attack, 1, quietTime+10*time.Second)) {
		if m.From != senderAddress || !m.Says("1001") {
			t.Errorf("a mail from %s:\n%s", m.From, m.Text)
		}
	}
	if out, code := d.Command(t, "alert", "test"); code != 0 || !strings.Contains(out, program) {
		t.Errorf("alert test ends with %d: %s", code, out)
	}
}

// Sendmail is the path of a program like Debian's /usr/sbin/sendmail, which delivers into this server's folder.
func (s *SMTPD) Sendmail(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sendmail")
	root := filepath.Dir(filepath.Dir(s.dir))
	text := fmt.Sprintf("#!/bin/sh\nexec chroot %s setpriv --reuid Debian-exim --regid Debian-exim --clear-groups /usr/sbin/sendmail -C /lab/%s/exim.conf \"$@\"\n", root, s.name)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}
