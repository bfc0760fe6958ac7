package backtest

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/meter"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// peaks are how far the figures of limits came by calls that nobody refused or cut.
type peaks struct {
	all     []*peak
	touched map[toll.Class][]*peak
}

// peak is the most that a figure came to, for whomever.
type peak struct {
	meter   toll.Meter
	weigher toll.Weigher
	counter *meter.Counter
	most    int64
	subject string
	at      time.Time
}

// every limit is watched.
func every(*toll.Limit) bool { return true }

// newPeaks watches the figures of those limits of a policy that are wanted. Records do not tell what is
// refused, and a call by itself has no busy hour; different things are another matter
// than a sum of calls.
func newPeaks(policy []toll.Setting, wanted func(*toll.Limit) bool) *peaks {
	p := &peaks{touched: make(map[toll.Class][]*peak)}
	for _, s := range policy {
		if s.Limit == nil || !wanted(s.Limit) || p.of(s.Limit.Meter) != nil {
			continue
		}
		m := s.Limit.Meter
		w, known := m.Measure.Weigher()
		_, distinct := w.(toll.Distinct)
		if !known || distinct || m.Scope == toll.PerCall || m.Measure == toll.RefusedAttempts || m.Window == 0 && m.Measure != toll.Concurrent {
			continue
		}
		one := &peak{meter: m, weigher: w, counter: meter.NewCounter(m.Window, meter.DefaultBound)}
		p.all = append(p.all, one)
		for _, class := range toll.Classes() {
			if m.Where.Touches(class) {
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
	for _, one := range p.touched[t.question.To.Class] {
		weight, live := one.weigher.Granted(), one.meter.Window == 0
		if weight == 0 && !live {
			continue
		}
		subject, counts := one.meter.Subject(t.question)
		switch {
		case !counts:
		case live:
			one.counter.Hold(subject, 1)
			_, held := one.counter.Read(subject, t.call.Start)
			one.came(held, subject, t.call.Start)
		default:
			one.count(subject, t.call.Start, weight)
		}
	}
}

// ended lets go of a call, and counts what it has left if it counts.
func (p *peaks) ended(t *talk, now time.Time, counts bool) {
	for _, one := range p.touched[t.question.To.Class] {
		live := one.meter.Window == 0
		var weight int64
		if counts && !live && !t.answered.IsZero() {
			weight = one.weigher.Spent(t.call.Billed, t.cost())
		}
		if weight == 0 && !live {
			continue
		}
		subject, counts := one.meter.Subject(t.question)
		switch {
		case !counts:
		case live:
			one.counter.Hold(subject, -1)
		default:
			one.count(subject, now, weight)
		}
	}
}

func (p *peak) count(subject string, at time.Time, weight int64) {
	p.counter.Add(subject, at, weight)
	value, _ := p.counter.Read(subject, at)
	p.came(value, subject, at)
}

func (p *peak) came(value int64, subject string, at time.Time) {
	if value > p.most {
		p.most, p.subject, p.at = value, subject, at
	}
}
