package ami

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// TestBackoff: attempts come with growing, bounded, jittered pauses, and each failure is told.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []time.Time
		downs := make(chan error)
		opts := Options{Username: "u", MinBackoff: time.Second, MaxBackoff: 8 * time.Second}
		refused := errors.New("connection refused")
		opts.Dial = func(context.Context) (net.Conn, error) {
			attempts = append(attempts, time.Now())
			return nil, refused
		}
		c, stop := run(t, opts, func(ctx context.Context, _ *Client, n Notice) {
			select {
			case downs <- n.Err:
			case <-ctx.Done():
			}
		})
		for range 8 {
			if err := <-downs; !errors.Is(err, refused) {
				t.Error(err)
			}
		}
		if s := c.State(); s.Up || !errors.Is(s.Err, refused) || s.Links != 0 {
			t.Errorf("state %+v", s)
		}
		stop()
		for i, longest := range []int{1, 2, 4, 8, 8, 8} {
			pause, most := attempts[i+1].Sub(attempts[i]), time.Duration(longest)*time.Second
			if pause < most/2 || pause > most {
				t.Errorf("pause %d is %s, want at most %s", i, pause, most)
			}
		}
	})
}

// TestBackoffAfterLinks: a link that lasted makes the pauses short again, one that broke at once does not.
func TestBackoffAfterLinks(t *testing.T) {
	for lasts, longest := range map[time.Duration]time.Duration{0: 32 * time.Second, 2 * time.Minute: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			attempts := 0
			lost, again := time.Time{}, make(chan time.Time, 1)
			opts := onPipe(t, func(s *ServerConn) {
				_ = s.Login("11.0.0", "tollfuse", "s3cret")
				go answerAll(s)
				for end := time.Now().Add(lasts); time.Now().Before(end) && s.Event("Newstate") == nil; {
					time.Sleep(5 * time.Second) //nolint:forbidigo // of the bubble
				}
				lost = time.Now()
			})
			opts.MinBackoff, opts.MaxBackoff = time.Second, 32*time.Second
			dial := opts.Dial
			opts.Dial = func(ctx context.Context) (net.Conn, error) {
				switch attempts++; {
				case attempts == 6:
					return dial(ctx)
				case attempts == 7:
					again <- time.Now()
				}
				return nil, errors.New("connection refused")
			}
			_, stop := run(t, opts, func(context.Context, *Client, Notice) {})
			if pause := (<-again).Sub(lost); pause < longest/2 || pause > longest {
				t.Errorf("after a link of %s the pause is %s", lasts, pause)
			}
			stop()
		})
	}
}
