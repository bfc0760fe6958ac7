package policy

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// limit is a limit with its weigher at hand.
type limit struct {
	*toll.Limit
	weigher toll.Weigher
	things  toll.Distinct // the weigher, where it counts different things; else nil
	denies  bool          // else it asks for a PIN, or only alerts or locks
	asks    bool          // what does not fit goes with a PIN
	counts  bool          // it counts what happened; a call that is let through adds nothing
	meter   int           // the place of its meter among those of the policy
}

func newLimit(l *toll.Limit) *limit {
	w, _ := l.Meter.Measure.Weigher() // checked when it was added
	things, _ := w.(toll.Distinct)
	return &limit{
		Limit:   l,
		weigher: w,
		things:  things,
		denies:  l.Does(toll.Deny),
		asks:    l.Does(toll.RequirePIN),
		counts:  w.Granted() == 0 && !holds(w),
	}
}

// The kinds of measures are found by weighing an hour at a price of one, and the
// shortest call there can be, so that a new measure needs nothing here.

// holds tells whether a live call weighs in the measure.
func holds(w toll.Weigher) bool { return w.Held(toll.Price{PerMinute: toll.Unit}, time.Hour) != 0 }

// leaves tells whether anything of a question stays in a window.
func leaves(w toll.Weigher) bool {
	return w.Refused() != 0 || w.Granted() != 0 || grows(w) || w.Spent(time.Millisecond, 0) != 0
}

// grows tells whether a call leaves the more in the measure, the longer it is.
func grows(w toll.Weigher) bool { return w.Spent(time.Hour, 60*toll.Unit) != 0 }

// left is what the limit still has to give; below zero where more was taken,
// as after a call that went round us or a threshold that was lowered.
func (l *limit) left(u toll.Usage) int64 {
	rest := l.Act - max(u.Value, 0)
	held := max(u.Held, 0)
	if rest < math.MinInt64+held {
		return math.MinInt64
	}
	return rest - held
}

// call is what a limit must know of the call it weighs.
type call struct {
	price   toll.Price
	covered time.Duration // already reserved
	goesOn  bool          // renewed or reviewed: what a grant leaves behind is counted already
	again   bool          // for one limit: so it is, by another call to the same country
}

// need is what so much further talk time adds to the meter.
func (l *limit) need(c *call, further time.Duration) int64 {
	if c.goesOn || c.again {
		return max(l.weigher.Held(c.price, c.covered+further)-l.weigher.Held(c.price, c.covered), 0)
	}
	return plus(l.weigher.Granted(), l.weigher.Held(c.price, further))
}

// plus adds two weights and stops at the largest number.
func plus(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// forbids tells whether the limit has no room for a call that needs so much.
//
// What a call adds must fit into what is left. A call that adds nothing is not
// refused for what others took, with two exceptions: a threshold of zero lets
// nothing through, and a meter that only counts what happened, such as refused
// attempts, shuts the door once it stands at the threshold.
func (l *limit) forbids(c *call, need, left int64) bool {
	switch {
	case l.Act == 0:
		return true
	case l.counts && !c.goesOn:
		return left <= 0
	}
	return need > max(left, 0)
}

// revoked tells whether a running call must end, because its meter holds more
// than the limit now allows. Only a meter in which the call itself holds
// something can end it: that somebody made too many attempts is no reason to
// cut those who talk.
func (l *limit) revoked(c *call, left int64) bool {
	return left < 0 && l.weigher.Held(c.price, c.covered) > 0
}

// slice is the most talk time from shortest to longest that adds no more than
// share to the meter; the shortest is known to.
func (l *limit) slice(c *call, share int64, shortest, longest time.Duration) time.Duration {
	fits := func(d time.Duration) bool { return l.need(c, d) <= share }
	if fits(longest) {
		return longest
	}
	return largest(shortest, longest, fits)
}

// longest is how long a call may be at this price under a limit per call, up
// to bound. Such a limit has no meter and shares nothing with other calls: it
// weighs what the call would leave behind. Talk time counts as it was granted,
// so that a limit of 60 s gives 60 s; money counts with the margin, because
// the carrier bills a late cut.
func (l *limit) longest(p toll.Price, bound time.Duration) time.Duration {
	fits := func(d time.Duration) bool {
		return plus(l.weigher.Granted(), l.weigher.Spent(d, p.Cost(d+toll.Margin))) <= l.Act
	}
	switch {
	case l.Act == 0 || !fits(0):
		return 0
	case fits(bound):
		return bound
	}
	return largest(0, bound, fits)
}

// largest is the last whole second from low to high at which fits holds. It
// holds at low, and never again once it fails.
func largest(low, high time.Duration, fits func(time.Duration) bool) time.Duration {
	for high-low > time.Second {
		middle := low + ((high - low) / 2).Truncate(time.Second)
		if fits(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// compiled is what a policy looks things up in.
type compiled struct {
	shelves []shelf
	perCall map[toll.Class][]*limit // limits per call, by the class they cover
	metered map[toll.Class][]*limit // the others, limits of one scope and meter side by side
	ringing map[toll.Class][]*limit // those of both that do more than deny
	meters  []toll.Meter
}

func compile(rules []*toll.Rule, limits []*toll.Limit) *compiled {
	c := &compiled{
		shelves: shelve(rules),
		perCall: make(map[toll.Class][]*limit),
		metered: make(map[toll.Class][]*limit),
		ringing: make(map[toll.Class][]*limit),
	}
	all := make([]*limit, len(limits))
	for i, l := range limits {
		all[i] = newLimit(l)
	}
	slices.SortFunc(all, func(a, b *limit) int {
		return cmp.Or(compareMeters(a.Meter, b.Meter), cmp.Compare(a.ID, b.ID))
	})
	for _, l := range all {
		byClass := c.metered
		if l.Meter.Scope == toll.PerCall {
			byClass = c.perCall
		} else if n := len(c.meters); n == 0 || c.meters[n-1] != l.Meter {
			c.meters = append(c.meters, l.Meter)
		}
		l.meter = len(c.meters) - 1
		for _, class := range meteredClasses {
			if !l.Meter.Where.Touches(class) {
				continue
			}
			byClass[class] = append(byClass[class], l)
			if l.rings() {
				c.ringing[class] = append(c.ringing[class], l)
			}
		}
	}
	return c
}

// compareMeters orders meters by scope first.
func compareMeters(a, b toll.Meter) int {
	return cmp.Or(
		cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Measure, b.Measure),
		cmp.Compare(a.Window, b.Window), cmp.Compare(a.Where, b.Where), cmp.Compare(a.When, b.When),
	)
}

// meteredClasses are the classes that rules and limits can speak of.
var meteredClasses = [...]toll.Class{
	toll.TollFree, toll.HomeFixed, toll.HomeMobile, toll.SharedCost, toll.HomePremium, toll.Personal, toll.ForeignNANP,
	toll.IntlFixed, toll.IntlMobile, toll.IntlPremium, toll.Global, toll.Unassigned, toll.Unplaced,
}
