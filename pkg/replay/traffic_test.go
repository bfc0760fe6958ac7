package replay

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func workdays(time.Time) bool { return false }

// drawAll are the times of all calls of the first traffic, and the calls.
func drawAll(s *Scenario, holiday func(time.Time) bool) (times []time.Duration, calls []wish) {
	return drawTraffic(s, 0, holiday)
}

func drawTraffic(s *Scenario, n int, holiday func(time.Time) bool) (times []time.Duration, calls []wish) {
	src := newSource(s, n, s.Starts.Location(), holiday)
	for at := time.Duration(-1); ; {
		next, more := src.next(at, s.Starts, s.Lasts)
		if !more {
			return times, calls
		}
		at = next
		if one, free := src.draw(at); free {
			times, calls = append(times, at), append(calls, one)
		}
	}
}

func TestCallsComeAtTheirTimes(t *testing.T) {
	for _, test := range []struct {
		name  string
		flow  Traffic
		lasts time.Duration
		want  []time.Duration
	}{
		{"every so often", Traffic{Every: time.Hour}, 3 * time.Hour, []time.Duration{0, time.Hour, 2 * time.Hour}},
		{"later", Traffic{Every: time.Hour, After: 90 * time.Minute}, 3 * time.Hour, []time.Duration{90 * time.Minute, 150 * time.Minute}},
		{"until", Traffic{Every: time.Hour, Until: 2 * time.Hour}, 4 * time.Hour, []time.Duration{0, time.Hour}},
		{"so many", Traffic{Every: time.Hour, Calls: 2}, 9 * time.Hour, []time.Duration{0, time.Hour}},
		{"at night", Traffic{Every: 6 * time.Hour, Between: []Hours{{22 * time.Hour, 6 * time.Hour}}}, 48 * time.Hour, []time.Duration{0, 24 * time.Hour}},
		{"on Wednesdays", Traffic{Every: 12 * time.Hour, Days: []time.Weekday{time.Wednesday}}, 7 * 24 * time.Hour, []time.Duration{48 * time.Hour, 60 * time.Hour}},
		{"never", Traffic{Every: time.Hour, Days: []time.Weekday{time.Sunday}}, 24 * time.Hour, nil},
	} {
		test.flow.To = []Target{{"1", 1}}
		times, _ := drawAll(&Scenario{Starts: monday, Lasts: test.lasts, Traffic: []Traffic{test.flow}}, workdays)
		if !slices.Equal(times, test.want) {
			t.Errorf("%s: %v, want %v", test.name, times, test.want)
		}
	}
}

// A day has about as many calls as it should, and an office has them by day.
func TestCallsOfADayAreSpread(t *testing.T) {
	for _, shape := range []Shape{Even, Office, Clinic, Centre} {
		s := &Scenario{Name: "month", Seed: 3, Starts: monday, Lasts: 28 * 24 * time.Hour, Traffic: []Traffic{{Daily: 1000, Shape: shape, To: []Target{{"1", 1}}}}}
		times, _ := drawAll(s, workdays)
		expected, night := 0.0, 0
		for d := range 28 {
			for h := range 24 {
				expected += 1000 * shape.share(monday.Add(time.Duration(24*d+h)*time.Hour), false)
			}
		}
		for _, at := range times {
			if hour := monday.Add(at).Hour(); hour < 5 {
				night++
			}
		}
		if n := float64(len(times)); n < 0.95*expected || n > 1.05*expected {
			t.Errorf("%q: %v calls, want about %v", shape, n, expected)
		}
		if part := float64(night) / float64(len(times)); shape != Even && part > 0.02 {
			t.Errorf("%q: %v of the calls are at night", shape, part)
		}
	}
	s := &Scenario{Starts: monday, Lasts: 24 * time.Hour, Traffic: []Traffic{{Daily: 1000, Shape: Office, To: []Target{{"1", 1}}}}}
	if times, _ := drawAll(s, func(time.Time) bool { return true }); len(times) > 50 {
		t.Errorf("%d calls on a holiday", len(times))
	}
}

func TestWhatIsDrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := time.Duration(rapid.IntRange(0, 600).Draw(t, "min")) * time.Second
		most := least + time.Duration(rapid.IntRange(2, 600).Draw(t, "more"))*time.Second
		flow := Traffic{
			Every: time.Minute, From: Origin{FromExtension, []string{"1", "2", "3"}}, InOrder: rapid.Bool().Draw(t, "in order"),
			To: []Target{{"00xxx", 1}, {"7", 2}}, Repeat: rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "repeat"),
			Talk: Talk{Min: least, Max: most}, Answered: rapid.SampledFrom([]float64{0, 1}).Draw(t, "answered"),
		}
		if rapid.Bool().Draw(t, "mean") {
			flow.Talk.Mean = (least + most) / 2
		}
		s := &Scenario{Name: "any", Seed: rapid.Uint64().Draw(t, "seed"), Starts: monday, Lasts: 2 * time.Hour, Traffic: []Traffic{flow}}
		_, calls := drawAll(s, workdays)
		for i, c := range calls {
			if c.talk < least-time.Second || c.talk > most+time.Second || c.answered != (flow.Answered == 1) {
				t.Fatalf("%+v", c)
			}
			if c.number != "7" && (len(c.number) != 5 || c.number[:2] != "00") {
				t.Fatalf("it calls %s", c.number)
			}
			if flow.InOrder && c.from != flow.From.Names[i%3] {
				t.Fatalf("call %d is from %s", i, c.from)
			}
		}
		_, again := drawAll(s, workdays)
		if !slices.Equal(calls, again) {
			t.Fatal("the same seed draws other calls")
		}
	})
}

// Whoever repeats himself calls few numbers.
func TestNumbersComeAgain(t *testing.T) {
	flow := Traffic{Every: time.Minute, From: Origin{FromExtension, []string{"1"}}, To: []Target{{"00xxxxxxxx", 1}}, Repeat: 0.8}
	_, calls := drawAll(&Scenario{Starts: monday, Lasts: 24 * time.Hour, Traffic: []Traffic{flow}}, workdays)
	numbers := make(map[string]bool)
	for _, c := range calls {
		numbers[c.number] = true
	}
	if part := float64(len(numbers)) / float64(len(calls)); part < 0.15 || part > 0.25 {
		t.Errorf("%d numbers in %d calls", len(numbers), len(calls))
	}
}

// People talk to one at a time: whoever talks is passed over, and when all do, nobody
// calls.
// Numbers that are drawn once come from all ranges, and nothing else is called.
func TestNumbersAreDrawnOnce(t *testing.T) {
	for _, inOrder := range []bool{false, true} {
		_, calls := drawAll(&Scenario{Starts: monday, Lasts: 24 * time.Hour, Traffic: []Traffic{{
			Every: time.Minute, To: []Target{{"1xxxx", 1}, {"2xxxx", 1}, {"3xxxx", 1}}, Numbers: 30, InOrder: inOrder,
		}}}, workdays)
		called, ranges := make(map[string]int), make(map[byte]int)
		for _, c := range calls {
			called[c.number]++
			ranges[c.number[0]]++
		}
		if len(calls) != 1440 || len(called) != 30 || len(ranges) != 3 {
			t.Errorf("in order %t: %d calls of %d numbers in %d ranges", inOrder, len(calls), len(called), len(ranges))
		}
		if inOrder && called[calls[0].number] != 1440/30 {
			t.Errorf("not in turn: %v", called)
		}
	}
}

func TestNobodyCallsWhileHeTalks(t *testing.T) {
	for _, test := range []struct {
		name  string
		lines int
		order bool
		want  int // calls
	}{
		{"any number", 0, false, 60}, {"one line", 1, false, 18}, {"one line, in turn", 1, true, 18}, {"two lines", 2, false, 36},
	} {
		flow := Traffic{
			Every: time.Minute, From: Origin{FromExtension, []string{"1", "2", "3"}}, To: []Target{{"7", 1}}, InOrder: test.order,
			Lines: test.lines, Answered: 1, Talk: Talk{Min: 10*time.Minute - time.Second, Max: 10*time.Minute - time.Second},
		}
		times, calls := drawAll(&Scenario{Starts: monday, Lasts: time.Hour, Traffic: []Traffic{flow}}, workdays)
		if len(calls) > test.want || len(calls) < test.want-test.want/3 {
			t.Errorf("%s: %d calls, want about %d", test.name, len(calls), test.want)
		}
		for i := range calls {
			live := 0
			for j := range i + 1 {
				if calls[j].from == calls[i].from && times[i] < times[j]+calls[j].talk {
					live++
				}
			}
			if test.lines > 0 && live > test.lines {
				t.Errorf("%s: %s has %d calls at %s", test.name, calls[i].from, live, times[i])
			}
		}
	}
}
