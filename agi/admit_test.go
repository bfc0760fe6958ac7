package agi_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/agi"
)

// TestConnectionLimit: running dialogues keep their places, what comes beyond
// is closed at once and counted, and a flood of it makes a line a second.
func TestConnectionLimit(t *testing.T) {
	handler := &waiting{}
	inBubble(t, &agi.Server{Handler: handler, MaxConnections: 2}, func(t *testing.T, s *stage) {
		handler.release = make(chan struct{})
		s.call()
		s.call()
		synctest.Wait()
		const flood = 1000
		for range flood {
			if d := cutAfter(t, s.dial()); d != 0 {
				t.Fatalf("cut after %v", d)
			}
		}
		synctest.Wait()
		if got := s.Stats(); got != (agi.Stats{Accepted: 2, Open: 2, RefusedLimit: flood}) {
			t.Errorf("%+v", got)
		}
		if n := strings.Count(s.logged.String(), "too many connections"); n != 1 {
			t.Errorf("%d lines for one flood", n)
		}
		time.Sleep(time.Second) //nolint:forbidigo // virtual time
		cutAfter(t, s.dial())
		synctest.Wait()
		if !strings.Contains(s.logged.String(), "suppressed=999") {
			t.Errorf("the log does not tell how many more:\n%s", &s.logged)
		}
		close(handler.release)
		synctest.Wait()
		s.call()
		synctest.Wait()
		if got := s.Stats(); got.Completed != 3 || got.RefusedLimit != flood+1 {
			t.Errorf("a freed place was not given: %+v", got)
		}
	})
}

// TestSilentConnectionsGiveWay: a thousand silent connections that fill the
// limit, and come back as fast as they are cut, do not keep Asterisk out.
func TestSilentConnectionsGiveWay(t *testing.T) {
	const limit = 1000
	inBubble(t, &agi.Server{Handler: agi.HandlerFunc(allow), MaxConnections: limit}, func(t *testing.T, s *stage) {
		silent := make([]net.Conn, limit)
		for i := range silent {
			silent[i] = s.dial()
		}
		if d := cutAfter(t, s.dial()); d != 0 || s.Stats().RefusedLimit != 1 {
			t.Errorf("one more than the limit was not refused at once: %v, %+v", d, s.Stats())
		}
		time.Sleep(150 * time.Millisecond) //nolint:forbidigo // virtual time
		for range 50 {
			genuine := s.dial()
			err := agi.NewCaller(genuine).Call(t.Context(), request(), func([]string) string { return "200 result=1" })
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			s.dial() // takes the place left
			synctest.Wait()
		}
		if got := s.Stats(); got.Completed != 50 || got.Evicted != 50 || got.Open != limit {
			t.Errorf("%+v", got)
		}
		if d := cutAfter(t, silent[0]); d != 0 {
			t.Error("the oldest was not the first to go")
		}
		if d := cutAfter(t, silent[limit-1]); d != 1850*time.Millisecond {
			t.Errorf("the youngest was cut after another %v", d)
		}
		synctest.Wait()
		if n := strings.Count(s.logged.String(), "\n"); n > 10 {
			t.Errorf("%d lines in the log", n)
		}
	})
}

func TestAllowedNetworks(t *testing.T) {
	for _, c := range []struct {
		networks []string
		remote   net.Addr
		want     bool
	}{
		{nil, &net.TCPAddr{IP: net.IPv4(203, 0, 113, 1)}, true},
		{nil, &net.UnixAddr{Name: "x"}, true},
		{[]string{"127.0.0.0/8"}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1).To4()}, true},
		{[]string{"127.0.0.0/8"}, &net.TCPAddr{IP: net.ParseIP("::ffff:127.0.0.1")}, true},
		{[]string{"127.0.0.0/8"}, &net.TCPAddr{IP: net.IPv4(128, 0, 0, 1)}, false},
		{[]string{"127.0.0.0/8"}, &net.TCPAddr{IP: net.IPv6loopback}, false},
		{[]string{"10.0.0.0/8", "fe80::/10"}, &net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}, true},
		{[]string{"0.0.0.0/0"}, &net.UnixAddr{Name: "x"}, false},
		{[]string{"10.0.0.0/8"}, &net.UDPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 5}, true},
	} {
		server := &agi.Server{Handler: agi.HandlerFunc(func(context.Context, *agi.Session) error { return nil })}
		for _, network := range c.networks {
			server.AllowedNetworks = append(server.AllowedNetworks, netip.MustParsePrefix(network))
		}
		inBubble(t, server, func(t *testing.T, s *stage) {
			near, far := net.Pipe()
			defer near.Close()
			s.conns <- from{far, c.remote}
			if c.want {
				if _, err := io.WriteString(near, ordinary); err != nil {
					t.Fatal(err)
				}
			}
			cutAfter(t, near)
			synctest.Wait()
			want := agi.Stats{RefusedNetwork: 1}
			if c.want {
				want = agi.Stats{Accepted: 1, Completed: 1}
			}
			if got := s.Stats(); got != want {
				t.Errorf("%v from %v: %+v", c.networks, c.remote, got)
			}
		})
	}
}

// from is a connection that comes from somewhere else.
type from struct {
	net.Conn
	remote net.Addr
}

func (f from) RemoteAddr() net.Addr { return f.remote }

// TestThousandIdleOverTCP: the same as above with real sockets and the real
// clock: a genuine call is answered while a thousand connections say nothing.
func TestThousandIdleOverTCP(t *testing.T) {
	server := &agi.Server{Handler: agi.HandlerFunc(allow), MaxConnections: 1100}
	l := listen(t, server)
	for range 1000 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	var calls sync.WaitGroup
	for range 64 {
		calls.Go(func() {
			var verdict []string
			err := dialAndCall(t.Context(), l.Addr().String(), request(), func(words []string) string {
				verdict = words
				return "200 result=1"
			})
			if err != nil || strings.Join(verdict, " ") != "SET VARIABLE VERDICT allow" {
				t.Errorf("%q, %v", verdict, err)
			}
		})
	}
	calls.Wait()
}

func dialAndCall(ctx context.Context, address string, r *agi.Request, respond func([]string) string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	return agi.NewCaller(conn).Call(ctx, r, respond)
}
