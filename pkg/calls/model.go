package calls

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// DefaultMax is how many channels a model holds if nothing else is said: well
// above what one Asterisk carries, and a bound on memory against garbage.
const DefaultMax = 20_000

// Model is the live channels of one Asterisk. It has one owner.
type Model struct {
	max      int
	channels map[string]*channel            // by Uniqueid
	legs     map[string]map[string]*channel // live legs by the Uniqueid of who dialled them, who may be gone
	ended    memory
	sequence int64     // counts channels in the order they became known
	heard    time.Time // the last news
	ignored  uint64
}

// channel is a channel and how it hangs together with others.
type channel struct {
	Channel
	sequence int64
	parent   string    // Uniqueid of the live channel that it came from: its dialler, or the other half of a Local
	origin   *Channel  // where it came from, once the parent is gone
	forwards []forward // what those that it dialled asked for instead
}

// forward is a call that the dialled sent elsewhere.
type forward struct{ to, by string }

// maxForwards bounds the forwards that a channel waits to see dialled.
const maxForwards = 16

// New makes an empty model for at most so many channels; 0 or less means
// DefaultMax. A restarted Asterisk can hand out the same Uniqueids again, so it
// gets a new model.
func New(maxChannels int) *Model {
	if maxChannels <= 0 {
		maxChannels = DefaultMax
	}
	return &Model{
		max:      maxChannels,
		channels: make(map[string]*channel),
		legs:     make(map[string]map[string]*channel),
		ended:    newMemory(max(maxChannels, 1024)),
	}
}

// Len is the number of live channels.
func (m *Model) Len() int { return len(m.channels) }

// Ignored counts the mentions of channels that were not taken in, because the
// model was full or the Uniqueid was none. When it grows, the model is not the
// truth.
func (m *Model) Ignored() uint64 { return m.ignored }

// Channel finds a live channel.
func (m *Model) Channel(uniqueid string) (Channel, bool) {
	if c, ok := m.channels[uniqueid]; ok {
		return c.Channel, true
	}
	return Channel{}, false
}

// Channels lists the live channels in the order in which they became known.
func (m *Model) Channels() []Channel { return public(m.channels) }

// Legs lists the live legs that a channel dialled, oldest first, also when it
// is gone itself, as the half of a Local channel is that was optimized away.
func (m *Model) Legs(dialledBy string) []Channel { return public(m.legs[dialledBy]) }

// Calls groups the live channels by Linkedid, the oldest call first.
func (m *Model) Calls() []Call {
	var calls []Call
	place := make(map[string]int)
	for _, c := range m.Channels() {
		i, ok := place[c.Linkedid]
		if !ok {
			i = len(calls)
			place[c.Linkedid] = i
			calls = append(calls, Call{Linkedid: c.Linkedid})
		}
		calls[i].Channels = append(calls[i].Channels, c)
	}
	return calls
}

// inOrder lists channels in the order in which they became known.
func inOrder(channels map[string]*channel) []*channel {
	return slices.SortedFunc(maps.Values(channels), func(a, b *channel) int { return cmp.Compare(a.sequence, b.sequence) })
}

func public(channels map[string]*channel) []Channel {
	list := make([]Channel, 0, len(channels))
	for _, c := range inOrder(channels) {
		list = append(list, c.Channel)
	}
	return list
}
