//go:build e2e

package e2e

import (
	"syscall"
	"testing"
	"time"
)

// setOffset is ADJ_SETOFFSET of adjtimex(2): the clock is set by so much in one step, and setting it by the
// opposite afterwards puts it right to the nanosecond.
const setOffset = 0x0100

// setClock sets the wall clock of this machine by whole seconds. What it returns puts it right, as does the end
// of the test.
func setClock(t *testing.T, by time.Duration) (undo func()) {
	t.Helper()
	step(t, by)
	undone := false
	undo = func() {
		t.Helper()
		if !undone {
			undone = true
			step(t, -by)
		}
	}
	t.Cleanup(undo)
	return undo
}

func step(t *testing.T, by time.Duration) {
	t.Helper()
	change := syscall.Timex{Modes: setOffset, Time: syscall.Timeval{Sec: int64(by / time.Second)}}
	if _, err := syscall.Adjtimex(&change); err != nil {
		t.Fatalf("set the clock by %v: %v", by, err)
	}
}

// maySetClock skips the test where the machine does not let its clock be set, as a container does not.
func maySetClock(t *testing.T) {
	t.Helper()
	nothing := syscall.Timex{Modes: setOffset}
	if _, err := syscall.Adjtimex(&nothing); err != nil {
		t.Skipf("the clock of this machine cannot be set, so nothing can be seen of what comes of it: %v", err)
	}
}
