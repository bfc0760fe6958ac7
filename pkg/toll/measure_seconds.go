package toll

import (
	"fmt"
	"time"
)

// Seconds counts talk time. Where prices are only assumed, a budget in time
// stands beside the one in money.
const Seconds Measure = "seconds"

type seconds struct{}

func (seconds) Refused() int64 { return 0 }
func (seconds) Granted() int64 { return 0 }

func (seconds) Held(_ Price, covered time.Duration) int64 { return wholeSeconds(covered + Margin) }
func (seconds) Spent(talked time.Duration, _ Money) int64 { return wholeSeconds(talked) }

func (seconds) Format(v int64) string { return fmt.Sprintf("%dm%02ds", v/60, v%60) }
