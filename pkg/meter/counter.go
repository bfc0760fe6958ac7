package meter

import (
	"hash/maphash"
	"time"
)

// none ends a list in the slab.
const none = -1

// rest is the slot in which subjects share a figure once the bound is reached.
const rest = 0

// Counter keeps one figure for each subject: a sum over a rolling window and
// what is held at the moment. It is not safe for concurrent use.
//
// Slots and nodes lie in slabs without pointers, so that a million of them
// cost the garbage collector nothing; a subject with two calls in its window
// costs about a hundred bytes.
type Counter struct {
	sliding
	bound int // slots, the shared one included

	seed     maphash.Seed
	index    map[uint64]int32 // hash of the subject → slot
	slots    []slot
	freeSlot []int32
	nodes    []node
	freeNode int32
	sweep    int // where the search for empty slots goes on
}

// slot is one subject's figure. Its buckets are a list from old to new.
type slot struct {
	key        uint64
	sum, held  int64
	head, tail int32
	used       bool
}

// node is one bucket that is not empty.
type node struct {
	bucket int64
	value  int64
	next   int32
}

// NewCounter makes a counter for at most that many subjects. A window of 0
// keeps no past: only what is held counts.
func NewCounter(window time.Duration, bound int) *Counter {
	c := &Counter{
		sliding:  newSliding(window),
		bound:    max(bound, 2),
		seed:     maphash.MakeSeed(),
		index:    make(map[uint64]int32),
		freeNode: none,
	}
	c.slots = append(c.slots, slot{head: none, tail: none, used: true})
	return c
}

// Add counts v for the subject at that time. Times may come out of order.
func (c *Counter) Add(subject string, at time.Time, v int64) {
	if v == 0 || c.window == 0 {
		return
	}
	bucket := c.bucketOf(at)
	c.now = max(c.now, bucket)
	if c.expired(bucket) {
		return
	}
	s := &c.slots[c.slot(subject)]
	s.sum += v
	if s.tail != none && c.nodes[s.tail].bucket == bucket {
		c.nodes[s.tail].value += v
		return
	}
	c.insert(s, bucket, v)
}

// Hold adds to what is held for the subject; a negative delta lets go.
func (c *Counter) Hold(subject string, delta int64) {
	if delta != 0 {
		c.slots[c.slot(subject)].held += delta
	}
}

// Read is the subject's sum inside the window that ends now, and what is held.
func (c *Counter) Read(subject string, now time.Time) (value, held int64) {
	c.now = max(c.now, c.bucketOf(now))
	i, known := c.index[c.hash(subject)]
	if !known {
		i = rest
	}
	s := &c.slots[i]
	c.expire(s)
	return s.sum, s.held
}

// Len is how many subjects have a figure of their own.
func (c *Counter) Len() int { return len(c.index) }

// slot finds or makes the subject's slot. While the shared slot holds
// anything, no new slots are made: a subject whose hold went there must find
// it there when it lets go.
func (c *Counter) slot(subject string) int32 { return c.place(c.hash(subject)) }

// place is slot for the hash of a subject.
func (c *Counter) place(key uint64) int32 {
	if i, known := c.index[key]; known {
		return i
	}
	c.reclaim(2)
	if len(c.index) >= c.bound-1 || !c.empty(&c.slots[rest]) {
		return rest
	}
	i := int32(len(c.slots))
	if n := len(c.freeSlot); n > 0 {
		i, c.freeSlot = c.freeSlot[n-1], c.freeSlot[:n-1]
	} else {
		c.slots = append(c.slots, slot{})
	}
	c.slots[i] = slot{key: key, head: none, tail: none, used: true}
	c.index[key] = i
	return i
}

// reclaim looks at a few slots in turn and frees those with nothing in them,
// so that the work is spread evenly and memory follows what is live.
func (c *Counter) reclaim(n int) {
	for ; n > 0 && len(c.slots) > 1; n-- {
		c.sweep++
		if c.sweep >= len(c.slots) {
			c.sweep = rest + 1
		}
		s := &c.slots[c.sweep]
		if s.used && c.empty(s) {
			delete(c.index, s.key)
			s.used = false
			c.freeSlot = append(c.freeSlot, int32(c.sweep))
		}
	}
}

func (c *Counter) empty(s *slot) bool {
	c.expire(s)
	return s.head == none && s.held == 0
}

// expire drops the buckets that lie wholly before the window.
func (c *Counter) expire(s *slot) {
	for s.head != none && c.expired(c.nodes[s.head].bucket) {
		dead := s.head
		s.sum -= c.nodes[dead].value
		s.head = c.nodes[dead].next
		c.nodes[dead].next = c.freeNode
		c.freeNode = dead
	}
	if s.head == none {
		s.tail = none
	}
}

// insert puts a bucket in its place in the list, which is nearly always the end.
func (c *Counter) insert(s *slot, bucket, v int64) {
	before, at := int32(none), s.head
	if s.tail != none && c.nodes[s.tail].bucket < bucket {
		before, at = s.tail, none
	}
	for at != none && c.nodes[at].bucket < bucket {
		before, at = at, c.nodes[at].next
	}
	if at != none && c.nodes[at].bucket == bucket {
		c.nodes[at].value += v
		return
	}
	n := c.newNode(node{bucket: bucket, value: v, next: at})
	if before == none {
		s.head = n
	} else {
		c.nodes[before].next = n
	}
	if at == none {
		s.tail = n
	}
}

func (c *Counter) newNode(n node) int32 {
	if c.freeNode == none {
		c.nodes = append(c.nodes, n)
		return int32(len(c.nodes) - 1)
	}
	i := c.freeNode
	c.freeNode = c.nodes[i].next
	c.nodes[i] = n
	return i
}

func (c *Counter) hash(subject string) uint64 { return maphash.String(c.seed, subject) }
