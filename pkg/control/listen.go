package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"strconv"
	"sync"
	"syscall"
)

// Listen makes the socket. Without a group only its owner and root may use it
// (mode 0600), with one its members too (0660). A socket that a dead daemon
// left behind is replaced; one at which somebody listens, and anything that is
// no socket, is an error.
func Listen(path, group string) (*net.UnixListener, error) {
	if err := clear(path); err != nil {
		return nil, fmt.Errorf("control socket %s: %w", path, err)
	}
	l, err := listen(path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if group != "" {
		if err := giveTo(path, group); err != nil {
			return nil, fmt.Errorf("control socket %s: %w", path, errors.Join(err, l.Close()))
		}
	}
	return l, nil
}

// listen makes the socket so that nobody else can connect even for a moment.
// The umask is of the whole process: a file that is made meanwhile gets fewer
// rights than it asks for, never more.
func listen(path string) (*net.UnixListener, error) {
	before := syscall.Umask(0o177)
	defer syscall.Umask(before)
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

// clear takes away a socket that nobody listens at.
func clear(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errors.New("there is a file of that name, which is no socket; take it away or configure another path")
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: path, Net: "unix"})
	if err == nil {
		return errors.Join(errors.New("another daemon listens there; stop it first, or configure another path"), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// giveTo opens the socket to a group.
func giveTo(path, group string) error {
	g, err := user.LookupGroup(group)
	if err != nil {
		return fmt.Errorf("control.group: %w", err)
	}
	id, err := strconv.Atoi(g.Gid)
	if err != nil {
		return fmt.Errorf("control.group: group %s has the number %q", group, g.Gid)
	}
	if err := os.Chown(path, -1, id); err != nil {
		return fmt.Errorf("control.group: the daemon's user must be a member of %s: %w", group, err)
	}
	return os.Chmod(path, 0o660) //nolint:gosec // the group is who shall use it
}

// guarded accepts so many connections at a time, each with a known author.
type guarded struct {
	net.Listener
	places chan struct{}
}

// caller is a connection and who is at its other end.
type caller struct {
	net.Conn
	author string
	leave  func()
}

// Accept waits for a free place first, so that a client which opens
// connections without end waits in the kernel's queue and not in our memory.
func (g guarded) Accept() (net.Conn, error) {
	for {
		g.places <- struct{}{}
		conn, err := g.Listener.Accept()
		if err != nil {
			<-g.places
			return nil, err
		}
		author, err := peer(conn)
		if err != nil {
			<-g.places
			_ = conn.Close() // nobody may change anything namelessly
			continue
		}
		return &caller{Conn: conn, author: author, leave: sync.OnceFunc(func() { <-g.places })}, nil
	}
}

// Close gives the place free.
func (c *caller) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// peer is the user at the other end, by name, as the kernel knows it.
func peer(conn net.Conn) (string, error) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return "", fmt.Errorf("%T is no unix socket", conn)
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return "", err
	}
	var who *syscall.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		who, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return "", err
	}
	if failed != nil {
		return "", failed
	}
	return nameOf(who.Uid), nil
}

// nameOf is the name of a user; one without a name has a number.
func nameOf(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil && u.Username != "" {
		return u.Username
	}
	return "uid-" + id
}
