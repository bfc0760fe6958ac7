package sqlite

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const (
	selectSeen = `SELECT pbx, account, network, first, last FROM seen ORDER BY last, pbx, account, network`
	insertSeen = `INSERT INTO seen (pbx, account, network, first, last) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET first = excluded.first, last = excluded.last`
	deleteSeen = `DELETE FROM seen WHERE pbx = ? AND account = ? AND network = ?`
)

// Seen gives f in which networks which account was seen, and stops at the first
// error.
func (r *Reader) Seen(ctx context.Context, f func(toll.Seen) error) error {
	if err := r.seen(ctx, f); err != nil {
		return fmt.Errorf("read where accounts were seen: %w", err)
	}
	return nil
}

func (r *Reader) seen(ctx context.Context, f func(toll.Seen) error) error {
	rows, err := r.db.QueryContext(ctx, selectSeen)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s toll.Seen
		var network, first, last string
		if err := rows.Scan(&s.PBX, &s.Account, &network, &first, &last); err != nil {
			return err
		}
		if s.Network, err = netip.ParsePrefix(network); err != nil {
			return err
		}
		if s.First, err = time.Parse(timeLayout, first); err != nil {
			return fmt.Errorf("%q in %s: %w", s.Account, network, err)
		}
		if s.Last, err = time.Parse(timeLayout, last); err != nil {
			return fmt.Errorf("%q in %s: %w", s.Account, network, err)
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return rows.Err()
}

// AddSeen notes where accounts were seen, in one transaction; what is gone is
// forgotten.
func (s *Store) AddSeen(ctx context.Context, all []toll.Seen) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("note where accounts were seen: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.write(func(w *writer) error { return w.putSeen(all) }); err != nil {
		return fmt.Errorf("note where accounts were seen: %w", err)
	}
	return nil
}

func (w *writer) putSeen(all []toll.Seen) error {
	for _, s := range all {
		var err error
		if s.Gone {
			_, err = w.exec(w.unseen, s.PBX, s.Account, s.Network.String())
		} else {
			_, err = w.exec(w.seen, s.PBX, s.Account, s.Network.String(), forPeople(s.First), forPeople(s.Last))
		}
		if err != nil {
			return fmt.Errorf("%q in %s: %w", s.Account, s.Network, err)
		}
	}
	return nil
}
