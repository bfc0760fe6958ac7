package policy

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// shortestRenewal is the least further talk time worth reserving for a call that is
// up: a call is not begun for so little, but it is not ended either while a budget
// has some left. It leaves the time to renew it again.
const shortestRenewal = 10 * time.Second

// limits asks the limits that cover the destination: first those that say how
// long the call may be at all, then those that share their figures with other
// calls and say how much of it may be granted now.
func (h *hearing) limits() bool {
	maximum, goOn := h.longest()
	if !goOn {
		return false
	}
	shortest := h.policy.options.MinSlice
	if h.q.Purpose == toll.Renew {
		shortest = min(shortest, shortestRenewal)
	}
	if h.reaches(maximum) {
		shortest = min(shortest, (maximum - h.call.covered).Truncate(time.Second))
	}
	h.maximum = maximum
	if h.policy.options.Observe {
		// To end a long call would be to block it.
		h.maximum = max(Unlimited, h.call.covered+h.policy.options.MaxSlice)
	}
	h.slice = min(h.policy.options.MaxSlice, (h.maximum - h.call.covered).Truncate(time.Second))
	var (
		asked   toll.Scope // the scope that subject and counts are about
		subject string
		counts  bool
		meter   = -1 // the meter that usage is about
		usage   toll.Usage
	)
	for _, l := range h.compiled.metered[h.q.To.Class] {
		if !h.concerns(l) {
			continue
		}
		if !h.q.Within(l.Meter.When) {
			h.outOfTime(l)
			continue
		}
		if l.Meter.Scope != asked {
			asked = l.Meter.Scope
			subject, counts = asked.Subject(h.q)
		}
		if !counts {
			continue
		}
		if l.meter != meter {
			meter, usage = l.meter, h.u.Usage(l.Meter)
		}
		if !h.weigh(l, subject, usage, shortest) {
			return false
		}
	}
	if h.q.Purpose == toll.Review {
		h.slice = 0
	}
	return true
}

// concerns tells whether the limit, which covers the class, has anything to say
// here. Who is asked for a PIN is one who begins to call and has not entered it.
func (h *hearing) concerns(l *limit) bool {
	if !l.Meter.Where.Includes(&h.q.To) {
		return false
	}
	return l.denies || h.explain || l.asks && !h.call.goesOn && h.q.Proof != toll.PINRight
}

// longest works out how long the call may be from its answer: the option for
// its class, or less where a limit per call says so. It tells also whether to
// go on.
func (h *hearing) longest() (maximum time.Duration, goOn bool) {
	byClass, by := h.policy.longestCall(h.q.To.Class)
	if !h.reaches(byClass) && !h.refuse(false, toll.ReasonLimit, toll.Figure{By: by, Text: lengthText(byClass, h.call)}) {
		return 0, false
	}
	maximum = byClass
	for _, l := range h.compiled.perCall[h.q.To.Class] {
		if !h.concerns(l) {
			continue
		}
		if !h.q.Within(l.Meter.When) {
			h.outOfTime(l)
			continue
		}
		longest := l.longest(h.q.Price, byClass)
		f := toll.Figure{By: l.ID, Limit: l.Limit}
		if h.explain || !h.reaches(longest) {
			f.Text = perCallText(l, longest, h.call)
		}
		switch {
		case l.denies && !h.reaches(longest):
			if !h.refuse(l.Observe, toll.ReasonLimit, f) {
				return 0, false
			}
		case h.explain:
			h.figures = append(h.figures, f)
		}
		if l.denies && !l.Observe {
			maximum = min(maximum, longest)
		}
	}
	return maximum, true
}

// reaches tells whether a call that may be so long has talk time left; in a
// review, whether it may be as long as it was granted already.
func (h *hearing) reaches(longest time.Duration) bool {
	if h.q.Purpose == toll.Review {
		return h.call.covered <= longest
	}
	return longest-h.call.covered >= time.Second
}

// weigh holds the call against one limit and shortens the slice to what the
// limit has to give: at most a fair share of what is left, so that calls that
// come at the same time all get some, but never less than the shortest slice.
//
// Where it asks for a PIN, it holds back a call that does not fit, and shortens none.
func (h *hearing) weigh(l *limit, subject string, u toll.Usage, shortest time.Duration) bool {
	call, concerned := h.callFor(l, u)
	left := l.left(u)
	share := left / h.policy.options.Share
	grants := h.q.Purpose != toll.Review
	if grants && !h.explain && share > 0 && h.most(l, call) <= share {
		return true // the quick way for almost every call of a site that is not under attack
	}
	var need int64
	stops := !grants && l.revoked(call, left)
	if grants {
		need = l.need(call, shortest)
		stops = concerned && l.forbids(call, need, left)
	}
	if stops || h.explain {
		f := toll.Figure{By: l.ID, Limit: l.Limit, Usage: u, Need: need, Text: limitText(l, subject, u, need, shortest)}
		switch {
		case stops && l.denies:
			return h.refuse(l.Observe, toll.ReasonLimit, f)
		case stops && l.asks && h.q.Proof != toll.PINRight:
			f.By = toll.ByLimit + l.ID
			return h.askPIN(f, l.Observe)
		}
		h.figures = append(h.figures, f)
	}
	if grants && !stops && l.denies && !l.Observe && !h.policy.options.Observe {
		h.slice = l.slice(call, max(share, need), shortest, h.slice)
	}
	return true
}

// most is what the call adds to the limit's meter with all the talk time that the
// limits before have left it. Those of one measure stand side by side, and mostly it
// is the same for all of them.
func (h *hearing) most(l *limit, c *call) int64 {
	if l.things != nil {
		return l.need(c, h.slice)
	}
	if m := (most{measure: l.Meter.Measure, slice: h.slice, need: h.newest.need}); m != h.newest {
		m.need = l.need(c, h.slice)
		h.newest = m
	}
	return h.newest.need
}

// most is what so long a slice adds to the meters of a measure.
type most struct {
	measure toll.Measure
	slice   time.Duration
	need    int64
}
