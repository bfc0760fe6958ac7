package toll

import "time"

// Cost counts money, in millionths: what live leases reserve and what ended
// ones cost.
const Cost Measure = "cost"

type cost struct{}

func (cost) Refused() int64 { return 0 }
func (cost) Granted() int64 { return 0 }

// Held is the price of the covered talk time and of the margin that a late cut
// can add.
func (cost) Held(p Price, covered time.Duration) int64 { return int64(p.Reserve(covered)) }

func (cost) Spent(_ time.Duration, c Money) int64 { return int64(c) }
func (cost) Format(v int64) string                { return Money(v).String() }
