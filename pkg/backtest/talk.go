package backtest

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/cdr"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// phase is where a recorded call stands.
type phase int

const (
	ringing phase = iota
	talking
	ghost // the book has nothing of it, and in truth it went on
)

// talk is one recorded call while it goes on.
type talk struct {
	call       cdr.Call
	question   toll.Question
	lease      string // empty: it has none, or none any more
	asker, leg string // Uniqueids
	phase      phase
	answered   time.Time     // in truth; zero: it was not
	hangsUp    time.Time     // likewise
	timer      time.Duration // of the trunk leg, from the answer
	cutAt      time.Time     // when it is gone after an order; zero: there was none

	pin     bool
	outcome Outcome
	reason  toll.Reason
	by      string
	after   time.Duration // cut: the talk time until then

	at    time.Time // when it must be looked at
	order uint64
	place int // in the heap; -1: not there
}

// newTalk is a call that begins.
func (p *player) newTalk(call *recorded) *talk {
	t := p.told.talk()
	p.count++
	*t = talk{call: call.Call, question: call.question, order: p.count, place: -1}
	t.asker = t.question.Key.Uniqueid
	t.leg = t.asker + ".leg"
	t.hangsUp = call.Start.Add(max(call.Duration-call.Billed, 0))
	if call.Answered() {
		t.answered = t.hangsUp
		t.hangsUp = t.answered.Add(call.Billed)
	}
	return t
}

// stop notes what has ended the call, or never let it begin.
func (t *talk) stop(o Outcome, why toll.Reason, by string) {
	t.outcome, t.reason, t.by = o, why, by
	if o == OutcomeRefused {
		t.phase = ghost
	}
}

// barred tells whether a rule, a class or the like has refused the call, so that no
// other threshold would have let it through.
func (t *talk) barred() bool {
	return t.outcome == OutcomeRefused && t.reason != toll.ReasonLimit && t.reason != toll.ReasonLocked
}

// plan says when the call must be looked at next.
func (t *talk) plan() {
	t.at = t.hangsUp
	switch {
	case t.phase == ringing && !t.answered.IsZero():
		t.at = t.answered
	case t.phase == talking:
		t.at = earlierOf(t.at, t.answered.Add(t.timer+toll.TimerLag))
	}
	if t.phase != ghost && !t.cutAt.IsZero() {
		t.at = earlierOf(t.at, t.cutAt)
	}
}

// cost is what the call has cost in truth.
func (t *talk) cost() toll.Money { return t.costOf(t.call.Billed) }

// stopped is how much of it would not have been paid.
func (t *talk) stopped() toll.Money {
	switch t.outcome {
	case OutcomeRefused:
		return t.cost()
	case OutcomeCut:
		if t.after == 0 {
			return t.cost()
		}
		return max(t.cost()-t.costOf(t.after), 0)
	}
	return 0
}

func (t *talk) costOf(talked time.Duration) toll.Money {
	if t.answered.IsZero() || !t.question.To.Class.Metered() {
		return 0
	}
	return t.question.Price.Cost(talked)
}

func earlierOf(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func laterOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// talks is a heap of calls, by when they must be looked at; of two at once the one
// that began first.
type talks []*talk

func (h talks) Len() int { return len(h) }
func (h talks) Less(i, j int) bool {
	if c := h[i].at.Compare(h[j].at); c != 0 {
		return c < 0
	}
	return h[i].order < h[j].order
}

func (h talks) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *talks) Push(x any) {
	t := x.(*talk) //nolint:forcetypeassert // container/heap
	t.place = len(*h)
	*h = append(*h, t)
}

func (h *talks) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.place = -1
	return t
}
