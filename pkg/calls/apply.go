package calls

import (
	"slices"
	"strings"
	"time"
)

// Apply takes in what happened and tells what has become known by it.
func (m *Model) Apply(now time.Time, e Event) []Change {
	s := step{Model: m, now: now, began: now, answered: now}
	switch e.Kind {
	case ChannelNew, ChannelState, ChannelRenamed:
		s.hear(e.Channel)
	case Bridged:
		if c := s.hear(e.Channel); c != nil {
			c.Bridge = clip(e.Bridge)
		}
	case Unbridged:
		if c := s.hear(e.Channel); c != nil && c.Bridge == clip(e.Bridge) {
			c.Bridge = ""
		}
	case DialBegun:
		s.dialBegun(e)
	case DialEnded:
		s.dialEnded(e)
	case LocalBridged:
		s.localBridged(e)
	case BlindTransferred, AttendedTransferred:
		s.transferred(e)
	case Hungup:
		s.hungup(e)
	}
	m.heard = now
	return s.changes
}

// step is one event or list on its way into the model.
type step struct {
	*Model
	now      time.Time
	began    time.Time // when a channel began that becomes known
	answered time.Time // when a channel was answered that is found Up
	resynced bool
	changes  []Change
}

func (s *step) report(kind ChangeKind, c *channel) *Change {
	s.changes = append(s.changes, Change{Kind: kind, At: s.now, Channel: c.Channel, Resynced: s.resynced})
	return &s.changes[len(s.changes)-1]
}

// hear takes in an event about one channel: it tells how the channel stands.
// The channel is nil if it has ended before or cannot be taken in.
func (s *step) hear(told Snapshot) *channel {
	c := s.mention(told)
	if c == nil {
		return nil
	}
	c.tell(told)
	s.answer(c)
	return c
}

// mention makes a channel known, if it was not, and leaves it alone if it was.
func (s *step) mention(told Snapshot) *channel {
	if c, ok := s.channels[told.Uniqueid]; ok {
		return c
	}
	if s.ended.has(told.Uniqueid) {
		return nil
	}
	if !validUniqueid(told.Uniqueid) || len(s.channels) >= s.max {
		s.ignored++
		return nil
	}
	s.sequence++
	c := &channel{sequence: s.sequence}
	c.Uniqueid, c.Linkedid, c.Began = told.Uniqueid, told.Uniqueid, s.began
	c.tell(told)
	s.channels[c.Uniqueid] = c
	s.report(Began, c)
	s.answer(c)
	return c
}

// answer notes when a channel is first seen Up.
func (s *step) answer(c *channel) {
	if c.State != Up || !c.Answered.IsZero() {
		return
	}
	c.Answered = s.answered
	s.report(Answered, c)
}

// dialBegun makes a leg of the dialled channel.
func (s *step) dialBegun(e Event) {
	leg := s.mention(e.Dest)
	var by *channel
	if e.Channel.Uniqueid != "" {
		by = s.mention(e.Channel)
	}
	if leg == nil {
		return
	}
	if validUniqueid(e.Channel.Uniqueid) {
		s.link(leg, e.Channel)
	}
	if leg.Leg() {
		return // announced again after a masquerade
	}
	leg.Dialled, leg.DialString = s.now, clip(e.DialString)
	if by != nil {
		leg.Forwarder = by.takeForward(e.DialString)
	}
	s.report(Dialled, leg)
}

// dialEnded is an answer, or the end of an attempt. The end itself follows as
// Hungup; only a forward is told nowhere else.
func (s *step) dialEnded(e Event) {
	if leg, ok := s.channels[e.Dest.Uniqueid]; ok && e.DialStatus == "ANSWER" {
		leg.State = Up
		s.answer(leg)
	}
	if by, ok := s.channels[e.Channel.Uniqueid]; ok && e.Forward != "" && len(by.forwards) < maxForwards {
		by.forwards = append(by.forwards, forward{to: clip(e.Forward), by: clip(e.Dest.Name)})
	}
}

// takeForward finds who asked for what is now dialled. A forward mostly names a
// number (0023222999999), and what is dialled for it is a Local channel of that
// number (0023222999999@internal). One that holds a slash (PJSIP/0023@carrier)
// names technology and dial string itself, and Dial obeys (do_forward in
// Asterisk's apps/app_dial.c): that leg never passes a dialplan.
func (c *channel) takeForward(dialString string) (by string) {
	for i, f := range c.forwards {
		rest, ok := strings.CutPrefix(clip(dialString), f.to)
		if _, direct, slash := strings.Cut(f.to, "/"); slash && !ok {
			rest, ok = strings.CutPrefix(clip(dialString), direct)
		}
		if ok && (rest == "" || rest[0] == '@') {
			c.forwards = slices.Delete(c.forwards, i, i+1)
			return f.by
		}
	}
	return ""
}

// localBridged ties the halves of a Local channel. One of them may have ended
// before the word of it arrives.
func (s *step) localBridged(e Event) {
	one, two := s.mention(e.Channel), s.mention(e.Dest)
	switch {
	case one != nil && two != nil:
		s.pair(one, two)
	case one != nil && one.LocalPeer == "" && validUniqueid(e.Dest.Uniqueid):
		one.LocalPeer = e.Dest.Uniqueid
	case two != nil && two.LocalPeer == "" && validUniqueid(e.Channel.Uniqueid):
		two.LocalPeer = e.Channel.Uniqueid
		if two.parent == "" && two.origin == nil {
			two.origin = gone(e.Channel)
		}
	}
}

// transferred notes on the channels that were sent on or joined who did it.
func (s *step) transferred(e Event) {
	by := clip(e.Channel.Name)
	for _, pair := range [][2]Snapshot{{e.Dest, e.Target}, {e.Target, e.Dest}} {
		if pair[0].Uniqueid == "" {
			continue
		}
		c := s.mention(pair[0])
		if c == nil {
			continue
		}
		c.Transferer = by
		change := s.report(Transferred, c)
		change.By, change.Extension, change.Target = e.Channel.Uniqueid, clip(e.Extension), pair[1].Uniqueid
	}
}

// hungup ends a channel. One that was never heard of is remembered all the
// same: another channel's event may still mention it.
func (s *step) hungup(e Event) {
	if !validUniqueid(e.Channel.Uniqueid) {
		s.ignored++
		return
	}
	if _, known := s.channels[e.Channel.Uniqueid]; !known {
		s.ended.add(e.Channel.Uniqueid, true)
		return
	}
	s.end(s.hear(e.Channel), e.Cause)
}

// end takes a channel out of the model.
func (s *step) end(c *channel, cause int) {
	s.orphan(c)
	s.unlink(c)
	delete(s.channels, c.Uniqueid)
	s.ended.add(c.Uniqueid, !s.resynced)
	s.report(Ended, c).Cause = cause
}
