package alert

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"
)

// connection is one to the mail server. It can be closed from outside at every
// step, so that a server that has fallen silent keeps nobody from stopping.
type connection struct {
	security Security
	trust    *tls.Config

	mu     sync.Mutex
	conn   net.Conn
	closed bool
}

// dial connects, and with Security TLS makes the handshake. The library calls it.
func (c *connection) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn = &heard{Conn: conn}
	c.mu.Lock()
	c.conn = conn
	if c.closed {
		_ = conn.Close()
	}
	c.mu.Unlock()
	if c.security != TLS {
		return conn, nil
	}
	if deadline, set := ctx.Deadline(); set {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	secured := tls.Client(conn, c.trust)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secured, conn.SetDeadline(time.Time{})
}

// mostHeard is how many bytes of a mail server are read in one session; an honest
// one says some thousand. A line of it has no end of its own.
const mostHeard = 1 << 20

// errTalkative is about a server that says more than that.
var errTalkative = fmt.Errorf("the server says more than %d bytes", mostHeard)

// heard is a connection of which no more than that is read.
type heard struct {
	net.Conn
	bytes int // only the session reads
}

func (h *heard) Read(p []byte) (int, error) {
	if h.bytes >= mostHeard {
		return 0, errTalkative
	}
	n, err := h.Conn.Read(p[:min(len(p), mostHeard-h.bytes)])
	h.bytes += n
	return n, err
}

// close ends it, now or as soon as it has begun.
func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.conn != nil {
		_ = c.conn.Close()
	}
}
