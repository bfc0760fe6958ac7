package pbxsim

import (
	"bufio"
	"context"
	"net"
	"sync"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// mostWaiting is how many messages may wait for a client that does not read; then it is logged off, as
// Asterisk does after its writetimeout.
const mostWaiting = 200_000

// managerVersion is that of Asterisk 22.
const managerVersion = "11.0.0"

// session is one client of the AMI. Events and answers go through one queue, so that a picture of the
// channels stands between the events before and behind it.
type session struct {
	conn net.Conn

	mu      sync.Mutex
	waiting []message
	closed  bool
	wake    chan struct{}
}

// message writes itself.
type message func(*ami.ServerConn) error

// accept takes in clients until the PBX is closed.
func (p *PBX) accept() {
	context.AfterFunc(p.ctx, func() { _ = p.listener.Close() })
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		refuse := p.refusing || p.life == nil
		p.mu.Unlock()
		if refuse {
			_ = conn.Close()
			continue
		}
		p.servers.Go(func() { p.serve(conn) })
	}
}

// serve speaks with one client.
func (p *PBX) serve(conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(p.ctx, func() { _ = conn.Close() })
	defer stop()
	out := &buffered{Conn: conn, w: bufio.NewWriterSize(conn, 64<<10), dialogue: true}
	c := ami.NewServerConn(out)
	if err := c.Login(managerVersion, p.options.User, p.options.Secret); err != nil {
		_ = out.w.Flush()
		return
	}
	// The client hears that it is logged in when it has become a session, so it misses nothing after that.
	out.dialogue = false
	s := &session{conn: conn, wake: make(chan struct{}, 1)}
	p.mu.Lock()
	if p.life == nil {
		p.mu.Unlock()
		return
	}
	s.send(func(c *ami.ServerConn) error {
		return c.Event("FullyBooted", ami.Field{Name: "Privilege", Value: "system,all"}, ami.Field{Name: "Status", Value: "Fully Booted"})
	})
	p.sessions[s] = true
	select {
	case <-p.life.heard:
	default:
		close(p.life.heard)
	}
	p.mu.Unlock()
	p.servers.Go(func() { s.write(c, out) })
	for {
		action, err := c.ReadAction()
		if err != nil || !p.act(s, action) {
			break
		}
	}
	p.mu.Lock()
	delete(p.sessions, s)
	p.mu.Unlock()
	s.close()
}

// send queues a message; it never waits.
func (s *session) send(m message) {
	s.mu.Lock()
	s.waiting = append(s.waiting, m)
	full := len(s.waiting) > mostWaiting
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	if full {
		s.close()
	}
}

// close cuts the link; whoever reads or writes it ends.
func (s *session) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.conn.Close()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take gives all that waits, and tells whether the session goes on.
func (s *session) take() (batch []message, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch, s.waiting = s.waiting, nil
	return batch, !s.closed
}

// write sends what is queued, many messages at a time.
func (s *session) write(c *ami.ServerConn, out *buffered) {
	for range s.wake {
		batch, open := s.take()
		for _, m := range batch {
			if m(c) != nil {
				s.close()
				return
			}
		}
		if out.w.Flush() != nil || !open {
			s.close()
			return
		}
	}
}

// buffered is a connection whose writes wait for a Flush. In a dialogue, that is before the next read.
type buffered struct {
	net.Conn
	w        *bufio.Writer
	dialogue bool // belongs to who reads
}

// Write is part of net.Conn.
func (b *buffered) Write(p []byte) (int, error) { return b.w.Write(p) }

// Read is part of net.Conn.
func (b *buffered) Read(p []byte) (int, error) {
	if b.dialogue {
		if err := b.w.Flush(); err != nil {
			return 0, err
		}
	}
	return b.Conn.Read(p)
}
