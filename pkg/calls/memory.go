package calls

// memory holds the last so many Uniqueids that ended.
type memory struct {
	sure map[string]bool // whether Asterisk itself said so, or a list only lacked it
	ring []string
	next int
}

func newMemory(size int) memory {
	return memory{sure: make(map[string]bool), ring: make([]string, size)}
}

func (m *memory) has(uniqueid string) bool {
	_, ok := m.sure[uniqueid]
	return ok
}

// add remembers a Uniqueid and forgets the one that ended longest ago.
func (m *memory) add(uniqueid string, sure bool) {
	if m.has(uniqueid) {
		m.sure[uniqueid] = m.sure[uniqueid] || sure
		return
	}
	delete(m.sure, m.ring[m.next])
	m.sure[uniqueid] = sure
	m.ring[m.next] = uniqueid
	m.next = (m.next + 1) % len(m.ring)
}

// revive takes back an end that was only concluded from a list, because a newer
// list holds the channel. Its place in the ring stays; at worst the channel's
// real end is forgotten somewhat early.
func (m *memory) revive(uniqueid string) {
	if sure, ok := m.sure[uniqueid]; ok && !sure {
		delete(m.sure, uniqueid)
	}
}
