package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// ErrFenced says that somebody else leads by now: what this leader still wants
// to write must not count.
var ErrFenced = errors.New("somebody else leads the ledger")

// Lead makes the caller the leader: it begins a new epoch, durable at once, and
// whoever appends with an older one gets ErrFenced.
func (s *Store) Lead(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("lead the ledger: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var epoch int64
	err := s.write(func(w *writer) (err error) {
		if _, err := w.exec(w.lead); err != nil {
			return err
		}
		epoch, err = w.currentEpoch()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("lead the ledger: %w", err)
	}
	return epoch, nil
}

// Append writes the entries in one transaction: when it returns nil all of them
// are on the disk, else none counts, and the same entries can be appended again
// once the cause is gone. Seq must rise, gaps are allowed.
//
// The context is looked at before the transaction begins and not after: half a
// commit is of no use to anybody, and the busy timeout bounds the wait.
func (s *Store) Append(ctx context.Context, epoch int64, es []toll.Entry) error {
	if len(es) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("append to the ledger: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := s.newest
	err := s.write(func(w *writer) error {
		if current, err := w.currentEpoch(); err != nil {
			return err
		} else if current != epoch {
			return fmt.Errorf("%w: epoch %d, now %d", ErrFenced, epoch, current)
		}
		for i := range es {
			e := &es[i]
			if e.Seq <= newest.seq {
				return fmt.Errorf("entry %d comes after entry %d", e.Seq, newest.seq)
			}
			// The ledger's clock never runs backwards, and finding a time by halving
			// relies on it, so it is made sure of here.
			newest = mark{e.Seq, max(newest.at, nanoseconds(e.At))}
			if err := w.append(epoch, newest.at, e); err != nil {
				return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Kind, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("append to the ledger: %w", err)
	}
	s.newest = newest
	return nil
}

// append writes one entry to every table that it concerns.
func (w *writer) append(epoch, at int64, e *toll.Entry) (err error) {
	switch e.Kind {
	case toll.EntryIncident:
		return w.putIncident(e.Incident)
	case toll.EntryNotice:
		return w.putNotice(e.Notice)
	}
	if w.body, err = appendEntry(w.body[:0], e); err != nil {
		return err
	}
	if _, err := w.exec(w.entry, e.Seq, epoch, at, string(e.Kind), w.body); err != nil {
		return err
	}
	switch e.Kind {
	case toll.EntryRefused:
		_, err = w.exec(w.call, callRow(at, e)...)
	case toll.EntryEnded:
		if _, err = w.exec(w.dead, e.Lease.ID); err == nil {
			_, err = w.exec(w.call, callRow(at, e)...)
		}
	case toll.EntryGranted, toll.EntryAdopted, toll.EntryChanged, toll.EntryRenewed, toll.EntryCutting, toll.EntryShadow:
		_, err = w.exec(w.live, e.Lease.ID, e.Seq)
	case toll.EntrySetting:
		err = w.set(e)
	}
	if err == nil && e.Lease.New != "" {
		err = w.putCalled(e.Lease.Firsts())
	}
	return err
}

// set makes the setting stand, or takes it away.
func (w *writer) set(e *toll.Entry) error {
	s := e.Setting
	if s == nil || s.Kind() == "" {
		return errors.New("setting is about nothing that is known")
	}
	if s.Removed {
		_, err := w.exec(w.unset, s.Kind(), s.ID())
		return err
	}
	if s.Deck != nil {
		if err := w.count(s.Deck); err != nil {
			return err
		}
	}
	body, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("write setting as JSON: %w", err)
	}
	_, err = w.exec(w.setting, s.Kind(), s.ID(), s.Revision, forPeople(s.At), s.Author, string(body))
	return err
}

func (w *writer) currentEpoch() (int64, error) {
	epochs, err := w.integers(w.epoch)
	if err == nil && len(epochs) == 0 {
		err = errors.New("table leader is empty")
	}
	if err != nil {
		return 0, err
	}
	return epochs[0], nil
}

// nanoseconds is the time as the log's column has it, cut to what 64 bits hold:
// from 1970 to 2262.
func nanoseconds(t time.Time) int64 {
	switch {
	case t.Year() < 1970:
		return 0
	case t.Year() >= 2262:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// forPeople writes a time as SQL tools and people read it; NULL for none.
func forPeople(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(timeLayout)
}

// timeLayout sorts like the times themselves, and SQLite's date functions read it.
const timeLayout = "2006-01-02T15:04:05.000Z"
