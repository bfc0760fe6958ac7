// Package systemd tells the service manager how the daemon is: ready, alive,
// about to stop. It speaks the protocol of sd_notify(3): one datagram of
// NAME=value lines to the unix socket that NOTIFY_SOCKET names.
package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxStatus bounds a status in bytes. The manager reads datagrams of up to
// 4096 bytes and drops longer ones whole.
const maxStatus = 1024

// sendTimeout bounds one notification. The manager's socket is full only when
// the manager itself hangs, and the daemon must not hang with it.
const sendTimeout = 500 * time.Millisecond

// Notifier sends notifications to the service manager. The zero Notifier has
// no manager to tell: its methods do nothing and return nil, so that a daemon
// started by hand needs no special case. It is safe for concurrent use.
type Notifier struct {
	address string // a path, or "@" and an abstract name; empty without a manager
}

// New returns the Notifier for the value of NOTIFY_SOCKET, which is an absolute
// path, or "@" followed by a name in the abstract namespace, or empty when no
// manager wants to know. Anything else is an error, "vsock:" addresses included:
// they are meant for virtual machines.
func New(socket string) (Notifier, error) {
	if socket != "" && (len(socket) < 2 || socket[0] != '/' && socket[0] != '@') {
		return Notifier{}, fmt.Errorf("NOTIFY_SOCKET %q is neither an absolute path nor an abstract name", socket)
	}
	return Notifier{address: socket}, nil
}

// FromEnvironment returns the Notifier for this process's NOTIFY_SOCKET.
func FromEnvironment() (Notifier, error) {
	return New(os.Getenv("NOTIFY_SOCKET"))
}

// Ready says that the daemon has started: with Type=notify the unit is active
// from now on, and its watchdog runs.
func (n Notifier) Ready() error { return n.send("READY=1") }

// Stopping says that the daemon has begun to shut down.
func (n Notifier) Stopping() error { return n.send("STOPPING=1") }

// Status sets the line that "systemctl status" shows. It must be one line of
// printable UTF-8 of at most 1024 bytes; anything else is refused, because a
// line break would begin another assignment, such as STOPPING=1.
func (n Notifier) Status(status string) error {
	switch {
	case len(status) > maxStatus:
		return fmt.Errorf("status of %d bytes: at most %d fit", len(status), maxStatus)
	case !utf8.ValidString(status):
		return errors.New("status is not valid UTF-8")
	case strings.ContainsFunc(status, unicode.IsControl):
		return errors.New("status contains a control character")
	}
	return n.send("STATUS=" + status)
}

// ping restarts the manager's watchdog timer.
func (n Notifier) ping() error { return n.send("WATCHDOG=1") }

// send opens a socket for every datagram: they are rare, and so a manager that
// made its socket anew is found again.
func (n Notifier) send(state string) error {
	if n.address == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.address, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notify service manager: %w", err)
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return fmt.Errorf("notify service manager: %w", err)
	}
	if _, err := conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("notify service manager: %w", err)
	}
	return nil
}
