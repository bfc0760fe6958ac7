package meter

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Whatever else a set holds, each of its meters counts every question for the
// subject that the meter itself names, and no other.
func TestSetCountsForEachOfItsMeters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wheres := []toll.Where{toll.Anywhere, toll.AtHome, toll.Abroad, toll.Unlisted, toll.Dear, toll.Where(toll.SharedCost)}
		meters := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) toll.Meter {
			return toll.Meter{
				Measure: rapid.SampledFrom([]toll.Measure{toll.Calls, toll.Attempts, toll.Seconds}).Draw(t, "measure"),
				Scope:   rapid.SampledFrom([]toll.Scope{toll.PerSite, toll.PerCaller, toll.PerGroup, toll.PerCountry}).Draw(t, "scope"),
				Window:  time.Hour,
				Where:   rapid.SampledFrom(wheres).Draw(t, "where"),
				When:    rapid.SampledFrom([]string{"", "night", "!night"}).Draw(t, "when"),
			}
		}), 1, 30).Draw(t, "meters")
		s := NewSet(1000)
		half := rapid.IntRange(0, len(meters)).Draw(t, "half")
		s.Require(meters[:half], knowsAll)
		s.Granted(begin, from("1001"), 1) // what is worked out before a change must not outlive it
		s.Granted(begin, from("1001"), -1)
		s.Require(meters, knowsAll)

		type figure struct {
			meter   toll.Meter
			subject string
		}
		want := make(map[figure]int64)
		var asked []toll.Question
		for range rapid.IntRange(1, 20).Draw(t, "questions") {
			q := from(rapid.SampledFrom([]string{"1001", "1002"}).Draw(t, "caller"))
			q.Caller.Group = rapid.SampledFrom([]string{"", "sales"}).Draw(t, "group")
			q.To.Class = rapid.SampledFrom(toll.Classes()).Draw(t, "class")
			q.To.Country = rapid.SampledFrom([]string{"", "GB", "GM"}).Draw(t, "country")
			q.To.Listed = rapid.Bool().Draw(t, "listed")
			q.Times = rapid.SampledFrom([]string{"", "night"}).Draw(t, "times")
			asked = append(asked, q)
			s.Granted(begin, q, 1)
			s.Spent(begin, q, 7*time.Second, 0)
			for m := range set(meters) {
				w, _ := m.Measure.Weigher()
				if subject, counts := m.Subject(q); counts {
					want[figure{m, subject}] += w.Granted() + w.Spent(7*time.Second, 0)
				}
			}
		}
		for _, q := range asked {
			for _, m := range meters {
				subject, counts := m.Subject(q)
				if got := s.Usage(begin, m, q); counts && got.Value != want[figure{m, subject}] {
					t.Fatalf("%s of %q: %d, want %d", m, subject, got.Value, want[figure{m, subject}])
				}
			}
		}
	})
}

// set is the different ones of the meters.
func set(meters []toll.Meter) map[toll.Meter]bool {
	all := make(map[toll.Meter]bool, len(meters))
	for _, m := range meters {
		all[m] = true
	}
	return all
}
