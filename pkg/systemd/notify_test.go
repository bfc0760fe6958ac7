package systemd

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manager is the service manager's end of the protocol: a real datagram socket.
type manager struct {
	t    testing.TB
	conn *net.UnixConn
}

func newManager(t testing.TB, socket string) (manager, Notifier) {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	n, err := New(socket)
	if err != nil {
		t.Fatal(err)
	}
	return manager{t, conn}, n
}

func socketPath(t testing.TB) string { return filepath.Join(t.TempDir(), "notify") }

// next returns the next datagram, as it came.
func (m manager) next() string {
	m.t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		m.t.Fatal(err)
	}
	buffer := make([]byte, 8192)
	n, err := m.conn.Read(buffer)
	if err != nil {
		m.t.Fatalf("nothing arrived: %v", err)
	}
	return string(buffer[:n])
}

func TestNotifications(t *testing.T) {
	sockets := map[string]string{
		"path":     socketPath(t),
		"abstract": "@tollfuse-notify-" + strconv.Itoa(os.Getpid()),
	}
	for name, socket := range sockets {
		t.Run(name, func(t *testing.T) {
			m, n := newManager(t, socket)
			for _, step := range []struct {
				send func() error
				want string
			}{
				{n.Ready, "READY=1"},
				{func() error { return n.Status("3 calls, 0 locks – all well") }, "STATUS=3 calls, 0 locks – all well"},
				{func() error { return n.Status("") }, "STATUS="},
				{n.ping, "WATCHDOG=1"},
				{n.Stopping, "STOPPING=1"},
			} {
				if err := step.send(); err != nil {
					t.Fatalf("%s: %v", step.want, err)
				}
				if got := m.next(); got != step.want {
					t.Errorf("sent %q, want %q", got, step.want)
				}
			}
		})
	}
}

func TestFromEnvironment(t *testing.T) {
	socket := socketPath(t)
	m, _ := newManager(t, socket)
	t.Setenv("NOTIFY_SOCKET", socket)
	n, err := FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Ready(); err != nil {
		t.Fatal(err)
	}
	if got := m.next(); got != "READY=1" {
		t.Errorf("got %q", got)
	}
}

func TestWithoutManager(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n, err := FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(n.Ready(), n.Status("idle"), n.Stopping()); err != nil {
		t.Errorf("without a manager: %v", err)
	}
	if n.Status("a\nb") == nil {
		t.Error("a bad status is accepted when nobody listens, and would fail only in production")
	}
}

func TestBadSocket(t *testing.T) {
	for _, socket := range []string{"run/notify", "vsock:2:1234", "/", "@", " /run/notify"} {
		if n, err := New(socket); err == nil {
			t.Errorf("New(%q) = %v, want an error", socket, n)
		}
	}
}

func TestManagerGone(t *testing.T) {
	n, err := New(socketPath(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Ready(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Ready without a socket: %v, want %v", err, os.ErrNotExist)
	}
}

// TestManagerHangs fills the socket of a manager that reads nothing.
func TestManagerHangs(t *testing.T) {
	_, n := newManager(t, socketPath(t))
	var err error
	for range 10_000 {
		if err = n.Status(strings.Repeat("x", maxStatus)); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a full socket: %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

func TestStatusRefused(t *testing.T) {
	m, n := newManager(t, socketPath(t))
	for name, status := range map[string]string{
		"line feed":       "calm\nSTOPPING=1",
		"carriage return": "calm\rSTOPPING=1",
		"NUL":             "calm\x00",
		"escape":          "\x1b[2J",
		"C1 control":      "calm\u0085",
		"bad UTF-8":       "calm\xff",
		"too long":        strings.Repeat("x", maxStatus+1),
	} {
		if err := n.Status(status); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := n.Ready(); err != nil {
		t.Fatal(err)
	}
	if got := m.next(); got != "READY=1" {
		t.Errorf("a refused status was sent: %q", got)
	}
}

// FuzzStatus: what is accepted arrives as one assignment, unchanged.
func FuzzStatus(f *testing.F) {
	for _, seed := range []string{"", "3 calls", "a\nREADY=1", "\x00", "é", "\u2028", "=", strings.Repeat("x", maxStatus+1)} {
		f.Add(seed)
	}
	m, n := newManager(f, socketPath(f))
	f.Fuzz(func(t *testing.T, status string) {
		m := manager{t, m.conn}
		if n.Status(status) != nil {
			return
		}
		got := m.next()
		if got != "STATUS="+status || strings.ContainsAny(got, "\n\r\x00") {
			t.Errorf("status %q was sent as %q", status, got)
		}
	})
}
