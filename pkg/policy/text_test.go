package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Only what grows with the call is told for so much of it.
func TestWhatACallNeeds(t *testing.T) {
	for measure, want := range map[toll.Measure]string{
		toll.Cost: "; 1 min more of this call needs 2.00", toll.Seconds: "; 1 min more of this call needs ",
		toll.Concurrent: "; this call takes 1", toll.Calls: "; this call takes 1", toll.Attempts: "; this call takes 1",
	} {
		m := toll.Meter{Measure: measure, Scope: toll.PerCaller, Window: time.Hour}
		l := newLimit(&toll.Limit{ID: "x", Meter: m, Act: 5 * int64(toll.Unit)})
		need := l.need(&call{price: toll.Price{PerMinute: toll.Unit}}, time.Minute)
		if measure == toll.Cost {
			need = 2 * int64(toll.Unit)
		}
		text := limitText(l, "1001", toll.Usage{Ready: true}, need, time.Minute)
		if !strings.Contains(text, want) || strings.Contains(text, "1m0s") {
			t.Errorf("%s: %s", measure, text)
		}
		if text := limitText(l, "1001", toll.Usage{Ready: true}, 0, time.Minute); strings.Contains(text, "this call") {
			t.Errorf("%s of a call that needs nothing: %s", measure, text)
		}
	}
}
