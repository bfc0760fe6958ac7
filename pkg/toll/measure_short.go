package toll

import (
	"strconv"
	"strings"
	"time"
)

// ConnectsUnder begins the measures that count answered calls which ended
// within so many seconds of the answer, such as "connects-under-10s": pumps of
// short calls live on connect fees and on the least that a carrier bills.
const ConnectsUnder Measure = "connects-under-"

// longestShort is the longest call that can be called short.
const longestShort = 10 * time.Minute

// shortCalls counts the answered calls that were shorter than this.
type shortCalls struct{ than time.Duration }

// parseShort reads the length in the name of the measure: whole seconds.
func parseShort(m Measure) (shortCalls, bool) {
	length, is := strings.CutPrefix(string(m), string(ConnectsUnder))
	than, err := time.ParseDuration(length)
	whole := err == nil && than >= time.Second && than <= longestShort && than%time.Second == 0
	// One length has one name, or two limits would not know that they share a meter.
	return shortCalls{than}, is && whole && length == strconv.Itoa(int(than/time.Second))+"s"
}

func (shortCalls) Refused() int64                  { return 0 }
func (shortCalls) Granted() int64                  { return 0 }
func (shortCalls) Held(Price, time.Duration) int64 { return 0 }

// Spent counts a call that was answered: one that was not has no talk time and
// cost nothing.
func (s shortCalls) Spent(talked time.Duration, c Money) int64 {
	if talked < s.than && (talked > 0 || c > 0) {
		return 1
	}
	return 0
}

func (shortCalls) Format(v int64) string { return strconv.FormatInt(v, 10) }
