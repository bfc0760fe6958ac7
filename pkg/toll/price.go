package toll

import "time"

// Price is what a carrier charges for one destination.
type Price struct {
	PerMinute Money         `json:"per_minute"`
	Connect   Money         `json:"connect,omitempty"`   // charged once, as soon as the call is answered
	Minimum   time.Duration `json:"minimum,omitempty"`   // the first step, which is the least that is billed, whole seconds
	Increment time.Duration `json:"increment,omitempty"` // each further step, whole seconds; 0 means one second
	Free      time.Duration `json:"free,omitempty"`      // seconds of each call that cost nothing
	Assumed   bool          `json:"assumed,omitempty"`   // no rate deck says so; shown wherever the price is shown
}

// Cost is what a call of that length costs once it was answered: the connect
// fee, and of the started seconds after the free ones the minimum and, beyond
// it, whole increments: 46 seconds at 30/6 are billed as 48, at 45/60 as 105. It
// rounds up to the millionth, never down. A call that was never answered costs
// nothing; that is the caller's to know.
func (p Price) Cost(talk time.Duration) Money {
	seconds := wholeSeconds(talk)
	if seconds <= 0 {
		return max(p.Connect, 0)
	}
	seconds = max(seconds-wholeSeconds(p.Free), 0)
	if seconds > 0 {
		first, step := wholeSeconds(p.Minimum), max(wholeSeconds(p.Increment), 1)
		seconds = first + (max(seconds-first, 0)+step-1)/step*step
	}
	sixtieths := p.PerMinute.times(seconds)
	minutes := sixtieths / 60
	if sixtieths%60 != 0 {
		minutes++
	}
	return max(p.Connect, 0).plus(minutes)
}

// Nothing tells whether a call costs nothing, however long it is.
func (p Price) Nothing() bool { return p.PerMinute <= 0 && p.Connect <= 0 }

// Reserve is what a lease over that much talk time holds: its cost, and that of
// the margin.
func (p Price) Reserve(covered time.Duration) Money { return p.Cost(covered + Margin) }

// wholeSeconds rounds a length up to seconds, as carriers do.
func wholeSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
