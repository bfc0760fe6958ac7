package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Life is every entry about one lease, in order, as far as the log reaches
// back; of an older one it is the row that history has. ErrNotFound if neither
// knows it.
func (r *Reader) Life(ctx context.Context, lease string) ([]toll.Entry, error) {
	life, err := r.life(ctx, lease)
	if err != nil {
		return nil, fmt.Errorf("read the life of call %q: %w", lease, err)
	}
	return life, nil
}

func (r *Reader) life(ctx context.Context, lease string) ([]toll.Entry, error) {
	ended, err := r.history(ctx, HistoryQuery{Lease: lease, Limit: 1})
	if err != nil {
		return nil, err
	}
	began, last := time.Time{}, int64(math.MaxInt64)
	if len(ended) > 0 {
		began, last = ended[0].Lease.Granted, ended[0].Seq
	} else if began, err = r.liveSince(ctx, lease); err != nil {
		return nil, err
	}
	// History has times to the millisecond only.
	first, err := firstSince(ctx, r.db, "entry", nanoseconds(began.Add(-time.Second)))
	if err != nil {
		return nil, err
	}
	life, err := r.entriesOf(ctx, lease, first, last)
	if err == nil && len(life) == 0 {
		life = ended
	}
	return life, err
}

// liveSince is when a lease was granted that has not ended.
func (r *Reader) liveSince(ctx context.Context, lease string) (time.Time, error) {
	var body []byte
	err := r.db.QueryRowContext(ctx, "SELECT body FROM entry WHERE seq = (SELECT seq FROM live WHERE lease = ?)", lease).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, ErrNotFound
	}
	if err != nil {
		return time.Time{}, err
	}
	var e toll.Entry
	if err := decodeEntry(body, newWords(), &e); err != nil {
		return time.Time{}, err
	}
	return e.Lease.Granted, nil
}

// entriesOf looks through a stretch of the log. A call lasts hours at most, so
// it is never long.
func (r *Reader) entriesOf(ctx context.Context, lease string, first, last int64) ([]toll.Entry, error) {
	rows, err := r.db.QueryContext(ctx, "SELECT seq, body FROM entry WHERE seq >= ? AND seq <= ? AND kind <> 'refused' ORDER BY seq", first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var life []toll.Entry
	var seq int64
	var body sql.RawBytes
	w := newWords()
	for rows.Next() {
		if err := rows.Scan(&seq, &body); err != nil {
			return nil, err
		}
		var e toll.Entry
		if err := decodeEntry(body, w, &e); err != nil {
			return nil, fmt.Errorf("entry %d: %w", seq, err)
		}
		if e.Lease.ID == lease {
			life = append(life, e)
		}
	}
	return life, rows.Err()
}

// ChangesQuery chooses from the changes of settings. What is zero does not
// narrow.
type ChangesQuery struct {
	Kind   string // rule, limit, lock, fuse or deck
	ID     string // of the setting
	Before int64  // page on: Seq of the last entry of the page before
	Limit  int    // rows; 100 if zero, at most 1000
}

// Changes lists the changes of settings, the newest first.
func (r *Reader) Changes(ctx context.Context, q ChangesQuery) ([]toll.Entry, error) {
	changes, err := r.changes(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the changes: %w", err)
	}
	return changes, nil
}

func (r *Reader) changes(ctx context.Context, q ChangesQuery) ([]toll.Entry, error) {
	end := q.Before
	if end <= 0 {
		end = math.MaxInt64
	}
	rows, err := r.db.QueryContext(ctx, "SELECT seq, body FROM entry WHERE kind = 'setting' AND seq < ? ORDER BY seq DESC", end)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []toll.Entry
	var seq int64
	var body sql.RawBytes
	w := newWords()
	for limit := pageSize(q.Limit); len(page) < limit && rows.Next(); {
		if err := rows.Scan(&seq, &body); err != nil {
			return nil, err
		}
		var e toll.Entry
		if err := decodeEntry(body, w, &e); err != nil {
			return nil, fmt.Errorf("entry %d: %w", seq, err)
		}
		if s := e.Setting; s != nil && (q.Kind == "" || q.Kind == s.Kind()) && (q.ID == "" || q.ID == s.ID()) {
			page = append(page, e)
		}
	}
	return page, rows.Err()
}

// pageSize is how many rows a query gives.
func pageSize(wanted int) int {
	if wanted <= 0 {
		return defaultPage
	}
	return min(wanted, largestPage)
}
