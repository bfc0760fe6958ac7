//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy is a TCP link that can be cut, to put between the daemon and the PBX's manager port.
type Proxy struct {
	Port int // on 127.0.0.1

	target string
	mu     sync.Mutex
	cut    bool
	conns  map[net.Conn]struct{}
	done   sync.WaitGroup
}

// NewProxy listens on a free port and passes everything on to that port of 127.0.0.1, until the test ends.
func NewProxy(t testing.TB, port int) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("opening the proxy: %v", err)
	}
	p := &Proxy{
		Port:   listener.Addr().(*net.TCPAddr).Port,
		target: fmt.Sprintf("127.0.0.1:%d", port),
		conns:  map[net.Conn]struct{}{},
	}
	p.done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.done.Go(func() { p.pass(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.Cut()
		p.done.Wait()
	})
	return p
}

// Cut closes all connections and refuses new ones.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for conn := range p.conns {
		conn.Close()
	}
}

// Restore lets connections through again.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

func (p *Proxy) pass(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp4", p.target)
	if err != nil {
		return
	}
	defer far.Close()
	if !p.hold(near, far) {
		return
	}
	defer p.release(near, far)
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			// One direction is over: so is the link.
			near.Close()
			far.Close()
		})
	}
	both.Wait()
}

// hold enters both ends of a link, unless it is cut.
func (p *Proxy) hold(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	for _, conn := range conns {
		p.conns[conn] = struct{}{}
	}
	return true
}

func (p *Proxy) release(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.conns, conn)
	}
}
