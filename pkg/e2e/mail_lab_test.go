//go:build e2e

package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"testing"
	"time"
)

// dialSMTP connects and greets.
func (s *SMTPD) dialSMTP(t *testing.T) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(s.address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// refusedBy shows that an SMTP error has the code.
func refusedBy(t *testing.T, err error, code int) {
	t.Helper()
	if answer, ok := err.(*textproto.Error); !ok || answer.Code != code {
		t.Errorf("%v, want %d", err, code)
	}
}

// The mail server of the lab demands what a provider's does, and keeps what it is sent.
func TestMailServer(t *testing.T) {
	t.Parallel()
	s := StartSMTPD(t)
	c := s.dialSMTP(t)
	if ok, _ := c.Extension("AUTH"); ok {
		t.Error("it lets users log in in the clear")
	}
	if err := c.Mail("a@example.test"); err != nil {
		t.Fatal(err)
	}
	refusedBy(t, c.Rcpt("b@example.test"), 550)
	if err := c.Reset(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	if err := c.StartTLS(&tls.Config{ServerName: SMTPName, RootCAs: roots}); err != nil {
		t.Fatal(err)
	}
	refusedBy(t, c.Auth(smtp.PlainAuth("", s.User, "wrong", "127.0.0.1")), 535)

	c = s.dialSMTP(t)
	if err := c.StartTLS(&tls.Config{ServerName: SMTPName, RootCAs: roots}); err != nil {
		t.Fatal(err)
	}
	if err := c.Auth(smtp.PlainAuth("", s.User, s.Password, "127.0.0.1")); err != nil {
		t.Fatal(err)
	}
	s.Busy(t, true)
	refusedBy(t, c.Mail("a@example.test"), 451)
	s.Busy(t, false)
	if err := c.Mail("a@example.test"); err != nil {
		t.Fatal(err)
	}
	refusedBy(t, c.Rcpt("nobody@example.test"), 550)
	for _, to := range []string{"b@example.test", "c@example.test"} {
		if err := c.Rcpt(to); err != nil {
			t.Fatal(err)
		}
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	message := strings.Join([]string{
		"From: a@example.test", "To: b@example.test", "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Date: Sun, 22 Nov 2026 16:00:00 +0000",
		"Message-ID: <1@example.test>", "MIME-Version: 1.0", "Auto-Submitted: auto-generated",
		"Content-Type: multipart/alternative; boundary=x", "",
		"--x", "Content-Type: text/plain; charset=utf-8", "", "plain", "--x",
		"Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64", "", "PGI+", "--x--", "",
	}, "\r\n")
	if _, err := w.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := s.WaitMails(t, 2, 5*time.Second, "at all", func(Mail) bool { return true })
	to := map[string]bool{}
	for _, m := range got {
		to[m.To] = true
		if m.From != "a@example.test" || m.Subject != "Grüße" || strings.TrimSpace(m.Text) != "plain" || m.HTML != "<b>" {
			t.Errorf("received %+v", m)
		}
	}
	if len(got) != 2 || !to["b@example.test"] || !to["c@example.test"] {
		t.Errorf("%d mails to %v", len(got), to)
	}

	s.Stop(t)
	if _, err := smtp.Dial(s.address()); err == nil {
		t.Error("a stopped server answers")
	}
	s.Start(t)
	if got := s.Mails(t); len(got) != 2 {
		t.Errorf("%d mails after a new start", len(got))
	}
	s.Kill(t)
}

// What is broken or doubled in a mail is seen.
func TestBrokenMailIsSeen(t *testing.T) {
	t.Parallel()
	good := "Return-Path: <a@x>\nEnvelope-To: b@x\nDelivery-Date: x\nReceived: x\nFrom: a@x\nTo: b@x\nSubject: s\n" +
		"Date: Sun, 22 Nov 2026 16:00:00 +0000\nMessage-ID: <1@x>\nMIME-Version: 1.0\nAuto-Submitted: auto-generated\n" +
		"Content-Type: multipart/alternative; boundary=x\n\n" +
		"--x\nContent-Type: text/plain; charset=utf-8\n\nplain\n--x\nContent-Type: text/html; charset=utf-8\n\n<b>\n--x--\n"
	if _, err := parseMail([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"a second To":        {"To: b@x\n", "To: b@x\nTo: c@x\n"},
		"a second subject":   {"Subject: s\n", "Subject: s\nSubject: t\n"},
		"a header cut off":   {"Subject: s\n", "Subject: s\n\n"},
		"a third part":       {"--x--", "--x\nContent-Type: text/html; charset=utf-8\n\n<b>\n--x--"},
		"no part of HTML":    {"text/html", "text/plain"},
		"an attachment only": {"multipart/alternative", "application/pdf"},
		"no end":             {"--x--", ""},
		"no UTF-8":           {"plain\n", "\xff\n"},
	} {
		broken := strings.Replace(good, change[0], change[1], 1)
		if _, err := parseMail([]byte(broken)); broken == good || err == nil {
			t.Errorf("%s is not seen", what)
		}
	}
}
