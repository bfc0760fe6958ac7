package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/numbering"
	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Ledger is the book, as its owner sees it. Its errors are of the kinds
// NotFound and LedgerDown where that is what they mean.
type Ledger interface {
	View(ctx context.Context) (View, error)
	Decide(ctx context.Context, q toll.Question) (toll.Verdict, error)
	Change(ctx context.Context, s toll.Setting) error
	Cut(ctx context.Context, lease string, why toll.Reason, by string) error
}

// View is the state of the book at one moment.
type View struct {
	At       time.Time
	Revision int64
	Failing  bool
	Leases   []toll.Lease
	Settings []toll.Setting
}

// History is the record of calls.
type History interface {
	History(ctx context.Context, q HistoryQuery) ([]toll.Entry, error)
}

// Numbering resolves what was dialled, and shows how.
type Numbering interface {
	Resolve(dialled string) toll.Destination
	Explain(dialled string) []numbering.Step
}

// Rates know what a destination costs.
type Rates interface {
	Price(to toll.Destination, trunk string) toll.Price
}

// PBX is one Asterisk of the site.
type PBX struct {
	Name   string
	Trunks []string
	// Caller is who is accountable when the endpoint dials by itself.
	Caller func(endpoint string) toll.Caller
}

// Parts are what Local works with.
type Parts struct {
	Ledger    Ledger
	History   History
	Numbering Numbering
	Rates     Rates
	PBXs      []PBX
	Policy    policy.Options
	Site      Site
	Process   func() Process // who answers, and how its links stand
}

// Local is the service itself: in the daemon, or in a command that has opened
// the ledger. Each author has one of his own; see As.
type Local struct {
	parts  Parts
	policy *policy.Policy // without rules and limits
	author string
}

// NewLocal makes the service. Until As names an author, changes are refused.
func NewLocal(parts Parts) (*Local, error) {
	base, err := policy.New(parts.Policy)
	if err != nil {
		return nil, err
	}
	return &Local{parts: parts, policy: base}, nil
}

// As is the same service for the person who will be recorded as the author of
// changes: who that is, is for the caller to know for certain.
func (l *Local) As(author string) *Local {
	mine := *l
	mine.author = author
	return &mine
}

// Status is how things stand.
func (l *Local) Status(ctx context.Context) (Status, error) {
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("look into the ledger: %w", err)
	}
	s := Status{At: v.At, Revision: v.Revision, Failing: v.Failing, Live: len(v.Leases), Site: l.parts.Site}
	if l.parts.Process != nil {
		s.Process = l.parts.Process()
	}
	for _, setting := range v.Settings {
		switch {
		case setting.Rule != nil:
			s.Rules++
		case setting.Limit != nil:
			s.Limits++
		case setting.Lock != nil && !over(setting.Lock, v.At):
			s.Locks++
		}
	}
	return s, nil
}

// over tells whether a lock has run out.
func over(lock *toll.Lock, now time.Time) bool {
	return !lock.Until.IsZero() && !now.Before(lock.Until)
}

// Settings are the rules, limits and locks that stand. Locks that have run out
// are history.
func (l *Local) Settings(ctx context.Context) ([]toll.Setting, error) {
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("look into the ledger: %w", err)
	}
	settings := slices.DeleteFunc(slices.Clone(v.Settings), func(s toll.Setting) bool { return s.Lock != nil && over(s.Lock, v.At) })
	slices.SortFunc(settings, func(a, b toll.Setting) int {
		return cmp.Or(strings.Compare(a.Kind(), b.Kind()), strings.Compare(a.ID(), b.ID()))
	})
	return settings, nil
}

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

// Hangup ends a live call.
func (l *Local) Hangup(ctx context.Context, lease string) (toll.Lease, error) {
	live, err := l.Live(ctx)
	if err != nil {
		return toll.Lease{}, err
	}
	if l.parts.Process == nil || !l.parts.Process().Daemon {
		return toll.Lease{}, Errorf(NeedsDaemon, "start it: systemctl start tollfuse", "only a running daemon can hang up a call")
	}
	if l.author == "" {
		return toll.Lease{}, errNobody
	}
	at := slices.IndexFunc(live, func(one toll.Lease) bool { return one.ID == lease })
	switch {
	case at < 0:
		return toll.Lease{}, Errorf(NotFound, "", "no live call has the lease %q", clip(lease))
	case live[at].To.Class == toll.Emergency:
		return toll.Lease{}, Errorf(BadInput, "", "the call with the lease %s is an emergency call, which is never cut", lease)
	}
	if err := l.parts.Ledger.Cut(ctx, lease, toll.ReasonManual, l.author); err != nil {
		return toll.Lease{}, fmt.Errorf("cut the call with the lease %s: %w", lease, err)
	}
	return live[at], nil
}

// errNobody is a slip of the program, not of its user.
var errNobody = errors.New("the change has no author")

// largestPage bounds a page of history.
const largestPage = 1000

// History lists ended and refused calls.
func (l *Local) History(ctx context.Context, q HistoryQuery) ([]toll.Entry, error) {
	switch {
	case q.Limit < 0 || q.Limit > largestPage:
		return nil, Errorf(BadInput, "", "want 0 to %d rows, not %d", largestPage, q.Limit)
	case q.Outcome != "" && q.Outcome != toll.EntryEnded && q.Outcome != toll.EntryRefused:
		return nil, Errorf(BadInput, "", "outcome %q: want %s or %s", clip(string(q.Outcome)), toll.EntryEnded, toll.EntryRefused)
	case !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To):
		return nil, Errorf(BadInput, "", "the time range ends before it begins")
	}
	page, err := l.parts.History.History(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the history of calls: %w", err)
	}
	return page, nil
}
