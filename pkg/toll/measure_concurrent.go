package toll

import (
	"strconv"
	"time"
)

// Concurrent counts live leases.
const Concurrent Measure = "concurrent"

type concurrent struct{}

func (concurrent) Refused() int64                   { return 0 }
func (concurrent) Granted() int64                   { return 0 }
func (concurrent) Held(Price, time.Duration) int64  { return 1 }
func (concurrent) Spent(time.Duration, Money) int64 { return 0 }
func (concurrent) Format(v int64) string            { return strconv.FormatInt(v, 10) }
