//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mailSuite is the suite of Debian that the lab takes its mail server from.
const mailSuite = "bookworm"

// SMTPName is the name in the mail server's certificate.
const SMTPName = "mail.example.test"

// SMTPD is Debian's Exim on loopback. It wants STARTTLS and then a user, takes mail for everybody but nobody@, and
// keeps a copy for each recipient.
type SMTPD struct {
	Port           int    // on 127.0.0.1
	CA             string // PEM file of who signed its certificate
	User, Password string

	name, dir string
	process   *exec.Cmd
	exited    chan struct{}
}

// StartSMTPD starts a mail server with a certificate, a user and a port of its own, until the test ends.
func StartSMTPD(t testing.TB) *SMTPD {
	t.Helper()
	s := &SMTPD{
		Port: freePort(t), User: "tollfuse@example.test", Password: "correct horse, battery: staple",
		// Named like an exchange, so that what a killed test leaves behind is removed like one.
		name: fmt.Sprintf("pbx-%d-%d", os.Getpid(), started.Add(1)),
	}
	prepare := s.command("prepare")
	var complaint bytes.Buffer
	prepare.Stderr = &complaint
	out, err := prepare.Output()
	if err != nil {
		t.Fatalf("prepare the mail server: %v: %s", err, complaint.String())
	}
	s.dir = strings.TrimSpace(string(out))
	s.CA = filepath.Join(s.dir, "ca.pem")
	ca, certificate, key := makeCertificate(t, SMTPName)
	users := []byte(s.User + ": " + s.Password + "\n")
	for name, text := range map[string][]byte{"ca.pem": ca, "tls.crt": certificate, "tls.key": key, "passwd": users} {
		// The server runs as a user of its chroot; nobody else enters the folder.
		if err := os.WriteFile(filepath.Join(s.dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.passwordFile(), []byte(s.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Stop(t)
		if t.Failed() {
			t.Logf("the mail server's log:\n%s", s.Log())
		}
		if os.Getenv("TOLLFUSE_LAB_KEEP") == "" {
			os.RemoveAll(s.dir)
		}
	})
	s.Start(t)
	return s
}

// Start starts a stopped mail server, with the mails that it has, on the port that it had.
func (s *SMTPD) Start(t testing.TB) {
	t.Helper()
	output, err := os.OpenFile(filepath.Join(s.dir, "output"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	s.process = s.command("run")
	s.process.Stdout, s.process.Stderr = output, output
	// Its children, who receive and deliver, are in its process group, and end with it.
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		t.Fatalf("start the mail server: %v", err)
	}
	process, exited := s.process, make(chan struct{})
	s.exited = exited
	go func() {
		_ = process.Wait()
		close(exited)
	}()
	Eventually(t, 10*time.Second, "the mail server listens", func() bool {
		select {
		case <-exited:
			t.Fatalf("the mail server ended:\n%s", s.Log())
		default:
		}
		conn, err := net.Dial("tcp4", s.address())
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// Stop stops the mail server, as for an upgrade: what it has taken it delivers, and whoever connects afterwards is
// refused.
func (s *SMTPD) Stop(t testing.TB) {
	t.Helper()
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(syscall.SIGTERM)
	<-s.exited
	deadline := time.Now().Add(10 * time.Second)
	for spooled := s.spooled(t); spooled > 0; spooled = s.spooled(t) {
		if time.Now().After(deadline) {
			t.Errorf("the mail server does not deliver %d mails", spooled)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	// Its children wait for clients that are silent.
	_ = syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL)
	s.process = nil
}

// spooled is how many mails it has taken, or is taking, and not delivered.
func (s *SMTPD) spooled(t testing.TB) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "spool/input/*-D"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// Kill ends the mail server as a power cut does.
func (s *SMTPD) Kill(t testing.TB) {
	t.Helper()
	if err := syscall.Kill(-s.process.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill the mail server: %v", err)
	}
	<-s.exited
	s.process = nil
}

// Busy makes the server put every sender off with 451, or take mail again.
func (s *SMTPD) Busy(t testing.TB, busy bool) {
	t.Helper()
	file := filepath.Join(s.dir, "busy")
	var err error
	if busy {
		err = os.WriteFile(file, nil, 0o644)
	} else {
		err = os.Remove(file)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Log is what the server wrote.
func (s *SMTPD) Log() string {
	var all strings.Builder
	for _, name := range []string{"output", "log/mainlog", "log/paniclog"} {
		if text, err := os.ReadFile(filepath.Join(s.dir, name)); err == nil {
			all.Write(text)
		}
	}
	return all.String()
}

// passwordFile holds the password for the one who sends.
func (s *SMTPD) passwordFile() string { return filepath.Join(s.dir, "password") }

func (s *SMTPD) address() string { return fmt.Sprintf("127.0.0.1:%d", s.Port) }

func (s *SMTPD) command(verb string) *exec.Cmd {
	cmd := exec.Command(script, verb, mailSuite, s.name)
	cmd.Env = append(os.Environ(), fmt.Sprintf("SMTP_PORT=%d", s.Port))
	return cmd
}
