package agi_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/agi"
)

// TestCaller: the commands arrive as words and the replies of all kinds reach
// the handler, with HANGUP in between.
func TestCaller(t *testing.T) {
	var value string
	var refused error
	var hungUp bool
	server := &agi.Server{Handler: agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		_, refused = s.Command(ctx, "NONSENSE", `a "b"`)
		var err error
		value, _, err = s.GetVariable(ctx, "X")
		hungUp = s.HungUp()
		return err
	})}
	inBubble(t, server, func(t *testing.T, s *stage) {
		caller := agi.NewCaller(s.dial())
		err := caller.Call(t.Context(), request(), func(words []string) string {
			if words[0] == "NONSENSE" {
				if len(words) != 2 || words[1] != `a "b"` {
					t.Errorf("words are %q", words)
				}
				return "520-Invalid\nUsage: none\n520 End of proper usage."
			}
			if err := caller.Hangup(); err != nil {
				t.Error(err)
			}
			return "200 result=1 (y)"
		})
		if err != nil {
			t.Error(err)
		}
		var reply *agi.ReplyError
		if !errors.As(refused, &reply) || reply.Text != "Usage: none" {
			t.Errorf("NONSENSE: %v", refused)
		}
		if value != "y" || !hungUp {
			t.Errorf("value %q, hung up %v", value, hungUp)
		}
	})
}

func TestCallerContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		go func() { _, _ = io.Copy(io.Discard, far) }() // a server that says nothing
		defer far.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := agi.NewCaller(near).Call(ctx, request(), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Call returned %v", err)
		}
	})
}

// TestCallerClosed: a server that closes at once, with the introduction unread,
// ends the call as it would end it in Asterisk.
func TestCallerClosed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = conn.Read(make([]byte, 1))
			conn.Close()
		}
	}()
	if err := dialAndCall(t.Context(), l.Addr().String(), request(), nil); err != nil {
		t.Errorf("Call returned %v", err)
	}
}
