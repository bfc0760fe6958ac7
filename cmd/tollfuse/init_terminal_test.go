package main

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// typist waits for a prompt before it types.
type typist struct {
	*testTerminal
	t    *testing.T
	seen int // how much of the screen
}

// see waits for a text on the screen, behind the last one that was seen.
func (p *typist) see(want string) {
	p.t.Helper()
	for {
		if at := strings.Index(p.now()[p.seen:], want); at >= 0 {
			p.seen += at + len(want)
			return
		}
		select {
		case <-p.more:
		case <-p.t.Context().Done():
			p.t.Fatalf("%q did not come in\n%s", want, p.now())
		}
	}
}

func (p *typist) answer(prompt, keys string) {
	p.t.Helper()
	p.see(prompt)
	p.typed(p.t, keys)
}

// TestInitOnATerminal asks without being told to, hides the password, and shows
// what is typed again behind it.
func TestInitOnATerminal(t *testing.T) {
	m := newMachine(t, berlin)
	p := &typist{openTerminal(t, 24, 80), t, 0}
	tty := p.end
	cmd := tested().initOn(&options{}, m)
	cmd.SetIn(tty)
	cmd.SetOut(tty)
	cmd.SetArgs(append(folders(m)[1:], "--country", "DE", "--timezone", "Europe/Berlin", "--countries", "AT", "--size", "3"))
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(t.Context()) }()

	p.answer("[EUR]: ", "\n")
	p.answer("08:00-18:00]: ", "\n")
	p.answer("[10XX]: ", "\n")
	p.answer("[none]: ", "\n")
	p.answer("[none]: ", "\n")
	p.answer("[pbx]: ", "mainn\x7f\n") // the terminal's own correction works
	p.answer("[127.0.0.1:5039]: ", "\n")
	p.answer("203.0.113.8]: ", "\n")
	p.answer("[allow]: ", "\n")
	p.answer("attack [none]: ", "a@example.com\n")
	p.answer("[localhost:25]: ", "smtp.example.com:587\n")
	p.answer("[starttls]: ", "\n")
	p.answer("[none]: ", "me\n")
	p.answer("Password of that user: ", "hunter2\n")
	p.answer("[no]: ", "y\n")
	p.answer("Write it [yes]: ", "yes\n")
	p.see("Next:")
	p.see("--to NUMBER")
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	screen := p.now()
	if strings.Contains(screen, "hunter2") || !strings.Contains(screen, "smtp.example.com:587\r\n") {
		t.Errorf("the terminal shows the password, or not what else is typed:\n%s", screen)
	}
	c, err := config.Load(m.file("etc/tollfuse/tollfuse.yaml"))
	if err != nil || c.Asterisk[0].Name != "main" || c.Mail.Password.Reveal() != "hunter2" || !c.Alerts.Emergency {
		t.Errorf("%v\n%+v", err, c)
	}
	if state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal is left silent: %v", err)
	}
}

// Ctrl-D at a terminal ends it.
func TestInitEndsAtCtrlD(t *testing.T) {
	m := newMachine(t, berlin)
	p := &typist{openTerminal(t, 24, 80), t, 0}
	tty := p.end
	cmd := tested().initOn(&options{}, m)
	cmd.SetIn(tty)
	cmd.SetOut(tty)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(folders(m)[1:])
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(t.Context()) }()
	p.answer("[DE]: ", "\n")
	p.answer("[Europe/Berlin]: ", "\x04")
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "nothing was written") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(m.file("etc/tollfuse")); err == nil {
		t.Error("something was written")
	}
}
