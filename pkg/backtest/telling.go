package backtest

import (
	"sync"
	"time"
)

// happening is a call that has begun, or ended as it did in truth.
type happening struct {
	talk    *talk
	at      time.Time
	ended   bool
	refused bool // begun: it was refused,
	barred  bool // and whatever stood in a limit would have been
}

// telling brings what happens to the findings, on a goroutine of theirs: to count it
// takes a part of the time that to decide it takes. Until a call has ended nothing of
// it changes there that they read before; then it is theirs, and used again.
type telling struct {
	full chan []happening
	next []happening
	done sync.WaitGroup
	pool sync.Pool // of talks that have ended
}

// tell begins to tell findings.
func tell(f *findings) *telling {
	t := &telling{full: make(chan []happening, 4)}
	t.done.Go(func() {
		for all := range t.full {
			for i := range all {
				h := &all[i]
				if !h.ended {
					f.began(h)
					continue
				}
				f.ended(h)
				t.pool.Put(h.talk)
			}
		}
	})
	return t
}

// talk is one that nobody needs any more.
func (t *telling) talk() *talk {
	if used, any := t.pool.Get().(*talk); any {
		return used
	}
	return new(talk)
}

func (t *telling) tell(h happening) {
	if t.next = append(t.next, h); len(t.next) >= batchSize {
		t.full <- t.next
		t.next = make([]happening, 0, batchSize)
	}
}

// close tells the rest, and waits until it was heard. It may be called again.
func (t *telling) close() {
	if t.full == nil {
		return
	}
	t.full <- t.next
	close(t.full)
	t.done.Wait()
	t.full = nil
}
