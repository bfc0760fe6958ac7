package agi_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/tollfuse/tollfuse/agi"
)

// BenchmarkDialogue is a bare echo: 64 callers, each dialogue with a connection
// of its own over loopback, an ordinary introduction and one SET VARIABLE. Both
// ends run in this process and share its processors. The floor is the same
// traffic without this package: what the kernel and the callers cost.
func BenchmarkDialogue(b *testing.B) {
	b.Run("server", func(b *testing.B) {
		server := &agi.Server{Handler: agi.HandlerFunc(allow)}
		l := listenBare(b)
		serve(b, server, l)
		callers(b, l.Addr().String())
		if err := server.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
		if got := server.Stats().Completed; got != int64(b.N) {
			b.Errorf("%d of %d dialogues completed", got, b.N)
		}
	})
	b.Run("floor", func(b *testing.B) {
		l := listenBare(b)
		var running sync.WaitGroup
		running.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				running.Go(func() { echo(conn) })
			}
		})
		callers(b, l.Addr().String())
		l.Close()
		running.Wait()
	})
}

// listenBare spares each connection the system calls for keep-alive, which
// dialogues of seconds with deadlines do not need.
func listenBare(b *testing.B) net.Listener {
	b.Helper()
	config := net.ListenConfig{KeepAlive: -1}
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func echo(conn net.Conn) {
	defer conn.Close()
	in := make([]byte, 2048)
	if _, err := conn.Read(in); err != nil {
		return
	}
	if _, err := conn.Write([]byte("SET VARIABLE \"VERDICT\" \"allow\"\n")); err != nil {
		return
	}
	_, _ = conn.Read(in) // the reply; what it says makes no difference
}

// callers makes b.N dialogues, 64 at a time.
func callers(b *testing.B, address string) {
	b.Helper()
	const parallel = 64
	work := make(chan struct{}, parallel)
	var running sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range parallel {
		running.Go(func() {
			in := make([]byte, 256)
			for range work {
				if err := dialogue(address, in); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	running.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "dialogues/s")
}

func dialogue(address string, in []byte) error {
	dialer := net.Dialer{KeepAlive: -1}
	conn, err := dialer.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(ordinary)); err != nil {
		return err
	}
	if _, err := conn.Read(in); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("200 result=1\n")); err != nil {
		return err
	}
	if _, err := conn.Read(in); err != io.EOF {
		return err
	}
	return nil
}

// BenchmarkParseRequest reads an introduction of 22 variables and 2 arguments.
func BenchmarkParseRequest(b *testing.B) {
	block := strings.TrimSuffix(ordinary, "\n")
	b.SetBytes(int64(len(block)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := agi.ParseRequest(block); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommand is one command and its reply through a pipe, without the
// kernel.
func BenchmarkCommand(b *testing.B) {
	near, far := net.Pipe()
	defer near.Close()
	done := make(chan error, 1)
	server := &agi.Server{DialogueTimeout: -1, Handler: agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		b.ReportAllocs()
		for b.Loop() {
			if err := s.SetVariable(ctx, "VERDICT", "allow"); err != nil {
				return err
			}
		}
		return nil
	})}
	serve(b, server, &single{conn: far, closed: make(chan struct{})})
	go func() {
		done <- agi.NewCaller(near).Call(context.Background(), request(), func([]string) string { return "200 result=1" })
	}()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
}

// single is a listener with one connection.
type single struct {
	conn   net.Conn
	once   sync.Once
	closed chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	if c := s.conn; c != nil {
		s.conn = nil
		return c, nil
	}
	<-s.closed
	return nil, net.ErrClosed
}

func (s *single) Close() error   { s.once.Do(func() { close(s.closed) }); return nil }
func (s *single) Addr() net.Addr { return s.conn.LocalAddr() }
