package ledger

import "time"

// Timepiece is where a ledger has the time from.
type Timepiece interface {
	Wall() time.Time        // of the system clock, which may be set
	Elapsed() time.Duration // since some moment, on a clock that nobody sets
}

// machine is the timepiece of this machine.
type machine struct{ start time.Time }

func (machine) Wall() time.Time          { return time.Now().Round(0) }
func (m machine) Elapsed() time.Duration { return time.Since(m.start) }

// Clock is the ledger's clock. It starts at the wall's time, or at the newest
// entry if the wall lags behind that, and from there on follows the monotonic
// clock: whoever sets the wall clock neither refills nor empties a window.
type Clock struct {
	time  Timepiece
	base  time.Time     // what it said when it started,
	start time.Duration // elapsed then
	wall  time.Time     // what the wall clock said then
	drift time.Duration
}

// NewClock makes a clock that is never before the newest entry. Without a
// timepiece it has the machine's time.
func NewClock(newest time.Time, t Timepiece) *Clock {
	if t == nil {
		t = machine{time.Now()}
	}
	wall := t.Wall()
	return &Clock{time: t, base: later(wall, newest), start: t.Elapsed(), wall: wall}
}

// Now is the ledger's time.
func (c *Clock) Now() time.Time { return c.base.Add(c.time.Elapsed() - c.start) }

// Stepped tells by how much the wall clock was set against the monotonic one
// since that was last told. Less than clockStep is not told yet, but is not
// forgotten: who sets the clock little by little is noticed as well. It is for
// one goroutine.
func (c *Clock) Stepped() (by time.Duration, stepped bool) {
	drift := c.time.Wall().Sub(c.wall) - (c.time.Elapsed() - c.start)
	by = drift - c.drift
	if by.Abs() < clockStep {
		return 0, false
	}
	c.drift = drift
	return by, true
}
