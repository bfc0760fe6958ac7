package calls

import (
	"slices"
	"testing"
	"time"
)

// TestReplaceTimes: what happened unseen is put as early as it can have been.
func TestReplaceTimes(t *testing.T) {
	m := New(0)
	phone, leg := named("a", "PJSIP/1001-00000001", Ring), named("b", "PJSIP/carrier-00000002", Ringing)
	m.Apply(at(0), Event{Kind: ChannelNew, Channel: phone})
	m.Apply(at(1), Event{Kind: DialBegun, Channel: phone, Dest: leg, DialString: "0023@carrier"})
	m.Apply(at(5), Event{Kind: ChannelState, Channel: leg}) // the last news before the link went

	phone.State, leg.State = Up, Up
	changes := m.Replace(at(60), []Channel{
		{Snapshot: named("d", "PJSIP/1002-00000004", Up), Began: at(20), Bridge: "x"},
		{Snapshot: leg, Began: at(1)},
		{Snapshot: named("e", "PJSIP/carrier-00000005", Up), Began: at(21), Answered: at(25), DialString: "0024@carrier", DialledBy: "d"},
		{Snapshot: phone},
		{Snapshot: named("f", "PJSIP/1003-00000006", Ring)},
	})
	var got []string
	for _, c := range changes {
		if !c.Resynced || !c.At.Equal(at(60)) {
			t.Errorf("change %+v", c)
		}
		got = append(got, string(c.Kind)+" "+c.Channel.Uniqueid)
	}
	want := []string{"answered a", "began f", "answered b", "began d", "answered d", "began e", "answered e", "dialled e"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for id, times := range map[string][3]time.Time{ // began, dialled, answered
		"a": {at(0), {}, at(5)},
		"b": {at(1), at(1), at(5)},
		"d": {at(20), {}, at(20)},
		"e": {at(21), at(21), at(25)},
		"f": {at(60), {}, {}},
	} {
		c, _ := m.Channel(id)
		if got := [3]time.Time{c.Began, c.Dialled, c.Answered}; got != times {
			t.Errorf("%s began, was dialled and answered at %v, want %v", id, got, times)
		}
	}
	if c, _ := m.Channel("b"); c.DialledBy != "a" || c.DialString != "0023@carrier" {
		t.Errorf("forgot what was known: %+v", c)
	}
	if origin, ok := m.Origin("e"); !ok || origin.Uniqueid != "d" {
		t.Errorf("origin %+v %v", origin, ok)
	}
	for _, c := range changes {
		if c.Channel.Uniqueid == "e" && c.Kind == Began && c.Channel.DialledBy != "d" {
			t.Errorf("the first change of e does not tell yet who dialled it: %+v", c)
		}
	}
}

func TestReplaceEndsWhatVanished(t *testing.T) {
	m := New(0)
	gone, stays := named("a", "PJSIP/1001-00000001", Up), named("b", "PJSIP/carrier-00000002", Up)
	apply(m, Event{Kind: DialBegun, Channel: gone, Dest: stays, DialString: "0023@carrier"})
	changes := m.Replace(at(9), []Channel{{Snapshot: stays}, {Snapshot: stays}, {}})
	if len(changes) != 1 || changes[0].Kind != Ended || changes[0].Channel.Uniqueid != "a" || changes[0].Cause != 0 || !changes[0].Resynced {
		t.Fatalf("changes %+v", changes)
	}
	if origin, ok := m.Origin("b"); !ok || origin.Uniqueid != "a" {
		t.Errorf("origin %+v %v", origin, ok)
	}
	if changes := m.Apply(at(10), Event{Kind: Hungup, Channel: gone}); len(changes) != 0 {
		t.Errorf("reported twice: %+v", changes)
	}
}

// TestReplaceAndEnds: a channel whose Hangup was seen stays ended whatever an
// older list says; one that a list only lacked comes back with a newer list.
func TestReplaceAndEnds(t *testing.T) {
	m := New(0)
	hung, lacked := named("a", "PJSIP/1001-00000001", Up), named("b", "PJSIP/1002-00000002", Up)
	apply(m, Event{Kind: ChannelNew, Channel: hung}, Event{Kind: ChannelNew, Channel: lacked}, Event{Kind: Hungup, Channel: hung})
	m.Replace(at(5), nil)
	if changes := m.Apply(at(6), Event{Kind: ChannelState, Channel: lacked}); len(changes) != 0 {
		t.Errorf("a late word brought it back: %+v", changes)
	}
	m.Replace(at(7), []Channel{{Snapshot: hung}, {Snapshot: lacked}})
	if _, ok := m.Channel("a"); ok {
		t.Error("the one that hung up is back")
	}
	if _, ok := m.Channel("b"); !ok {
		t.Error("the one that is there is missing")
	}
}
