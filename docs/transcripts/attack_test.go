package transcripts_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// attacked is a machine on which the daemon runs, between a simulated Asterisk
// and a mail server that takes everything.
type attacked struct {
	*machine
	pbx *pbxsim.PBX
}

// amiSecret is between the daemon and the simulated Asterisk.
const amiSecret = "between-the-two"

// newAttacked starts it all, off the tape.
func newAttacked(t *testing.T) *attacked {
	t.Helper()
	m := newMachine(t)
	m.compile("usr/local/sbin/shut", "testdata/shut")
	pbx, err := pbxsim.Start(t.Context(), pbxsim.Options{
		Name: "pbx", SystemName: "pbx", User: "tollfuse", Secret: amiSecret,
		Dialplan: pbxsim.Dialplan{Emergency: []string{"911"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pbx.Close)
	m.founded("--ami-address", pbx.AMI(), "--ami-secret", amiSecret,
		"--mail-to", "owner@example.com", "--mail-server", mailServer(t), "--mail-security", "none")
	// What is asked listens where nobody else does on this machine.
	fastagi := freeAddress(t)
	settings := m.read("etc/tollfuse/tollfuse.yaml")
	m.write("etc/tollfuse/tollfuse.yaml", strings.Replace(settings, "\nalerts:\n", "\nfastagi:\n  listen: "+fastagi+"\n\nalerts:\n  gather: 1s\n", 1)+
		"\nfuse:\n  command: [/usr/local/sbin/shut]\n")
	if out, err := m.command("dialplan", "--force").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.serves()
	pbx.SetAGI(fastagi)
	if err := pbx.Connected(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &attacked{m, pbx}
}

// freeAddress is one on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serves runs the daemon from when it is ready until the test ends.
func (m *machine) serves() {
	m.t.Helper()
	serve := m.command("serve")
	log, err := serve.StderrPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		m.t.Fatal(err)
	}
	var said bytes.Buffer
	ready, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		waited := ready
		for lines := bufio.NewScanner(log); lines.Scan(); {
			fmt.Fprintln(&said, lines.Text())
			if waited != nil && strings.Contains(lines.Text(), "msg=ready ") {
				close(waited)
				waited = nil
			}
		}
	}()
	m.t.Cleanup(func() {
		_ = serve.Process.Signal(syscall.SIGTERM)
		<-ended
		if err := serve.Wait(); err != nil || m.t.Failed() {
			m.t.Errorf("the daemon ended with %v\n%s", err, said.String())
		}
	})
	select {
	case <-ready:
	case <-ended:
		m.t.Fatal("the daemon has not begun")
	}
}

// up makes a call that is answered and goes on.
func (a *attacked) up(from, number string) *pbxsim.Live {
	a.t.Helper()
	live, err := a.pbx.Dial(pbxsim.Call{From: from, Number: number, Ring: time.Millisecond})
	if err != nil {
		a.t.Fatal(err)
	}
	select {
	case <-live.Answered():
	case <-live.Done():
		a.t.Fatalf("%s to %s: %+v", from, number, live.Outcome())
	}
	return live
}

// bypasses makes a call around the dialplan, and waits until it was hung up.
func (a *attacked) bypasses(number string) {
	a.t.Helper()
	live, err := a.pbx.Dial(pbxsim.Call{Way: pbxsim.Originated, Number: number, Ring: time.Millisecond})
	if err != nil {
		a.t.Fatal(err)
	}
	<-live.Done()
	if o := live.Outcome(); o.End != pbxsim.EndCut {
		a.t.Fatalf("to %s: %+v", number, o)
	}
}

// refused makes a call that does not get through.
func (a *attacked) refused(from, number string) {
	a.t.Helper()
	live, err := a.pbx.Dial(pbxsim.Call{From: from, Number: number})
	if err != nil {
		a.t.Fatal(err)
	}
	select {
	case <-live.Done():
	case <-live.Answered():
	}
	if o := live.Outcome(); o.End != pbxsim.EndRefused {
		a.t.Fatalf("%s to %s: %+v", from, number, o)
	}
}

// until asks a command for its JSON again and again, until that is as it should
// be.
func until[T any](m *machine, is func(T) bool, args ...string) T {
	m.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	late := time.After(patience)
	for {
		var said T
		m.asked(&said, args...)
		if is(said) {
			return said
		}
		select {
		case <-again.C:
		case <-late:
			m.t.Fatalf("%q goes on to say %+v", args, said)
		}
	}
}

// incident waits until the only incident is as it should be, and returns its ID.
func (a *attacked) incident(is func(admin.IncidentReport) bool) string {
	a.t.Helper()
	all := until(a.machine, func(all []toll.Incident) bool { return len(all) == 1 }, "incidents", "list")
	until(a.machine, is, "incidents", "show", all[0].ID)
	return all[0].ID
}

// asked runs a command off the tape, for its JSON.
func (m *machine) asked(into any, args ...string) {
	m.t.Helper()
	out, err := m.command(append(args, "--json")...).CombinedOutput()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if err != nil {
		m.t.Fatalf("%q: %v\n%s", args, err, out)
	}
}

func (m *machine) read(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(m.path(name))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

// mailServer takes every mail and keeps none.
func mailServer(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return taker{}, nil }))
	server.Domain = "localhost"
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(l) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	return l.Addr().String()
}

type taker struct{}

func (taker) Mail(string, *smtp.MailOptions) error { return nil }
func (taker) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (taker) Reset()                               {}
func (taker) Logout() error                        { return nil }
func (taker) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
