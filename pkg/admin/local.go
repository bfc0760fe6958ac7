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
	"github.com/tollfuse/tollfuse/pkg/rating"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Ledger is the book, as its owner sees it. Its errors are of the kinds
// NotFound and LedgerDown where that is what they mean.
type Ledger interface {
	View(ctx context.Context) (View, error)
	Decide(ctx context.Context, q toll.Question) (toll.Verdict, error)
	Change(ctx context.Context, s toll.Setting) error
	// ChangeAll makes all settings stand, one after the other, or none. They were
	// made for the policy of that revision; ErrMeanwhile if another is in force.
	ChangeAll(ctx context.Context, revision int64, all []toll.Setting) error
	Cut(ctx context.Context, lease string, why toll.Reason, by string) error
	CloseIncident(ctx context.Context, id, author string) (toll.Incident, error)
}

// View is the state of the book at one moment.
type View struct {
	At       time.Time
	Revision int64
	Failing  bool
	Leases   []toll.Lease
	Settings []toll.Setting

	Incidents []toll.Incident // that are open
	Notices   []toll.Notice   // that have not left
}

// History is the record of calls, changes and incidents. What is newest can be
// missing there for a moment, and for as long as the disk is full.
type History interface {
	History(ctx context.Context, q HistoryQuery) ([]toll.Entry, error)
	Life(ctx context.Context, lease string) ([]toll.Entry, error)
	Changes(ctx context.Context, q ChangesQuery) ([]toll.Entry, error)
	Incidents(ctx context.Context, q IncidentQuery) ([]toll.Incident, error)
	Incident(ctx context.Context, id string) (toll.Incident, []toll.Notice, error)
}

// Alerts send mail to the owner.
type Alerts interface {
	Test(ctx context.Context) (AlertTest, error)
}

// Fuse runs the main fuse's command with one more word.
type Fuse interface {
	Run(ctx context.Context, word string) (FuseRun, error)
}

// Numbering resolves what was dialled, and shows how.
type Numbering interface {
	Resolve(dialled string) toll.Destination
	Explain(dialled string) []numbering.Step
}

// Rates are the prices, and the keeping of the rate decks that say them.
type Rates interface {
	// Rates are the prices as they stand. They may have to be read first.
	Rates(ctx context.Context) (*rating.Rates, error)
	// Broken are the decks that were found not to be readable, by name, and why.
	Broken() map[string]string
	// Replace keeps the deck that the setting is about, lets it count, and returns
	// the setting as it was written; one that takes a deck away has none. Where it
	// fails nothing has changed. Calls of it never overlap.
	Replace(ctx context.Context, s toll.Setting, deck *rating.Deck) (toll.Setting, error)
}

// PBX is one Asterisk of the site.
type PBX struct {
	Name   string
	Trunks []string
	Groups []string // of its callers
	// Caller is who is accountable when the endpoint dials by itself.
	Caller func(endpoint string) toll.Caller
}

// Parts are what Local works with.
type Parts struct {
	Ledger    Ledger
	History   History
	Numbering Numbering
	Rates     Rates
	Past      Past
	PBXs      []PBX
	Policy    policy.Options
	Site      Site
	Process   func() Process // who answers, and how its links stand
	Alerts    Alerts         // nil: nobody is told by mail
	Fuse      Fuse           // nil: the main fuse has no command
}

// Local is the service itself: in the daemon, or in a command that has opened
// the ledger. Each author has one of his own; see As.
type Local struct {
	parts   Parts
	policy  *policy.Policy // without rules and limits
	author  string
	turn    chan struct{} // to change a rate deck; the same for all authors
	longest int64         // price list that is read, in bytes
}

// NewLocal makes the service. Until As names an author, changes are refused.
func NewLocal(parts Parts) (*Local, error) {
	base, err := policy.New(parts.Policy)
	if err != nil {
		return nil, err
	}
	return &Local{parts: parts, policy: base, turn: make(chan struct{}, 1), longest: LargestList}, nil
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
	s := Status{
		At: v.At, Revision: v.Revision, Failing: v.Failing, Live: len(v.Leases), Site: l.parts.Site,
		Incidents: len(v.Incidents), Mail: l.mailStatus(v), Fuse: l.fuseStatus(v), Decks: l.decks(v), Schedules: l.schedules(v),
	}
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

// Settings are the rules, limits, schedules, locks and PINs that stand, the last
// without their hashes. Locks that have run out are history, the main fuse
// is part of the status, Decks are by themselves, and imported records among the Changes.
func (l *Local) Settings(ctx context.Context) ([]toll.Setting, error) {
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("look into the ledger: %w", err)
	}
	standing := slices.DeleteFunc(sorted(v.Settings), func(s toll.Setting) bool {
		return s.Fuse != nil || s.Deck != nil || s.Past != nil || s.Lock != nil && over(s.Lock, v.At)
	})
	for i := range standing {
		standing[i] = withoutHash(standing[i])
	}
	return standing, nil
}

// sorted is a copy of the settings by kind and name.
func sorted(settings []toll.Setting) []toll.Setting {
	return slices.SortedFunc(slices.Values(settings), func(a, b toll.Setting) int {
		return cmp.Or(strings.Compare(a.Kind(), b.Kind()), strings.Compare(a.ID(), b.ID()))
	})
}

// errNobody is a slip of the program, not of its user.
var errNobody = errors.New("the change has no author")
