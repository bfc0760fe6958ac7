package watch

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/calls"
)

// asked is an Asterisk whose channels all came in, and that counts who was asked.
type asked struct {
	variables
	times map[string]int
	mute  bool // it answers no question
}

func (a *asked) Getvar(_ context.Context, id, _ string) (string, error) {
	a.times[id]++
	if a.mute {
		return "", context.DeadlineExceeded
	}
	return "sip:1001@192.0.2.9", nil
}

// A picture shows thousands of channels that nobody dialled. Each is asked once
// where it goes: not if it was seen to come in, again if it gave no answer or has
// become another one.
func TestPictureAsksEachChannelOnce(t *testing.T) {
	a := &asked{times: make(map[string]int)}
	w := NewStepped(a, &blank{}, Options{
		PBX: "pbx1", Trunks: []Trunk{{Name: "carrier"}}, Callers: caller.Site{Trunks: []string{"carrier"}},
		Numbering: homeOnly{}, Rates: homeOnly{}, Log: slog.New(slog.DiscardHandler),
	})
	shown := make(map[string]picture)
	show := func(id, name string) {
		shown[id] = picture{channel: calls.Channel{Snapshot: calls.Snapshot{Uniqueid: id, Linkedid: id, Name: name, State: calls.Up}}}
	}
	take := func() {
		w.mute = false // as a picture begins
		w.followPicture(t.Context(), w.model.Replace(time.Time{}, w.channels(shown, true)), shown, nil)
	}
	expect := func(when string, id string, times int) {
		t.Helper()
		if a.times[id] != times {
			t.Errorf("%s %s was asked %d times, want %d", when, id, a.times[id], times)
		}
	}
	for id, state := range map[string]string{"1.1": "Ring", "1.2": "Down"} {
		w.event(t.Context(), beginning(t, id, state))
		show(id, "PJSIP/1001-"+id)
	}
	show("1.3", "PJSIP/1001-1.3")
	show("1.4", "DAHDI/1-1")
	a.mute = true
	take()
	a.mute = false
	take()
	take()
	expect("seen to come in:", "1.1", 0)
	// After one that had no answer in time the other was not asked at first.
	if both := a.times["1.2"] + a.times["1.3"]; both != 3 || a.times["1.2"] == 0 || a.times["1.3"] == 0 {
		t.Errorf("one seen to begin and one first seen in a picture were asked %d and %d times", a.times["1.2"], a.times["1.3"])
	}
	expect("another driver:", "1.4", 0)
	show("1.1", "PJSIP/carrier-00000007")
	take()
	take()
	expect("taken over:", "1.1", 1)
	clear(shown)
	take()
	if len(w.placed) != 0 {
		t.Errorf("of no channels %d are kept", len(w.placed))
	}
}

func beginning(t *testing.T, id, state string) ami.Message {
	t.Helper()
	value := map[string]string{"Channel": "PJSIP/1001-" + id, "ChannelState": "4", "ChannelStateDesc": state, "Uniqueid": id, "Linkedid": id}
	fields := []ami.Field{{Name: "Event", Value: "Newchannel"}, {Name: "Privilege", Value: "call,all"}}
	for _, name := range snapshotFields {
		fields = append(fields, ami.Field{Name: name, Value: value[name]})
	}
	m, err := ami.NewMessage(fields...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
