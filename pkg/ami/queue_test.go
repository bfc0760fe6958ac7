package ami

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func numbered(n int) Notice {
	return Notice{Kind: Event, Event: Message{text: fmt.Sprintf("Event: E%d\r\n", n), seq: uint64(n)}}
}

// kinds takes everything that waits and returns it in short.
func kinds(q *queue) string {
	var all []string
	for {
		n, ok := q.take()
		if !ok {
			return strings.Join(all, " ")
		}
		if n.Kind == Event {
			all = append(all, n.Event.Event())
		} else {
			all = append(all, n.Kind.String())
		}
	}
}

func TestQueueOverflow(t *testing.T) {
	cut := errors.New("cut")
	up, down, again := Notice{Kind: Up}, Notice{Kind: Down, Err: cut}, Notice{Kind: Resync, Err: ErrTampered}
	for _, c := range []struct {
		name   string
		before []Notice // taken by the consumer
		in     []Notice
		want   string
	}{
		{"fits", []Notice{up}, []Notice{numbered(1), numbered(2), numbered(3)}, "E1 E2 E3"},
		{"one too many", []Notice{up}, []Notice{numbered(1), numbered(2), numbered(3), numbered(4)}, "resync"},
		{"goes on behind", []Notice{up}, []Notice{numbered(1), numbered(2), numbered(3), numbered(4), numbered(5)}, "resync E5"},
		{"twice", []Notice{up}, []Notice{numbered(1), numbered(2), numbered(3), numbered(4), numbered(5), numbered(6), numbered(7)}, "resync"},
		{"Up among them", nil, []Notice{up, numbered(1), numbered(2), numbered(3)}, "up"},
		{"Down is the one too many", []Notice{up}, []Notice{numbered(1), numbered(2), numbered(3), down}, "down"},
		{"Down and Up among them", []Notice{up}, []Notice{numbered(1), down, up, numbered(2)}, "down up"},
		{"flapping", []Notice{up, down}, []Notice{down, down, down, down, down}, "down down"},
		{"one resync at a time", []Notice{up}, []Notice{again, again, numbered(1), again, again}, "resync E1"},
		{"a resync finds no place", []Notice{up}, []Notice{numbered(1), numbered(2), numbered(3), again, again, numbered(4)}, "resync E4"},
		{"a resync before a new link", []Notice{up}, []Notice{again, down, up, again, numbered(1)}, "down up"},
		{"up and down again", []Notice{down}, []Notice{up, numbered(1), numbered(2), down}, "down"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := newQueue(3, 1000)
			for _, n := range c.before {
				q.push(n)
			}
			kinds(q)
			for _, n := range c.in {
				q.push(n)
			}
			if got := kinds(q); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestQueueBytes(t *testing.T) {
	q := newQueue(1000, 25) // two events of eleven bytes
	q.push(numbered(1))
	q.push(numbered(2))
	q.take()
	q.push(numbered(3))
	q.push(numbered(4))
	n, _ := q.take()
	if n.Kind != Resync || n.Err != ErrOverflow {
		t.Errorf("got %v %v", n.Kind, n.Err)
	}
	if waiting, overflows := q.waiting(); waiting != 0 || overflows != 1 {
		t.Errorf("%d waiting, %d overflows", waiting, overflows)
	}
}

func TestQueueNext(t *testing.T) {
	q := newQueue(3, 1000)
	ctx, cancel := context.WithCancelCause(t.Context())
	got := make(chan Notice)
	go func() {
		for {
			n, err := q.next(ctx)
			if err != nil {
				close(got)
				return
			}
			got <- n
		}
	}()
	for i := 1; i <= 100; i++ {
		q.push(numbered(i))
		if n := <-got; n.Event.Seq() != uint64(i) {
			t.Fatalf("%d came for %d", n.Event.Seq(), i)
		}
	}
	cancel(nil)
	if _, ok := <-got; ok {
		t.Error("a notice after the end")
	}
}

// TestQueueTellsEveryLoss: whatever comes and however slowly it is taken, the consumer sees events in
// order, sees a Resync or an Up at each gap, or has taken a Resync since what is missing came, and knows in the end whether the link is up. The queue never
// holds more than it may.
func TestQueueTellsEveryLoss(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(2, 8).Draw(t, "size")
		q := newQueue(size, 1<<20)
		link, told := Down, Down
		pushed, seen, fresh := 0, 0, true // fresh: the next event may have any number
		pictured := 0                     // what a picture at the newest Resync shows
		take := func() bool {
			n, ok := q.take()
			switch {
			case !ok:
				return false
			case n.Kind == Event:
				if told != Up {
					t.Fatalf("event %d while the consumer takes the link for down", n.Event.Seq())
				}
				if int(n.Event.Seq()) > max(seen, pictured)+1 && !fresh {
					t.Fatalf("event %d behind %d without a notice", n.Event.Seq(), seen)
				}
				if int(n.Event.Seq()) <= seen {
					t.Fatalf("event %d behind %d", n.Event.Seq(), seen)
				}
				seen, fresh = int(n.Event.Seq()), false
			case n.Kind == Resync:
				pictured, fresh = pushed, n.Err == ErrOverflow
			default:
				told, fresh = n.Kind, true
			}
			return true
		}
		t.Repeat(map[string]func(*rapid.T){
			"event": func(t *rapid.T) {
				if link == Up {
					pushed++
					q.push(numbered(pushed))
				}
			},
			"up": func(t *rapid.T) {
				if link == Down {
					link = Up
					q.push(Notice{Kind: Up})
				}
			},
			"down": func(t *rapid.T) {
				link = Down
				q.push(Notice{Kind: Down, Err: io.EOF})
			},
			"lost": func(t *rapid.T) {
				if link == Up {
					pushed++ // and was cut in two
					q.push(Notice{Kind: Resync, Err: ErrTampered})
				}
			},
			"take": func(t *rapid.T) { take() },
			"": func(t *rapid.T) {
				if n, _ := q.waiting(); n > size || cap(q.notices) > 8*size+8 {
					t.Fatalf("%d notices in space for %d", n, cap(q.notices))
				}
			},
		})
		for take() {
		}
		if told != link {
			t.Fatalf("the consumer takes the link for %v", told)
		}
		if max(seen, pictured) != pushed && !fresh {
			t.Fatalf("event %d was the last, %d the last seen", pushed, seen)
		}
	})
}
