package backtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// What a proposal rests on.
const (
	daysInUse   = 3                   // on so many days a country was talked to that is in use
	enoughPast  = 28 * 24 * time.Hour // of calls, before a limit is said to be higher than need be
	enoughDays  = 15                  // on which somebody called: one wrong date makes no month
	raised      = 1.5                 // times the busiest moment, for a limit that was too low
	lowered     = 2                   // likewise, for one that is higher than need be
	worthwhile  = 2                   // times lower it must become
	tolerable   = 1000                // one call in so many may be stopped before limits are lowered
	mostSubject = 40                  // characters of a subject in a sentence
)

// place is a country abroad that was talked to.
type place struct {
	calls, days int
	seconds     int64
	cost        toll.Money
	day         int // the newest on which somebody talked to it, counted from 1970
}

// travel notes which countries are in use that the site has not named.
func (f *findings) travel(t *talk, local time.Time) {
	to := t.question.To
	if t.answered.IsZero() || t.barred() || to.Listed || to.Class != toll.IntlFixed && to.Class != toll.IntlMobile && to.Class != toll.ForeignNANP {
		return
	}
	p := f.places[to.Country]
	if p == nil {
		p = &place{}
		f.places[to.Country] = p
	}
	_, offset := local.Zone()
	if day := int((local.Unix() + int64(offset)) / (24 * 60 * 60)); day > p.day {
		p.day = day
		p.days++
	}
	p.calls++
	p.seconds += int64(t.call.Billed / time.Second)
	p.cost += t.cost()
}

// propose says what the owner may want to change.
func (f *findings) propose(policy []toll.Setting, listed []string) []Proposal {
	all := []Proposal{}
	if one, any := f.proposeNumbers(); any {
		all = append(all, one)
	}
	if one, any := f.proposeCountries(listed); any {
		all = append(all, one)
	}
	var higher, lower []Proposal
	for _, s := range policy {
		switch {
		case s.Limit == nil:
		case f.stoppedBy(s.Limit.ID):
			if one, any := f.raise(s.Limit); any {
				higher = append(higher, one)
			}
		default:
			if one, any := f.lower(s.Limit); any {
				lower = append(lower, one)
			}
		}
	}
	return slices.Concat(all, higher, lower)
}

// proposeNumbers says that the number plan may not be how the site dials.
func (f *findings) proposeNumbers() (Proposal, bool) {
	is := func(s Stopped) bool {
		return s.Reason == toll.ReasonBadNumber && strings.Trim(s.Number, "0123456789") == "" // a shell must not read it
	}
	first := slices.IndexFunc(f.result.Stopped, is)
	if first < 0 {
		return Proposal{}, false
	}
	number := f.result.Stopped[first].Number
	return Proposal{
		About:   "numbers",
		Text:    "Some numbers, such as " + number + ", have no place in the site's number plan. If people dial so, put right what stands under numbering; this shows what is made of one",
		Command: "tollfuse number " + number,
	}, true
}

// proposeCountries names the countries that are in use beside those that are named.
func (f *findings) proposeCountries(listed []string) (Proposal, bool) {
	var used, seen []string
	for country, p := range f.places {
		if p.days >= daysInUse && len(country) == 2 {
			used = append(used, country)
		}
	}
	if len(used) == 0 {
		return Proposal{}, false
	}
	slices.Sort(used)
	for _, country := range used {
		p := f.places[country]
		seen = append(seen, fmt.Sprintf("%s (%d calls on %d days, %s, %s)", country, p.calls, p.days, toll.SayLength(time.Duration(p.seconds)*time.Second), p.cost))
	}
	all := slices.Concat(listed, used)
	slices.Sort(all)
	return Proposal{
		About:   "countries",
		Text:    "Your site talks to countries that its configuration does not name: " + strings.Join(seen, ", ") + ". If it does business there, name them under site",
		Command: "countries: [" + strings.Join(slices.Compact(all), ", ") + "]",
	}, true
}

// stoppedBy tells whether the limit has refused, cut or locked anything.
func (f *findings) stoppedBy(limit string) bool {
	for name := range f.reasons {
		if _, by, _ := strings.Cut(name, " "); strings.TrimPrefix(by, toll.ByLimit) == limit {
			return true
		}
	}
	return false
}

// raise proposes a threshold for a limit that has stopped calls.
func (f *findings) raise(l *toll.Limit) (Proposal, bool) {
	p := f.made.of(l.Meter)
	if p == nil {
		return Proposal{}, false
	}
	act := round(l.Meter.Measure, int64(float64(p.most)*raised)+1)
	if act <= l.Act {
		return Proposal{}, false
	}
	return Proposal{
		About: "limit", Name: l.ID,
		Text:    fmt.Sprintf("%s stopped calls: it acts at %s, and %s. If these calls were yours", l.ID, say(l, l.Act), f.busiest(l, p)),
		Command: command(l, act),
	}, true
}

// lowerable tells whether a limit bounds what an attack may take, and not what the
// site does at home.
func lowerable(l *toll.Limit) bool {
	return l.Does(toll.Deny) && l.Meter.Where != toll.AtHome && (l.Meter.Measure == toll.Cost || l.Meter.Measure == toll.Concurrent)
}

// lower proposes a threshold for a limit that is far above all that went through. As
// long as other limits stop more than a few calls it is not known what would go
// through without them.
func (f *findings) lower(l *toll.Limit) (Proposal, bool) {
	p, total := f.through.of(l.Meter), f.result.Total
	if p == nil || p.most == 0 || (total.Refused+total.Cut)*tolerable > total.Calls || f.result.Last.Sub(f.result.First) < enoughPast || len(f.dates) < enoughDays {
		return Proposal{}, false
	}
	act := round(l.Meter.Measure, max(p.most*lowered, least(l.Meter.Measure)))
	if act > l.Act/worthwhile {
		return Proposal{}, false
	}
	return Proposal{
		About: "limit", Name: l.ID,
		Text:    fmt.Sprintf("%s is higher than you need: it acts at %s, and %s. To leave an attack less", l.ID, say(l, l.Act), f.busiest(l, p)),
		Command: command(l, act),
	}, true
}

// least is what a threshold is not lowered below: a few calls more must fit.
func least(m toll.Measure) int64 {
	switch m {
	case toll.Cost:
		return int64(10 * toll.Unit)
	case toll.Seconds:
		return 60 * 60
	case toll.Concurrent:
		return 2
	}
	return 10
}

// round makes a threshold a plain figure, and never smaller.
func round(m toll.Measure, v int64) int64 {
	step := int64(1)
	switch m {
	case toll.Cost:
		step = int64(toll.Unit)
	case toll.Seconds:
		step = 10 * 60
	}
	return (v + step - 1) / step * step
}

// busiest says how far the figure of a limit came.
func (f *findings) busiest(l *toll.Limit, p *peak) string {
	text := "the busiest moment came to " + say(l, p.most)
	if p.subject != "" {
		text += fmt.Sprintf(" for %s %.*s", l.Meter.Scope, mostSubject, p.subject)
	}
	return text + p.at.In(f.zone).Format(" on 2006-01-02 at 15:04")
}

func say(l *toll.Limit, v int64) string {
	if l.Meter.Measure == toll.Seconds {
		return toll.SayLength(time.Duration(v) * time.Second)
	}
	return toll.FormatFigure(l.Meter.Measure, v)
}

// command sets a threshold. The names of limits have nothing that a shell would read.
func command(l *toll.Limit, act int64) string {
	return fmt.Sprintf("tollfuse limit set %s --act %s", l.ID, toll.FormatFigure(l.Meter.Measure, act))
}
