package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// TestPINIsAskedForTwiceAndNotShown at a terminal.
func TestPINIsAskedForTwiceAndNotShown(t *testing.T) {
	p := &typist{openTerminal(t, 24, 80), t, 0}
	cmd := &cobra.Command{}
	cmd.SetIn(p.end)
	cmd.SetOut(p.end)
	cmd.SetContext(t.Context())
	type entered struct {
		pin string
		err error
	}
	ended := make(chan entered)
	go func() {
		pin, err := readPIN(cmd, "1001")
		ended <- entered{pin, err}
	}()
	p.answer("PIN of 1001: ", "1234\n")
	p.see("counts up or down")
	p.answer("PIN of 1001: ", "274915\n")
	p.answer("The same again: ", "274951\n")
	p.see("that is another one")
	p.answer("The same again: ", "274915\n")
	if e := <-ended; e.pin != "274915" || e.err != nil {
		t.Errorf("entered %q, %v", e.pin, e.err)
	}
	if screen := p.now(); strings.Contains(screen, "2749") || strings.Contains(screen, "1234") {
		t.Errorf("the terminal shows a PIN:\n%s", screen)
	}
	if state, err := unix.IoctlGetTermios(int(p.end.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
		t.Errorf("the terminal is left silent: %v", err)
	}
}
