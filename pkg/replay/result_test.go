package replay

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestBudgetBreachIsSeen(t *testing.T) {
	limit := toll.Limit{ID: "day", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerCaller, Window: 24 * time.Hour, Where: toll.Abroad}, Act: 100, Do: []toll.Action{toll.Deny}}
	type spent struct {
		at   time.Duration
		from string
		to   toll.Class
		cost toll.Money
	}
	for _, test := range []struct {
		name   string
		change func(*toll.Limit)
		calls  []spent
		want   bool
	}{
		{"as much as there is", nil, []spent{{0, "1", toll.IntlFixed, 60}, {time.Hour, "1", toll.IntlFixed, 40}}, false},
		{"a bit more", nil, []spent{{0, "1", toll.IntlFixed, 60}, {time.Hour, "1", toll.IntlFixed, 41}}, true},
		{"over midnight", nil, []spent{{23 * time.Hour, "1", toll.IntlFixed, 60}, {25 * time.Hour, "1", toll.IntlFixed, 60}}, true},
		{"a day later", nil, []spent{{0, "1", toll.IntlFixed, 60}, {24 * time.Hour, "1", toll.IntlFixed, 60}}, false},
		{"by two callers", nil, []spent{{0, "1", toll.IntlFixed, 60}, {0, "2", toll.IntlFixed, 60}}, false},
		{"elsewhere", nil, []spent{{0, "1", toll.HomePremium, 200}}, false},
		{"of one that only observes", func(l *toll.Limit) { l.Observe = true }, []spent{{0, "1", toll.IntlFixed, 200}}, false},
		{"of one that only warns", func(l *toll.Limit) { l.Do = []toll.Action{toll.Alert} }, []spent{{0, "1", toll.IntlFixed, 200}}, false},
		{"of minutes", func(l *toll.Limit) { l.Meter.Measure = toll.Seconds }, []spent{{0, "1", toll.IntlFixed, 200}}, false},
	} {
		l := limit
		if test.change != nil {
			test.change(&l)
		}
		tally := newTally([]toll.Setting{{Limit: &l}})
		for _, c := range test.calls {
			q := toll.Question{Caller: toll.Caller{Kind: toll.Extension, ID: c.from}, To: toll.Destination{Class: c.to}}
			tally.spent(Legitimate, monday.Add(c.at), &q, 0, c.cost)
		}
		if got := tally.done().BudgetBreach; got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

func TestTallyTimes(t *testing.T) {
	tally := newTally(nil)
	tally.attempted(Legitimate, monday)
	tally.mail(monday, 0, &toll.Notice{}) // of something else
	tally.attempted(Attack, monday.Add(time.Minute))
	if r := tally.done(); r.SecondsToBlock != nil || r.SecondsToAlert != nil || r.Alerts != 1 || r.LegitimateCalls != 1 || r.AttackCalls != 1 {
		t.Errorf("%+v", r)
	}
	tally.stopped(Legitimate, monday.Add(90*time.Second), toll.ReasonLimit, "x", false, true)
	tally.stopped(Attack, monday.Add(2*time.Minute), toll.ReasonLimit, "x", false, false)
	tally.stopped(Attack, monday.Add(3*time.Minute), toll.ReasonLimit, "x", true, false)
	tally.mail(monday.Add(2*time.Minute+3*time.Second), 0, &toll.Notice{Incident: toll.Incident{Kind: toll.DiskTrouble}})
	tally.mail(monday.Add(2*time.Minute+5*time.Second), 0, &toll.Notice{})
	tally.spent(Attack, monday.Add(time.Hour), nil, 7, 5)
	tally.spent(Attack, monday.Add(26*time.Hour), nil, 7, 5)
	r := tally.done()
	if *r.SecondsToBlock != 60 || *r.SecondsToAlert != 5 || r.FalseDenials != 1 || r.FalseCuts != 0 || r.EmergencyDenied != 1 || r.Against["limit x"] != 1 {
		t.Errorf("%+v", r)
	}
	if *r.SecondsToMail != 3 || r.Alerts != 2 || r.Troubles != 1 || len(r.Mails) != 3 {
		t.Errorf("%+v", r)
	}
	if r.LeakedCalls != 2 || r.LeakedCost != 14 || r.LeakedCostRated != 10 || r.LeakedWorstDay != 5 {
		t.Errorf("%+v", r)
	}
}
