package meter

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

// Distinct keeps for each subject the different things of which something lies in
// a rolling window. It is not safe for concurrent use.
//
// Each thing has a count in each bucket of the window, so that what was counted
// can be taken back. The bound is on all things of all subjects together. At the
// bound a subject merges upward, with all its things, into one that is shared:
// whoever shares it reads the things of all. So it holds at most as many things
// again as there are different ones.
type Distinct struct {
	sliding
	bound   int
	seed    maphash.Seed
	index   map[uint64]int32 // hash of the subject → place in all
	all     []collection     // the shared one first
	free    []int32
	apart   int // things of those that do not share
	sweptAt int // where the search for empty subjects goes on
}

// collection is the things of one subject, in no order.
type collection struct {
	key    uint64
	used   bool
	things []thing
}

// thing has its buckets from old to new. One in which all was taken back stays
// until it is too old, so that nothing is taken back where it was not counted.
type thing struct {
	name    string
	sum     int64
	buckets []count
}

type count struct{ bucket, n int64 }

// NewDistinct makes a counter of at most that many things.
func NewDistinct(window time.Duration, bound int) *Distinct {
	return &Distinct{
		sliding: newSliding(window),
		bound:   max(bound, 2),
		seed:    maphash.MakeSeed(),
		index:   make(map[uint64]int32),
		all:     []collection{{used: true}},
	}
}

// Add counts the thing for the subject at that time, v times; a negative v takes
// back. Times may come out of order.
func (d *Distinct) Add(subject, name string, at time.Time, v int64) {
	bucket := d.bucketOf(at)
	d.now = max(d.now, bucket)
	if v != 0 && d.window > 0 {
		d.add(maphash.String(d.seed, subject), name, bucket, v)
	}
}

// Read is how many things of the subject lie inside the window that ends now, and
// whether this one is among them.
func (d *Distinct) Read(subject, name string, now time.Time) (value int64, again bool) {
	d.now = max(d.now, d.bucketOf(now))
	i, known := d.index[maphash.String(d.seed, subject)]
	if !known {
		i = rest
	}
	d.expire(i)
	for j := range d.all[i].things {
		if t := &d.all[i].things[j]; t.sum > 0 {
			value++
			again = again || t.name == name
		}
	}
	return value, again
}

// Len is how many things are kept apart from the shared ones.
func (d *Distinct) Len() int { return d.apart }

func (d *Distinct) add(key uint64, name string, bucket, v int64) {
	if d.expired(bucket) {
		return
	}
	if d.apart >= d.bound {
		d.reclaim(2)
	}
	i := d.place(key)
	t := d.all[i].find(name)
	if t == nil && i != rest && d.apart >= d.bound {
		d.mergeUp(i)
		i = rest
		t = d.all[i].find(name)
	}
	if t == nil {
		t = d.newThing(i, name)
	}
	t.add(bucket, v)
}

// place finds or makes the subject's place. While the shared one holds anything,
// no new places are made: who was counted there must be found there.
func (d *Distinct) place(key uint64) int32 {
	if i, known := d.index[key]; known {
		return i
	}
	d.reclaim(2)
	if d.expire(rest); d.apart >= d.bound || len(d.all[rest].things) > 0 {
		return rest
	}
	i := int32(len(d.all))
	if n := len(d.free); n > 0 {
		i, d.free = d.free[n-1], d.free[:n-1]
	} else {
		d.all = append(d.all, collection{})
	}
	d.all[i] = collection{key: key, used: true}
	d.index[key] = i
	return i
}

// mergeUp gives the things of a subject to the shared one.
func (d *Distinct) mergeUp(i int32) {
	for _, t := range d.all[i].things {
		shared := d.all[rest].find(t.name)
		if shared == nil {
			shared = d.newThing(rest, t.name)
		}
		for _, c := range t.buckets {
			shared.add(c.bucket, c.n)
		}
	}
	d.apart -= len(d.all[i].things)
	d.drop(i)
}

// reclaim looks at a few subjects in turn and drops those with nothing left, so
// that the work is spread evenly and memory follows what is live.
func (d *Distinct) reclaim(n int) {
	for ; n > 0 && len(d.all) > 1; n-- {
		d.sweptAt++
		if d.sweptAt >= len(d.all) {
			d.sweptAt = rest + 1
		}
		i := int32(d.sweptAt)
		if !d.all[i].used {
			continue
		}
		if d.expire(i); len(d.all[i].things) == 0 {
			d.drop(i)
		}
	}
}

func (d *Distinct) drop(i int32) {
	delete(d.index, d.all[i].key)
	d.all[i] = collection{}
	d.free = append(d.free, i)
}

// expire drops the buckets of a subject that lie wholly before the window, and the
// things that have no others.
func (d *Distinct) expire(i int32) {
	s := &d.all[i]
	kept := len(s.things)
	for j := 0; j < kept; {
		t := &s.things[j]
		old := 0
		for old < len(t.buckets) && d.expired(t.buckets[old].bucket) {
			t.sum -= t.buckets[old].n
			old++
		}
		t.buckets = slices.Delete(t.buckets, 0, old)
		if len(t.buckets) > 0 {
			j++
			continue
		}
		kept--
		s.things[j] = s.things[kept]
	}
	if i != rest {
		d.apart -= len(s.things) - kept
	}
	clear(s.things[kept:])
	s.things = s.things[:kept]
}

// newThing takes a copy of the name, which may be a part of something large.
func (d *Distinct) newThing(i int32, name string) *thing {
	s := &d.all[i]
	s.things = append(s.things, thing{name: strings.Clone(name)})
	if i != rest {
		d.apart++
	}
	return &s.things[len(s.things)-1]
}

func (s *collection) find(name string) *thing {
	for i := range s.things {
		if s.things[i].name == name {
			return &s.things[i]
		}
	}
	return nil
}

// add counts in a bucket, which nearly always is the last.
func (t *thing) add(bucket, v int64) {
	t.sum += v
	at := len(t.buckets)
	for at > 0 && t.buckets[at-1].bucket > bucket {
		at--
	}
	if at > 0 && t.buckets[at-1].bucket == bucket {
		t.buckets[at-1].n += v
		return
	}
	t.buckets = slices.Insert(t.buckets, at, count{bucket, v})
}
