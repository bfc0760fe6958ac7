package toll

import "time"

// Seconds counts talk time. Where prices are only assumed, a budget in time
// stands beside the one in money.
const Seconds Measure = "seconds"

type seconds struct{}

func (seconds) Refused() int64 { return 0 }
func (seconds) Granted() int64 { return 0 }

func (seconds) Held(_ Price, covered time.Duration) int64 { return wholeSeconds(covered + Margin) }
func (seconds) Spent(talked time.Duration, _ Money) int64 { return wholeSeconds(talked) }

// Format writes "27h", "1h30m" or "45s", which a command takes as it stands.
func (seconds) Format(v int64) string { return FormatLength(time.Duration(v) * time.Second) }
