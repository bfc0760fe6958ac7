package ledger

import "time"

// Clock is the ledger's clock. It starts at the wall's time, or at the newest
// entry if the wall lags behind that, and from there on follows the monotonic
// clock: whoever sets the wall clock neither refills nor empties a window.
type Clock struct {
	base  time.Time // on the wall, without a monotonic reading
	start time.Time // with one
	wall  time.Time // what the wall clock said then
	drift time.Duration
}

// NewClock makes a clock that is never before the newest entry.
func NewClock(newest time.Time) *Clock {
	start := time.Now()
	return &Clock{base: later(start.Round(0), newest), start: start, wall: start.Round(0)}
}

// Now is the ledger's time.
func (c *Clock) Now() time.Time { return c.base.Add(time.Since(c.start)) }

// Stepped tells by how much the wall clock was set against the monotonic one
// since that was last told. Less than clockStep is not told yet, but is not
// forgotten: who sets the clock little by little is noticed as well. It is for
// one goroutine.
func (c *Clock) Stepped() (by time.Duration, stepped bool) {
	now := time.Now()
	drift := now.Round(0).Sub(c.wall) - now.Sub(c.start)
	by = drift - c.drift
	if by.Abs() < clockStep {
		return 0, false
	}
	c.drift = drift
	return by, true
}
