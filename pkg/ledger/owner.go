package ledger

import (
	"context"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Waiting are the notices to the owner that have not left, in no order.
func (l *Ledger) Waiting(ctx context.Context) ([]toll.Notice, error) {
	r, err := l.ask(ctx, &request{kind: reqWaiting})
	return r.notices, err
}

// Noticed gets a value when a notice may wait that did not wait before. The
// notice is durable by then, unless the ledger cannot be written.
func (l *Ledger) Noticed() <-chan struct{} { return l.noticed }

// Tried notes the outcome of a try to send a notice: when it was sent, or when
// it is tried next. It returns once that is durable; with ErrDown the notice is
// settled until the daemon ends.
func (l *Ledger) Tried(ctx context.Context, n toll.Notice) error {
	_, err := l.ask(ctx, &request{kind: reqTried, notice: &n})
	return err
}

// CloseIncident ends an incident; false when none is open by that name.
func (l *Ledger) CloseIncident(ctx context.Context, id, author string) (toll.Incident, bool, error) {
	r, err := l.ask(ctx, &request{kind: reqCloseIncident, incident: id, by: author})
	if !r.found {
		return toll.Incident{}, false, err
	}
	return *r.closed, true, err
}

// Failing tells whether the newest commit has failed, or does not come back.
func (l *Ledger) Failing() bool { return l.failing.Load() || l.hanging.Load() }

// Fuse is the main fuse, if it has blown.
func (l *Ledger) Fuse(ctx context.Context) (toll.Fuse, bool, error) {
	v, err := l.View(ctx)
	for _, s := range v.Settings {
		if s.Fuse != nil {
			return *s.Fuse, true, err
		}
	}
	return toll.Fuse{}, false, err
}

// FuseChanged gets a value when the main fuse has blown, its command has run, or
// it was reset.
func (l *Ledger) FuseChanged() <-chan struct{} { return l.fused }

// FuseRan notes how the command of the main fuse went.
func (l *Ledger) FuseRan(ctx context.Context, f toll.Fuse) error {
	_, err := l.ask(ctx, &request{kind: reqFuseRan, fuse: &f})
	return err
}

// notice wakes whoever sends notices, if there are any among the entries.
func (l *Ledger) notice(entries []toll.Entry) {
	for i := range entries {
		if e := &entries[i]; e.Kind == toll.EntryNotice && e.Notice.Waits() {
			wake(l.noticed)
		}
	}
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// handleOwner takes what concerns the owner: what he was told, and what he does
// about it. It is answered once it is durable.
func (d *decider) handleOwner(now time.Time, r *request) {
	var entries []toll.Entry
	res := result{}
	switch r.kind {
	case reqTried:
		entries = d.book.Tried(now, *r.notice)
	case reqFuseRan:
		entries = d.book.FuseRan(now, *r.fuse)
	case reqCloseIncident:
		var closed toll.Incident
		closed, entries, res.found = d.book.CloseIncident(now, r.incident, r.by)
		res.closed = &closed
	}
	if len(entries) == 0 {
		r.answer(res)
		return
	}
	d.tell(entries)
	r.result = res
	d.next.add(now, entries, &waiter{request: r})
}
