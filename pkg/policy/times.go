package policy

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/schedule"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// times is a schedule and what answers for it.
type times struct {
	toll.Schedule
	clock *schedule.Schedule
}

func timesName(t *times) string { return t.Name }

// Times names the schedules that are open at the moment, in the form in which a
// question carries them.
func (p *Policy) Times(now time.Time) string {
	var open []string
	for _, t := range p.times {
		if t.clock.Open(now) {
			open = append(open, t.Name)
		}
	}
	return strings.Join(open, ",")
}

// withTimes is the schedules with one more, or with one replaced.
func (p *Policy) withTimes(s toll.Schedule) ([]*times, error) {
	if !isID(s.Name) {
		return nil, fmt.Errorf("schedule %q: the name must be 1 to %d of a-z, 0-9 and -", clip(s.Name), longestID)
	}
	if err := checkComment(s.Comment); err != nil {
		return nil, fmt.Errorf("schedule %q: %w", s.Name, err)
	}
	clock, err := schedule.New(s, p.options.Zone)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", s.Name, err)
	}
	return replaced(p.times, &times{s, clock}, timesName), nil
}

// withoutTimes refuses to take away what a rule or a limit still names.
func (p *Policy) withoutTimes(name string) ([]*times, error) {
	for _, r := range p.rules {
		if nameOf(r.When) == name {
			return nil, fmt.Errorf("rule %q names the schedule %q: change or remove it first", r.ID, name)
		}
	}
	for _, l := range p.limits {
		if nameOf(l.Meter.When) == name {
			return nil, fmt.Errorf("limit %q names the schedule %q: change or remove it first", l.ID, name)
		}
	}
	return without(p.times, name, timesName), nil
}

// nameOf is the schedule that a rule or limit names.
func nameOf(when string) string { return strings.TrimPrefix(when, toll.Outside) }

// checkWhen wants a schedule that there is.
func (p *Policy) checkWhen(when string) error {
	if when == "" {
		return nil
	}
	name := nameOf(when)
	if name == "" {
		return errors.New("a schedule must be named")
	}
	if _, defined := find(p.times, name, timesName); !defined {
		return fmt.Errorf("schedule %q is not defined", clip(name))
	}
	return nil
}

// apart tells whether there is no moment at which both hold, since one is all
// the time outside of the other.
func apart(a, b string) bool { return a == toll.Outside+b || b == toll.Outside+a }

// whenText says in words when something holds; nothing for always.
func whenText(when string) string {
	switch name, outside := strings.CutPrefix(when, toll.Outside); {
	case when == "":
		return ""
	case outside:
		return " that begin outside " + quote(name)
	default:
		return " that begin during " + quote(name)
	}
}
