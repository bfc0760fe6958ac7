package calls

import (
	"testing"
	"time"
)

// FuzzModel turns bytes into events and lists that no Asterisk would send, over
// a handful of channels. The model must not panic, must keep its bounds, and
// whatever hangs together in it must fit.
func FuzzModel(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x03\x12\x23\x31\x0a\x01\x0b\xff"))
	f.Add([]byte("\x03\x12\x00\x03\x21\x00\x07\x12\x00\x0a\x10\x00\x03\x23\x00\x0b\x76\x00"))
	kinds := []Kind{ChannelNew, ChannelState, ChannelRenamed, DialBegun, DialEnded, Bridged, Unbridged, LocalBridged,
		BlindTransferred, AttendedTransferred, Hungup, "no such kind"}
	states := []State{"", Down, Ring, Ringing, Up, "Busy"}
	f.Fuzz(func(t *testing.T, data []byte) {
		const most = 5
		m := New(most)
		hungUp := make(map[string]bool)
		for i := 0; i+2 < len(data); i += 3 {
			what, who, rest := data[i], data[i+1], data[i+2]
			some := func(n byte) Snapshot {
				id := ids[n%byte(len(ids))]
				half := []string{"", ";1", ";2"}[rest%3]
				return Snapshot{Uniqueid: id, Linkedid: ids[rest%byte(len(ids))], Name: "Local/" + half, State: states[rest%byte(len(states))]}
			}
			now := start.Add(time.Duration(i) * time.Second)
			var changes []Change
			var hangup string
			if kind := int(what) % (len(kinds) + 1); kind < len(kinds) {
				if kinds[kind] == Hungup {
					hangup = some(who >> 4).Uniqueid
				}
				changes = m.Apply(now, Event{
					Kind: kinds[kind], Channel: some(who >> 4), Dest: some(who), Target: some(rest >> 4),
					DialString: ids[rest%byte(len(ids))], DialStatus: []string{"ANSWER", "BUSY"}[rest%2],
					Forward: ids[who%byte(len(ids))], Bridge: ids[rest>>5], Cause: int(rest),
				})
			} else {
				var list []Channel
				for n := range byte(8) {
					if rest>>n&1 == 1 {
						list = append(list, Channel{Snapshot: some(n), DialledBy: some(who).Uniqueid, Began: now})
					}
				}
				changes = m.Replace(now, list)
			}
			for _, c := range changes {
				if hungUp[c.Channel.Uniqueid] {
					t.Fatalf("a word of %s after its Hangup: %+v", c.Channel.Uniqueid, c)
				}
			}
			if hangup != "" {
				hungUp[hangup] = true
			}
			if m.Len() > most {
				t.Fatalf("%d channels, at most %d were allowed", m.Len(), most)
			}
			checkFit(t, m)
		}
	})
}

// ids are the Uniqueids that the fuzzer plays with; one names nobody.
var ids = []string{"", "a", "b", "c", "d", "e", "f", "g"}

// checkFit looks whether all links inside the model lead somewhere.
func checkFit(t *testing.T, m *Model) {
	t.Helper()
	for id, c := range m.channels {
		if id != c.Uniqueid || m.ended.has(id) {
			t.Fatalf("%s is kept as %s, ended: %v", c.Uniqueid, id, m.ended.has(id))
		}
		if c.parent != "" && (m.channels[c.parent] == nil || c.origin != nil) {
			t.Fatalf("%s comes from %s, which is gone, or from two", id, c.parent)
		}
		if _, ok := m.Origin(id); !ok {
			t.Fatalf("%s has no origin", id)
		}
		if c.DialledBy != "" && m.legs[c.DialledBy][id] != c {
			t.Fatalf("%s is no leg of %s", id, c.DialledBy)
		}
		if (c.State == Up) == c.Answered.IsZero() {
			t.Fatalf("%s is %s, answered %v", id, c.State, c.Answered)
		}
	}
	for by, legs := range m.legs {
		if len(legs) == 0 {
			t.Fatalf("%s is kept without legs", by)
		}
		for id, leg := range legs {
			if m.channels[id] != leg || leg.DialledBy != by {
				t.Fatalf("%s is kept as a leg of %s", id, by)
			}
		}
	}
	if len(m.Channels()) != m.Len() || len(m.ended.sure) > len(m.ended.ring) {
		t.Fatalf("%d channels are listed of %d, %d ends remembered", len(m.Channels()), m.Len(), len(m.ended.sure))
	}
}
