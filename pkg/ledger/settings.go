package ledger

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/tollfuse/tollfuse/pkg/meter"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// ErrNoSetting tells that what was to be removed is not there.
var ErrNoSetting = errors.New("no such rule, limit, lock, fuse, rate deck, schedule or PIN")

// Changed is what a change of the owner's came to.
type Changed struct {
	Orders  []toll.Order
	Entries []toll.Entry   // those of the settings first
	Undo    []toll.Setting // gives back what stood before, one after the other

	settings int          // how many of the entries are the settings' own
	fresh    []toll.Meter // meters that are to be filled with the past,
	before   int64        // which ends with this entry
}

// made are the settings as they were written, in their order.
func (c *Changed) made() []toll.Entry { return c.Entries[:c.settings] }

// extends tells whether the change widens what somebody may do.
func (c *Changed) extends() bool {
	return slices.ContainsFunc(c.made(), func(e toll.Entry) bool { return e.Extends() })
}

// Change makes a setting of the owner's stand at once and reviews every live
// call under it, but for the main fuse and a rate deck: those judge no call, and
// a lease keeps the price that it was granted at. A setting that policy refuses
// is an error, and then nothing has changed.
func (b *Book) Change(now time.Time, s toll.Setting) (Changed, error) {
	return b.ChangeAll(now, []toll.Setting{s})
}

// ChangeAll is Change for several settings, one after the other: all of them or
// none. Live calls are reviewed once, when all of them stand.
func (b *Book) ChangeAll(now time.Time, settings []toll.Setting) (Changed, error) {
	now = b.advance(now)
	c := Changed{settings: len(settings), before: b.seq}
	b.fresh = nil
	judge, standing := b.judge, make(map[settingKey]*toll.Setting) // as the settings before leave them
	review, lockOnly := false, true
	for i, s := range settings {
		undo, err := b.undoing(s, standing)
		if err != nil {
			return Changed{}, err
		}
		s.At, s.Revision = now, judge.Revision()+1
		if judge, err = judge.With(s); err != nil {
			return Changed{}, err
		}
		standing[settingKey{s.Kind(), s.ID()}] = &s
		c.Undo = append(c.Undo, undo)
		c.Entries = append(c.Entries, toll.Entry{Seq: b.seq + 1 + int64(i), At: now, Kind: toll.EntrySetting, Setting: &s})
		judges := s.Rule != nil || s.Limit != nil || s.Lock != nil // else no live call is judged otherwise
		review, lockOnly = review || judges, lockOnly && (s.Lock != nil || !judges)
	}
	slices.Reverse(c.Undo)
	for _, e := range c.Entries {
		if err := b.Apply(e); err != nil {
			return Changed{}, err // With has agreed to it above
		}
	}
	c.fresh = b.fresh
	if review {
		orders, entries := b.review(now, lockOnly)
		c.Orders, c.Entries = orders, append(c.Entries, entries...)
	}
	c.Entries = b.watchOver(c.Entries)
	return c, nil
}

// undoing is the setting that takes s back, when these stand already that come
// before it in the same change.
func (b *Book) undoing(s toll.Setting, before map[settingKey]*toll.Setting) (toll.Setting, error) {
	key := settingKey{s.Kind(), s.ID()}
	if key.kind == "" {
		return s, errors.New("a setting needs a rule, a limit, a lock, the fuse, a rate deck or a schedule")
	}
	undo, stands := b.settings[key]
	if newer := before[key]; newer != nil {
		undo, stands = *newer, !newer.Removed
	}
	if !stands {
		if s.Removed {
			return s, fmt.Errorf("%s %q: %w", key.kind, key.id, ErrNoSetting)
		}
		undo = s
		undo.Removed = true
	}
	if s.Fuse != nil && s.Removed && !s.Fuse.Blown.Equal(undo.Fuse.Blown) {
		return s, fmt.Errorf("the fuse that blew at %s: %w", s.Fuse.Blown.Format(time.RFC3339), ErrNoSetting)
	}
	return undo, nil
}

// Undo gives back what stood before a change that could not be made durable. A
// lock that somebody has changed meanwhile stays as it is.
func (b *Book) Undo(now time.Time, c Changed) error {
	b.advance(now)
	b.fresh = nil
	made := c.made()
	for i, s := range c.Undo {
		ours := made[len(made)-1-i].Setting
		stands, there := b.settings[settingKey{ours.Kind(), ours.ID()}]
		if there == ours.Removed || there && stands.Revision != ours.Revision {
			continue
		}
		s.Revision = b.judge.Revision() + 1
		if err := b.applySetting(toll.Entry{At: b.now, Kind: toll.EntrySetting, Setting: &s}); err != nil {
			return err
		}
	}
	return nil
}

// Review asks policy about every live lease again and orders those to be cut
// that it no longer agrees with. What is being cut counts as given back, so
// that a limit which was lowered by one ends one call and not all. Emergency
// calls are never asked about.
func (b *Book) Review(now time.Time) (orders []toll.Order, entries []toll.Entry) {
	orders, entries = b.review(now, false)
	return orders, b.watchOver(entries)
}

// review looks, after a lock, only for what is locked.
func (b *Book) review(now time.Time, lockOnly bool) (orders []toll.Order, entries []toll.Entry) {
	b.advance(now)
	given := b.cutLeases()
	for _, q := range given {
		b.meters.Hold(q, -1)
	}
	defer func() {
		for _, q := range given {
			b.meters.Hold(q, 1)
		}
	}()
	for _, h := range b.newestFirst() {
		if h.lease.Cut != "" || h.lease.To.Class == toll.Emergency {
			continue
		}
		j := b.judgeNow(h.lease.Question(toll.Review))
		if !j.Allow && (j.Reason == toll.ReasonLocked || !lockOnly && !h.lease.Tolerated) {
			order, entry := b.cut(h, j.Reason, j.By)
			orders, entries = append(orders, order), append(entries, entry)
			given = append(given, h.lease.Question(toll.Ask))
			b.meters.Hold(given[len(given)-1], -1)
			continue
		}
		entries = append(entries, b.shadowReview(h, j, lockOnly)...)
	}
	return orders, entries
}

// cutLeases are the questions of the live leases that are being cut.
func (b *Book) cutLeases() (given []toll.Question) {
	for _, h := range b.live {
		if h.lease.Cut != "" {
			given = append(given, h.lease.Question(toll.Ask))
		}
	}
	return given
}

// newestFirst are the live leases in a stable order, the newest first, so that a
// replay does the same.
func (b *Book) newestFirst() []*holder {
	all := make([]*holder, 0, len(b.live))
	for _, h := range b.live {
		all = append(all, h)
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := &all[i].lease, &all[j].lease
		if !a.Granted.Equal(b.Granted) {
			return a.Granted.After(b.Granted)
		}
		return a.ID > b.ID
	})
	return all
}

// Settings are what stands, in the order in which it was set.
func (b *Book) Settings() []toll.Setting {
	all := make([]toll.Setting, 0, len(b.settings))
	for _, s := range b.settings {
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Revision < all[j].Revision })
	return all
}

func (b *Book) applySetting(e toll.Entry) error {
	s := *e.Setting
	judge, err := b.judge.With(s)
	if err != nil {
		return err
	}
	b.judge = judge
	if key := (settingKey{s.Kind(), s.ID()}); s.Removed {
		delete(b.settings, key)
	} else {
		b.settings[key] = s
	}
	if s.Limit != nil {
		b.requireMeters()
	}
	if s.Fuse != nil {
		b.fuse.bypasses, b.fuse.cuts = nil, nil // it takes as many again
	}
	if s.PIN != nil {
		delete(b.wrong, s.PIN.Caller)
	}
	if s.Lock != nil {
		b.indexLock(s)
	}
	return nil
}

// indexLock keeps the index of locks. Who is released is spared by the limits that
// locked him.
func (b *Book) indexLock(s toll.Setting) {
	shut := b.locks[s.Lock.Scope]
	if s.Removed {
		delete(shut, s.Lock.Subject)
		b.spare(s.Lock)
		return
	}
	if shut == nil {
		shut = make(map[string]*toll.Lock)
		b.locks[s.Lock.Scope] = shut
	}
	shut[s.Lock.Subject] = s.Lock
}

// requireMeters lets the set of meters follow the policy. A new meter has at once
// what live leases hold and count. What ended before it knows only during the
// replay; otherwise it is filled, see fill.go.
func (b *Book) requireMeters() {
	b.meters.Require(b.judge.Meters(), func(m toll.Meter, fresh *meter.Set) bool {
		for _, h := range b.live {
			q := h.lease.Question(toll.Ask)
			fresh.Hold(q, 1)
			fresh.Granted(h.lease.Granted, q, 1)
		}
		ready := b.complete || m.Window == 0
		if !ready {
			b.fresh = append(b.fresh, m)
		}
		return ready
	})
}

// lockFor finds a lock that shuts the question's caller, trunk or destination.
func (b *Book) lockFor(now time.Time, q toll.Question) (toll.Lock, bool) {
	for _, scope := range toll.Scopes() {
		shut := b.locks[scope]
		if len(shut) == 0 {
			continue
		}
		subject, applies := scope.Subject(q)
		if !applies {
			continue
		}
		if lock := shut[subject]; lock != nil && (lock.Until.IsZero() || now.Before(lock.Until)) {
			return *lock, true
		}
	}
	return toll.Lock{}, false
}
