package toll

import "time"

// Measure names what a meter counts.
type Measure string

// Weigher says how one call weighs by a measure. A new measure is a new file
// with a Weigher and a line in Weigher below; policy and book stay as they are.
type Weigher interface {
	// Refused is what a refused question leaves in the window.
	Refused() int64
	// Granted is what a grant leaves in the window, answered or not.
	Granted() int64
	// Held is what a live lease holds that covers so much talk time. It never
	// falls when the talk time grows.
	Held(p Price, covered time.Duration) int64
	// Spent is what an ended lease leaves in the window beside Granted.
	Spent(talked time.Duration, cost Money) int64
	// Format writes a figure of this measure for a person.
	Format(v int64) string
}

// Distinct is a Weigher that counts things, each once for as long as something of
// it lies in the window, however many calls there were.
type Distinct interface {
	Weigher
	// Thing is what a grant of the question counts in a figure of that scope;
	// false where it counts nothing.
	Thing(s Scope, q Question) (string, bool)
}

// Weigher is how calls weigh by this measure; false for a name that nobody
// has defined.
func (m Measure) Weigher() (Weigher, bool) {
	switch m {
	case Attempts:
		return attempts{}, true
	case RefusedAttempts:
		return refusedAttempts{}, true
	case Calls:
		return calls{}, true
	case Concurrent:
		return concurrent{}, true
	case Cost:
		return cost{}, true
	case Seconds:
		return seconds{}, true
	case Countries:
		return countries{}, true
	case NewCountries:
		return newCountries{}, true
	}
	if short, is := parseShort(m); is {
		return short, true
	}
	return nil, false
}

// Measures lists every measure, for checks and help; of those with a length in
// the name one.
func Measures() []Measure {
	return []Measure{Attempts, RefusedAttempts, Calls, Concurrent, Cost, Seconds, Countries, NewCountries, ConnectsUnder + "10s"}
}
