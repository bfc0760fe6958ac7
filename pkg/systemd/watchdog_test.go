package systemd

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestWatchdogInterval(t *testing.T) {
	const self = 4711
	for name, test := range map[string]struct {
		usec, pid string
		want      time.Duration
		bad       bool
	}{
		"not watched":         {usec: ""},
		"not watched, a pid":  {usec: "", pid: "4711"},
		"watched":             {usec: "2000000", pid: "4711", want: 2 * time.Second},
		"no pid":              {usec: "1500000", want: 1500 * time.Millisecond},
		"meant for a parent":  {usec: "2000000", pid: "1"},
		"zero":                {usec: "0", bad: true},
		"negative":            {usec: "-1", bad: true},
		"not a number":        {usec: "2s", bad: true},
		"longer than we know": {usec: "9223372036854776", bad: true},
		"infinity":            {usec: "18446744073709551615", bad: true},
		"bad pid":             {usec: "2000000", pid: "me", bad: true},
		"no process":          {usec: "2000000", pid: "0", bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := watchdogInterval(test.usec, test.pid, self)
			if got != test.want || (err != nil) != test.bad {
				t.Errorf("got %v, %v; want %v, an error: %t", got, err, test.want, test.bad)
			}
		})
	}
}

func TestWatchdogIntervalFromEnvironment(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "2000000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	if got, err := WatchdogInterval(); got != 2*time.Second || err != nil {
		t.Errorf("got %v, %v; want 2s", got, err)
	}
}

// unexpected fails the test when the watchdog could not ping.
func unexpected(t *testing.T) func(error) {
	return func(err error) { t.Errorf("ping: %v", err) }
}

// TestWatchdogFollowsProgress lets the decider work, stall and work again, and
// counts the pings of each answer. The daemon's answers drive the test, so that
// it depends on no particular time.
func TestWatchdogFollowsProgress(t *testing.T) {
	m, n := newManager(t, socketPath(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answers := []bool{true, true, false, false, false, true}
	asked, pings := 0, 0
	n.Watchdog(ctx, 20*time.Millisecond, func() bool {
		// What the previous answer led to has been sent by now.
		if asked == len(answers) {
			cancel()
			return false
		}
		asked++
		if answers[asked-1] {
			pings++
		}
		return answers[asked-1]
	}, unexpected(t))

	if err := n.Stopping(); err != nil {
		t.Fatal(err)
	}
	for range pings {
		if got := m.next(); got != "WATCHDOG=1" {
			t.Fatalf("got %q, want a ping for each of the %d answers yes", got, pings)
		}
	}
	if got := m.next(); got != "STOPPING=1" {
		t.Errorf("got %q: there was a ping for an answer no", got)
	}
}

func TestWatchdogPingsInTime(t *testing.T) {
	const interval = 10 * time.Second
	m, n := newManager(t, socketPath(t))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Watchdog(ctx, interval, func() bool { return true }, unexpected(t))
	}()
	// The first ping comes at once, not after a part of the interval.
	if got := m.next(); got != "WATCHDOG=1" {
		t.Errorf("got %q", got)
	}
	// Its owner is not kept waiting for the next.
	cancel()
	<-done
}

func TestWatchdogNotWatched(t *testing.T) {
	_, n := newManager(t, socketPath(t))
	n.Watchdog(t.Context(), 0, func() bool {
		t.Error("asked although nobody watches")
		return true
	}, unexpected(t))
}

// TestWatchdogReportsOnce: a manager that is gone for two pings, back for one
// and gone again is reported twice, not three times.
func TestWatchdogReportsOnce(t *testing.T) {
	socket := socketPath(t)
	n, err := New(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked, reported := 0, 0
	var back manager
	n.Watchdog(ctx, time.Millisecond, func() bool {
		asked++
		switch asked {
		case 3:
			back, _ = newManager(t, socket)
		case 4:
			back.conn.Close()
		case 5:
			cancel()
		}
		return true
	}, func(error) { reported++ })
	if reported != 2 {
		t.Errorf("reported %d times, want 2", reported)
	}
}
