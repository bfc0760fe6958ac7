package calls

// maxLineage bounds how far back a channel is followed. A real call has a
// handful of steps: a forward is three, each further one two more.
const maxLineage = 64

// Origin follows a channel to the one that began it all: to who dialled it, from
// the half ;2 of a Local channel to the half ;1, and so on. The origin may be
// gone already, then it is as it last stood. False if the channel is not live,
// or comes from further back than any real call does.
func (m *Model) Origin(uniqueid string) (Channel, bool) {
	c, ok := m.channels[uniqueid]
	if !ok {
		return Channel{}, false
	}
	for range maxLineage {
		if c.parent == "" {
			if c.origin != nil {
				return *c.origin, true
			}
			return c.Channel, true
		}
		c = m.channels[c.parent]
	}
	return Channel{}, false
}

// link notes who dialled a leg. The last who is said to have dialled it did: a
// masquerade announces the leg again under the channel that took over. Who came
// from the leg cannot have dialled it; such a word is garbage.
func (m *Model) link(leg *channel, by Snapshot) {
	if leg.DialledBy == by.Uniqueid || m.descends(by.Uniqueid, leg.Uniqueid) {
		return
	}
	m.unlink(leg)
	leg.DialledBy = by.Uniqueid
	if m.legs[by.Uniqueid] == nil {
		m.legs[by.Uniqueid] = make(map[string]*channel)
	}
	m.legs[by.Uniqueid][leg.Uniqueid] = leg
	if _, live := m.channels[by.Uniqueid]; live {
		leg.parent, leg.origin = by.Uniqueid, nil
		return
	}
	leg.parent, leg.origin = "", gone(by)
}

// gone is a channel of which only one event told, and that ended before.
func gone(told Snapshot) *Channel {
	c := &Channel{Snapshot: Snapshot{Uniqueid: told.Uniqueid, Linkedid: told.Uniqueid}}
	c.tell(told)
	return c
}

// unlink takes a leg from the list of its dialler.
func (m *Model) unlink(leg *channel) {
	siblings := m.legs[leg.DialledBy]
	delete(siblings, leg.Uniqueid)
	if len(siblings) == 0 {
		delete(m.legs, leg.DialledBy)
	}
}

// pair ties the halves of a Local channel: ;1 is what was dialled, ;2 runs the
// dialplan and dials on, so ;2 comes from ;1.
func (m *Model) pair(one, two *channel) {
	if one == two || one.LocalPeer != "" || two.LocalPeer != "" {
		return
	}
	one.LocalPeer, two.LocalPeer = two.Uniqueid, one.Uniqueid
	if two.DialledBy == "" && !m.descends(one.Uniqueid, two.Uniqueid) {
		two.parent, two.origin = one.Uniqueid, nil
	}
}

// descends tells whether a channel came from another one, or is it. What comes
// from too far back counts as well, so that no chain of garbage grows without
// bound.
func (m *Model) descends(uniqueid, from string) bool {
	for range maxLineage - 1 {
		if uniqueid == from {
			return true
		}
		c, live := m.channels[uniqueid]
		if !live || c.parent == "" {
			return false
		}
		uniqueid = c.parent
	}
	return true
}

// orphan gives to those who came from a channel that ends what they would have
// found through it.
func (m *Model) orphan(parent *channel) {
	origin, ok := m.Origin(parent.Uniqueid)
	if !ok {
		origin = parent.Channel
	}
	leave := func(child *channel) {
		if child != nil && child.parent == parent.Uniqueid {
			child.parent, child.origin = "", &origin
		}
	}
	for _, leg := range m.legs[parent.Uniqueid] {
		leave(leg)
	}
	leave(m.channels[parent.LocalPeer])
}
