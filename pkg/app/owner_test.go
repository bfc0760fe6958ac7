package app

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// postbox is a mail server that keeps what it gets.
type postbox struct {
	mu      sync.Mutex
	mails   []*mail.Message
	arrived chan struct{}
}

func (p *postbox) NewSession(*smtp.Conn) (smtp.Session, error) { return p, nil }
func (p *postbox) Reset()                                      {}
func (p *postbox) Logout() error                               { return nil }
func (p *postbox) Mail(string, *smtp.MailOptions) error        { return nil }
func (p *postbox) Rcpt(string, *smtp.RcptOptions) error        { return nil }

func (p *postbox) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.mails = append(p.mails, m)
	p.mu.Unlock()
	p.arrived <- struct{}{}
	return nil
}

func (p *postbox) subjects() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.mails {
		all = append(all, m.Header.Get("Subject"))
	}
	return all
}

// listen serves the postbox at the address until the test ends or stop is called.
func (p *postbox) listen(t *testing.T, address string) (string, func()) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s, done := smtp.NewServer(p), make(chan struct{})
	s.Domain = "localhost"
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	stop := sync.OnceFunc(func() { _ = s.Close(); <-done })
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func (p *postbox) wait(t *testing.T) {
	t.Helper()
	select {
	case <-p.arrived:
	case <-time.After(30 * time.Second):
		t.Fatalf("no mail came; those that did: %q", p.subjects())
	}
}

// attack is so many calls that are refused.
func (r running) attack(t *testing.T, from, n int) {
	t.Helper()
	for i := range n {
		if set := r.dial(t, fmt.Sprintf("9.%d", from+i), "19005551234"); !strings.Contains(set, "TOLLFUSE_VERDICT=deny") {
			t.Fatalf("a premium call: %s", set)
		}
	}
}

func TestTheOwnerIsMailedOnceThoughServerAndDaemonWereDown(t *testing.T) {
	p := &postbox{arrived: make(chan struct{}, 100)}
	address, stopServer := p.listen(t, "127.0.0.1:0")
	c := testConfig(t)
	c.Mail.To, c.Mail.Server, c.Mail.Security = []string{"owner@example.com"}, address, config.Plain
	c.Alerts.Gather = 10 * time.Millisecond
	r := startDaemon(t, c)
	test, err := r.client.TestAlert(t.Context())
	if err != nil || test.Server != address {
		t.Fatalf("%+v, %v", test, err)
	}
	p.wait(t)
	stopServer()

	r.attack(t, 0, 12)
	var open []toll.Incident
	until(t, "the incident has its notice", func() bool {
		s, err := r.client.Status(t.Context())
		open, _ = r.client.Incidents(t.Context(), admin.IncidentQuery{Open: true})
		return err == nil && s.Mail.Waiting == 1 && s.Mail.Error != "" && len(open) == 1
	})
	if _, err := r.client.TestAlert(t.Context()); admin.KindOf(err) != admin.Internal {
		t.Fatalf("a test without a server: %v", err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	p.listen(t, address)
	r = startDaemon(t, c)
	p.wait(t)
	closed, err := r.client.CloseIncident(t.Context(), open[0].ID)
	if err != nil || closed.Refused != 12 {
		t.Fatalf("%+v, %v", closed, err)
	}
	p.wait(t)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if got := p.subjects(); len(got) != 3 {
		t.Fatalf("mails %q, want a test, an opening and a closing", got)
	}
	r = startDaemon(t, c)
	report, err := r.client.Incident(t.Context(), open[0].ID)
	if err != nil || len(report.Notices) != 2 || report.Notices[0].Waits() || report.Notices[1].Waits() || report.Notices[0].Tries < 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
}

// until waits for something that the daemon does by itself.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("it did not come about that %s", what)
		}
	}
}

func TestTheOwnersFuseCommandIsTriedAndReset(t *testing.T) {
	c := testConfig(t)
	said := filepath.Join(t.TempDir(), "said")
	command := filepath.Join(t.TempDir(), "fuse")
	if err := os.WriteFile(command, []byte("#!/bin/sh\necho \"$1\" >>"+said+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.Fuse.Command = []string{command}
	r := startDaemon(t, c)
	for _, run := range []func() (admin.FuseRun, error){
		func() (admin.FuseRun, error) { return r.client.TestFuse(t.Context()) },
		func() (admin.FuseRun, error) { return r.client.ResetFuse(t.Context()) },
	} {
		if done, err := run(); err != nil || done.Command[0] != command {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	if s, err := r.client.Status(t.Context()); err != nil || !s.Fuse.Configured || s.Fuse.Blown != nil {
		t.Fatalf("%+v, %v", s.Fuse, err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(said); err != nil || string(text) != "test\nreset\n" {
		t.Fatalf("%q, %v", text, err)
	}
}

var _ admin.Service = (*control.Client)(nil)
