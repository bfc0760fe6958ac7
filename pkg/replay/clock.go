package replay

import (
	"container/heap"
	"time"
)

// clock is virtual time: a wall clock that may be set, one that may not, and what
// is to happen when.
type clock struct {
	begin   time.Time
	elapsed time.Duration
	set     time.Duration // by how much the wall clock was set
	queue   queue
	count   uint64
}

// Wall is what the system clock says.
func (c *clock) Wall() time.Time { return c.begin.Add(c.elapsed + c.set) }

// Elapsed is the time since the story began, whoever sets the clock.
func (c *clock) Elapsed() time.Duration { return c.elapsed }

// Now is the true time.
func (c *clock) Now() time.Time { return c.begin.Add(c.elapsed) }

// at lets something happen at a time of the story; what is to happen at the same
// time happens in the order in which it was planned.
func (c *clock) at(when time.Duration, do func()) *event {
	c.count++
	e := &event{when: max(when, c.elapsed), order: c.count, do: do}
	heap.Push(&c.queue, e)
	return e
}

func (c *clock) after(wait time.Duration, do func()) *event { return c.at(c.elapsed+wait, do) }

// next is when something happens next.
func (c *clock) next() (time.Duration, bool) {
	for len(c.queue) > 0 && c.queue[0].do == nil {
		heap.Pop(&c.queue)
	}
	if len(c.queue) == 0 {
		return 0, false
	}
	return c.queue[0].when, true
}

// event is something that is to happen.
type event struct {
	when  time.Duration
	order uint64
	do    func()
}

// cancel takes an event back; one that has happened, or none, is no harm.
func (e *event) cancel() {
	if e != nil {
		e.do = nil
	}
}

// queue is a heap of events.
type queue []*event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].when < q[j].when || q[i].when == q[j].when && q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*event)) } //nolint:forcetypeassert // container/heap
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return last
}
