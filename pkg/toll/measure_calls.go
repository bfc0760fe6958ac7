package toll

import (
	"strconv"
	"time"
)

// Calls counts granted calls, answered or not. A call that asks three times
// because trunks fail is one lease and so one call.
const Calls Measure = "calls"

type calls struct{}

func (calls) Refused() int64                   { return 0 }
func (calls) Granted() int64                   { return 1 }
func (calls) Held(Price, time.Duration) int64  { return 0 }
func (calls) Spent(time.Duration, Money) int64 { return 0 }
func (calls) Format(v int64) string            { return strconv.FormatInt(v, 10) }
