package app

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// well are the vitals of a daemon that lacks nothing.
func well() vitals {
	return vitals{links: []linkVitals{{pbx: "pbx", up: true}}, free: 1 << 40}
}

func TestHealth(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	type step struct {
		after time.Duration // since the beginning
		spoil func(*vitals)
		want  []toll.EventKind
	}
	down := func(v *vitals) { v.links[0].up = false }
	fails := func(v *vitals) { v.failing = true }
	full := func(v *vitals) { v.free = 99 * megabyte }
	nearly := func(v *vitals) { v.free = 110 * megabyte }
	late := func(v *vitals) { v.oldest = began.Add(-time.Hour) }
	fine := func(*vitals) {}
	begins, ends := []toll.EventKind{toll.TroubleBegan}, []toll.EventKind{toll.TroubleEnded}
	for name, steps := range map[string][]step{
		"a short loss is no trouble":  {{0, down, nil}, {50 * time.Second, fine, nil}, {55 * time.Second, down, nil}, {100 * time.Second, down, nil}},
		"a long loss":                 {{0, down, nil}, {time.Minute, down, begins}, {61 * time.Second, down, nil}, {62 * time.Second, fine, nil}, {72 * time.Second, fine, ends}},
		"flapping ends nothing":       {{0, down, nil}, {time.Minute, down, begins}, {61 * time.Second, fine, nil}, {65 * time.Second, down, nil}, {72 * time.Second, fine, nil}},
		"a hiccup before it":          {{0, fails, nil}, {8 * time.Second, fine, nil}, {9 * time.Second, fails, nil}, {18 * time.Second, fails, nil}, {19 * time.Second, fails, begins}},
		"the ledger fails":            {{0, fails, nil}, {10 * time.Second, fails, begins}, {20 * time.Second, fine, nil}, {30 * time.Second, fine, ends}},
		"the disk fills and is freed": {{0, full, begins}, {20 * time.Second, nearly, nil}, {40 * time.Second, nearly, nil}, {41 * time.Second, fine, nil}, {51 * time.Second, fine, ends}},
		"mail does not leave":         {{0, late, nil}, {time.Second, late, begins}, {2 * time.Second, fine, nil}, {12 * time.Second, fine, ends}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHealth(time.Minute, 100*megabyte)
			// What is right from the beginning is said to be, once: an earlier daemon
			// may have left a trouble open.
			h.look(began.Add(-time.Minute), well())
			if events := h.look(began.Add(-time.Second), well()); len(events) != 4 {
				t.Fatalf("at first: %+v", events)
			}
			for _, s := range steps {
				v := well()
				s.spoil(&v)
				events := h.look(began.Add(s.after), v)
				if len(events) != len(s.want) || len(events) == 1 && events[0].Kind != s.want[0] {
					t.Fatalf("after %s: %+v, want %v", s.after, events, s.want)
				}
				if len(events) == 1 && events[0].Kind == toll.TroubleBegan && events[0].Text == "" {
					t.Error("a trouble without a word")
				}
			}
		})
	}
}

func TestHealthIsPatientFromTheFirstLook(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	h := newHealth(2*time.Second, 0)
	v := well()
	h.look(began, v)
	v.links[0].up = false
	if events := h.look(began.Add(5*time.Second), v); len(events) != 0 {
		t.Fatalf("a link that went down just now is a trouble: %+v", events)
	}
	if events := h.look(began.Add(7*time.Second), v); len(events) != 1 || events[0].Kind != toll.TroubleBegan {
		t.Fatalf("a link that is down for two seconds: %+v", events)
	}
}
