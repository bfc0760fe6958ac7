package policy

import (
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Judge answers a question by the figures and locks that stand at the moment
// now.
//
// An emergency call is allowed before anything is looked at, with Slice and
// Maximum Unlimited; so are calls that stay inside the site. A refused
// question has no Slice, nor has a review, which grants nothing. Where a call
// would have been refused and somebody only observes, Allow is true, Reason is
// ReasonObserve, and Denied and By say what would have been.
//
// Figures hold what decided against the call; for Explain, all that was looked
// at. The limits in them belong to the policy and must not be changed.
func (p *Policy) Judge(now time.Time, q toll.Question, u toll.Usages) toll.Judgement {
	switch q.To.Class {
	case toll.Emergency:
		return p.pass(q, toll.ReasonEmergency, "emergency calls pass above every rule, limit and lock")
	case toll.Internal, toll.FeatureCode:
		return p.pass(q, toll.ReasonInternal, "the call does not leave the site")
	}
	h := hearing{
		policy: p, compiled: p.compiled(), now: now, q: q, u: u,
		explain: q.Purpose == toll.Explain,
		call:    call{price: q.Price, goesOn: q.Purpose == toll.Renew || q.Purpose == toll.Review},
	}
	if h.call.goesOn {
		h.call.covered = min(max(q.Covered, 0), absurdlyLong)
	}
	_ = h.number() && h.lock() && h.rules() && h.limits()
	return h.judgement()
}

// absurdlyLong bounds the talk time that a question says is granted, so that
// sums of durations never overflow.
const absurdlyLong = 1000 * Unlimited

// pass is the judgement on a call that nothing may stop.
func (p *Policy) pass(q toll.Question, r toll.Reason, text string) toll.Judgement {
	j := toll.Judgement{Allow: true, Reason: r, Slice: Unlimited, Maximum: Unlimited}
	if q.Purpose == toll.Explain {
		j.Figures = []toll.Figure{{By: byDefault + string(q.To.Class), Text: text}}
	}
	return j
}

// hearing is one question on its way through the policy. Each step tells
// whether to go on; none does after a refusal, unless the question is to be
// explained.
type hearing struct {
	policy   *Policy
	compiled *compiled
	now      time.Time
	q        toll.Question
	u        toll.Usages
	call     call
	counted  call // the same, for a limit that counts different things
	explain  bool

	allowed finding      // the rule or default that lets the call through
	refused finding      // what stops it
	shadow  finding      // what would have stopped it, if it were not only observing
	pin     *toll.Figure // the rule or limit that asks for a PIN first
	figures []toll.Figure
	slice   time.Duration
	maximum time.Duration
	newest  most // that was worked out
}

// finding is a reason and who gives it.
type finding struct {
	reason toll.Reason
	by     string
}

// refuse notes that something stops the call, or would if it did not only
// observe. The first such finding stands. It tells whether to go on.
func (h *hearing) refuse(observe bool, r toll.Reason, f toll.Figure) bool {
	f.Stops = true
	observe = observe || h.policy.options.Observe
	found := &h.refused
	if observe {
		found = &h.shadow
	}
	earlier := found.reason != ""
	if !earlier {
		*found = finding{r, f.By}
	}
	switch {
	case h.explain:
		h.figures = append(h.figures, f)
	case !earlier:
		h.figures = []toll.Figure{f} // what stops the call outweighs what would have
	}
	return observe || h.explain
}

// number refuses what cannot be made into a number.
func (h *hearing) number() bool {
	if h.q.To.Class != toll.Unplaced {
		return true
	}
	s := h.policy.classDefault(&h.q.To)
	f := toll.Figure{By: byDefault + string(toll.Unplaced), Text: s.text}
	if !strings.HasPrefix(h.q.To.Dialled, noNumber) {
		return h.refuse(false, toll.ReasonBadNumber, f)
	}
	f.Stops = true
	h.refused, h.figures = finding{toll.ReasonBadNumber, f.By}, []toll.Figure{f}
	return h.explain
}

// noNumber marks what the dialplan refuses by itself, so that to observe lets nothing
// through there, and must not say so.
const noNumber = "?"

// lock refuses a caller, destination or trunk that is shut.
func (h *hearing) lock() bool {
	l, locked := h.u.Lock()
	if !locked || !l.Until.IsZero() && !h.now.Before(l.Until) {
		return true
	}
	return h.refuse(false, toll.ReasonLocked, toll.Figure{By: l.ID(), Text: lockText(l)})
}

// rules lets the most specific rule decide, or else the default of the class.
// A rule that only observes leaves the decision to the next one, so that it
// never opens what another rule shuts.
func (h *hearing) rules() bool {
	var matched, decided bool
	for i := range h.compiled.shelves {
		for _, r := range h.compiled.shelves[i].find(&h.q) {
			if !h.q.Within(r.When) {
				if h.explain {
					h.notNow(toll.Figure{By: r.ID, Text: ruleText(r)})
				}
				continue
			}
			speaks := !decided && (!matched || !r.Observe)
			if !h.hear(r, speaks) {
				return false
			}
			matched = true
			decided = decided || !r.Observe
			if decided && !h.explain {
				return true
			}
		}
	}
	if decided {
		return true
	}
	return h.byClass()
}

// hear takes one matching rule into account; a rule that does not speak stands
// behind a more specific one and is only shown.
func (h *hearing) hear(r *toll.Rule, speaks bool) bool {
	switch {
	case speaks && r.Do == toll.Forbid:
		return h.refuse(r.Observe, toll.ReasonDeniedRule, toll.Figure{By: r.ID, Text: ruleText(r)})
	case speaks && r.Do == toll.AskPIN && h.q.Proof != toll.PINRight:
		return h.askPIN(toll.Figure{By: r.ID, Text: ruleText(r)}, r.Observe)
	case speaks && !r.Observe:
		h.allowed = finding{toll.ReasonRule, r.ID}
	}
	if h.explain {
		text := ruleText(r)
		if !speaks {
			text += "; a more specific rule decides"
		}
		h.figures = append(h.figures, toll.Figure{By: r.ID, Text: text})
	}
	return true
}

// askPIN holds the call until its caller has entered a PIN, and goes on: who is
// refused in any case need not be asked. One that was asked for in vain refuses.
func (h *hearing) askPIN(f toll.Figure, observe bool) bool {
	f.Stops = true
	if h.q.Proof != toll.NotAsked || observe || h.policy.options.Observe {
		return h.refuse(observe, h.q.Proof.Reason(), f)
	}
	if h.pin == nil {
		h.pin = &f
	}
	if h.explain {
		h.figures = append(h.figures, f)
	}
	return true
}

// outOfTime passes a limit by that does not speak of this call because of when it
// begins. Its text is made for those alone who want to read it.
func (h *hearing) outOfTime(l *limit) {
	if h.explain {
		h.notNow(toll.Figure{By: l.ID, Limit: l.Limit, Text: l.Meter.String() + manner(l)})
	}
}

// notNow shows what does not speak of this call because of when it begins.
func (h *hearing) notNow(f toll.Figure) {
	f.Text += "; not now"
	h.figures = append(h.figures, f)
}

// byClass decides where no rule did.
func (h *hearing) byClass() bool {
	s := h.policy.classDefault(&h.q.To)
	by := byDefault + string(h.q.To.Class)
	if !s.allow {
		return h.refuse(false, toll.ReasonDeniedClass, toll.Figure{By: by, Text: s.text})
	}
	h.allowed = finding{toll.ReasonDefault, by}
	if h.explain {
		h.figures = append(h.figures, toll.Figure{By: by, Text: s.text})
	}
	return true
}

// judgement puts together what was found.
func (h *hearing) judgement() toll.Judgement {
	if h.refused.reason != "" {
		return toll.Judgement{Reason: h.refused.reason, By: h.refused.by, Figures: h.figures}
	}
	if h.pin != nil {
		j := toll.Judgement{Reason: toll.ReasonPINNeeded, By: h.pin.By, Figures: h.figures}
		if !h.explain {
			j.Figures = []toll.Figure{*h.pin}
		}
		return j
	}
	j := toll.Judgement{Allow: true, Reason: h.allowed.reason, By: h.allowed.by, Slice: h.slice, Maximum: h.maximum, Figures: h.figures}
	j.Observing = h.policy.options.Observe
	if h.shadow.reason != "" {
		j.Reason, j.By, j.Denied = toll.ReasonObserve, h.shadow.by, h.shadow.reason
	}
	return j
}
