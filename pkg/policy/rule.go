package policy

import (
	"cmp"
	"slices"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// conditions are what a rule says about the calls it is meant for, but for the
// times. Two rules with the same conditions speak of the same calls, unless their
// times exclude each other, and two rules of the same shape with different ones
// never speak of the same call: so the most specific rule is always one. Origins do
// not exclude each other, so that each makes a shape of its own.
type conditions struct {
	kind    toll.CallerKind
	caller  string
	group   string
	prefix  string
	country string
	where   toll.Where
	origin  toll.Origin
}

func conditionsOf(r *toll.Rule) conditions {
	return conditions{r.Kind, r.Caller, r.Group, r.Prefix, r.Country, r.Where, r.Origin}
}

// Clash tells whether two rules speak of the same calls and are as specific as
// each other, so that they cannot stand side by side.
func Clash(a, b toll.Rule) bool { return clash(&a, &b) }

// clash tells whether two rules speak of the same calls and are as specific as
// each other.
func clash(a, b *toll.Rule) bool {
	return conditionsOf(a) == conditionsOf(b) && (a.When != "") == (b.When != "") && !apart(a.When, b.When)
}

// extent tells how much of the destinations a condition Where takes in.
type extent uint8

const (
	everywhere   extent = iota
	onePart             // home, abroad or special
	unlistedPart        // of what is abroad, by the country too
	dearPart            // of the unlisted
	oneClass
)

// parts are the Wheres that take in several classes and exclude each other; beside
// them a rule or limit can name the unlisted, which lie within one of them, and of
// these the dear.
var (
	parts       = [...]toll.Where{toll.AtHome, toll.Abroad, toll.Chargeable}
	manyClasses = [...]toll.Where{toll.AtHome, toll.Abroad, toll.Unlisted, toll.Dear, toll.Chargeable}
)

// shape tells which conditions a rule has, without their values.
type shape struct {
	kind, caller, group, country, when bool
	prefix                             int // its length
	where                              extent
	origin                             toll.Origin // with its value: several can hold of one call
}

func (c conditions) shape() shape {
	s := shape{
		kind: c.kind != "", caller: c.caller != "", group: c.group != "", country: c.country != "",
		prefix: len(c.prefix), origin: c.origin,
	}
	switch {
	case c.where == toll.Anywhere:
	case c.where == toll.Unlisted:
		s.where = unlistedPart
	case c.where == toll.Dear:
		s.where = dearPart
	case slices.Contains(parts[:], c.where):
		s.where = onePart
	default:
		s.where = oneClass
	}
	return s
}

// compare puts the more specific shape first: the one with more conditions;
// then the one with the longer prefix; then a caller before a group before a
// kind of caller; then a country before a class before the dear before the unlisted
// before a part; then one for some origin, in the order of toll.Origins; then one for some times.
func (s shape) compare(t shape) int {
	return cmp.Or(
		cmp.Compare(t.conditions(), s.conditions()),
		cmp.Compare(t.prefix, s.prefix),
		first(s.caller, t.caller),
		first(s.group, t.group),
		first(s.kind, t.kind),
		first(s.country, t.country),
		cmp.Compare(t.where, s.where),
		first(s.origin != "", t.origin != ""),
		cmp.Compare(rank(s.origin), rank(t.origin)),
		first(s.when, t.when),
	)
}

func (s shape) conditions() int {
	return count(s.kind, s.caller, s.group, s.country, s.prefix > 0, s.where != everywhere, s.origin != "", s.when)
}

// rank is the place of an origin among all.
func rank(o toll.Origin) int {
	all := toll.Origins()
	return slices.Index(all[:], o)
}

// first puts the one that has the condition before the one that has not.
func first(s, t bool) int { return cmp.Compare(count(t), count(s)) }

// of is what a rule of this shape must say to match the question; false where
// none can match.
func (s shape) of(q *toll.Question) (conditions, bool) {
	var c conditions
	if s.prefix > len(q.To.E164) || s.origin != "" && !q.From(s.origin) {
		return c, false
	}
	c.origin = s.origin
	if s.kind {
		c.kind = q.Caller.Kind
	}
	if s.caller {
		c.caller = q.Caller.ID
	}
	if s.group {
		c.group = q.Caller.Group
	}
	if s.country {
		c.country = q.To.Country
	}
	c.prefix = q.To.E164[:s.prefix]
	switch s.where {
	case onePart:
		c.where = partOf(q.To.Class)
	case unlistedPart:
		if !toll.Unlisted.Covers(q.To) {
			return c, false
		}
		c.where = toll.Unlisted
	case dearPart:
		if !toll.Dear.Covers(q.To) {
			return c, false
		}
		c.where = toll.Dear
	case oneClass:
		c.where = toll.Where(q.To.Class)
	}
	return c, true
}

// partOf is the part that takes in the class.
func partOf(c toll.Class) toll.Where {
	for _, part := range parts {
		if part.Touches(c) {
			return part
		}
	}
	return toll.Anywhere
}

// shelf holds the rules of one shape: for the same conditions one, or two whose
// times exclude each other.
type shelf struct {
	shape shape
	rules map[conditions][]*toll.Rule
}

// find is the rules of this shape that speak of the question, at whatever time.
func (s *shelf) find(q *toll.Question) []*toll.Rule {
	c, can := s.shape.of(q)
	if !can {
		return nil
	}
	return s.rules[c]
}

// shelve sorts rules by shape, the most specific shape first. A question looks
// once into each shelf, however many rules there are: a site has a handful of
// ways to say a rule, and perhaps a thousand rules.
func shelve(rules []*toll.Rule) []shelf {
	byShape := make(map[shape]map[conditions][]*toll.Rule)
	for _, r := range rules {
		c := conditionsOf(r)
		s := c.shape()
		s.when = r.When != ""
		if byShape[s] == nil {
			byShape[s] = make(map[conditions][]*toll.Rule)
		}
		byShape[s][c] = append(byShape[s][c], r)
	}
	shelves := make([]shelf, 0, len(byShape))
	for s, same := range byShape {
		shelves = append(shelves, shelf{s, same})
	}
	slices.SortFunc(shelves, func(a, b shelf) int { return a.shape.compare(b.shape) })
	return shelves
}
