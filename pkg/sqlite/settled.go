package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// settledStep is how many numbers are looked at in one query: few enough that the
// WAL can be written back meanwhile, whatever the length of the past.
const settledStep = 20_000

const selectSettled = `SELECT seq, body FROM entry WHERE seq >= ? AND seq < ? AND kind IN ('ended', 'refused') ORDER BY seq`

// Settled gives f every refusal and every end of a lease at or after since, up to
// the entry with the number upTo, in order, and stops at the first error. What is
// in the log does not change, so it is read piece by piece, beside what others do.
func (r *Reader) Settled(ctx context.Context, since time.Time, upTo int64, f func(toll.Entry) error) error {
	if err := r.settled(ctx, since, upTo, f); err != nil {
		return fmt.Errorf("read what was settled: %w", err)
	}
	return nil
}

func (r *Reader) settled(ctx context.Context, since time.Time, upTo int64, f func(toll.Entry) error) error {
	first, err := firstSince(ctx, r.db, "entry", nanoseconds(since))
	if err != nil {
		return err
	}
	w := newWords()
	for from := first; from <= upTo; from += settledStep {
		if err := r.settledStep(ctx, from, min(from+settledStep, upTo+1), w, f); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) settledStep(ctx context.Context, from, before int64, w *words, f func(toll.Entry) error) error {
	rows, err := r.db.QueryContext(ctx, selectSettled, from, before)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		var body sql.RawBytes
		if err := rows.Scan(&seq, &body); err != nil {
			return err
		}
		var e toll.Entry
		if err := decodeEntry(body, w, &e); err != nil {
			return fmt.Errorf("entry %d: %w", seq, err)
		}
		if err := f(e); err != nil {
			return err
		}
	}
	return rows.Err()
}
