package calls

import (
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"
)

// truth is a PBX whose channels do what channels of an Asterisk do. It keeps its
// own record, so that a model that only saw the events can be measured by it.
type truth struct {
	t       *rapid.T
	live    map[string]*Channel // times are only zero or not
	parent  map[string]string   // who comes from whom, ended channels too
	events  []Event
	history []map[string]Channel // the live channels before events[i], and after the last
	number  int
}

func newTruth(t *rapid.T) *truth {
	return &truth{t: t, live: make(map[string]*Channel), parent: make(map[string]string)}
}

// emit says an event. What it changes in the record has been changed before.
func (w *truth) emit(e Event) { w.events = append(w.events, e) }

// record remembers the live channels, once per event said since.
func (w *truth) record() {
	now := make(map[string]Channel)
	for id, c := range w.live {
		now[id] = *c
	}
	for len(w.history) <= len(w.events) {
		w.history = append(w.history, now)
	}
}

// pick draws a live channel that meets a condition; nil if none does.
func (w *truth) pick(what string, accept func(*Channel) bool) *Channel {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(w.live)) {
		if accept(w.live[id]) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return w.live[rapid.SampledFrom(ids).Draw(w.t, what)]
}

func anyChannel(*Channel) bool { return true }

// begin makes a channel and says so.
func (w *truth) begin(name string, state State, linkedid string) *Channel {
	w.number++
	c := &Channel{Began: start}
	c.Uniqueid = fmt.Sprintf("pbx1-1795335413.%d", w.number)
	c.Name, c.State, c.Linkedid, c.Context = name, state, linkedid, "internal"
	if linkedid == "" {
		c.Linkedid = c.Uniqueid
	}
	w.live[c.Uniqueid] = c
	w.emit(Event{Kind: ChannelNew, Channel: c.Snapshot})
	return c
}

// dial says that a channel dials a leg; nil means that nobody does.
func (w *truth) dial(by, leg *Channel, dialString string) {
	e := Event{Kind: DialBegun, Dest: leg.Snapshot, DialString: dialString}
	if by != nil {
		e.Channel, leg.DialledBy = by.Snapshot, by.Uniqueid
		w.parent[leg.Uniqueid] = by.Uniqueid
	}
	leg.DialString, leg.Dialled = dialString, start
	w.emit(e)
}

func (w *truth) linkedid(by *Channel) string {
	if by == nil {
		return ""
	}
	return by.Linkedid
}

// steps are what can happen. A step that cannot happen now does nothing.
func (w *truth) steps() map[string]func() {
	return map[string]func(){
		"incoming": func() { w.begin(fmt.Sprintf("PJSIP/1001-%08x", w.number), Ring, "") },
		"dial": func() {
			if by := w.pick("by", anyChannel); by != nil {
				w.dial(by, w.begin(fmt.Sprintf("PJSIP/carrier-%08x", w.number), Down, by.Linkedid), "0023@carrier")
			}
		},
		"originate": func() { w.dial(nil, w.begin(fmt.Sprintf("PJSIP/carrier-%08x", w.number), Down, ""), "0024@carrier") },
		"local": func() {
			by := w.pick("by", anyChannel)
			name := fmt.Sprintf("Local/0025@internal-%08x", w.number)
			one := w.begin(name+";1", Down, w.linkedid(by))
			two := w.begin(name+";2", Ring, one.Linkedid)
			one.LocalPeer, two.LocalPeer = two.Uniqueid, one.Uniqueid
			w.parent[two.Uniqueid] = one.Uniqueid
			w.emit(Event{Kind: LocalBridged, Channel: one.Snapshot, Dest: two.Snapshot})
			w.dial(by, one, "0025@internal")
		},
		"ringing": func() {
			if c := w.pick("who", func(c *Channel) bool { return c.State == Down }); c != nil {
				c.State = Ringing
				w.emit(Event{Kind: ChannelState, Channel: c.Snapshot})
			}
		},
		"answer": func() {
			c := w.pick("who", func(c *Channel) bool { return c.State != Up })
			if c == nil {
				return
			}
			c.State, c.Answered = Up, start
			w.emit(Event{Kind: ChannelState, Channel: c.Snapshot})
			if by, ok := w.live[c.DialledBy]; ok {
				w.emit(Event{Kind: DialEnded, Channel: by.Snapshot, Dest: c.Snapshot, DialStatus: "ANSWER"})
			}
		},
		"busy": func() {
			if c := w.pick("who", func(c *Channel) bool { return c.Leg() && c.State != Up }); c != nil {
				if by, ok := w.live[c.DialledBy]; ok {
					w.emit(Event{Kind: DialEnded, Channel: by.Snapshot, Dest: c.Snapshot, DialStatus: "BUSY"})
				}
				w.hangup(c)
			}
		},
		"caller ID": func() {
			if c := w.pick("who", anyChannel); c != nil {
				c.CallerIDNum = rapid.SampledFrom([]string{"1001", "1002", "0023"}).Draw(w.t, "number")
				w.emit(Event{Kind: ChannelState, Channel: c.Snapshot})
			}
		},
		"rename": func() {
			if c := w.pick("who", func(c *Channel) bool { return c.LocalPeer == "" }); c != nil {
				c.Name += "<ZOMBIE>"
				w.emit(Event{Kind: ChannelRenamed, Channel: Snapshot{Uniqueid: c.Uniqueid, Name: c.Name}})
			}
		},
		"bridge": func() {
			free := func(c *Channel) bool { return c.Bridge == "" }
			a, b := w.pick("one", free), w.pick("other", free)
			if a == nil || a == b {
				return
			}
			a.Bridge = fmt.Sprintf("bridge-%d", len(w.events))
			b.Bridge, b.Linkedid = a.Bridge, a.Linkedid
			w.emit(Event{Kind: Bridged, Channel: a.Snapshot, Bridge: a.Bridge})
			w.emit(Event{Kind: Bridged, Channel: b.Snapshot, Bridge: b.Bridge})
		},
		"unbridge": func() {
			if c := w.pick("who", func(c *Channel) bool { return c.Bridge != "" }); c != nil {
				w.emit(Event{Kind: Unbridged, Channel: c.Snapshot, Bridge: c.Bridge})
				c.Bridge = ""
			}
		},
		"transfer": func() {
			by := w.pick("by", anyChannel)
			c := w.pick("who", func(c *Channel) bool { return c != by && c.Transferer == "" })
			if by != nil && c != nil {
				c.Transferer = by.Name
				w.emit(Event{Kind: BlindTransferred, Channel: by.Snapshot, Dest: c.Snapshot, Extension: "0026"})
			}
		},
		"hang up": func() {
			if c := w.pick("who", anyChannel); c != nil {
				w.hangup(c)
			}
		},
	}
}

func (w *truth) hangup(c *Channel) {
	delete(w.live, c.Uniqueid)
	w.emit(Event{Kind: Hungup, Channel: c.Snapshot, Cause: 16})
}

// live plays so many steps.
func (w *truth) play(steps int) {
	all := w.steps()
	names := slices.Sorted(maps.Keys(all))
	w.record()
	for range steps {
		all[rapid.SampledFrom(names).Draw(w.t, "step")]()
		w.record()
	}
}

// root is where a channel came from, by the record.
func (w *truth) root(id string) string {
	for w.parent[id] != "" {
		id = w.parent[id]
	}
	return id
}

// shuffle draws another order of events that keeps the order of those of one
// channel.
func shuffle(t *rapid.T, events []Event) []Event {
	queues := make(map[string][]Event)
	var owners []string
	for _, e := range events {
		owner := e.Channel.Uniqueid
		if owner == "" {
			owner = e.Dest.Uniqueid
		}
		if queues[owner] == nil {
			owners = append(owners, owner)
		}
		queues[owner] = append(queues[owner], e)
	}
	shuffled := make([]Event, 0, len(events))
	for len(owners) > 0 {
		i := rapid.IntRange(0, len(owners)-1).Draw(t, "next")
		owner := owners[i]
		shuffled = append(shuffled, queues[owner][0])
		queues[owner] = queues[owner][1:]
		if len(queues[owner]) == 0 {
			owners = slices.Delete(owners, i, i+1)
		}
	}
	return shuffled
}
