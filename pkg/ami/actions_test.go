package ami

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// TestTypedActions looks at what goes over the wire and what is made of the answer.
func TestTypedActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []Action
		opts := onPipe(t, func(s *ServerConn) {
			if s.Login("11.0.0", "tollfuse", "s3cret") != nil {
				return
			}
			for {
				a, err := s.ReadAction()
				if err != nil || a.Name == "Logoff" {
					return
				}
				seen = append(seen, a)
				switch {
				case a.Get("Channel") == "gone":
					_ = s.Respond(a, "Error", "No such channel")
				case a.Name == "Status" && a.Get("Channel") == "none":
					_ = s.RespondList(a, "Status", nil, "StatusComplete")
				case a.Name == "Status":
					_ = s.RespondList(a, "Status", [][]Field{{{"Uniqueid", "1.1"}, {"Variable", "A=1"}, {"Variable", "B="}}}, "StatusComplete")
				default:
					_ = s.Respond(a, "Success", "", Field{"Value", "v"}, Field{"AsteriskVersion", "22.10.1"})
				}
			}
		})
		done := make(chan bool)
		_, stop := run(t, opts, func(ctx context.Context, c *Client, n Notice) {
			defer close(done)
			check := func(name string, err, want error, fields ...Field) {
				t.Helper()
				if !errors.Is(err, want) {
					t.Errorf("%s: %v", name, err)
				}
				var last Action
				if len(seen) > 0 {
					last = seen[len(seen)-1]
				}
				last.ID = ""
				if fields != nil && !equalActions(last, Action{Name: name, Fields: fields}) {
					t.Errorf("%s: sent %+v", name, last)
				}
			}
			check("Ping", c.Ping(ctx), nil, []Field{}...)
			check("Hangup", c.Hangup(ctx, "1.1", 21), nil, Field{"Channel", "1.1"}, Field{"Cause", "21"})
			check("Hangup", c.Hangup(ctx, "1.1", 0), nil, Field{"Channel", "1.1"})
			check("Hangup", c.Hangup(ctx, "gone", 16), ErrNoSuchChannel)
			check("AbsoluteTimeout", c.AbsoluteTimeout(ctx, "1.1", 60), nil, Field{"Channel", "1.1"}, Field{"Timeout", "60"})
			before := len(seen)
			check("Hangup", c.Hangup(ctx, "1.1", 128), ErrRefused)
			check("Hangup", c.Hangup(ctx, "", 16), ErrRefused)
			check("AbsoluteTimeout", c.AbsoluteTimeout(ctx, "1.1", 0), ErrRefused)
			check("AbsoluteTimeout", c.AbsoluteTimeout(ctx, "1.1", -1), ErrRefused)
			_, err := c.ChannelStatus(ctx, "")
			check("Status", err, ErrRefused)
			if len(seen) != before {
				t.Errorf("refused and sent: %+v", seen[before:])
			}
			v, err := c.Getvar(ctx, "1.1", "CHANNEL(endpoint)")
			check("Getvar", err, nil, Field{"Variable", "CHANNEL(endpoint)"}, Field{"Channel", "1.1"})
			if v != "v" {
				t.Errorf("Getvar: %q", v)
			}
			list, err := c.Status(ctx, "A", "B")
			check("Status", err, nil, Field{"Variables", "A,B"})
			if len(list.Items) != 1 || len(list.Items[0].Values("Variable")) != 2 || list.Complete.Event() != "StatusComplete" {
				t.Errorf("Status: %+v", list)
			}
			m, err := c.ChannelStatus(ctx, "1.1")
			check("Status", err, nil, Field{"Channel", "1.1"})
			if m.Get("Uniqueid") != "1.1" {
				t.Errorf("ChannelStatus: %v", m)
			}
			_, err = c.ChannelStatus(ctx, "gone")
			check("Status", err, ErrNoSuchChannel)
			_, err = c.ChannelStatus(ctx, "none")
			check("Status", err, ErrNoSuchChannel)
			m, err = c.CoreSettings(ctx)
			check("CoreSettings", err, nil)
			if m.Get("AsteriskVersion") != "22.10.1" {
				t.Errorf("CoreSettings: %v", m)
			}
			_, err = c.CoreStatus(ctx)
			check("CoreStatus", err, nil)
		})
		<-done
		stop()
	})
}
