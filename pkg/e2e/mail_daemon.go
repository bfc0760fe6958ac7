//go:build e2e

package e2e

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/alert"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The addresses of the tests' mails.
const (
	ownerAddress  = "owner@example.test"
	ownersAddress = "night-shift@example.test"
	senderAddress = "tollfuse@pbx.example.test"
)

// gatherTime and quietTime make incidents short, so that a test sees their end.
const (
	gatherTime = 2 * time.Second
	quietTime  = 4 * time.Second
)

// Configure makes a daemon mail to the owner by way of this server, by the rules that the server has.
func (s *SMTPD) Configure(c *config.Config) {
	c.Mail.To, c.Mail.From = []string{ownerAddress}, senderAddress
	c.Mail.Server, c.Mail.Security = s.address(), config.StartTLS
	c.Mail.CA, c.Mail.ServerName = s.CA, SMTPName
	c.Mail.User, c.Mail.PasswordFile = s.User, s.passwordFile()
	c.Alerts.Gather, c.Alerts.Quiet = gatherTime, quietTime
}

// withMail adds a mail server to the options of a daemon.
func withMail(s *SMTPD, o DaemonOptions) DaemonOptions {
	change := o.Change
	o.Change = func(c *config.Config) {
		s.Configure(c)
		if change != nil {
			change(c)
		}
	}
	return o
}

// forEachVersionMailing is forEachVersion with a mail server for each daemon.
func forEachVersionMailing(t *testing.T, o DaemonOptions, test func(*testing.T, *Lab, *Daemon, *SMTPD)) {
	t.Helper()
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := StartSMTPD(t)
			l, d := WithDaemon(t, suite, withMail(s, o))
			test(t, l, d, s)
		})
	}
}

// About tells whether the mail is the one about this notice. What it says does not count, only its name.
func (m Mail) About(n toll.Notice) bool {
	return m.Header.Get("Message-Id") == "<"+alert.NewMail(&n, alert.Message{}, senderAddress, "", n.At).ID+">"
}

// Says tells whether both the text and the HTML have these words, whatever spaces stand between them.
func (m Mail) Says(words ...string) bool {
	text, page := oneLine(m.Text), oneLine(html.UnescapeString(tags.ReplaceAllString(m.HTML, " ")))
	return !slices.ContainsFunc(words, func(w string) bool {
		return !strings.Contains(text, w) || !strings.Contains(page, w)
	})
}

var tags = regexp.MustCompile(`<[^>]*>`)

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Incidents are those of a kind, the oldest first.
func (d *Daemon) Incidents(t testing.TB, kind toll.IncidentKind) []toll.Incident {
	t.Helper()
	all, err := d.Admin.Incidents(t.Context(), admin.IncidentQuery{Kind: kind})
	if err != nil {
		t.Fatalf("list incidents: %v", err)
	}
	slices.Reverse(all)
	return all
}

// WaitIncidents waits until there are n incidents of a kind, and each of them is over.
func (d *Daemon) WaitIncidents(t testing.TB, kind toll.IncidentKind, n int, limit time.Duration) []toll.Incident {
	t.Helper()
	var all []toll.Incident
	Eventually(t, limit, "the incidents of kind "+string(kind)+" are over", func() bool {
		all = d.Incidents(t, kind)
		return len(all) >= n && !slices.ContainsFunc(all, func(i toll.Incident) bool { return i.Open() })
	})
	if len(all) != n {
		t.Fatalf("%d incidents of kind %s, want %d: %+v", len(all), kind, n, all)
	}
	return all
}

// Notices are what was told of an incident.
func (d *Daemon) Notices(t testing.TB, i toll.Incident) []toll.Notice {
	t.Helper()
	report, err := d.Admin.Incident(t.Context(), i.ID)
	if err != nil {
		t.Fatalf("show incident %s: %v", i.ID, err)
	}
	return report.Notices
}

// WaitTold waits until each notice of the incidents has left, and shows that each of them has come exactly once to
// each address, and nothing else has. It returns the mails to the first address.
func (d *Daemon) WaitTold(t testing.TB, s *SMTPD, limit time.Duration, incidents []toll.Incident) []Mail {
	t.Helper()
	var notices []toll.Notice
	for _, i := range incidents {
		var some []toll.Notice
		Eventually(t, limit, "every notice of "+i.ID+" has left", func() bool {
			some = d.Notices(t, i)
			return !slices.ContainsFunc(some, func(n toll.Notice) bool { return n.Sent.IsZero() })
		})
		notices = append(notices, some...)
	}
	want := len(notices) * len(d.Config.Mail.To)
	mails := s.WaitMails(t, want, 5*time.Second, "at all", func(Mail) bool { return true })
	if len(mails) != want {
		t.Errorf("%d mails, want %d: %q", len(mails), want, subjects(mails))
	}
	for _, n := range notices {
		for _, to := range d.Config.Mail.To {
			mine := slices.DeleteFunc(slices.Clone(mails), func(m Mail) bool { return m.To != to || !m.About(n) })
			if len(mine) != 1 {
				t.Errorf("%d mails to %s about notice %s: %q", len(mine), to, n.ID, subjects(mine))
			}
		}
	}
	return slices.DeleteFunc(mails, func(m Mail) bool { return m.To != d.Config.Mail.To[0] })
}
