package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// ErrNoDeck says that the rows of a rate deck are not there, or not whole.
var ErrNoDeck = errors.New("the rate deck is not whole in the ledger")

// Rate is one row of a rate deck.
type Rate struct {
	Prefix      string
	Description string
	Price       toll.Price
	ValidFrom   time.Time // zero: since ever; kept to the millisecond
}

// stageStep is how many rows go in one transaction: few enough that a call that
// waits for the writer does not notice.
const stageStep = 500

const (
	insertRate = `INSERT INTO rate (deck, prefix, valid_from, description, per_minute, connect, minimum, increment, free)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`

	// A deck is gone when no setting names it. Where a setting is not understood
	// nothing is: NULL is in no list, nor not in it.
	selectGone = `SELECT id FROM deck WHERE id NOT IN (
		SELECT json_extract(body, '$.deck.id') FROM setting WHERE kind = 'deck')`
	sweepRate = `DELETE FROM rate WHERE (deck, prefix, valid_from) IN (
		SELECT deck, prefix, valid_from FROM rate WHERE deck = ?1 LIMIT ?2)`
)

// Stage writes a rate deck that does not count yet, and returns its number. It
// counts from the moment when a setting that names it is appended, and until
// Unstage is called it is not swept away. Stage rests after each small
// transaction for as long as that took, so that Append is never held up for
// long. On an error nothing is left but what Sweep finds.
func (s *Store) Stage(ctx context.Context, rates iter.Seq[Rate]) (int64, error) {
	id, err := s.stage(ctx, rates)
	if err != nil {
		s.Unstage(id)
		return 0, fmt.Errorf("write the rate deck to the ledger: %w", err)
	}
	return id, nil
}

func (s *Store) stage(ctx context.Context, rates iter.Seq[Rate]) (int64, error) {
	id, err := s.newDeck()
	if err != nil {
		return 0, err
	}
	total := 0
	for step := range chunks(rates, stageStep) {
		begun := time.Now()
		if err := s.stageOnce(id, step); err != nil {
			return id, err
		}
		total += len(step)
		if err := rest(ctx, time.Since(begun)); err != nil {
			return id, err
		}
	}
	return id, s.alone(func(w *writer) error {
		_, err := w.exec(w.wholeDeck, int64(total), id)
		return err
	})
}

// newDeck takes a number, which from here on nobody sweeps away.
func (s *Store) newDeck() (id int64, err error) {
	err = s.alone(func(w *writer) error {
		result, err := w.newDeck.Exec(nil)
		if err == nil {
			id, err = result.LastInsertId()
		}
		if err == nil {
			s.staged[id] = true
		}
		return err
	})
	return id, err
}

func (s *Store) stageOnce(id int64, rates []Rate) error {
	return s.alone(func(w *writer) error {
		for i := range rates {
			r := &rates[i]
			validFrom := ""
			if !r.ValidFrom.IsZero() {
				validFrom = r.ValidFrom.UTC().Format(timeLayout)
			}
			p := &r.Price
			_, err := w.exec(w.rate, id, r.Prefix, validFrom, r.Description, int64(p.PerMinute), int64(p.Connect),
				int64(p.Minimum/time.Second), int64(p.Increment/time.Second), int64(p.Free/time.Second))
			if err != nil {
				return fmt.Errorf("prefix %q: %w", r.Prefix, err)
			}
		}
		return nil
	})
}

// Unstage says that a staged deck need not be kept: a setting names it by now,
// or never will.
func (s *Store) Unstage(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.staged, id)
}

// alone writes in a turn of its own.
func (s *Store) alone(f func(*writer) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(f)
}

// Sweep takes away the decks that have ceased to count, and those that were never
// written to their end, in small steps as Stage does. It tells how many rows
// went.
func (s *Store) Sweep(ctx context.Context) (int64, error) {
	var removed int64
	for {
		begun := time.Now()
		n, done, err := s.sweepOnce()
		removed += n
		if err == nil && !done {
			err = rest(ctx, time.Since(begun))
		}
		if err != nil {
			return removed, fmt.Errorf("sweep old rate decks out of the ledger: %w", err)
		}
		if done {
			return removed, nil
		}
	}
}

// sweepOnce takes some rows of a deck that is gone, and the deck itself once none
// are left.
func (s *Store) sweepOnce() (n int64, done bool, err error) {
	err = s.alone(func(w *writer) error {
		id, err := s.gone(w)
		if err != nil || id == 0 {
			done = err == nil
			return err
		}
		if n, err = w.exec(w.sweepRate, id, int64(stageStep)); err == nil && n < stageStep {
			_, err = w.exec(w.sweepDeck, id)
		}
		return err
	})
	if err != nil {
		n = 0
	}
	return n, done, err
}

// gone is a deck to be swept away; 0 if there is none.
func (s *Store) gone(w *writer) (int64, error) {
	ids, err := w.integers(w.gone)
	for _, id := range ids {
		if !s.staged[id] {
			return id, err
		}
	}
	return 0, err
}

// count makes sure that a deck which is to count is whole.
func (w *writer) count(d *toll.Deck) error {
	found, err := w.integers(w.isWhole, d.ID, int64(d.Rows))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%w: number %d, with %d rows", ErrNoDeck, d.ID, d.Rows)
	}
	return err
}

// Rates gives f the rows of a deck, in the order of prefixes and then of time.
// ErrNoDeck where they are not all there.
func (r *Reader) Rates(ctx context.Context, d toll.Deck, f func(Rate) error) error {
	if err := r.rates(ctx, d, f); err != nil {
		return fmt.Errorf("read the rate deck %s: %w", d.Name(), err)
	}
	return nil
}

func (r *Reader) rates(ctx context.Context, d toll.Deck, f func(Rate) error) error {
	rows, err := r.db.QueryContext(ctx, `SELECT prefix, valid_from, description, per_minute, connect, minimum, increment, free
		FROM rate WHERE deck = ? ORDER BY prefix, valid_from`, d.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		rate, err := scanRate(rows)
		if err != nil {
			return fmt.Errorf("row %d: %w", n+1, err)
		}
		if err := f(rate); err != nil {
			return fmt.Errorf("row %d: %w", n+1, err)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != d.Rows {
		return fmt.Errorf("%w: it has %d of %d rows", ErrNoDeck, n, d.Rows)
	}
	return nil
}

// Spare is how many bytes of the file are free to be written again, as what was
// pruned and swept away has left them.
func (r *Reader) Spare(ctx context.Context) (int64, error) {
	var pages, size int64
	err := r.db.QueryRowContext(ctx, "SELECT freelist_count, page_size FROM pragma_freelist_count, pragma_page_size").Scan(&pages, &size)
	if err != nil {
		return 0, fmt.Errorf("see what is free in the ledger: %w", err)
	}
	return pages * size, nil
}

func scanRate(rows *sql.Rows) (r Rate, err error) {
	var validFrom string
	var minimum, increment, free int64
	p := &r.Price
	err = rows.Scan(&r.Prefix, &validFrom, &r.Description, (*int64)(&p.PerMinute), (*int64)(&p.Connect), &minimum, &increment, &free)
	p.Minimum, p.Increment, p.Free = inSeconds(minimum), inSeconds(increment), inSeconds(free)
	if err == nil && validFrom != "" {
		r.ValidFrom, err = time.Parse(timeLayout, validFrom)
	}
	return r, err
}

func inSeconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// chunks cuts a sequence into slices of at most n. Each is only good until the
// next one.
func chunks[T any](all iter.Seq[T], n int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		chunk := make([]T, 0, n)
		for v := range all {
			if chunk = append(chunk, v); len(chunk) == n {
				if !yield(chunk) {
					return
				}
				chunk = chunk[:0]
			}
		}
		if len(chunk) > 0 {
			yield(chunk)
		}
	}
}
