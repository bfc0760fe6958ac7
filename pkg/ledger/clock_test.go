package ledger

import (
	"testing"
	"testing/synctest"
	"time"
)

// setWall is what setting the wall clock comes to for a clock.
func setWall(c *Clock, by time.Duration) { c.wall = c.wall.Add(-by) }

func TestClockNoticesThatTheWallClockIsSet(t *testing.T) {
	for _, test := range []struct {
		name  string
		steps []time.Duration
		want  time.Duration // of the last; 0 if it is not noticed
	}{
		{"not set", []time.Duration{0}, 0},
		{"back", []time.Duration{-10 * time.Second}, -10 * time.Second},
		{"forward", []time.Duration{10 * time.Second}, 10 * time.Second},
		{"a little", []time.Duration{-400 * time.Millisecond}, 0},
		{"a little, twice", []time.Duration{-400 * time.Millisecond, -400 * time.Millisecond}, -800 * time.Millisecond},
		{"there and back", []time.Duration{400 * time.Millisecond, -400 * time.Millisecond}, 0},
		{"told once", []time.Duration{time.Hour, 0}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := NewClock(time.Time{}, nil)
				var got time.Duration
				for _, by := range test.steps {
					passes(time.Minute)
					setWall(c, by)
					got, _ = c.Stepped()
				}
				if got != test.want {
					t.Errorf("noticed %v, want %v", got, test.want)
				}
			})
		})
	}
}

// The ledger's clock goes on as if nobody had set the other, and is never before
// the newest entry.
func TestClockFollowsTheMonotonicClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, ahead := range []time.Duration{0, time.Hour} {
			newest := time.Now().Add(ahead)
			c := NewClock(newest, nil)
			setWall(c, -24*time.Hour)
			passes(time.Minute)
			if got := c.Now(); !got.Equal(newest.Add(time.Minute)) {
				t.Errorf("it is %v, want a minute after %v", got, newest)
			}
		}
	})
}
