package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// testTerminal is a pseudo-terminal (pty(7)): what a program writes to its end
// is gathered, and what is typed arrives there.
type testTerminal struct {
	end  *os.File // the program's
	hand *os.File // the person's

	mu   sync.Mutex
	text strings.Builder
	done chan struct{}
	more chan struct{}
}

// openTerminal makes a terminal of that size.
func openTerminal(t *testing.T, rows, columns int) *testTerminal {
	t.Helper()
	hand, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(hand.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(hand.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	end, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(end.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
	tty := &testTerminal{end: end, hand: hand, done: make(chan struct{}), more: make(chan struct{}, 1)}
	go tty.gather()
	t.Cleanup(func() {
		_ = end.Close()
		<-tty.done
		_ = hand.Close()
	})
	return tty
}

// gather reads until the program's end is closed.
func (tty *testTerminal) gather() {
	defer close(tty.done)
	buffer := make([]byte, 4096)
	for {
		n, err := tty.hand.Read(buffer)
		tty.mu.Lock()
		tty.text.Write(buffer[:n])
		tty.mu.Unlock()
		select {
		case tty.more <- struct{}{}:
		default:
		}
		if err != nil {
			return // EIO, once nobody has the other end
		}
	}
}

// now is what was shown until now.
func (tty *testTerminal) now() string {
	tty.mu.Lock()
	defer tty.mu.Unlock()
	return tty.text.String()
}

// wait waits until something was shown.
func (tty *testTerminal) wait(t *testing.T, what string, times int) {
	t.Helper()
	for strings.Count(tty.now(), what) < times {
		select {
		case <-tty.more:
		case <-t.Context().Done():
			t.Fatalf("%q was never shown: %q", what, tty.now())
		}
	}
}

// typed is what somebody types.
func (tty *testTerminal) typed(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(tty.hand, text); err != nil {
		t.Fatal(err)
	}
}

// shown closes the terminal and gives all that was shown, with plain line ends.
func (tty *testTerminal) shown(t *testing.T) string {
	t.Helper()
	if err := tty.end.Close(); err != nil {
		t.Fatal(err)
	}
	<-tty.done
	return strings.ReplaceAll(tty.now(), "\r\n", "\n")
}
