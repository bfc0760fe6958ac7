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
// of its own over loopback, an ordinary introduction and one SET VARIABLE. Both ends
// run in this process and share its processors.
func BenchmarkDialogue(b *testing.B) {
	const callers = 64
	server := &agi.Server{Handler: agi.HandlerFunc(allow)}
	address := listen(b, server).Addr().String()
	introduction, reply := []byte(ordinary), []byte("200 result=1\n")
	dialogue := func(in []byte) error {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.Write(introduction); err != nil {
			return err
		}
		if _, err := conn.Read(in); err != nil {
			return err
		}
		if _, err := conn.Write(reply); err != nil {
			return err
		}
		if _, err := conn.Read(in); err != io.EOF {
			return err
		}
		return nil
	}
	work := make(chan struct{}, callers)
	var running sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		running.Go(func() {
			in := make([]byte, 256)
			for range work {
				if err := dialogue(in); err != nil {
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
	if err := server.Shutdown(context.Background()); err != nil {
		b.Error(err)
	}
	if got := server.Stats().Completed; got != int64(b.N) {
		b.Errorf("%d of %d dialogues completed", got, b.N)
	}
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
