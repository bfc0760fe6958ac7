package replay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// memory is the store of a ledger that is played. It keeps what a daemon that is
// started again needs: what stands, and the newest of every lease.
type memory struct {
	forgets  bool // nobody will start again, so what has ended is let go
	full     bool
	epoch    int64
	last     int64
	settings map[string]toll.Entry // and incidents and notices, by what they are
	leases   map[string]toll.Entry
	refused  []toll.Entry
	called   []toll.Called
	ended    toll.Lease // the one that was settled last
}

var (
	errFull   = errors.New("database or disk is full")
	errFenced = errors.New("somebody else leads")
)

func newMemory(forgets bool) *memory {
	return &memory{forgets: forgets, settings: make(map[string]toll.Entry), leases: make(map[string]toll.Entry)}
}

// Lead begins an epoch.
func (m *memory) Lead(context.Context) (int64, error) {
	m.epoch++
	return m.epoch, nil
}

// Append keeps entries.
func (m *memory) Append(_ context.Context, epoch int64, es []toll.Entry) error {
	switch {
	case m.full:
		return errFull
	case epoch != m.epoch:
		return errFenced
	}
	for i := range es {
		m.keep(&es[i])
	}
	return nil
}

func (m *memory) keep(e *toll.Entry) {
	m.last = e.Seq
	switch e.Kind {
	case toll.EntrySetting:
		m.settings[e.Setting.Kind()+" "+e.Setting.ID()] = *e
	case toll.EntryIncident:
		m.settings["incident "+e.Incident.ID] = *e
	case toll.EntryNotice:
		m.settings["notice "+e.Notice.ID] = *e
	case toll.EntryRefused:
		if !m.forgets {
			m.refused = append(m.refused, *e)
		}
	default:
		if e.Kind == toll.EntryEnded {
			m.ended = e.Lease
		}
		if m.forgets && e.Kind == toll.EntryEnded {
			delete(m.leases, e.Lease.ID)
			return
		}
		m.called = append(m.called, e.Lease.Firsts()...)
		m.leases[e.Lease.ID] = *e
	}
}

// Replay yields what stands and what was, in the order in which it was written.
func (m *memory) Replay(_ context.Context, since time.Time, f func(toll.Entry) error) error {
	all := slices.Clone(m.refused)
	for _, e := range m.settings {
		all = append(all, e)
	}
	for _, e := range m.leases {
		all = append(all, e)
	}
	return inOrder(all, func(e *toll.Entry) error {
		if e.Kind == toll.EntryEnded && e.At.Before(since) {
			return nil
		}
		return f(*e)
	})
}

// Settled yields what ended or was refused.
func (m *memory) Settled(_ context.Context, since time.Time, upTo int64, f func(toll.Entry) error) error {
	all := slices.Clone(m.refused)
	for _, e := range m.leases {
		all = append(all, e)
	}
	return inOrder(all, func(e *toll.Entry) error {
		if e.Seq > upTo || e.At.Before(since) || e.Kind != toll.EntryEnded && e.Kind != toll.EntryRefused {
			return nil
		}
		return f(*e)
	})
}

// Called yields who called which country.
func (m *memory) Called(_ context.Context, f func(toll.Called) error) error {
	for _, c := range m.called {
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

func inOrder(all []toll.Entry, f func(*toll.Entry) error) error {
	slices.SortFunc(all, func(a, b toll.Entry) int { return int(a.Seq - b.Seq) })
	for i := range all {
		if err := f(&all[i]); err != nil {
			return err
		}
	}
	return nil
}
