package meter

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// TestAbsorbedIsCountedInOne cuts a stream at any place: what was counted before it
// and takes in what came after must read as one that has counted all.
func TestAbsorbedIsCountedInOne(t *testing.T) {
	makes := map[string]func(bound int) tally{
		"sums":     func(bound int) tally { return NewCounter(time.Hour, bound) },
		"distinct": func(bound int) tally { return NewDistinct(time.Hour, bound) },
	}
	for name, make := range makes {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { checkAbsorb(t, make) })
		})
	}
}

// checkAbsorb keeps a plain model of each subject beside: the figure of the
// absorbed counter is never below its own, and equal to it where there is room.
func checkAbsorb(t *rapid.T, make func(bound int) tally) {
	roomy := rapid.Bool().Draw(t, "roomy")
	bound := 1000
	if !roomy {
		bound = rapid.IntRange(2, 5).Draw(t, "bound")
	}
	live, whole := make(bound), make(1000)
	past := live.blank()
	at := time.Unix(1_000_000, 0)
	type counted struct {
		subject, thing string
		at             time.Time
	}
	var given []counted
	held := map[string]int64{}
	n := rapid.IntRange(1, 60).Draw(t, "steps")
	cut := rapid.IntRange(0, n).Draw(t, "cut")
	for i := range n {
		into := past
		if i >= cut {
			into = live
		}
		at = at.Add(time.Duration(rapid.IntRange(0, 600).Draw(t, "wait")) * time.Second)
		c := counted{fmt.Sprint(rapid.IntRange(0, 7).Draw(t, "subject")), fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "thing")), at}
		switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
		case kind == 0 && len(given) > 0: // the newest is taken back, also beyond the cut
			c, given = given[len(given)-1], given[:len(given)-1]
			into.count(c.subject, c.thing, c.at, -1)
			whole.count(c.subject, c.thing, c.at, -1)
		case kind == 1 && i >= cut:
			delta := int64(5)
			if held[c.subject] > 0 {
				delta = -5
			}
			held[c.subject] += delta
			live.hold(c.subject, delta)
			whole.hold(c.subject, delta)
		default:
			given = append(given, c)
			into.count(c.subject, c.thing, c.at, 1)
			whole.count(c.subject, c.thing, c.at, 1)
		}
	}
	if !past.absorb(live) {
		t.Fatal("a counter did not take in its own blank's later one")
	}
	for round := range 2 {
		for s := range 8 {
			for thing := range 4 {
				subject, thing := fmt.Sprint(s), fmt.Sprint(thing)
				got, want := past.usage(subject, thing, at), whole.usage(subject, thing, at)
				if roomy && got != want {
					t.Fatalf("round %d: subject %s reads %+v, want %+v", round, subject, got, want)
				}
				if got.Value < want.Value || got.Held < want.Held || want.Again && !got.Again {
					t.Fatalf("round %d: subject %s reads %+v, which is less than its own %+v", round, subject, got, want)
				}
			}
		}
		for subject, h := range held { // all let go, and nothing is left held
			past.hold(subject, -h)
			whole.hold(subject, -h)
		}
	}
}

// A set's new meters get their past while those that are ready, and what was
// counted and held since, stay as they were.
func TestFillMakesNewMetersReady(t *testing.T) {
	old, calls, cost := perCaller(toll.Attempts, time.Hour), perCaller(toll.Calls, time.Hour), perCaller(toll.Cost, time.Hour)
	s := NewSet(100)
	s.Require([]toll.Meter{old}, knowsAll)
	s.Granted(begin, from("1001"), 1)
	s.Require([]toll.Meter{old, calls, cost}, missedAll)

	past := s.Blank([]toll.Meter{calls, cost})
	past.Granted(begin, from("1001"), 1)
	past.Spent(begin, from("1001"), time.Minute, 600_000)
	s.Granted(begin.Add(time.Minute), from("1001"), 1)
	s.Hold(from("1001"), 1)
	s.Require([]toll.Meter{old, cost}, noneFresh(t)) // calls is no longer needed, but may come back
	s.Fill(past)
	s.Fill(past) // which is used up, and so does nothing
	s.Require([]toll.Meter{old, calls, cost}, noneFresh(t))

	at := begin.Add(2 * time.Minute)
	reserve := int64(from("1001").Price.Reserve(time.Minute))
	wantUsage(t, s, at, old, from("1001"), toll.Usage{Value: 2, Ready: true})
	wantUsage(t, s, at, calls, from("1001"), toll.Usage{Value: 2, Ready: true})
	wantUsage(t, s, at, cost, from("1001"), toll.Usage{Value: 600_000, Held: reserve, Ready: true})
	if left := s.Blank([]toll.Meter{old, calls, cost}); left.Len() != 0 {
		t.Errorf("%d meters are still not ready", left.Len())
	}
}

// BenchmarkFill is for how long nobody else is answered while a past of many
// subjects is filled in, by how many of them have called since the limit was set.
func BenchmarkFill(b *testing.B) {
	m := perCaller(toll.Calls, time.Hour)
	for _, since := range []int{0, 2_000, DefaultBound - 1} {
		b.Run(strconv.Itoa(since), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				s := NewSet(DefaultBound)
				s.Require([]toll.Meter{m}, missedAll)
				past := s.Blank([]toll.Meter{m})
				for i := range DefaultBound - 1 {
					past.Granted(begin, from(strconv.Itoa(i)), 1)
				}
				for i := range since {
					s.Granted(begin.Add(time.Minute), from(strconv.Itoa(i)), 1)
				}
				b.StartTimer()
				s.Fill(past)
			}
		})
	}
}

// A meter that was lost and made again while its past was counted has begun later,
// so that this past is not the whole of it.
func TestFillLeavesAMeterThatWasMadeAgain(t *testing.T) {
	calls := perCaller(toll.Calls, time.Hour)
	s := NewSet(100)
	s.Require([]toll.Meter{calls}, missedAll)
	past := s.Blank([]toll.Meter{calls})
	past.Granted(begin, from("1001"), 1)
	var others []toll.Meter
	for n := range retire + 1 {
		others = append(others, perCaller(toll.Calls, time.Duration(n+2)*time.Hour))
	}
	s.Require(others, missedAll)
	s.Require(nil, missedAll)
	s.Require([]toll.Meter{calls}, missedAll)
	s.Fill(past)
	wantUsage(t, s, begin, calls, from("1001"), toll.Usage{})
}
