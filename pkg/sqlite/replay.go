package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Entries travel from the reading goroutine in groups, so that the two rarely
// wait for each other, in so many slices that go round.
const (
	groupSize = 256
	groups    = 3
)

// Replay gives f what the book is rebuilt from, from one consistent state of
// the file, and stops at the first error:
//
//   - the settings that stand, in order of revision, with Seq 0; the schedules
//     first, since rules and limits name them;
//   - the incidents that are open, some that were closed lately, and the notices that
//     wait, with Seq 0;
//   - then from the log, in order of Seq, every refusal at or after since, and
//     of each lease that was live at or after since its newest entry, which
//     carries the lease whole;
//   - and among them, however old: the newest change of a setting, which tells
//     the policy's revision even when it took something away, and the newest
//     entry of all, from which numbers and clock go on.
//
// So what is superseded is left out: of a lease the first thing that f hears can
// be that it was answered or has ended, leases come in the order of their newest
// entries and not of their grants, and no setting is given that was replaced
// since. Applying what Replay gives yields the book of whoever wrote the log, as
// far as that book still counts anything at or after since.
//
// Reading and decoding run on a goroutine of their own beside f. The memory
// that Replay needs does not depend on the length of the log. A row that cannot
// be read is an error that names its number.
func (r *Reader) Replay(ctx context.Context, since time.Time, f func(toll.Entry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	full, empty := make(chan []toll.Entry, groups), make(chan []toll.Entry, groups)
	for range groups {
		empty <- make([]toll.Entry, 0, groupSize)
	}
	var readErr error
	go func() {
		defer close(full)
		readErr = r.replay(ctx, since, &sender{ctx: ctx, full: full, empty: empty})
	}()
	err := apply(full, empty, f)
	cancel()
	for range full { // until the reader has left, after which readErr may be read
	}
	if err == nil {
		err = readErr
	}
	if err != nil {
		return fmt.Errorf("replay the ledger: %w", err)
	}
	return nil
}

func apply(full <-chan []toll.Entry, empty chan<- []toll.Entry, f func(toll.Entry) error) error {
	for group := range full {
		for i := range group {
			if err := f(group[i]); err != nil {
				return err
			}
		}
		empty <- group[:0]
	}
	return nil
}

// sender fills groups of entries and sends them on.
type sender struct {
	ctx   context.Context
	full  chan<- []toll.Entry
	empty <-chan []toll.Entry
	group []toll.Entry
}

// add is the entry to fill next; nil once nobody wants any more.
func (s *sender) add() *toll.Entry {
	if len(s.group) == cap(s.group) {
		s.flush()
		select {
		case s.group = <-s.empty:
		case <-s.ctx.Done():
			return nil
		}
	}
	s.group = append(s.group, toll.Entry{})
	return &s.group[len(s.group)-1]
}

// flush sends what there is. There are no more groups than full has places.
func (s *sender) flush() {
	if len(s.group) > 0 {
		s.full <- s.group
	}
	s.group = nil
}

// replayLog finds the first entry that is asked for and what is kept from before
// it. Of what comes later, entries of a kind that the newest of a lease or
// setting supersedes count only if they are that newest one.
const (
	replayOld = `SELECT seq, body FROM entry WHERE seq < ? AND seq IN kept ORDER BY seq`
	replayNew = `SELECT seq, body FROM entry
		WHERE seq >= ?
		AND (kind NOT IN ('granted', 'adopted', 'changed', 'renewed', 'cutting', 'would_cut', 'setting') OR seq IN kept)
		ORDER BY seq`
)

func (r *Reader) replay(ctx context.Context, since time.Time, out *sender) error {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	if err := replaySettings(ctx, tx, out); err != nil {
		return err
	}
	if err := replayOwner(ctx, tx, out); err != nil {
		return err
	}
	first, err := firstSince(ctx, tx, "entry", nanoseconds(since))
	if err != nil {
		return err
	}
	w := newWords()
	for _, query := range []string{replayOld, replayNew} {
		if err := replayLog(ctx, tx, query, first, w, out); err != nil {
			return err
		}
	}
	out.flush()
	return nil
}

func replaySettings(ctx context.Context, tx *sql.Tx, out *sender) error {
	rows, err := tx.QueryContext(ctx, "SELECT kind, id, body FROM setting ORDER BY kind <> 'schedule', revision, kind, id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind, id, body string
		if err := rows.Scan(&kind, &id, &body); err != nil {
			return err
		}
		s := new(toll.Setting)
		if err := json.Unmarshal([]byte(body), s); err != nil {
			return fmt.Errorf("setting %s %q: %w", kind, id, err)
		}
		if s.Kind() != kind || s.ID() != id {
			return fmt.Errorf("setting %s %q holds %s %q", kind, id, s.Kind(), s.ID())
		}
		e := out.add()
		if e == nil {
			return ctx.Err()
		}
		*e = toll.Entry{At: s.At, Kind: toll.EntrySetting, Setting: s}
	}
	return rows.Err()
}

func replayLog(ctx context.Context, tx *sql.Tx, query string, first int64, w *words, out *sender) error {
	rows, err := tx.QueryContext(ctx, query, first)
	if err != nil {
		return err
	}
	defer rows.Close()
	var seq int64
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&seq, &body); err != nil {
			return err
		}
		e := out.add()
		if e == nil {
			return ctx.Err()
		}
		if err := decodeEntry(body, w, e); err != nil {
			return fmt.Errorf("entry %d: %w", seq, err)
		}
		if e.Seq != seq {
			return fmt.Errorf("entry %d: %w: it says that it is entry %d", seq, errBody, e.Seq)
		}
	}
	return rows.Err()
}
