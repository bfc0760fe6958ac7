package ami

import (
	"context"
	"errors"
	"sync"
	"time"
)

var (
	// ErrOverflow is the reason of a [Resync] when the consumer was too slow for the queue.
	ErrOverflow = errors.New("event queue overflowed")
	// ErrTampered is the reason of a [Resync] when a message began with neither Event nor Response, which
	// Asterisk never sends: a blank line in a value of a caller's has cut an event in two. The rest of it
	// is what came; which event was cut, and whether that was a wanted one, nobody knows.
	ErrTampered = errors.New("AMI event cut in two by a line break in a value")
)

// Kind says what a [Notice] is about.
type Kind int

const (
	// Event: Notice.Event is a wanted event.
	Event Kind = iota
	// Up: the client has logged in. Everything before is history: take a new picture of the channels.
	Up
	// Down: there is no link; Err says why. It comes when the link is lost, and again after each attempt
	// that failed. [ErrAuthentication] in Err is a wrong secret.
	Down
	// Resync: events were lost at this place; Err is [ErrOverflow], [ErrTooLarge] or [ErrTampered]. Take
	// a new picture. One that waits stands for all that would follow it: the picture is taken behind them.
	Resync
)

// String returns the name of the kind, for a log.
func (k Kind) String() string {
	switch k {
	case Event:
		return "event"
	case Up:
		return "up"
	case Down:
		return "down"
	case Resync:
		return "resync"
	}
	return "unknown"
}

// Notice is what the consumer is told.
type Notice struct {
	Kind     Kind
	Received time.Time // when the client received it, which is earlier than when the consumer sees it
	Event    Message   // of kind Event
	Err      error     // of kinds Down and Resync
}

// queue stands between the reader, which never waits, and the one consumer. It is bounded in notices and
// in bytes. At the bound it is emptied, and a single notice takes the place of what was in it: Resync, or
// Down and Up if the link changed meanwhile. So the consumer is never told less than it must know.
type queue struct {
	maxNotices, maxBytes int
	ready                chan struct{} // holds a token while there may be something to take

	mu        sync.Mutex
	notices   []Notice
	head      int  // notices before were taken
	bytes     int  // of the events that wait
	resync    bool // a Resync waits
	told      Kind
	now       Kind  // Up or Down, after everything in the queue
	why       error // of the last Down
	overflows uint64
}

func newQueue(maxNotices, maxBytes int) *queue {
	return &queue{maxNotices: maxNotices, maxBytes: maxBytes, ready: make(chan struct{}, 1), told: Down, now: Down}
}

// push appends a notice and never waits.
func (q *queue) push(n Notice) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch n.Kind {
	case Up:
		q.now = Up
	case Down:
		q.now, q.why = Down, n.Err
	case Resync:
		if q.resync {
			return // so nobody can fill the queue with them
		}
	}
	if len(q.notices)-q.head >= q.maxNotices || q.bytes+n.Event.Len() > q.maxBytes {
		q.overflows++
		q.collapse(n)
	} else {
		q.append(n)
	}
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// append adds to the queue. The space of notices already taken is used again once it is half of all, so
// that a queue which is never quite empty does not grow.
func (q *queue) append(n Notice) {
	if len(q.notices) == cap(q.notices) && q.head > len(q.notices)/2 {
		left := copy(q.notices, q.notices[q.head:])
		clear(q.notices[left:])
		q.notices, q.head = q.notices[:left], 0
	}
	q.notices = append(q.notices, n)
	q.bytes += n.Event.Len()
	q.resync = q.resync || n.Kind == Resync
}

// collapse replaces what waits, and the notice n that found no place, by the shortest account of it.
func (q *queue) collapse(n Notice) {
	changed := n.Kind == Up || n.Kind == Down
	for _, waiting := range q.notices[q.head:] {
		changed = changed || waiting.Kind == Up || waiting.Kind == Down
	}
	q.notices, q.head, q.bytes, q.resync = nil, 0, 0, false
	if !changed {
		q.append(Notice{Kind: Resync, Received: n.Received, Err: ErrOverflow})
		return
	}
	if q.now == Down || q.told == Up {
		q.append(Notice{Kind: Down, Received: n.Received, Err: q.why})
	}
	if q.now == Up {
		q.append(Notice{Kind: Up, Received: n.Received})
	}
}

// next takes the oldest notice, waiting for one until the context ends.
func (q *queue) next(ctx context.Context) (Notice, error) {
	for {
		if ctx.Err() != nil {
			return Notice{}, context.Cause(ctx)
		}
		if n, ok := q.take(); ok {
			return n, nil
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
		}
	}
}

func (q *queue) take() (Notice, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.notices) {
		return Notice{}, false
	}
	n := q.notices[q.head]
	q.notices[q.head] = Notice{} // lets the event's text go
	q.head++
	q.bytes -= n.Event.Len()
	if q.head == len(q.notices) {
		q.notices, q.head = q.notices[:0], 0
	}
	switch n.Kind {
	case Up, Down:
		q.told = n.Kind
	case Resync:
		q.resync = false
	}
	return n, true
}

// waiting returns how many notices wait, and how often the queue overflowed.
func (q *queue) waiting() (notices int, overflows uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.notices) - q.head, q.overflows
}
