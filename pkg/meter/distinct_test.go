package meter

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func wantThings(t *testing.T, d *Distinct, subject, name string, after time.Duration, want int64, wantAgain bool) {
	t.Helper()
	if got, again := d.Read(subject, name, begin.Add(after)); got != want || again != wantAgain {
		t.Errorf("%s of %s after %s: %d and %v, want %d and %v", name, subject, after, got, again, want, wantAgain)
	}
}

func TestThingsCountOnceEach(t *testing.T) {
	d := NewDistinct(time.Hour, 100)
	d.Add("1001", "GB", begin, 1)
	d.Add("1001", "GB", begin.Add(30*time.Minute), 1)
	d.Add("1001", "FR", begin.Add(10*time.Minute), 1)
	d.Add("1002", "DE", begin, 1)
	wantThings(t, d, "1001", "GB", 30*time.Minute, 2, true)
	wantThings(t, d, "1001", "DE", 30*time.Minute, 2, false)
	wantThings(t, d, "1003", "DE", 30*time.Minute, 0, false)
	wantThings(t, d, "1001", "GB", time.Hour+2*time.Minute, 2, true) // by its second call
	wantThings(t, d, "1001", "FR", time.Hour+12*time.Minute, 1, false)
	wantThings(t, d, "1001", "GB", 2*time.Hour, 0, false)
}

// A lease is taken back and counted anew with each of its changes.
func TestThingIsTakenBack(t *testing.T) {
	d := NewDistinct(time.Hour, 100)
	d.Add("1001", "GB", begin, 1)
	d.Add("1001", "GB", begin, 1)
	d.Add("1001", "GB", begin, -1)
	wantThings(t, d, "1001", "GB", 0, 1, true)
	d.Add("1001", "GB", begin, -1)
	wantThings(t, d, "1001", "GB", 0, 0, false)
	d.Add("1001", "GB", begin, 1)
	wantThings(t, d, "1001", "GB", 0, 1, true)
	d.Add("1001", "GB", begin.Add(-2*time.Hour), -1) // what is too old is gone already
	wantThings(t, d, "1001", "GB", 0, 1, true)
}

// Callers whose names others choose must neither escape a limit nor cost more
// memory than was set aside; who is known is not forgotten either.
func TestAtTheBoundThingsMergeUpward(t *testing.T) {
	const bound = 100
	d := NewDistinct(time.Hour, bound)
	d.Add("known", "GB", begin, 1)
	for i := range 10_000 {
		d.Add(strconv.Itoa(i), strconv.Itoa(i%200), begin, 1)
	}
	if d.Len() > bound || len(d.all) > bound+1 || len(d.all[rest].things) > 200 {
		t.Fatalf("%d things of %d subjects are kept apart, and %d shared", d.Len(), len(d.all), len(d.all[rest].things))
	}
	if value, again := d.Read("never seen", "7", begin); value != 200 || !again {
		t.Errorf("a new subject reads %d and %v, want what is shared", value, again)
	}
	wantThings(t, d, "known", "GB", 0, 1, true)
	d.Add("known", "FR", begin, 1) // there is no room for it
	if value, again := d.Read("known", "GB", begin); value < 2 || !again {
		t.Errorf("what was known reads %d and %v", value, again)
	}
	d.Add("known", "FR", begin, -1)
	for i := range 10_000 {
		d.Add(strconv.Itoa(i), strconv.Itoa(i%200), begin, -1)
	}
	wantThings(t, d, "never seen", "7", 0, 1, false) // the call to GB is all that is left
	late := begin.Add(3 * time.Hour)
	d.Add("own again", "GB", late, 1)
	if value, _ := d.Read("other", "GB", late); value != 0 {
		t.Errorf("subjects are not kept apart again: %d", value)
	}
}

func TestMemoryFollowsTheThingsThatAreLive(t *testing.T) {
	d := NewDistinct(time.Minute, 1_000_000)
	for i := range 100_000 {
		d.Add(strconv.Itoa(i), "GB", begin.Add(time.Duration(i)*10*time.Millisecond), 1)
	}
	// Six thousand subjects are inside the window at any time.
	if len(d.all) > 30_000 || d.Len() > 30_000 {
		t.Fatalf("%d subjects and %d things for 6,000 live ones", len(d.all), d.Len())
	}
}

// added is one of the things that a naive model remembers.
type added struct {
	subject, name string
	at            time.Time
	v             int64
}

// naive is how many different things of the subject have a count above zero that
// are newer than since.
func naive(all []added, subject string, since time.Time) map[string]bool {
	sums, things := make(map[string]int64), make(map[string]bool)
	for _, a := range all {
		if (subject == "" || a.subject == subject) && a.at.After(since) {
			sums[a.name] += a.v
		}
	}
	for name, sum := range sums {
		if sum > 0 {
			things[name] = true
		}
	}
	return things
}

// drawThings plays any story of counting and taking back on the counter, times out
// of order among them, and calls look after each step.
func drawThings(t *rapid.T, d *Distinct, subjects, things []string, look func(all []added, now time.Time)) {
	var all []added
	now := begin
	for range rapid.IntRange(1, 150).Draw(t, "steps") {
		switch rapid.IntRange(0, 3).Draw(t, "step") {
		case 0:
			now = now.Add(time.Duration(rapid.IntRange(0, int(d.window/time.Second)).Draw(t, "pass")) * time.Second)
		case 1, 2:
			late := time.Duration(rapid.IntRange(0, 600).Draw(t, "late")) * time.Second
			a := added{rapid.SampledFrom(subjects).Draw(t, "subject"), rapid.SampledFrom(things).Draw(t, "thing"), now.Add(-late), 1}
			d.Add(a.subject, a.name, a.at, a.v)
			all = append(all, a)
		case 3:
			var back []int // what was counted and not taken back
			for i, a := range all {
				if a.v == 1 {
					back = append(back, i)
				}
			}
			if len(back) == 0 {
				continue
			}
			i := rapid.SampledFrom(back).Draw(t, "back")
			d.Add(all[i].subject, all[i].name, all[i].at, -1)
			all[i].v = 0
		}
		look(all, now)
	}
}

// The counter equals a list of everything, but for the one bucket on the strict side.
func TestDistinctAgainstPlainList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := time.Duration(rapid.IntRange(60, 5000).Draw(t, "window")) * time.Second
		d := NewDistinct(window, 1000)
		subjects, things := []string{"a", "b"}, []string{"GB", "FR", "DE", "IT"}
		drawThings(t, d, subjects, things, func(all []added, now time.Time) {
			for _, s := range subjects {
				inside, within := naive(all, s, now.Add(-window)), naive(all, s, now.Add(-window-2*d.width))
				for _, name := range things {
					value, again := d.Read(s, name, now)
					if value < int64(len(inside)) || value > int64(len(within)) {
						t.Fatalf("%d things of %s, want %d to %d", value, s, len(inside), len(within))
					}
					if inside[name] && !again || again && !within[name] {
						t.Fatalf("%s of %s: %v", name, s, again)
					}
				}
			}
		})
	})
}

// At the bound nobody reads less than is his own, nor more than is everybody's,
// and no more is kept than was set aside.
func TestDistinctAtTheBoundAgainstPlainList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := NewDistinct(time.Hour, rapid.IntRange(2, 6).Draw(t, "bound"))
		subjects, things := []string{"a", "b", "c", "d"}, []string{"GB", "FR", "DE", "IT"}
		drawThings(t, d, subjects, things, func(all []added, now time.Time) {
			kept := 0
			for _, s := range d.all[rest+1:] {
				kept += len(s.things)
			}
			if d.Len() != kept || d.Len() > d.bound || len(d.all[rest].things) > len(things) {
				t.Fatalf("%d things of at most %d", kept, d.bound)
			}
			everybody := naive(all, "", now.Add(-d.window-2*d.width))
			for _, s := range subjects {
				own := naive(all, s, now.Add(-d.window))
				value, _ := d.Read(s, "GB", now)
				if value < int64(len(own)) || value > int64(len(everybody)) {
					t.Fatalf("%d things of %s, want %d to %d", value, s, len(own), len(everybody))
				}
				for name := range own {
					if _, again := d.Read(s, name, now); !again {
						t.Fatalf("%s of %s is forgotten", name, s)
					}
				}
			}
		})
	})
}

func BenchmarkDistinct(b *testing.B) {
	d := NewDistinct(7*24*time.Hour, 200_000)
	callers, countries := make([]string, 1000), make([]string, 100)
	for i := range callers {
		callers[i] = strconv.Itoa(i)
	}
	for i := range countries {
		countries[i] = "country " + strconv.Itoa(i)
		d.Add("", countries[i], begin, 1)
	}
	b.Run("caller", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			at := begin.Add(time.Duration(i) * time.Millisecond)
			d.Add(callers[i%1000], countries[i%5], at, 1)
			d.Read(callers[i%1000], countries[i%5], at)
		}
	})
	b.Run("site with 100 countries", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			at := begin.Add(time.Duration(i) * time.Millisecond)
			d.Add("", countries[i%100], at, 1)
			d.Read("", countries[i%100], at)
		}
	})
}
