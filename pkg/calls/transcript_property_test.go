package calls

import (
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTranscriptsInAnyOrder: what a real Asterisk sent, with the events of
// different channels in another order, some of them twice, and a piece replaced
// by a list, leaves the model with the channels that live. Each leg is reported
// once, and who dialled it is right or unknown.
func TestTranscriptsInAnyOrder(t *testing.T) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if file.IsDir() {
			continue // failures that rapid keeps
		}
		events := readTranscript(t, file.Name())
		t.Run(file.Name(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				lost := rapid.IntRange(0, len(events)).Draw(t, "lost from")
				list := rapid.IntRange(lost, len(events)).Draw(t, "list at")
				r := &recorder{t: t, m: New(0), lives: make(map[string][]Change)}
				r.apply(disturb(t, events[:lost]))
				there := toldBy(events[:list])
				var listed []Channel
				for _, c := range there {
					if rapid.Bool().Draw(t, "dialler unknown") {
						c.DialledBy = ""
					}
					listed = append(listed, c)
				}
				r.replace(listed)
				r.apply(disturb(t, events[list:]))
				r.checkLives("transcript")
				checkTold(t, r, events, lost, list)
			})
		})
	}
}

// toldBy reads from events, without the model, which channels live after them.
func toldBy(events []Event) map[string]Channel {
	live := make(map[string]Channel)
	for _, e := range events {
		for _, s := range []Snapshot{e.Channel, e.Dest, e.Target} {
			if c, ok := live[s.Uniqueid]; ok || (e.Kind == ChannelNew && s.Uniqueid != "") {
				c.tell(s)
				c.Uniqueid = s.Uniqueid
				live[s.Uniqueid] = c
			}
		}
		switch e.Kind {
		case DialBegun:
			c := live[e.Dest.Uniqueid]
			c.Dialled, c.DialledBy, c.DialString = start, e.Channel.Uniqueid, e.DialString
			live[e.Dest.Uniqueid] = c
		case Hungup:
			delete(live, e.Channel.Uniqueid)
		}
	}
	return live
}

// checkTold compares what was reported with what the events outside the lost
// piece and the list say.
func checkTold(t *rapid.T, r *recorder, events []Event, lost, list int) {
	want, listed := toldBy(events), toldBy(events[:list])
	if r.m.Len() != len(want) {
		t.Fatalf("%d channels live, want %d", r.m.Len(), len(want))
	}
	diallers := make(map[string][]string)
	heard := make(map[string]bool) // legs whose beginning was not lost
	for i, e := range events {
		if e.Kind == DialBegun {
			id := e.Dest.Uniqueid
			_, inList := listed[id]
			diallers[id] = append(diallers[id], e.Channel.Uniqueid)
			heard[id] = heard[id] || i < lost || i >= list || inList
		}
	}
	for id := range want {
		if _, ok := r.m.Channel(id); !ok {
			t.Fatalf("%s lives and is missing", id)
		}
	}
	for id := range heard {
		if heard[id] && !slices.ContainsFunc(r.lives[id], func(c Change) bool { return c.Kind == Dialled }) {
			t.Fatalf("%s was dialled and not reported: %+v", id, r.lives[id])
		}
	}
	for id, life := range r.lives {
		by := life[len(life)-1].Channel.DialledBy
		if by != "" && !slices.Contains(diallers[id], by) {
			t.Fatalf("%s was dialled by %v, not by %s", id, diallers[id], by)
		}
	}
}

// disturb moves events before those of other channels and says some twice.
func disturb(t *rapid.T, events []Event) []Event {
	var disturbed []Event
	for _, e := range events {
		disturbed = append(disturbed, e)
		steps := rapid.IntRange(0, 8).Draw(t, "earlier")
		for i := len(disturbed) - 1; i > 0 && steps > 0 && !related(disturbed[i-1], e); i-- {
			disturbed[i-1], disturbed[i] = disturbed[i], disturbed[i-1]
			steps--
		}
		if rapid.IntRange(0, 9).Draw(t, "twice") == 9 {
			disturbed = append(disturbed, disturbed[len(disturbed)-1])
		}
	}
	return disturbed
}

// related tells whether two events mention the same channel.
func related(a, b Event) bool {
	for _, id := range []string{a.Channel.Uniqueid, a.Dest.Uniqueid, a.Target.Uniqueid} {
		if id != "" && (id == b.Channel.Uniqueid || id == b.Dest.Uniqueid || id == b.Target.Uniqueid) {
			return true
		}
	}
	return false
}
