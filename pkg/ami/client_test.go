package ami

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// onPipe returns options whose connections are handed to serve, each on a goroutine of its own.
func onPipe(t *testing.T, serve func(*ServerConn)) Options {
	return Options{
		Username: "tollfuse", Secret: "s3cret",
		Dial: func(context.Context) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer theirs.Close()
				serve(NewServerConn(theirs))
			}()
			return ours, nil
		},
	}
}

// run starts a client and returns a function that stops it and waits.
func run(t *testing.T, opts Options, handle func(context.Context, *Client, Notice)) (c *Client, stop func()) {
	t.Helper()
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, func(ctx context.Context, n Notice) { handle(ctx, c, n) }) }()
	return c, func() {
		cancel()
		if err := <-ended; err != context.Canceled {
			t.Errorf("Run returned %v", err)
		}
	}
}

// answering serves a login and then answers every action with success.
func answering(s *ServerConn) {
	if s.Login("11.0.0", "tollfuse", "s3cret") == nil {
		answerAll(s)
	}
}

func answerAll(s *ServerConn) {
	for {
		a, err := s.ReadAction()
		if err != nil || s.Respond(a, "Success", "", Field{"Value", a.Get("Variable")}) != nil {
			return
		}
	}
}

func TestMD5(t *testing.T) {
	for secret, want := range map[string]Kind{"s3cret": Up, "wrong": Down} {
		synctest.Test(t, func(t *testing.T) {
			opts := onPipe(t, answering)
			opts.MD5, opts.Secret = true, secret
			first := make(chan Notice, 1)
			_, stop := run(t, opts, func(_ context.Context, _ *Client, n Notice) {
				select {
				case first <- n:
				default:
				}
			})
			defer stop()
			if n := <-first; n.Kind != want || errors.Is(n.Err, ErrAuthentication) != (want == Down) {
				t.Errorf("%v %v", n.Kind, n.Err)
			}
		})
	}
}

func TestTLS(t *testing.T) {
	web := httptest.NewUnstartedServer(nil) // for its certificate
	web.StartTLS()
	defer web.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", web.TLS)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				answering(NewServerConn(conn))
			}()
		}
	}()
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	for _, c := range []struct {
		roots *x509.CertPool
		want  Kind
	}{{trusted, Up}, {x509.NewCertPool(), Down}} {
		first := make(chan Notice, 1)
		_, stop := run(t, Options{
			Address: listener.Addr().String(), Username: "tollfuse", Secret: "s3cret",
			TLS: &tls.Config{RootCAs: c.roots},
		}, func(ctx context.Context, client *Client, n Notice) {
			if n.Kind == Up {
				n.Err = client.Ping(ctx)
			}
			select {
			case first <- n:
			default:
			}
		})
		n := <-first
		stop()
		var unknown x509.UnknownAuthorityError
		if n.Kind != c.want || c.want == Up && n.Err != nil || c.want == Down && !errors.As(n.Err, &unknown) {
			t.Errorf("%v %v", n.Kind, n.Err)
		}
	}
}

// TestSlowConsumer: events beyond the queue cost a Resync at their place; answers keep coming meanwhile.
func TestSlowConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := onPipe(t, func(s *ServerConn) {
			if s.Login("11.0.0", "tollfuse", "s3cret") != nil {
				return
			}
			for n := 0; ; {
				a, err := s.ReadAction()
				if err != nil || a.Name == "Logoff" {
					return
				}
				for range 100 { // before each answer
					n++
					_ = s.Event("Newchannel", Field{"Uniqueid", strconv.Itoa(n)})
				}
				_ = s.Respond(a, "Success", "")
			}
		})
		opts.QueueSize = 250
		var got []string
		done := make(chan bool)
		c, stop := run(t, opts, func(ctx context.Context, c *Client, n Notice) {
			switch {
			case n.Kind == Up:
				for range 3 {
					if err := c.Ping(ctx); err != nil {
						t.Error(err)
					}
				}
			case n.Kind == Resync && !errors.Is(n.Err, ErrOverflow):
				t.Error(n.Err)
			}
			got = append(got, n.Kind.String()+n.Event.Get("Uniqueid"))
			if n.Event.Get("Uniqueid") == "300" {
				close(done)
			}
		})
		<-done
		if s := c.State(); !s.Up || s.Overflows != 1 || s.Waiting != 0 || s.Links != 1 || s.Banner != "Asterisk Call Manager/11.0.0" {
			t.Errorf("state %+v", s)
		}
		stop()
		// The 251st found no place: 250 went with it, and the others came behind the Resync.
		if len(got) != 2+49 || got[0] != "up" || got[1] != "resync" || got[2] != "event252" {
			t.Errorf("%d notices: %v", len(got), got)
		}
	})
}

// TestListOrder: every event with a smaller Seq than the list's end is in the queue when the list returns,
// and Seq goes on over links.
func TestListOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := onPipe(t, func(s *ServerConn) {
			if s.Login("11.0.0", "tollfuse", "s3cret") != nil {
				return
			}
			a, err := s.ReadAction()
			if err != nil {
				return
			}
			_ = s.Event("Newchannel", Field{"Uniqueid", "before"})
			_ = s.Respond(a, "Success", "", Field{"EventList", "start"})
			_ = s.Event("CoreShowChannel", Field{"ActionID", a.ID}, Field{"Uniqueid", "x"})
			_ = s.Event("Newchannel", Field{"Uniqueid", "within"})
			_ = s.Event("VarSet", Field{"Uniqueid", "unwanted"})
			_ = s.Event("CoreShowChannelsComplete", Field{"ActionID", a.ID}, Field{"EventList", "Complete"})
			_ = s.Event("Newchannel", Field{"Uniqueid", "after"})
		})
		opts.Events = []string{"Newchannel"}
		var list List
		var before uint64 // the last of the link before
		links := 0
		done := make(chan bool)
		_, stop := run(t, opts, func(ctx context.Context, c *Client, n Notice) {
			switch n.Kind {
			case Up:
				var err error
				if list, err = c.CoreShowChannels(ctx); err != nil || len(list.Items) != 1 {
					t.Error(list, err)
				}
				if waiting := c.State().Waiting; links == 0 && waiting < 2 {
					t.Errorf("%d events wait when the list has returned", waiting)
				}
				if list.Response.Seq() <= before {
					t.Errorf("Seq fell from %d to %d", before, list.Response.Seq())
				}
			case Event:
				seq := n.Event.Seq()
				var ok bool
				switch n.Event.Get("Uniqueid") {
				case "before":
					ok = seq < list.Response.Seq()
				case "within":
					ok = list.Items[0].Seq() < seq && seq < list.Complete.Seq()-1
				case "after":
					ok = seq == list.Complete.Seq()+1
				}
				if !ok {
					t.Errorf("%s is %d; the list is %d to %d", n.Event.Get("Uniqueid"), seq, list.Response.Seq(), list.Complete.Seq())
				}
				before = seq
			case Down:
				if !errors.Is(n.Err, io.EOF) {
					t.Error(n.Err)
				}
				if links++; links == 2 {
					close(done)
				}
			}
		})
		<-done
		stop()
	})
}

func TestListTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := onPipe(t, func(s *ServerConn) {
			if s.Login("11.0.0", "tollfuse", "s3cret") != nil {
				return
			}
			for {
				a, err := s.ReadAction()
				if err != nil || a.Name == "Logoff" {
					return
				}
				count, _ := strconv.Atoi(a.Get("Count"))
				items := make([][]Field, count)
				for i := range items {
					items[i] = []Field{{"Text", a.Get("Text")}}
				}
				_ = s.RespondList(a, "Item", items, "ListComplete")
			}
		})
		opts.Events, opts.ListSize, opts.ListBytes = []string{}, 10, 2000
		text := strings.Repeat("x", 600)
		done := make(chan bool)
		_, stop := run(t, opts, func(ctx context.Context, c *Client, n Notice) {
			for _, x := range []struct {
				count, text string
				want        error
			}{{"0", "", nil}, {"10", "", nil}, {"11", "", ErrListTooLong}, {"3", text, nil}, {"4", text, ErrListTooLong}, {"1", "", nil}} {
				list, err := c.List(ctx, NewAction("X", "Count", x.count, "Text", x.text))
				if !errors.Is(err, x.want) || err == nil && strconv.Itoa(len(list.Items)) != x.count {
					t.Errorf("%s items of %d bytes: %d, %v", x.count, len(x.text), len(list.Items), err)
				}
			}
			close(done)
		})
		<-done
		stop()
	})
}

// TestStorm: eight callers over a real socket while events pour in. Every answer comes and is the right
// one, and events stay in order, with a Resync wherever some are missing.
func TestStorm(t *testing.T) {
	const events, callers, calls = 20000, 8, 50
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		s := NewServerConn(conn)
		if s.Login("11.0.0", "tollfuse", "s3cret") != nil {
			return
		}
		var pouring sync.WaitGroup
		defer pouring.Wait()
		pouring.Go(func() {
			for i := 1; i <= events; i++ {
				if s.Event("Newstate", Field{"N", strconv.Itoa(i)}) != nil {
					return
				}
			}
		})
		for {
			a, err := s.ReadAction()
			if err != nil || a.Name == "Logoff" {
				return
			}
			if a.Name == "Finish" {
				pouring.Wait()
				_ = s.Event("Newstate", Field{"N", strconv.Itoa(events + 1)})
			}
			_ = s.Respond(a, "Success", "", Field{"Value", a.Get("Variable")})
		}
	}()

	var finishing atomic.Bool // the last event is still to come, or a Resync in its place
	up, all := make(chan bool), make(chan bool)
	last, gap, resyncs := 0, false, 0
	c, stop := run(t, Options{Address: listener.Addr().String(), Username: "tollfuse", Secret: "s3cret", QueueSize: 500, ActionTimeout: time.Minute},
		func(_ context.Context, _ *Client, n Notice) {
			switch n.Kind {
			case Up: // also in place of events that overflowed before it was taken
				gap = true
				close(up)
			case Resync:
				gap = true
				resyncs++
			case Event:
				i, _ := strconv.Atoi(n.Event.Get("N"))
				if i != last+1 && !gap || i <= last {
					t.Errorf("event %d behind %d", i, last)
				}
				last, gap = i, false
			case Down:
				t.Errorf("down: %v", n.Err)
			}
			if finishing.Load() && (last == events+1 || n.Kind == Resync) {
				finishing.Store(false)
				close(all)
			}
		})
	<-up
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := range calls {
				want := fmt.Sprint(caller, ".", i)
				if got, err := c.Getvar(t.Context(), "", want); got != want || err != nil {
					t.Errorf("Getvar(%s) = %q, %v", want, got, err)
				}
			}
		})
	}
	wg.Wait()
	finishing.Store(true)
	if _, err := c.Do(t.Context(), NewAction("Finish")); err != nil {
		t.Error(err)
	}
	<-all
	stop()
	t.Logf("%d resyncs", resyncs)
}

func TestRunTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, stop := run(t, onPipe(t, answering), func(context.Context, *Client, Notice) {})
		defer stop()
		synctest.Wait()
		if err := c.Run(t.Context(), nil); err == nil {
			t.Error("no error")
		}
	})
}

func TestNew(t *testing.T) {
	for _, o := range []Options{
		{Address: "127.0.0.1:5038"},
		{Address: "127.0.0.1", Username: "u"},
		{Address: "127.0.0.1:5038", Username: "u\nx"},
		{Address: "127.0.0.1:5038", Username: "u", EventMask: "call\r\nx"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("accepted %+v", o)
		}
	}
}
