package toll

import (
	"strconv"
	"time"
)

// Attempts counts questions, whatever the verdict.
const Attempts Measure = "attempts"

// RefusedAttempts counts refused questions: somebody who tries one door after
// the other. What a lock refused counts for its caller only.
const RefusedAttempts Measure = "refused"

type attempts struct{}

func (attempts) Refused() int64                   { return 1 }
func (attempts) Granted() int64                   { return 1 }
func (attempts) Held(Price, time.Duration) int64  { return 0 }
func (attempts) Spent(time.Duration, Money) int64 { return 0 }
func (attempts) Format(v int64) string            { return strconv.FormatInt(v, 10) }

type refusedAttempts struct{}

func (refusedAttempts) Refused() int64                   { return 1 }
func (refusedAttempts) Granted() int64                   { return 0 }
func (refusedAttempts) Held(Price, time.Duration) int64  { return 0 }
func (refusedAttempts) Spent(time.Duration, Money) int64 { return 0 }
func (refusedAttempts) Format(v int64) string            { return strconv.FormatInt(v, 10) }
