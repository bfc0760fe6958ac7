package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// So many wrong PINs within a time lock their caller for a time. A restart
// forgets those that have not come to a lock.
const (
	mostWrong   = 3
	wrongWithin = time.Hour
	wrongLocks  = time.Hour
)

// authorPIN is who sets such a lock.
const authorPIN = "pin"

// PIN is what the question's caller must know; false where he has none.
func (l *Ledger) PIN(ctx context.Context, q toll.Question) (toll.PIN, bool, error) {
	r, err := l.ask(ctx, &request{kind: reqPIN, question: q})
	if !r.found {
		return toll.PIN{}, false, err
	}
	return *r.pin, true, err
}

// WrongPIN notes that the question's caller has entered a wrong PIN, and tells
// whether that was one too many: then he is locked, and the question is refused.
func (l *Ledger) WrongPIN(ctx context.Context, q toll.Question) (locked bool, err error) {
	r, err := l.ask(ctx, &request{kind: reqWrongPIN, question: q})
	return r.found, err
}

// handlePIN answers at once: to look a PIN up changes nothing, and a lock waits
// for no disk.
func (d *decider) handlePIN(now time.Time, r *request) {
	if r.kind == reqPIN {
		pin, found := d.book.PIN(r.question)
		r.answer(result{pin: &pin, found: found})
		return
	}
	orders, entries, locked := d.book.WrongPIN(now, r.question)
	if locked {
		d.narrow(orders, entries)
		if refused := entries[0].Lease; d.ledger.journal != nil {
			d.ledger.journal.Verdict(now, r.question, toll.Verdict{Judgement: toll.Judgement{Reason: refused.Why, By: refused.By}, Revision: refused.Revision})
		}
	}
	r.answer(result{found: locked})
}

// PIN is what the question's caller must know; false where he has none.
func (b *Book) PIN(q toll.Question) (toll.PIN, bool) {
	s, found := b.settings[settingKey{"pin", q.Caller.ID}]
	if !found {
		return toll.PIN{}, false
	}
	return *s.PIN, true
}

// WrongPIN counts a wrong PIN of the question's caller, over all his calls. The
// last one refuses the question and locks him.
func (b *Book) WrongPIN(now time.Time, q toll.Question) (orders []toll.Order, entries []toll.Entry, locked bool) {
	now = b.advance(now)
	if _, set := b.PIN(q); !set {
		return nil, nil, false // taken away meanwhile; so only who has one is remembered
	}
	id := q.Caller.ID
	wrong := slices.DeleteFunc(b.wrong[id], func(at time.Time) bool { return now.Sub(at) >= wrongWithin })
	if wrong = append(wrong, now); len(wrong) < mostWrong {
		b.wrong[id] = wrong
		return nil, nil, false
	}
	delete(b.wrong, id)
	q.Purpose, q.Proof, q.Times = toll.Ask, toll.PINWrong, b.judge.Times(now)
	j := b.judgeNow(q)
	if j.Allow { // no rule asks for it any more
		j = toll.Judgement{Reason: toll.ReasonPINWrong}
	}
	_, entries = b.refuse(q, j)
	refused := entries[0].Lease
	entries = b.watchOver(entries)
	entries = append(entries, b.writeIncidents(b.incidents.Guessed(now, &refused))...)
	lock := toll.Lock{
		Scope: toll.PerCaller, Subject: id, Author: authorPIN, Since: now, Until: now.Add(wrongLocks),
		Reason: fmt.Sprintf("%d wrong PINs", mostWrong),
	}
	if s, stands := b.settings[settingKey{"lock", lock.ID()}]; stands && (s.Lock.Until.IsZero() || s.Lock.Until.After(lock.Until)) {
		return nil, entries, true // for longer than this one would
	}
	c, err := b.Change(now, toll.Setting{Lock: &lock, Author: authorPIN})
	if err != nil {
		return nil, entries, true // policy has no opinion on locks
	}
	return c.Orders, append(entries, c.Entries...), true
}
