package calls

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// at is so many seconds after the start.
func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func named(id, name string, state State) Snapshot {
	return Snapshot{Uniqueid: id, Linkedid: id, Name: name, State: state}
}

// apply plays events, one a second, and lists the kinds of changes.
func apply(m *Model, events ...Event) (kinds []string) {
	for i, e := range events {
		for _, c := range m.Apply(at(i), e) {
			kinds = append(kinds, fmt.Sprintf("%s %s", c.Kind, c.Channel.Uniqueid))
		}
	}
	return kinds
}

func TestTimesOfALeg(t *testing.T) {
	m := New(0)
	phone, leg := named("a", "PJSIP/1001-00000001", Ring), named("b", "PJSIP/carrier-00000002", Down)
	m.Apply(at(0), Event{Kind: ChannelNew, Channel: phone})
	m.Apply(at(1), Event{Kind: ChannelNew, Channel: leg})
	m.Apply(at(2), Event{Kind: DialBegun, Channel: phone, Dest: leg, DialString: "0023@carrier"})
	leg.State = Up
	m.Apply(at(3), Event{Kind: ChannelState, Channel: leg})
	m.Apply(at(4), Event{Kind: ChannelState, Channel: leg})
	want := Channel{Snapshot: leg, Began: at(1), Dialled: at(2), Answered: at(3), DialledBy: "a", DialString: "0023@carrier"}
	if got, ok := m.Channel("b"); !ok || got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	changes := m.Apply(at(5), Event{Kind: Hungup, Channel: Snapshot{Uniqueid: "b"}, Cause: 34})
	if len(changes) != 1 || changes[0] != (Change{Kind: Ended, At: at(5), Channel: want, Cause: 34}) {
		t.Fatalf("got %+v", changes)
	}
	if _, ok := m.Channel("b"); ok {
		t.Fatal("the leg is still there")
	}
}

// TestOvertaken is about events that arrive in another order than they happened.
func TestOvertaken(t *testing.T) {
	phone, leg := named("a", "PJSIP/1001-00000001", Ring), named("b", "PJSIP/carrier-00000002", Down)
	up := leg
	up.State = Up
	dial := Event{Kind: DialBegun, Channel: phone, Dest: leg, DialString: "0023@carrier"}
	for _, c := range []struct {
		why    string
		events []Event
		want   []string
		live   int
	}{
		{"dialled before it was announced",
			[]Event{dial, {Kind: ChannelNew, Channel: leg}, {Kind: ChannelNew, Channel: phone}},
			[]string{"began b", "began a", "dialled b"}, 2},
		{"dialled after its end",
			[]Event{{Kind: ChannelNew, Channel: leg}, {Kind: Hungup, Channel: leg}, dial},
			[]string{"began b", "ended b", "began a"}, 1},
		{"dialled after an end that nobody knew the beginning of",
			[]Event{{Kind: Hungup, Channel: leg}, dial},
			[]string{"began a"}, 1},
		{"answered before its state says so",
			[]Event{dial, {Kind: DialEnded, Channel: phone, Dest: up, DialStatus: "ANSWER"}, {Kind: ChannelState, Channel: leg}, {Kind: ChannelState, Channel: up}},
			[]string{"began b", "began a", "dialled b", "answered b"}, 2},
		{"the end of a dial makes nobody known",
			[]Event{{Kind: DialEnded, Channel: phone, Dest: up, DialStatus: "ANSWER", Forward: "0024"}},
			nil, 0},
		{"announced again by a masquerade",
			[]Event{dial, {Kind: DialBegun, Channel: named("c", "PJSIP/1003-00000003", Up), Dest: leg, DialString: "0023@carrier"}},
			[]string{"began b", "began a", "dialled b", "began c", "answered c"}, 3},
	} {
		t.Run(c.why, func(t *testing.T) {
			m := New(0)
			if got := apply(m, c.events...); !slices.Equal(got, c.want) || m.Len() != c.live {
				t.Errorf("got %q and %d live, want %q and %d", got, m.Len(), c.want, c.live)
			}
		})
	}
}

func TestUpStaysUp(t *testing.T) {
	m := New(0)
	apply(m,
		Event{Kind: ChannelNew, Channel: named("a", "PJSIP/carrier-00000001", Up)},
		Event{Kind: ChannelState, Channel: named("a", "PJSIP/carrier-00000001", Ringing)})
	if c, _ := m.Channel("a"); c.State != Up || !c.Answered.Equal(at(0)) {
		t.Errorf("got %+v", c)
	}
}

func TestLeavingAnOldBridge(t *testing.T) {
	m := New(0)
	c := named("a", "PJSIP/1001-00000001", Up)
	apply(m, Event{Kind: Bridged, Channel: c, Bridge: "new"}, Event{Kind: Unbridged, Channel: c, Bridge: "old"})
	if c, _ := m.Channel("a"); c.Bridge != "new" {
		t.Errorf("in bridge %q, want new", c.Bridge)
	}
}

func TestAttendedTransfer(t *testing.T) {
	m := New(0)
	alice, bob, carrier := named("a", "PJSIP/1001-00000001", Up), named("b", "PJSIP/1002-00000002", Up), named("c", "PJSIP/carrier-00000003", Up)
	apply(m, Event{Kind: ChannelNew, Channel: alice}, Event{Kind: ChannelNew, Channel: bob}, Event{Kind: ChannelNew, Channel: carrier})
	changes := m.Apply(at(3), Event{Kind: AttendedTransferred, Channel: alice, Dest: bob, Target: carrier})
	if len(changes) != 2 {
		t.Fatalf("changes %+v", changes)
	}
	for i, want := range []Change{{By: "a", Target: "c"}, {By: "a", Target: "b"}} {
		got := changes[i]
		if got.Kind != Transferred || got.By != want.By || got.Target != want.Target || got.Channel.Transferer != alice.Name {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	// A transfer into an application joins nobody.
	if changes := m.Apply(at(4), Event{Kind: AttendedTransferred, Channel: alice, Dest: bob}); len(changes) != 1 {
		t.Errorf("changes %+v", changes)
	}
}

// TestTwoForwards: two phones of one Dial send the call on, each to its own
// number, and one number begins with the other.
func TestTwoForwards(t *testing.T) {
	m := New(0)
	caller := named("a", "PJSIP/1001-00000001", Ring)
	one, two := named("b", "PJSIP/1002-00000002", Down), named("c", "PJSIP/1003-00000003", Down)
	apply(m,
		Event{Kind: ChannelNew, Channel: caller},
		Event{Kind: DialBegun, Channel: caller, Dest: one, DialString: "1002"},
		Event{Kind: DialBegun, Channel: caller, Dest: two, DialString: "1003"},
		Event{Kind: DialEnded, Channel: caller, Dest: one, DialStatus: "CANCEL", Forward: "0023"},
		Event{Kind: DialEnded, Channel: caller, Dest: two, DialStatus: "CANCEL", Forward: "00232"},
		Event{Kind: DialBegun, Channel: caller, Dest: named("d", "Local/00232@internal-00000001;1", Down), DialString: "00232@internal"},
		Event{Kind: DialBegun, Channel: caller, Dest: named("e", "Local/0023@internal-00000002;1", Down), DialString: "0023@internal"},
		Event{Kind: DialBegun, Channel: caller, Dest: named("f", "Local/0023@internal-00000003;1", Down), DialString: "0023@internal"})
	for id, want := range map[string]string{"d": two.Name, "e": one.Name, "f": ""} {
		if c, _ := m.Channel(id); c.Forwarder != want {
			t.Errorf("%s was forwarded by %q, want %q", id, c.Forwarder, want)
		}
	}
}

// TestForwardToATrunk: a phone answers 302 with a dial string instead of a
// number, and Dial calls the trunk without asking any dialplan.
func TestForwardToATrunk(t *testing.T) {
	m := New(0)
	caller, phone := named("a", "PJSIP/1001-00000001", Ring), named("b", "PJSIP/1002-00000002", Down)
	apply(m,
		Event{Kind: ChannelNew, Channel: caller},
		Event{Kind: DialBegun, Channel: caller, Dest: phone, DialString: "1002"},
		Event{Kind: DialEnded, Channel: caller, Dest: phone, DialStatus: "CANCEL", Forward: "PJSIP/0023222999999@carrier"},
		Event{Kind: DialBegun, Channel: caller, Dest: named("c", "PJSIP/carrier-00000003", Down), DialString: "0023222999999@carrier"})
	if leg, _ := m.Channel("c"); leg.Forwarder != phone.Name || leg.DialledBy != "a" {
		t.Errorf("got %+v", leg)
	}
}

// TestLocalOptimization: both halves of a Local channel go, the trunk leg stays.
func TestLocalOptimization(t *testing.T) {
	m := New(0)
	phone, trunk := named("a", "PJSIP/1001-00000001", Ring), named("d", "PJSIP/carrier-00000004", Down)
	one, two := named("b", "Local/0023@internal-00000001;1", Down), named("c", "Local/0023@internal-00000001;2", Ring)
	apply(m,
		Event{Kind: ChannelNew, Channel: phone},
		Event{Kind: LocalBridged, Channel: one, Dest: two},
		Event{Kind: DialBegun, Channel: phone, Dest: one, DialString: "0023@internal"},
		Event{Kind: DialBegun, Channel: two, Dest: trunk, DialString: "0023@carrier"},
		Event{Kind: Hungup, Channel: one},
		Event{Kind: Hungup, Channel: two})
	if legs := m.Legs("c"); len(legs) != 1 || legs[0].Uniqueid != "d" {
		t.Errorf("legs of the gone half: %+v", legs)
	}
	if origin, ok := m.Origin("d"); !ok || origin.Uniqueid != "a" {
		t.Errorf("origin %+v %v", origin, ok)
	}
	apply(m, Event{Kind: Hungup, Channel: phone})
	if origin, ok := m.Origin("d"); !ok || origin.Name != phone.Name {
		t.Errorf("origin after its end %+v %v", origin, ok)
	}
}

// TestLocalHalfIsGone: the word that ties the halves comes when one has ended.
func TestLocalHalfIsGone(t *testing.T) {
	one, two := named("b", "Local/0023@internal-00000001;1", Down), named("c", "Local/0023@internal-00000001;2", Ring)
	for _, ended := range []Snapshot{one, two} {
		m := New(0)
		apply(m, Event{Kind: Hungup, Channel: ended}, Event{Kind: LocalBridged, Channel: one, Dest: two})
		left := m.Channels()
		if len(left) != 1 || left[0].LocalPeer != ended.Uniqueid {
			t.Fatalf("left over: %+v", left)
		}
		want := left[0].Uniqueid // the half that was dialled comes from nobody,
		if left[0].Uniqueid == "c" {
			want = "b" // the one that dials on comes from the other
		}
		if origin, ok := m.Origin(left[0].Uniqueid); !ok || origin.Uniqueid != want {
			t.Errorf("origin of %s is %+v %v", left[0].Uniqueid, origin, ok)
		}
	}
}

func TestOriginateIntoTheDialplan(t *testing.T) {
	m := New(0)
	one, two := named("b", "Local/0023@internal-00000001;1", Down), named("c", "Local/0023@internal-00000001;2", Ring)
	trunk := named("d", "PJSIP/carrier-00000004", Down)
	apply(m,
		Event{Kind: LocalBridged, Channel: one, Dest: two},
		Event{Kind: DialBegun, Dest: one, DialString: "0023@internal"},
		Event{Kind: DialBegun, Channel: two, Dest: trunk, DialString: "0023@carrier"})
	origin, ok := m.Origin("d")
	if !ok || origin.Uniqueid != "b" || !origin.Leg() || origin.DialledBy != "" {
		t.Errorf("origin %+v %v, want the half that nobody dialled", origin, ok)
	}
	if _, ok := m.Origin("z"); ok {
		t.Error("a channel that is not there has an origin")
	}
}

// TestNoCycles: events that cannot be true must not make a channel its own
// ancestor, nor a chain without end.
func TestNoCycles(t *testing.T) {
	m := New(0)
	a, b := named("a", "Local/1@x-00000001;1", Down), named("b", "Local/1@x-00000001;2", Down)
	apply(m,
		Event{Kind: DialBegun, Channel: a, Dest: a},
		Event{Kind: DialBegun, Channel: a, Dest: b},
		Event{Kind: DialBegun, Channel: b, Dest: a},
		Event{Kind: LocalBridged, Channel: b, Dest: a},
		Event{Kind: LocalBridged, Channel: a, Dest: a})
	for _, id := range []string{"a", "b"} {
		if origin, ok := m.Origin(id); !ok || origin.Uniqueid != "a" {
			t.Errorf("origin of %s is %+v %v", id, origin, ok)
		}
	}
	previous := named("chain-0", "PJSIP/1001-00000001", Up)
	for i := range 3 * maxLineage {
		next := named(fmt.Sprintf("chain-%d", i+1), "PJSIP/1001-00000001", Up)
		m.Apply(at(i), Event{Kind: DialBegun, Channel: previous, Dest: next})
		previous = next
		if origin, ok := m.Origin(next.Uniqueid); !ok || origin.Uniqueid == "" {
			t.Fatalf("after %d steps there is no origin", i)
		}
	}
}

func TestBounds(t *testing.T) {
	m := New(2)
	long := strings.Repeat("€", 1000)
	apply(m,
		Event{Kind: ChannelNew, Channel: Snapshot{Uniqueid: "a", Name: long, Linkedid: long, Exten: long, State: State(long)}},
		Event{Kind: ChannelNew, Channel: Snapshot{Uniqueid: strings.Repeat("x", 151)}},
		Event{Kind: ChannelNew, Channel: Snapshot{}},
		Event{Kind: DialBegun, Channel: named("a", "", ""), Dest: named("b", "", ""), DialString: long},
		Event{Kind: ChannelNew, Channel: named("c", "", "")})
	if m.Len() != 2 || m.Ignored() != 3 {
		t.Errorf("%d channels, %d ignored, want 2 and 3", m.Len(), m.Ignored())
	}
	a, _ := m.Channel("a")
	b, _ := m.Channel("b")
	for _, text := range []string{a.Name, a.Linkedid, a.Exten, string(a.State), b.DialString} {
		if len(text) == 0 || len(text) > maxText || strings.Trim(text, "€") != "" {
			t.Errorf("kept %d bytes %q", len(text), text)
		}
	}
	forwarding := Event{Kind: DialEnded, Channel: named("a", "", ""), Dest: named("b", "", ""), Forward: "0023"}
	for range 100 {
		m.Apply(at(9), forwarding)
	}
	if n := len(m.channels["a"].forwards); n != maxForwards {
		t.Errorf("%d forwards wait, want %d", n, maxForwards)
	}
	apply(m, Event{Kind: Hungup, Channel: named("a", "", "")}, Event{Kind: ChannelNew, Channel: named("c", "", "")})
	if _, ok := m.Channel("c"); !ok {
		t.Error("there is room again, and the channel is not taken in")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(3)
	for _, id := range []string{"a", "b", "a", "c", "d", "e"} {
		m.add(id, true)
	}
	for id, want := range map[string]bool{"a": false, "b": false, "c": true, "d": true, "e": true} {
		if m.has(id) != want {
			t.Errorf("remembers %s: %v", id, !want)
		}
	}
	if len(m.sure) != 3 {
		t.Errorf("remembers %d", len(m.sure))
	}
}
