package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// PolicyImport is a whole policy, which is to stand as it is.
type PolicyImport struct {
	Settings []toll.Setting `json:"settings"`          // schedules, rules and limits, and locks where they are meant
	Locks    bool           `json:"locks,omitempty"`   // locks are meant too; else they stay as they are
	Keep     bool           `json:"keep,omitempty"`    // what is not named stays as it is
	DryRun   bool           `json:"dry_run,omitempty"` // only look
}

// PolicyReport is what a policy changes. Unless Imported is true nothing has
// changed.
type PolicyReport struct {
	Imported bool           `json:"imported"`
	Changes  []PolicyChange `json:"changes"`         // by kind and name
	Wrong    []PolicyFault  `json:"wrong,omitempty"` // why it cannot stand; then there are no changes
}

// PolicyChange is one difference: without Before a setting comes, without After
// it goes.
type PolicyChange struct {
	Before *toll.Setting `json:"before,omitempty"`
	After  *toll.Setting `json:"after,omitempty"`
}

// PolicyFault is what is wrong with one of the settings of an import.
type PolicyFault struct {
	Setting int    `json:"setting"` // its index
	Text    string `json:"text"`
	Hint    string `json:"hint,omitempty"`
}

// ErrMeanwhile is a ledger's answer to settings that were made for a policy which
// is in force no more.
var ErrMeanwhile = errors.New("another setting was changed meanwhile")

// importTries bounds how often an import begins anew because of somebody else's
// changes.
const importTries = 5

// ImportPolicy makes the ledger say what the policy says, all of it or nothing,
// as one change; live calls are judged anew once. What already stands as it
// should is not touched.
func (l *Local) ImportPolicy(ctx context.Context, in PolicyImport) (PolicyReport, error) {
	if l.author == "" {
		return PolicyReport{}, errNobody
	}
	for range importTries {
		v, err := l.parts.Ledger.View(ctx)
		if err != nil {
			return PolicyReport{}, fmt.Errorf("look into the ledger: %w", err)
		}
		plan := l.plan(v, in)
		if in.DryRun || len(plan.wrong) > 0 {
			return plan.report(false), nil
		}
		steps := plan.steps(l.author)
		if len(steps) == 0 {
			return plan.report(true), nil
		}
		err = l.parts.Ledger.ChangeAll(ctx, v.Revision, steps)
		switch {
		case err == nil:
			return plan.report(true), nil
		case !errors.Is(err, ErrMeanwhile):
			return PolicyReport{}, fmt.Errorf("import the policy: %w", err)
		}
	}
	return PolicyReport{}, Errorf(Internal, "try again", "others change rules and limits all the time: %w", ErrMeanwhile)
}

// CheckPolicy says what is wrong with a policy by itself, whatever stands in the
// ledger at that moment.
func (l *Local) CheckPolicy(now time.Time, settings []toll.Setting) []PolicyFault {
	return l.As("nobody").plan(View{At: now}, PolicyImport{Settings: settings, Locks: true}).wrong
}

// policyPlan is the way from what stands to what shall stand.
type policyPlan struct {
	changes []PolicyChange
	wrong   []PolicyFault
}

func (p *policyPlan) report(imported bool) PolicyReport {
	if len(p.wrong) > 0 {
		return PolicyReport{Changes: []PolicyChange{}, Wrong: p.wrong}
	}
	return PolicyReport{Imported: imported, Changes: append([]PolicyChange{}, p.changes...)}
}

func (p *policyPlan) fault(setting int, err error) {
	f := PolicyFault{Setting: setting, Text: err.Error()}
	var known *Error
	if errors.As(err, &known) {
		f.Hint = known.Hint
	}
	p.wrong = append(p.wrong, f)
}

// settingName tells settings apart.
type settingName struct{ kind, id string }

func nameOf(s *toll.Setting) settingName { return settingName{s.Kind(), s.ID()} }

// plan works out what changes.
func (l *Local) plan(v View, in PolicyImport) (p policyPlan) {
	standing := make(map[settingName]*toll.Setting)
	for i := range v.Settings {
		if s := &v.Settings[i]; meant(s, in.Locks) && (s.Lock == nil || !over(s.Lock, v.At)) {
			standing[nameOf(s)] = s
		}
	}
	wanted := make(map[settingName]int)                // and its place in the import
	final := make([]toll.Setting, 0, len(in.Settings)) // with places, or -1
	places := make([]int, 0, len(in.Settings))
	for i, s := range in.Settings {
		if s.Lock != nil && over(s.Lock, v.At) {
			continue // it would shut nobody any more
		}
		s, err := l.planned(v, in, s, standing)
		name := nameOf(&s)
		_, twice := wanted[name]
		switch {
		case err != nil:
			p.fault(i, err)
			continue
		case twice:
			p.fault(i, Errorf(BadInput, "", "the %s %s stands twice", s.Kind(), quote(s.ID())))
			continue
		}
		wanted[name] = i
		final, places = append(final, s), append(places, i)
		if before := standing[name]; before == nil || !same(before, &s) {
			p.changes = append(p.changes, PolicyChange{Before: before, After: &s})
		}
	}
	for name, s := range standing {
		_, stays := wanted[name]
		switch {
		case stays:
		case in.Keep:
			final, places = append(final, *s), append(places, -1)
		default:
			p.changes = append(p.changes, PolicyChange{Before: s})
		}
	}
	slices.SortFunc(p.changes, func(a, b PolicyChange) int {
		return cmp.Or(strings.Compare(a.kind(), b.kind()), strings.Compare(a.id(), b.id()))
	})
	l.tryAll(&p, final, places)
	return p
}

// meant tells whether a policy is about that kind of setting.
func meant(s *toll.Setting, locks bool) bool {
	if s.Fuse != nil || s.Deck != nil || s.PIN != nil || s.Past != nil {
		return false
	}
	return s.Rule != nil || s.Limit != nil || s.Schedule != nil || s.Lock != nil && locks
}

// planned checks the form of one setting. What stands as it is needs no second
// look: a group that has left the configuration does not keep others from being
// changed.
func (l *Local) planned(v View, in PolicyImport, s toll.Setting, standing map[settingName]*toll.Setting) (toll.Setting, error) {
	if s.Removed || !meant(&s, in.Locks) {
		return s, Errorf(BadInput, "", "a policy is made of schedules, rules and limits, and of locks where they are meant")
	}
	if before := standing[nameOf(&s)]; before != nil && same(before, &s) {
		return *before, nil
	}
	done, err := l.complete(v, s)
	if err != nil {
		return s, err
	}
	return done, nil
}

// same tells whether two settings say the same, whoever has said it and when.
func same(a, b *toll.Setting) bool {
	if a.Lock != nil && b.Lock != nil {
		return a.Lock.ID() == b.Lock.ID() && a.Lock.Reason == b.Lock.Reason && a.Lock.Until.Equal(b.Lock.Until)
	}
	return said(a) == said(b)
}

// said is what a setting says, as text.
func said(s *toll.Setting) string {
	text, err := json.Marshal(toll.Setting{Rule: s.Rule, Limit: s.Limit, Schedule: s.Schedule})
	if err != nil {
		return err.Error() // of plain values: there is none
	}
	return string(text)
}

// tryAll asks policy about what shall stand in the end: what is only kept first,
// so that the fault is found with what is new.
func (l *Local) tryAll(p *policyPlan, final []toll.Setting, places []int) {
	order := make([]int, len(final))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(
			cmp.Compare(rank(final[a].Schedule == nil), rank(final[b].Schedule == nil)),
			cmp.Compare(rank(places[a] >= 0), rank(places[b] >= 0)), cmp.Compare(places[a], places[b]))
	})
	standing := l.policy
	for _, i := range order {
		next, err := standing.With(final[i])
		switch {
		case err == nil:
			standing = next
		case places[i] >= 0:
			p.fault(places[i], err)
		}
	}
}

// rank puts what holds behind what does not.
func rank(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

func (c *PolicyChange) either() *toll.Setting { return cmp.Or(c.After, c.Before) }
func (c *PolicyChange) kind() string          { return c.either().Kind() }
func (c *PolicyChange) id() string            { return c.either().ID() }

// steps are the changes as settings, in an order in which policy agrees to each:
// a schedule comes before what names it and goes after it, and a rule makes room
// before another one takes its place. Limits come before others go, so that a
// meter that goes by another name keeps its figures.
func (p *policyPlan) steps(author string) []toll.Setting {
	var gone, moved, times, rules, limits, goneLimits, locks, goneTimes []toll.Setting
	for i := range p.changes {
		c := &p.changes[i]
		s := *c.either()
		if c.After == nil {
			s = removal(c.Before, author)
		}
		switch {
		case s.Rule != nil && s.Removed:
			gone = append(gone, s)
		case s.Rule != nil:
			rules = append(rules, s)
			if c.Before != nil && p.displaced(c) {
				moved = append(moved, removal(c.Before, author))
			}
		case s.Limit != nil && s.Removed:
			goneLimits = append(goneLimits, s)
		case s.Limit != nil:
			limits = append(limits, s)
		case s.Schedule != nil && s.Removed:
			goneTimes = append(goneTimes, s)
		case s.Schedule != nil:
			times = append(times, s)
		default:
			locks = append(locks, s)
		}
	}
	return slices.Concat(gone, moved, times, rules, limits, goneLimits, locks, goneTimes)
}

// removal is the author's setting that takes another one away.
func removal(s *toll.Setting, author string) toll.Setting {
	gone := *s
	gone.Removed, gone.Author = true, author
	if s.Lock != nil {
		lock := *s.Lock
		lock.Author = author
		gone.Lock = &lock
	}
	return gone
}

// displaced tells whether another rule will speak of the calls that this one
// speaks of until it is changed.
func (p *policyPlan) displaced(c *PolicyChange) bool {
	return slices.ContainsFunc(p.changes, func(other PolicyChange) bool {
		return other.After != nil && other.After.Rule != nil && other.After.Rule.ID != c.Before.Rule.ID &&
			policy.Clash(*c.Before.Rule, *other.After.Rule)
	})
}
