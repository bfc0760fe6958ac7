package ledger

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// standing are the figures and locks that stand for one question.
type standing struct {
	book *Book
	q    toll.Question
}

func (s *standing) Usage(m toll.Meter) toll.Usage { return s.book.meters.Usage(s.book.now, m, s.q) }
func (s *standing) Lock() (toll.Lock, bool)       { return s.book.lockFor(s.book.moment(s.q), s.q) }

// figures are those that stand for a question, until the next is asked: policy has no
// use for them when it has answered.
func (b *Book) figures(q *toll.Question) *standing {
	b.asked = standing{b, *q}
	return &b.asked
}

// moment is when a question is asked: now, but for one that only wants to know
// what the answer would be at another time. Figures are those of now all the same.
func (b *Book) moment(q toll.Question) time.Time {
	if q.Purpose == toll.Explain && !q.At.IsZero() {
		return q.At
	}
	return b.now
}

// judgeNow asks policy, with the figures as they stand.
func (b *Book) judgeNow(q toll.Question) toll.Judgement {
	j := b.judge.Judge(b.moment(q), q, b.figures(&q))
	if q.Purpose != toll.Explain && (!j.Allow || j.Denied != "") {
		b.hear(j)
	}
	return j
}

// mostSaid bounds what is remembered of why calls were stopped.
const mostSaid = 1000

// hear remembers how a rule, limit or lock has stopped a call, for the owner.
func (b *Book) hear(j toll.Judgement) {
	for _, f := range j.Figures {
		if f.Stops && f.By == j.By && (b.said[f.By] != "" || len(b.said) < mostSaid) {
			b.said[f.By] = f.Text
		}
	}
}
