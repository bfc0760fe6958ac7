//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// WatchdogSec, TimeoutAbortSec and RestartSec of packaging/tollfuse.service.
const (
	watchdogTimeout = 2 * time.Second // without a ping: SIGABRT
	abortTimeout    = time.Second     // and then SIGKILL
	restartPause    = time.Second
)

// supervisor is what systemd is to the unit: it hears the pings and ends a daemon that is silent.
type supervisor struct {
	daemon *Daemon
	socket *net.UnixConn
	heard  time.Time // the last ping
}

// supervised starts the daemon anew under a supervisor, as a unit of Type=notify.
func supervised(t *testing.T, d *Daemon) *supervisor {
	t.Helper()
	d.Stop(t)
	path := filepath.Join(d.Dir, "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	d.Env = []string{"NOTIFY_SOCKET=" + path, fmt.Sprintf("WATCHDOG_USEC=%d", watchdogTimeout.Microseconds())}
	s := &supervisor{daemon: d, socket: socket}
	s.start(t)
	return s
}

func (s *supervisor) start(t *testing.T) {
	t.Helper()
	s.daemon.Start(t)
	for s.next(t, 5*time.Second) != "READY=1" {
	}
}

// next is the next notification, or "" when none came in time.
func (s *supervisor) next(t *testing.T, limit time.Duration) string {
	t.Helper()
	_ = s.socket.SetReadDeadline(time.Now().Add(limit))
	buffer := make([]byte, 4096)
	n, err := s.socket.Read(buffer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ""
	}
	if err != nil {
		t.Fatalf("read what the daemon notifies: %v", err)
	}
	text := string(buffer[:n])
	if strings.HasPrefix(text, "WATCHDOG=1") {
		s.heard = time.Now()
	}
	return text
}

// stop stops the daemon right after a ping, when it takes the longest until it is missed.
func (s *supervisor) stop(t *testing.T) {
	t.Helper()
	for range 100 {
		if s.next(t, 10*time.Millisecond) == "" {
			break // no ping waits to be read
		}
	}
	if s.next(t, 2*watchdogTimeout) != "WATCHDOG=1" {
		t.Fatal("the daemon does not ping")
	}
	s.daemon.Signal(t, syscall.SIGSTOP)
}

// end does what systemd does about the silence. It wakes what it aborts; a daemon that the kernel does not let
// go, for which a stopped one stands that is not woken, gets SIGKILL.
func (s *supervisor) end(t *testing.T, wake bool) {
	t.Helper()
	for s.next(t, time.Until(s.heard.Add(watchdogTimeout))) != "" {
	}
	s.daemon.Signal(t, syscall.SIGABRT)
	if wake {
		s.daemon.Signal(t, syscall.SIGCONT)
	}
	select {
	case <-s.daemon.exited:
	case <-time.After(abortTimeout):
		s.daemon.Signal(t, syscall.SIGKILL)
		<-s.daemon.exited
	}
}

// A stopped daemon lets no international call out. Its unit's watchdog ends it, and then the home calls that
// wait go out by the failure policy.
func TestDaemonStops(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		phones := []*Phone{l.Phone(t, "1001"), l.Phone(t, "1002"), l.Phone(t, "1003")}
		s := supervised(t, d)
		for _, round := range []struct {
			how   string
			wake  bool
			bound time.Duration
		}{
			{"aborted", true, watchdogTimeout},
			{"killed, because it cannot be aborted", false, watchdogTimeout + abortTimeout},
		} {
			before := len(carrier.Calls())
			s.stop(t)
			var home, abroad []*Call
			for _, phone := range phones {
				home, abroad = append(home, phone.Dial(homeNumber)), append(abroad, phone.Dial(london), phone.Dial(sierraLeone))
			}
			s.end(t, round.wake)
			dead := time.Now()
			var longest time.Duration
			for i, trunk := range carrier.WaitCalls(t, before+len(home), 5*time.Second)[before:] {
				if trunk.Number != homeNumber {
					t.Errorf("%s went out while the daemon was stopped", trunk.Number)
				}
				longest = max(longest, trunk.Outcome().Begun.Sub(home[i].Outcome().Begun))
			}
			for _, call := range abroad {
				if o := call.WaitEnded(t, 5*time.Second); o.Status != 403 || o.Cause != 21 {
					t.Errorf("abroad: %+v", o)
				}
			}
			t.Logf("measured: the longest wait of a home call, daemon stopped and %s: %v from INVITE to INVITE", round.how, longest.Round(time.Millisecond))
			if longest > round.bound+2*time.Second {
				t.Errorf("a home call waited %v, the watchdog should bound it at %v", longest, round.bound)
			}
			if got := len(carrier.Calls()); got != before+len(home) {
				t.Errorf("%d calls at the carrier, want %d", got, before+len(home))
			}
			// Until it is started again nobody waits.
			_, after := reaches(t, carrier, before+len(home)+1, phones[0].Dial(berlin), berlin)
			t.Logf("measured: a home call between end and new start: %v", after.Round(100*time.Microsecond))
			time.Sleep(time.Until(dead.Add(restartPause)))
			s.start(t)
			again := phones[1].Dial(london)
			again.WaitAnswered(t, 5*time.Second)
			t.Logf("measured: abroad again %v after the end of the old daemon", time.Since(dead).Round(time.Millisecond))
			for _, lease := range d.WaitLive(t, len(home)+2, 5*time.Second) {
				if failOpen := lease.To.Number() != e164(london); lease.Adopted != failOpen {
					t.Errorf("live after the new start: %+v", lease)
				}
				if !strings.HasPrefix(lease.Caller.ID, "100") {
					t.Errorf("%s is accountable for a call to %s", lease.Caller, lease.To.Number())
				}
			}
			for _, call := range carrier.Calls()[before:] {
				call.Hangup()
			}
			d.WaitLive(t, 0, 5*time.Second)
			l.WaitIdle(t, 5*time.Second)
		}
		if d.Logged(t, "SIGABRT") == 0 {
			t.Error("the aborted daemon did not show where it stood")
		}
	})
}
