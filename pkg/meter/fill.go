package meter

import (
	"slices"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Blank is an empty set of those of the meters that s has and that are not ready.
// Their past can be counted in it, by another goroutine too, while s counts on;
// Fill then brings both together.
func (s *Set) Blank(meters []toll.Meter) *Set {
	blank := &Set{bound: s.bound}
	for i := range s.all {
		if g := s.all[i]; !g.ready && slices.Contains(meters, g.meter) {
			g.counter = g.counter.blank()
			blank.add(g)
		}
	}
	blank.needed = len(blank.all)
	return blank
}

// Fill gives the meters of s the past that was counted in a set of s.Blank, up to
// the moment at which they began, and makes them ready. A meter that is ready by
// now, or that s no longer has, stays as it is. The past must not be used again.
//
// It takes time for what was counted since the meters began, not for the past,
// unless they have come to their bound meanwhile.
func (s *Set) Fill(past *Set) {
	for i := range past.all {
		filled := &past.all[i]
		g := s.find(filled.meter)
		if g == nil || g.ready || !filled.counter.absorb(g.counter) {
			continue
		}
		g.counter, g.ready = filled.counter, true
	}
	past.replace(nil)
}

// Len is how many meters are in the set.
func (s *Set) Len() int { return len(s.all) }

// blank is an empty counter that knows subjects by the same hashes.
func (c *Counter) blank() tally {
	blank := NewCounter(c.window, c.bound)
	blank.seed = c.seed
	return blank
}

// absorb adds what a later counter has counted and holds; false where that one is
// of another make. Whoever shares a figure there shares it here as well, with all
// that he had for himself: nobody reads less than is his.
func (c *Counter) absorb(later tally) bool {
	o, same := later.(*Counter)
	if !same || o.seed != c.seed || o.width != c.width {
		return false
	}
	c.now = max(c.now, o.now)
	if !o.empty(&o.slots[rest]) {
		for i := rest + 1; i < len(c.slots); i++ {
			if _, apart := o.index[c.slots[i].key]; c.slots[i].used && !apart {
				c.mergeUp(int32(i))
			}
		}
		c.pour(&c.slots[rest], o, &o.slots[rest])
	}
	for i := rest + 1; i < len(o.slots); i++ {
		if from := &o.slots[i]; from.used && !o.empty(from) {
			c.pour(&c.slots[c.place(from.key)], o, from)
		}
	}
	return true
}

// mergeUp gives a subject's figure to the shared one.
func (c *Counter) mergeUp(i int32) {
	s := &c.slots[i]
	c.expire(s)
	c.pour(&c.slots[rest], c, s)
	for s.head != none {
		n := s.head
		s.head = c.nodes[n].next
		c.nodes[n].next = c.freeNode
		c.freeNode = n
	}
	delete(c.index, s.key)
	*s = slot{head: none, tail: none}
	c.freeSlot = append(c.freeSlot, i)
}

// pour adds a figure of the counter o to one of c. What is too old is dropped
// when the figure is read.
func (c *Counter) pour(into *slot, o *Counter, from *slot) {
	into.held += from.held
	for at := from.head; at != none; {
		n := o.nodes[at] // insert may move the nodes
		into.sum += n.value
		c.insert(into, n.bucket, n.value)
		at = n.next
	}
}

// blank is an empty counter that knows subjects by the same hashes.
func (d *Distinct) blank() tally {
	blank := NewDistinct(d.window, d.bound)
	blank.seed = d.seed
	return blank
}

// absorb adds what a later counter has counted, as Counter.absorb does.
func (d *Distinct) absorb(later tally) bool {
	o, same := later.(*Distinct)
	if !same || o.seed != d.seed || o.width != d.width {
		return false
	}
	d.now = max(d.now, o.now)
	if o.expire(rest); len(o.all[rest].things) > 0 {
		for i := rest + 1; i < len(d.all); i++ {
			if _, apart := o.index[d.all[i].key]; d.all[i].used && !apart {
				d.mergeUp(int32(i))
			}
		}
	}
	for _, t := range o.all[rest].things {
		shared := d.all[rest].find(t.name)
		if shared == nil {
			shared = d.newThing(rest, t.name)
		}
		for _, c := range t.buckets {
			shared.add(c.bucket, c.n)
		}
	}
	for i := rest + 1; i < len(o.all); i++ {
		for _, t := range o.all[i].things {
			for _, c := range t.buckets {
				d.add(o.all[i].key, t.name, c.bucket, c.n)
			}
		}
	}
	return true
}
