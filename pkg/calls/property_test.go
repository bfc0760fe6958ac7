package calls

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestModelIsTheTruth: whatever happens on the PBX, in whatever order the events
// of different channels arrive, and wherever a resynchronization cuts in, the
// model is the truth in the end, has reported every channel's life once and in
// order, and is empty when all have hung up.
func TestModelIsTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newTruth(t)
		w.play(rapid.IntRange(0, 40).Draw(t, "steps"))
		r := &recorder{t: t, m: New(0), lives: make(map[string][]Change)}

		n := len(w.events)
		manner := rapid.SampledFrom([]string{"in order", "shuffled", "resynchronized", "with a loss"}).Draw(t, "manner")
		asked := rapid.IntRange(0, n).Draw(t, "asked")     // the list is asked for before this event
		listed := rapid.IntRange(asked, n).Draw(t, "list") // and made before this one
		switch manner {
		case "in order":
			r.apply(w.events)
			checkOrigins(t, r.m, w)
		case "shuffled":
			r.apply(shuffle(t, w.events))
		case "resynchronized":
			early := shuffle(t, w.events[:asked])
			arrived := rapid.IntRange(0, len(early)).Draw(t, "arrived")
			r.apply(early[:arrived])
			r.replace(list(w.history[listed], false))
			r.apply(shuffle(t, append(slices.Clone(early[arrived:]), w.events[asked:]...)))
		case "with a loss":
			lost := rapid.IntRange(0, asked).Draw(t, "lost")
			r.apply(shuffle(t, w.events[:lost]))
			r.replace(list(w.history[listed], true))
			r.apply(shuffle(t, w.events[asked:]))
		}
		checkTruth(t, r.m, w, manner)
		r.checkLives(manner)

		for len(w.live) > 0 {
			w.hangup(w.pick("last", anyChannel))
		}
		r.apply(shuffle(t, w.events[n:]))
		if r.m.Len() != 0 || len(r.m.legs) != 0 || len(r.m.Calls()) != 0 || r.m.Ignored() != 0 {
			t.Fatalf("left over: %+v, legs %v, ignored %d", r.m.Channels(), r.m.legs, r.m.Ignored())
		}
		r.checkLives(manner)
	})
}

// TestReplaceIsEnough: a list alone, whatever the model believed before, makes
// the model equal to it, in the same way for every order of the list.
func TestReplaceIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newTruth(t)
		w.play(rapid.IntRange(0, 40).Draw(t, "steps"))
		known := rapid.IntRange(0, len(w.events)).Draw(t, "known")
		one, other := New(0), New(0)
		for _, e := range w.events[:known] {
			one.Apply(start, e)
			other.Apply(start, e)
		}
		now := list(w.history[len(w.events)], rapid.Bool().Draw(t, "rich"))
		first := one.Replace(start.Add(time.Hour), now)
		second := other.Replace(start.Add(time.Hour), rapid.Permutation(now).Draw(t, "permuted"))
		if !slices.Equal(first, second) {
			t.Fatalf("the order of the list matters:\n%+v\n%+v", first, second)
		}
		if again := one.Replace(start.Add(2*time.Hour), now); len(again) != 0 {
			t.Fatalf("the same list again changes %+v", again)
		}
		if one.Len() != len(now) {
			t.Fatalf("%d channels, want %d", one.Len(), len(now))
		}
		for _, want := range now {
			got, ok := one.Channel(want.Uniqueid)
			if !ok || got.Snapshot != want.Snapshot || got.Bridge != want.Bridge || got.Answered.IsZero() != (want.State != Up) {
				t.Fatalf("got %+v\nwant %+v", got, want)
			}
		}
	})
}

// list is what a list of channels tells; a rich one also what the watcher can
// read from channel variables.
func list(channels map[string]Channel, rich bool) []Channel {
	var all []Channel
	for _, c := range channels {
		listed := Channel{Snapshot: c.Snapshot, Bridge: c.Bridge}
		if rich {
			listed.Dialled, listed.DialledBy, listed.DialString, listed.Transferer = c.Dialled, c.DialledBy, c.DialString, c.Transferer
		}
		all = append(all, listed)
	}
	slices.SortFunc(all, func(a, b Channel) int { return cmp.Compare(a.Uniqueid, b.Uniqueid) })
	return all
}

// checkTruth compares all that the model knows with the record.
func checkTruth(t *rapid.T, m *Model, w *truth, manner string) {
	if m.Len() != len(w.live) {
		t.Fatalf("%s: the model has %d channels, want %d", manner, m.Len(), len(w.live))
	}
	for id, want := range w.live {
		got, ok := m.Channel(id)
		if !ok {
			t.Fatalf("%s: channel %s is missing", manner, id)
		}
		if _, peerLives := w.live[want.LocalPeer]; !peerLives && manner == "with a loss" {
			got.LocalPeer = want.LocalPeer // both the word of it and the half are gone
		}
		if timeless(got) != timeless(*want) {
			t.Fatalf("%s: got %+v\nwant %+v", manner, timeless(got), timeless(*want))
		}
		if by := want.DialledBy; by != "" && !slices.ContainsFunc(m.Legs(by), func(c Channel) bool { return c.Uniqueid == id }) {
			t.Fatalf("%s: %s is no leg of %s", manner, id, by)
		}
		if _, ok := m.Origin(id); !ok {
			t.Fatalf("%s: %s has no origin", manner, id)
		}
	}
	grouped := 0
	for _, call := range m.Calls() {
		for _, c := range call.Channels {
			grouped++
			if c.Linkedid != call.Linkedid {
				t.Fatalf("%+v is in call %s", c, call.Linkedid)
			}
		}
	}
	if grouped != m.Len() {
		t.Fatalf("%d channels are in calls, want %d", grouped, m.Len())
	}
}

func checkOrigins(t *rapid.T, m *Model, w *truth) {
	for id := range w.live {
		if got, ok := m.Origin(id); !ok || got.Uniqueid != w.root(id) {
			t.Fatalf("%s comes from %s %v, want %s", id, got.Uniqueid, ok, w.root(id))
		}
	}
}

// timeless reduces times to whether they are set.
func timeless(c Channel) Channel {
	for _, moment := range []*time.Time{&c.Began, &c.Answered, &c.Dialled} {
		if !moment.IsZero() {
			*moment = start
		}
	}
	return c
}

// recorder feeds a model and keeps what it reports of each channel.
type recorder struct {
	t     *rapid.T
	m     *Model
	now   time.Time
	lives map[string][]Change
}

func (r *recorder) apply(events []Event) {
	for _, e := range events {
		r.keep(r.m.Apply(r.tick(), e))
	}
}

func (r *recorder) replace(list []Channel) { r.keep(r.m.Replace(r.tick(), list)) }

func (r *recorder) tick() time.Time {
	if r.now.IsZero() {
		r.now = start
	}
	r.now = r.now.Add(time.Second)
	return r.now
}

func (r *recorder) keep(changes []Change) {
	for _, c := range changes {
		if !c.At.Equal(r.now) {
			r.t.Fatalf("change %+v is not of %v", c, r.now)
		}
		r.lives[c.Channel.Uniqueid] = append(r.lives[c.Channel.Uniqueid], c)
	}
}

// checkLives wants each channel to have begun once, to have been dialled,
// answered and ended at most once, the end last, and times that make sense.
func (r *recorder) checkLives(manner string) {
	for id, life := range r.lives {
		count := make(map[ChangeKind]int)
		for i, c := range life {
			count[c.Kind]++
			if (c.Kind == Began) != (i == 0) || (c.Kind == Ended && i != len(life)-1) {
				r.t.Fatalf("%s: life of %s: %+v", manner, id, life)
			}
			if c.Channel.Leg() && c.Channel.Dialled.Before(c.Channel.Began) {
				r.t.Fatalf("%s: dialled before it began: %+v", manner, c)
			}
		}
		last := life[len(life)-1].Channel
		if count[Dialled] != set(last.Dialled) || count[Answered] != set(last.Answered) {
			r.t.Fatalf("%s: %d times dialled, %d times answered: %+v", manner, count[Dialled], count[Answered], last)
		}
		_, lives := r.m.Channel(id)
		if (count[Ended] == 0) != lives || count[Ended] > 1 {
			r.t.Fatalf("%s: %s ended %d times and is live: %v", manner, id, count[Ended], lives)
		}
	}
}

func set(moment time.Time) int {
	if moment.IsZero() {
		return 0
	}
	return 1
}
