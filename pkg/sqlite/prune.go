package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"
)

// pruneStep is how many rows go in one transaction: few enough that a call that
// waits for the writer does not notice.
const pruneStep = 500

const (
	pruneEntry = `DELETE FROM entry WHERE seq IN (
		SELECT seq FROM entry WHERE seq < ?1 AND seq NOT IN kept AND kind <> 'setting' ORDER BY seq LIMIT ?2)`
	pruneCall = `DELETE FROM call WHERE seq IN (SELECT seq FROM call WHERE seq < ?1 ORDER BY seq LIMIT ?2)`
)

// Prune forgets the log and the history from before the given times, and tells
// how many rows went. It does so in small steps and rests after each for as
// long as it took, so that Append is never held up for long. What Replay gives
// whatever its age stays, and so do the changes of settings: they are few, and
// say who has done what. The room is used again; the file does not shrink.
//
// The log must reach back as far as the longest window that is metered.
func (s *Store) Prune(ctx context.Context, logBefore, historyBefore time.Time) (int64, error) {
	removed, err := s.pruneLog(ctx, logBefore)
	if err == nil {
		var calls int64
		calls, err = s.pruneHistory(ctx, historyBefore)
		removed += calls
	}
	if err != nil {
		return removed, fmt.Errorf("prune the ledger: %w", err)
	}
	return removed, nil
}

func (s *Store) pruneLog(ctx context.Context, before time.Time) (int64, error) {
	end, err := firstSince(ctx, s.db, "entry", nanoseconds(before))
	if err != nil {
		return 0, err
	}
	return s.prune(ctx, func(w *writer) *sqlite3.SQLiteStmt { return w.pruneEntry }, end)
}

func (s *Store) pruneHistory(ctx context.Context, before time.Time) (int64, error) {
	end, err := firstSince(ctx, s.db, "call", before.UTC().Format(timeLayout))
	if err != nil {
		return 0, err
	}
	removed, err := s.prune(ctx, func(w *writer) *sqlite3.SQLiteStmt { return w.pruneCall }, end)
	for _, statement := range []func(w *writer) *sqlite3.SQLiteStmt{
		func(w *writer) *sqlite3.SQLiteStmt { return w.pruneIncident },
		func(w *writer) *sqlite3.SQLiteStmt { return w.pruneNotice },
	} {
		if err == nil {
			var more int64
			more, err = s.prune(ctx, statement, forPeople(before))
			removed += more
		}
	}
	return removed, err
}

// prune runs the statement for rows below end until it finds no more.
func (s *Store) prune(ctx context.Context, statement func(*writer) *sqlite3.SQLiteStmt, end driver.Value) (removed int64, err error) {
	for {
		begun := time.Now()
		n, err := s.pruneOnce(statement, end)
		removed += n
		if err != nil || n < pruneStep {
			return removed, err
		}
		if err := rest(ctx, time.Since(begun)); err != nil {
			return removed, err
		}
	}
}

// rest lets the others write, unless the context ends.
func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (s *Store) pruneOnce(statement func(*writer) *sqlite3.SQLiteStmt, end driver.Value) (n int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.write(func(w *writer) error {
		n, err = w.exec(statement(w), end, int64(pruneStep))
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
