package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Policy is what the site allows. It never changes: With makes another one.
// It is safe for concurrent use.
type Policy struct {
	options   Options
	countries map[string]bool
	rules     []*toll.Rule  // sorted by ID
	limits    []*toll.Limit // sorted by ID
	times     []*times      // sorted by name
	revision  int64
	// compiled is worked out at the first question, so that a long history of
	// settings can be replayed without indexing each step of it.
	compiled func() *compiled
}

// New makes a policy without rules and limits: only the defaults of the
// classes apply.
func New(o Options) (*Policy, error) {
	o, err := o.complete()
	if err != nil {
		return nil, fmt.Errorf("policy options: %w", err)
	}
	o.Countries = slices.Clone(o.Countries)
	countries := make(map[string]bool, len(o.Countries))
	for _, c := range o.Countries {
		countries[c] = true
	}
	return (&Policy{options: o, countries: countries}).seal(), nil
}

// seal finishes a policy that was just made.
func (p *Policy) seal() *Policy {
	p.compiled = sync.OnceValue(func() *compiled { return compile(p.rules, p.limits) })
	return p
}

// With is this policy with one more setting: a rule or limit that is added,
// replaces the one with its ID, or is removed. To remove what is not there is
// no error, so that a shortened history can be replayed. Locks, the fuse,
// rate decks, PINs and imported records are the ledger's and change nothing here but
// the revision.
//
// A setting that makes no sense is an error, and so is a rule that speaks of
// the same calls as another one: which of them wins would be left to chance.
// Rules and limits can only name schedules that there are.
func (p *Policy) With(s toll.Setting) (*Policy, error) {
	next := &Policy{options: p.options, countries: p.countries, rules: p.rules, limits: p.limits, times: p.times, revision: s.Revision}
	var err error
	switch {
	case count(s.Rule != nil, s.Limit != nil, s.Lock != nil, s.Fuse != nil, s.Deck != nil, s.Schedule != nil, s.PIN != nil, s.Past != nil) != 1:
		err = errors.New("a setting must be exactly one of rule, limit, lock, fuse, deck, schedule, PIN and past")
	case s.Rule != nil && s.Removed:
		next.rules = without(p.rules, s.Rule.ID, ruleID)
	case s.Rule != nil:
		next.rules, err = p.withRule(*s.Rule)
	case s.Limit != nil && s.Removed:
		next.limits = without(p.limits, s.Limit.ID, limitID)
	case s.Limit != nil:
		next.limits, err = p.withLimit(*s.Limit)
	case s.Schedule != nil && s.Removed:
		next.times, err = p.withoutTimes(s.Schedule.Name)
	case s.Schedule != nil:
		next.times, err = p.withTimes(*s.Schedule)
	}
	if err != nil {
		return nil, err
	}
	return next.seal(), nil
}

func (p *Policy) withRule(r toll.Rule) ([]*toll.Rule, error) {
	if err := checkRule(r); err != nil {
		return nil, fmt.Errorf("rule %q: %w", clip(r.ID), err)
	}
	if err := p.checkWhen(r.When); err != nil {
		return nil, fmt.Errorf("rule %q: %w", r.ID, err)
	}
	for _, other := range p.rules {
		if other.ID != r.ID && clash(other, &r) {
			return nil, fmt.Errorf("rule %q speaks of the same calls as rule %q: change or remove that one", r.ID, other.ID)
		}
	}
	return replaced(p.rules, &r, ruleID), nil
}

func (p *Policy) withLimit(l toll.Limit) ([]*toll.Limit, error) {
	if err := checkLimit(l); err != nil {
		return nil, fmt.Errorf("limit %q: %w", clip(l.ID), err)
	}
	if err := p.checkWhen(l.Meter.When); err != nil {
		return nil, fmt.Errorf("limit %q: %w", l.ID, err)
	}
	l.Do = slices.Clone(l.Do)
	return replaced(p.limits, &l, limitID), nil
}

// Revision is that of the setting that the last With added; 0 before the first.
func (p *Policy) Revision() int64 { return p.revision }

// Meters are the distinct meters whose figures the limits need, alert-only
// limits included. Limits per call need no meter.
func (p *Policy) Meters() []toll.Meter { return slices.Clone(p.compiled().meters) }

// Options are those of New with the defaults filled in.
func (p *Policy) Options() Options {
	o := p.options
	o.Countries = slices.Clone(o.Countries)
	return o
}

// Rules are copies of the rules, sorted by ID.
func (p *Policy) Rules() []toll.Rule {
	rules := make([]toll.Rule, len(p.rules))
	for i, r := range p.rules {
		rules[i] = *r
	}
	return rules
}

// Limits are copies of the limits, sorted by ID.
func (p *Policy) Limits() []toll.Limit {
	limits := make([]toll.Limit, len(p.limits))
	for i, l := range p.limits {
		limits[i] = *l
		limits[i].Do = slices.Clone(l.Do)
	}
	return limits
}

func ruleID(r *toll.Rule) string   { return r.ID }
func limitID(l *toll.Limit) string { return l.ID }

// replaced is a copy of the sorted list in which item stands at its place.
func replaced[T any](list []*T, item *T, id func(*T) string) []*T {
	at, found := find(list, id(item), id)
	if found {
		list = slices.Clone(list)
		list[at] = item
		return list
	}
	return slices.Insert(slices.Clip(list), at, item)
}

// without is a copy of the sorted list that lacks the ID.
func without[T any](list []*T, gone string, id func(*T) string) []*T {
	at, found := find(list, gone, id)
	if !found {
		return list
	}
	return slices.Delete(slices.Clone(list), at, at+1)
}

func find[T any](list []*T, wanted string, id func(*T) string) (int, bool) {
	return slices.BinarySearchFunc(list, wanted, func(item *T, w string) int { return cmp.Compare(id(item), w) })
}

// count tells how many of the conditions hold.
func count(conditions ...bool) int {
	n := 0
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}
