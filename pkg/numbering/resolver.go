package numbering

import (
	"fmt"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// maxDialled bounds a dialled string: the longest number with every prefix in
// front of it has fewer characters.
const maxDialled = 32

// Resolver resolves dialled strings by the number plan of one site. It never
// changes, and many goroutines may use it at a time.
type Resolver struct {
	site     *site
	special  specials
	areas    *areaTable
	metadata *metadata
	home     *codePlan // of the site's country code
	ranges   []homeRange
	dialled  cache
	trunk    cache
}

// New checks the plan and makes its resolver. The error says what to change.
func New(p Plan) (*Resolver, error) {
	s, err := newSite(p)
	if err != nil {
		return nil, fmt.Errorf("number plan: %w", err)
	}
	m, err := newMetadata()
	if err != nil {
		return nil, err
	}
	ranges, err := newHomeRanges(s.country)
	if err != nil {
		return nil, err
	}
	return &Resolver{site: s, special: newSpecials(), areas: newAreas(), metadata: m, home: m.plan(s.code), ranges: ranges}, nil
}

// Resolve finds the destination of what somebody dialled. It takes any string
// whatever; what is no number is Unplaced.
func (r *Resolver) Resolve(dialled string) toll.Destination {
	return r.cached(&r.dialled, dialled, false)
}

// ResolveTrunk finds the destination of a number as it was sent to a trunk,
// after the dialplan did with it what the carrier wants: E.164 with or without
// a +, national, and behind the prefix of that trunk, if it has one. Nothing is
// internal here, for nothing on a trunk is.
func (r *Resolver) ResolveTrunk(number, trunkPrefix string) toll.Destination {
	if rest, ok := strings.CutPrefix(number, trunkPrefix); ok && rest != "" && !r.site.emergency[number] {
		number = rest
	}
	return r.cached(&r.trunk, number, true)
}

// cached resolves through a cache. Only what can be a number is kept in it, so
// keys are bounded.
func (r *Resolver) cached(c *cache, text string, onTrunk bool) toll.Destination {
	if len(text) > maxDialled {
		return r.resolve(text, onTrunk, nil)
	}
	if d, ok := c.get(text); ok {
		return d
	}
	d := r.resolve(text, onTrunk, nil)
	c.put(strings.Clone(text), d)
	return d
}

// resolve goes through the gates, in their order.
func (r *Resolver) resolve(text string, onTrunk bool, t *trace) toll.Destination {
	clean, whole := filter(text)
	d := toll.Destination{Class: toll.Unplaced}
	switch {
	case !whole:
		t.add("no number: only 0-9, * and #, a + in front, and at most 32 characters can be dialled", clean)
	case r.site.emergency[clean]:
		t.add("emergency number", clean)
		d = toll.Destination{Country: r.site.country, Class: toll.Emergency, Valid: true}
	case !onTrunk && matchAny(r.site.extensions, clean):
		t.add("extension of the site", clean)
		d = toll.Destination{Class: toll.Internal, Valid: true}
	case !onTrunk && matchAny(r.site.features, clean):
		t.add("feature code of the site", clean)
		d = toll.Destination{Class: toll.FeatureCode, Valid: true}
	case clean[0] == '+' && isDigits(clean[1:]):
		t.add("E.164 number", clean)
		d = r.place(clean[1:], forgiven, t)
	default:
		if d = r.readShort(clean, t); d.Class == toll.Unplaced {
			d = r.readDigits(clean, onTrunk, t)
		}
	}
	d.Dialled = clean
	d.Listed = d.Class.Abroad() && r.site.listed[d.Country]
	return d
}

// readDigits reads what may still have an access code such as *9 in front.
func (r *Resolver) readDigits(clean string, onTrunk bool, t *trace) toll.Destination {
	rest, _ := r.site.stripAccess(clean)
	if !isDigits(rest) {
		t.add("no number: * or # within", clean)
		return toll.Destination{Class: toll.Unplaced}
	}
	if !isDigits(clean) {
		t.add("access code taken off", rest)
		if d := r.readShort(rest, t); d.Class != toll.Unplaced {
			return d
		}
		return r.readNumber(rest, onTrunk, t)
	}
	return r.read(clean, onTrunk, t)
}

// matchAny tells whether one of the patterns covers the string.
func matchAny(patterns []pattern, s string) bool {
	for _, p := range patterns {
		if p.match(s) {
			return true
		}
	}
	return false
}

// filter keeps what can be dialled, bounded, and tells whether that is all
// there was. Digits of other scripts are not digits: no carrier dials them.
func filter(text string) (string, bool) {
	whole := text != "" && len(text) <= maxDialled
	var b strings.Builder
	for i := 0; i < len(text) && b.Len() < maxDialled; i++ {
		switch c := text[i]; {
		case one(c) != 0:
			b.WriteByte(c)
		case c == '+' && b.Len() == 0 && i == 0:
			b.WriteByte(c)
		default:
			whole = false
		}
	}
	clean := b.String()
	return clean, whole && clean != "+"
}
