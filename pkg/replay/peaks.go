package replay

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/meter"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// peaks are how far the figures of limits came, had nobody refused or cut any call.
type peaks struct {
	meters  *meter.Set
	all     []*peak
	touched map[toll.Class][]*peak
}

// peak is the most that a figure came to, for whomever.
type peak struct {
	meter   toll.Meter
	most    int64
	subject string
	at      time.Time
}

// newPeaks watches the figures of all limits on what is called. How many calls were
// refused, or are a caller's first to a country, records do not tell.
func newPeaks(policy []toll.Setting) *peaks {
	p := &peaks{meters: meter.NewSet(meter.DefaultBound), touched: make(map[toll.Class][]*peak)}
	var meters []toll.Meter
	for _, s := range policy {
		if s.Limit == nil || p.of(s.Limit.Meter) != nil {
			continue
		}
		switch m := s.Limit.Meter; {
		case m.Scope == toll.PerCall, m.Measure == toll.RefusedAttempts, m.Measure == toll.NewCountries:
		default:
			p.all = append(p.all, &peak{meter: m})
			meters = append(meters, m)
		}
	}
	p.meters.Require(meters, func(toll.Meter, *meter.Set) bool { return true })
	for _, class := range toll.Classes() {
		for _, one := range p.all {
			if one.meter.Where.Touches(class) {
				p.touched[class] = append(p.touched[class], one)
			}
		}
	}
	return p
}

// of is the peak of a meter; nil if it is not watched.
func (p *peaks) of(m toll.Meter) *peak {
	for _, one := range p.all {
		if one.meter == m {
			return one
		}
	}
	return nil
}

// began counts a call that begins.
func (p *peaks) began(t *talk) {
	p.meters.Granted(t.call.Start, t.question, 1)
	p.meters.Hold(t.question, 1)
	p.look(t, t.call.Start)
}

// ended takes away what a call held, and counts what it has left.
func (p *peaks) ended(t *talk, now time.Time, counts bool) {
	p.meters.Hold(t.question, -1)
	if counts && !t.answered.IsZero() {
		p.meters.Spent(now, t.question, t.call.Billed, t.cost())
		p.look(t, now)
	}
}

// look sees how far the figures have come in which a call counts. What it holds
// matters where only that is counted: money is not reserved here.
func (p *peaks) look(t *talk, now time.Time) {
	for _, one := range p.touched[t.question.To.Class] {
		subject, counts := one.meter.Subject(t.question)
		if !counts {
			continue
		}
		u := p.meters.Usage(now, one.meter, t.question)
		if one.meter.Window == 0 {
			u.Value = u.Held
		}
		if u.Value > one.most {
			one.most, one.subject, one.at = u.Value, subject, now
		}
	}
}
