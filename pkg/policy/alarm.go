package policy

import (
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Alarms are the thresholds at which the figures stand that a question counts
// in, for limits that do more about it than to deny. By is what refused the
// question, or its renewal; a limit that refuses has reached its threshold
// however little is missing.
//
// A limit warns when what is counted and held comes to its lower threshold. It
// acts when that is more than the upper one, since a call that just fits is let
// through; where a meter only counts what has happened, it acts at the threshold.
func (p *Policy) Alarms(q toll.Question, by string, u toll.Usages) []toll.Alarm {
	var alarms []toll.Alarm
	for _, l := range p.compiled().ringing[q.To.Class] {
		subject, usage, counts := l.figure(q, u)
		if !counts {
			continue
		}
		acts := l.ID == by || l.reached(usage)
		if !acts && !l.warns(usage) {
			continue
		}
		alarms = append(alarms, toll.Alarm{
			Limit: l.Limit, Subject: subject, Usage: usage, Acts: acts, Observed: l.Observe || p.options.Observe,
		})
	}
	return alarms
}

// Sentence says an alarm with its figures. Few of those that Alarms finds are
// told to anybody, so it is made for these alone.
func (p *Policy) Sentence(a toll.Alarm) string {
	return limitText(newLimit(a.Limit), a.Subject, a.Usage, 0, 0)
}

// figure is where the limit stands for the question, and whose figure that is. A
// limit per call has no meter: it weighs what is granted of the call so far.
func (l *limit) figure(q toll.Question, u toll.Usages) (subject string, usage toll.Usage, counts bool) {
	if l.Meter.Scope == toll.PerCall {
		if !l.Meter.Where.Covers(q.To) {
			return "", usage, false
		}
		held := plus(l.weigher.Granted(), l.weigher.Spent(q.Covered, q.Price.Cost(q.Covered)))
		return q.Key.Uniqueid, toll.Usage{Held: held, Ready: true}, q.Within(l.Meter.When)
	}
	subject, counts = l.Meter.Subject(q)
	if counts {
		usage = u.Usage(l.Meter)
	}
	return subject, usage, counts
}

// rings tells whether anybody wants to hear of the limit's thresholds.
func (l *limit) rings() bool {
	for _, a := range l.Do {
		if a != toll.Deny && a != toll.RequirePIN {
			return true
		}
	}
	return l.Warn > 0
}

// reached tells whether more is counted than the limit allows.
func (l *limit) reached(u toll.Usage) bool {
	left := l.left(u)
	return left < 0 || left == 0 && l.counts && l.Act > 0
}

func (l *limit) warns(u toll.Usage) bool {
	return l.Warn > 0 && plus(max(u.Value, 0), max(u.Held, 0)) >= l.Warn
}
