package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	selectCalled = `SELECT scope, subject, country, first FROM called ORDER BY first, scope, subject, country`
	insertCalled = `INSERT INTO called (scope, subject, country, first) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET first = excluded.first WHERE excluded.first < first`
)

// Called gives f who has called which country, ever, the oldest first, and stops
// at the first error. Together with what Replay gives, which may begin after it,
// it tells the book which countries are new.
func (r *Reader) Called(ctx context.Context, f func(toll.Called) error) error {
	if err := r.called(ctx, f); err != nil {
		return fmt.Errorf("read which countries were called: %w", err)
	}
	return nil
}

func (r *Reader) called(ctx context.Context, f func(toll.Called) error) error {
	rows, err := r.db.QueryContext(ctx, selectCalled)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c toll.Called
		var first string
		if err := rows.Scan(&c.Scope, &c.Subject, &c.Country, &first); err != nil {
			return err
		}
		if c.First, err = time.Parse(timeLayout, first); err != nil {
			return fmt.Errorf("%s %q, %q: %w", c.Scope, c.Subject, c.Country, err)
		}
		if err := f(c); err != nil {
			return err
		}
	}
	return rows.Err()
}

// AddCalled notes who has called which country before, as other records than the
// ledger's own know it, in one transaction. Of what is noted already the earlier
// time stands, so that the same can be added twice. A ledger that runs learns of
// it by its Remember, or when it is started the next time.
func (s *Store) AddCalled(ctx context.Context, all []toll.Called) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("note which countries were called: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(func(w *writer) error { return w.putCalled(all) }); err != nil {
		return fmt.Errorf("note which countries were called: %w", err)
	}
	return nil
}

func (w *writer) putCalled(all []toll.Called) error {
	for _, c := range all {
		if _, err := w.exec(w.called, string(c.Scope), c.Subject, c.Country, forPeople(c.First)); err != nil {
			return fmt.Errorf("%s %q, %q: %w", c.Scope, c.Subject, c.Country, err)
		}
	}
	return nil
}
