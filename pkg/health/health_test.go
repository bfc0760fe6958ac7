package health

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// well are the vitals of a daemon that lacks nothing.
func well() Vitals {
	return Vitals{Links: []Link{{PBX: "pbx", Up: true}}, Free: 1 << 40}
}

func TestHealth(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	type step struct {
		after time.Duration // since the beginning
		spoil func(*Vitals)
		want  []toll.EventKind
	}
	down := func(v *Vitals) { v.Links[0].Up = false }
	fails := func(v *Vitals) { v.Failing = true }
	full := func(v *Vitals) { v.Free = 99 * megabyte }
	nearly := func(v *Vitals) { v.Free = 110 * megabyte }
	late := func(v *Vitals) { v.Oldest = began.Add(-time.Hour) }
	fine := func(*Vitals) {}
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
			h := New(Options{LinkDown: time.Minute, DiskFree: 100 * megabyte})
			// What is right from the beginning is said to be, once: an earlier daemon
			// may have left a trouble open.
			h.Look(began.Add(-time.Minute), well())
			if events := h.Look(began.Add(-time.Second), well()); len(events) != 4 {
				t.Fatalf("at first: %+v", events)
			}
			for _, s := range steps {
				v := well()
				s.spoil(&v)
				events := h.Look(began.Add(s.after), v)
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
	h := New(Options{LinkDown: 2 * time.Second})
	v := well()
	h.Look(began, v)
	v.Links[0].Up = false
	if events := h.Look(began.Add(5*time.Second), v); len(events) != 0 {
		t.Fatalf("a link that went down just now is a trouble: %+v", events)
	}
	if events := h.Look(began.Add(7*time.Second), v); len(events) != 1 || events[0].Kind != toll.TroubleBegan {
		t.Fatalf("a link that is down for two seconds: %+v", events)
	}
}
