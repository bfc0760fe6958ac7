package meter

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var begin = time.Date(2026, 3, 7, 0, 30, 0, 0, time.UTC)

func TestWindowSlides(t *testing.T) {
	c := NewCounter(time.Hour, 10)
	c.Add("1001", begin, 5)
	c.Add("1001", begin.Add(30*time.Minute), 7)
	for _, test := range []struct {
		after time.Duration
		want  int64
	}{
		{30 * time.Minute, 12},
		{time.Hour, 12},                     // what is exactly a window old still counts
		{time.Hour + 2*time.Minute, 7},      // one bucket later it is gone
		{90*time.Minute + 2*time.Minute, 0}, // and so is the second
	} {
		if got, _ := c.Read("1001", begin.Add(test.after)); got != test.want {
			t.Errorf("after %s: got %d, want %d", test.after, got, test.want)
		}
	}
}

func TestWindowOfZeroKeepsOnlyWhatIsHeld(t *testing.T) {
	c := NewCounter(0, 10)
	c.Add("1001", begin, 5)
	c.Hold("1001", 2)
	if value, held := c.Read("1001", begin); value != 0 || held != 2 {
		t.Fatalf("got %d and %d held, want 0 and 2", value, held)
	}
}

// A caller who dials a new number each time must not escape a limit, nor cost
// more memory than was set aside.
func TestAtTheBoundFiguresMergeUpward(t *testing.T) {
	const bound = 100
	c := NewCounter(time.Hour, bound)
	for i := range 10_000 {
		c.Hold(strconv.Itoa(i), 1)
		c.Add(strconv.Itoa(i), begin, 1)
	}
	if c.Len() >= bound {
		t.Fatalf("%d subjects are kept apart, want fewer than %d", c.Len(), bound)
	}
	if value, held := c.Read("never seen", begin); value < 9_900 || held < 9_900 {
		t.Fatalf("a new subject reads %d and %d held, want what was merged", value, held)
	}
	for i := range 10_000 {
		c.Hold(strconv.Itoa(i), -1)
	}
	c.now = 0
	if value, held := c.Read("never seen", begin.Add(3*time.Hour)); value != 0 || held != 0 {
		t.Fatalf("after all let go: %d and %d held, want nothing", value, held)
	}
	c.Hold("own again", 1)
	if _, held := c.Read("other", begin.Add(3*time.Hour)); held != 0 {
		t.Fatal("subjects are not kept apart again once the shared slot is empty")
	}
}

func TestMemoryFollowsWhatIsLive(t *testing.T) {
	c := NewCounter(time.Minute, 1_000_000)
	for i := range 200_000 {
		c.Add(strconv.Itoa(i), begin.Add(time.Duration(i)*10*time.Millisecond), 1)
	}
	// Six thousand subjects are inside the window at any time.
	if len(c.slots) > 30_000 || len(c.nodes) > 30_000 {
		t.Fatalf("%d slots and %d nodes for 6,000 live subjects", len(c.slots), len(c.nodes))
	}
}

// The counter equals a plain list of everything that was ever added, but for
// the one bucket on the strict side.
func TestCounterAgainstPlainList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := time.Duration(rapid.IntRange(1, 5000).Draw(t, "window")) * time.Second
		c := NewCounter(window, 1000)
		type added struct {
			subject string
			at      time.Time
			v       int64
		}
		var all []added
		held := map[string]int64{}
		now := begin
		subject := rapid.SampledFrom([]string{"a", "b", "c"})
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			s := subject.Draw(t, "subject")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				now = now.Add(time.Duration(rapid.IntRange(0, int(window/time.Second)).Draw(t, "pass")) * time.Second)
			case 1:
				late := time.Duration(rapid.IntRange(0, 600).Draw(t, "late")) * time.Second
				v := rapid.Int64Range(1, 100).Draw(t, "v")
				c.Add(s, now.Add(-late), v)
				all = append(all, added{s, now.Add(-late), v})
			case 2:
				held[s]++
				c.Hold(s, 1)
			case 3:
				held[s]--
				c.Hold(s, -1)
			}
			var inside, within int64
			for _, a := range all {
				if a.subject == s && a.at.After(now.Add(-window)) {
					inside += a.v
				}
				if a.subject == s && a.at.After(now.Add(-window-2*c.width)) {
					within += a.v
				}
			}
			value, hold := c.Read(s, now)
			if value < inside || value > within {
				t.Fatalf("got %d, want from %d to %d", value, inside, within)
			}
			if hold != held[s] {
				t.Fatalf("held %d, want %d", hold, held[s])
			}
		}
	})
}

func BenchmarkAddAndRead(b *testing.B) {
	c := NewCounter(24*time.Hour, 200_000)
	names := make([]string, 1000)
	for i := range names {
		names[i] = "extension:" + strconv.Itoa(i)
	}
	for i := 0; b.Loop(); i++ {
		at := begin.Add(time.Duration(i) * time.Millisecond)
		c.Add(names[i%1000], at, 1)
		c.Read(names[i%1000], at)
	}
}
