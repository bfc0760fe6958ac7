package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Live are the leases of calls that go on.
func (l *Local) Live(ctx context.Context) ([]toll.Lease, error) {
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("look into the ledger: %w", err)
	}
	slices.SortFunc(v.Leases, func(a, b toll.Lease) int {
		return cmp.Or(a.Granted.Compare(b.Granted), strings.Compare(a.ID, b.ID))
	})
	return v.Leases, nil
}

// largestPage bounds a page of history.
const largestPage = 1000

// defaultPage is how long a page is of which nothing was said.
const defaultPage = 100

// History lists ended and refused calls.
func (l *Local) History(ctx context.Context, q HistoryQuery) ([]toll.Entry, error) {
	if err := checkPage(q.Limit); err != nil {
		return nil, err
	}
	switch {
	case q.Outcome != "" && q.Outcome != toll.EntryEnded && q.Outcome != toll.EntryRefused && q.Outcome != toll.WouldDeny:
		return nil, Errorf(BadInput, "", "outcome %q: want %s, %s or %s", clip(string(q.Outcome)), toll.EntryEnded, toll.EntryRefused, toll.WouldDeny)
	case !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To):
		return nil, Errorf(BadInput, "", "the time range ends before it begins")
	}
	page, err := l.parts.History.History(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the history of calls: %w", err)
	}
	return page, nil
}

// checkPage bounds the length of a page.
func checkPage(rows int) error {
	if rows < 0 || rows > largestPage {
		return Errorf(BadInput, "", "want 0 to %d rows, not %d", largestPage, rows)
	}
	return nil
}

// Call is the life of one call.
func (l *Local) Call(ctx context.Context, lease string) ([]toll.Entry, error) {
	const hint = "tollfuse calls live and tollfuse calls history show the leases"
	if lease == "" || len(lease) > longestSubject {
		return nil, Errorf(BadInput, hint, "want the lease of a call")
	}
	life, err := l.parts.History.Life(ctx, lease)
	if KindOf(err) == NotFound {
		return l.unrecorded(ctx, lease, hint)
	}
	if err != nil {
		return nil, fmt.Errorf("read the life of the call with the lease %s: %w", clip(lease), err)
	}
	return life, nil
}

// unrecorded is what the book knows of a live call that the record has not: for
// a moment, or while the disk is full.
func (l *Local) unrecorded(ctx context.Context, lease, hint string) ([]toll.Entry, error) {
	live, err := l.Live(ctx)
	if err != nil {
		return nil, err
	}
	for i := range live {
		if live[i].ID != lease {
			continue
		}
		e := toll.Entry{At: live[i].Granted, Kind: toll.EntryGranted, Lease: live[i]}
		if live[i].Adopted {
			e.Kind = toll.EntryAdopted
		}
		return []toll.Entry{e}, nil
	}
	return nil, Errorf(NotFound, hint, "there is no call with the lease %s", quote(lease))
}

// Changes lists the changes of settings.
func (l *Local) Changes(ctx context.Context, q ChangesQuery) ([]toll.Entry, error) {
	kinds := []string{"rule", "limit", "lock", "fuse", "deck", "schedule", "pin", "past"}
	if q.Kind != "" && !slices.Contains(kinds, q.Kind) {
		return nil, Errorf(BadInput, "", "kind %s: want one of %s", quote(q.Kind), words(kinds))
	}
	if err := checkPage(q.Limit); err != nil {
		return nil, err
	}
	page, err := l.parts.History.Changes(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the changes of settings: %w", err)
	}
	for i := range page {
		if s := page[i].Setting; s != nil {
			public := withoutHash(*s)
			page[i].Setting = &public
		}
	}
	return page, nil
}
