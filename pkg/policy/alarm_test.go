package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func at100(l toll.Limit) toll.Limit { l.ID, l.Act = "watched", 100; return l }

func TestAlarms(t *testing.T) {
	hour := time.Hour
	spent := at100(per("", toll.Calls, toll.PerCaller, hour, 0))
	refused := at100(per("", toll.RefusedAttempts, toll.PerCaller, hour, 0))
	for _, tc := range []struct {
		name  string
		limit toll.Limit
		warn  int64
		do    []toll.Action
		value int64
		held  int64
		by    string
		want  string // warns, acts or nothing
	}{
		{"only denies", spent, 0, nil, 100, 50, "", ""},
		{"only denies, and did", spent, 0, nil, 100, 0, "watched", ""},
		{"below", spent, 80, nil, 40, 39, "", ""},
		{"at the lower threshold", spent, 80, nil, 40, 40, "", "warns"},
		{"a call that just fits", spent, 80, nil, 100, 0, "", "warns"},
		{"above", spent, 80, nil, 101, 0, "", "acts"},
		{"refused, though little was missing", spent, 80, nil, 99, 0, "watched", "acts"},
		{"refused by another one", spent, 0, []toll.Action{toll.Alert}, 5, 0, "other", ""},
		{"alerts above", spent, 0, []toll.Action{toll.Alert}, 100, 1, "", "acts"},
		{"alerts not when it just fits", spent, 0, []toll.Action{toll.Alert}, 100, 0, "", ""},
		{"counts what happened", refused, 0, []toll.Action{toll.LockCaller}, 100, 0, "", "acts"},
		{"counts what happened, one to go", refused, 0, []toll.Action{toll.LockCaller}, 99, 0, "", ""},
	} {
		l := tc.limit
		l.Warn, l.Do = tc.warn, tc.do
		p := build(t, Options{}, l)
		u := &figures{of: map[toll.Meter]toll.Usage{l.Meter: {Value: tc.value, Held: tc.held, Ready: true}}}
		got := ""
		for _, a := range p.Alarms(ask(gambia, "1"), tc.by, u) {
			got = "warns"
			if a.Acts {
				got = "acts"
			}
			if a.Subject != "1001" || a.Limit.ID != "watched" || !strings.Contains(p.Sentence(a), `calls per caller in 1h of "1001"`) && !strings.Contains(p.Sentence(a), "refused per caller") {
				t.Errorf("%s: %+v", tc.name, a)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestAlarmOfALongCall(t *testing.T) {
	long := toll.Limit{ID: "long", Meter: toll.Meter{Measure: toll.Seconds, Scope: toll.PerCall}, Act: 3600, Do: []toll.Action{toll.Alert}}
	p := build(t, Options{}, long)
	q := ask(gambia, "1")
	for covered, want := range map[time.Duration]int{time.Minute: 0, time.Hour: 0, time.Hour + time.Second: 1} {
		q.Covered = covered
		if alarms := p.Alarms(q, "", quiet()); len(alarms) != want {
			t.Errorf("after %s: %+v", covered, alarms)
		}
	}
}

// Whoever is not refused by a limit that could has not reached it either, and
// one that warns has something to warn of.
func TestAlarmsAgreeWithRefusals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPolicy(t, anyOptions.Draw(t, "options"))
		q := drawQuestion(t)
		u := drawFigures(t, p)
		j := p.Judge(noon, q, u)
		for _, a := range p.Alarms(q, j.By, u) {
			if !a.Limit.Meter.Where.Covers(q.To) || !a.Acts && a.Limit.Warn == 0 {
				t.Fatalf("%+v", a)
			}
		}
		if j.Reason != toll.ReasonLimit {
			return
		}
		rings := slices.ContainsFunc(p.Alarms(q, j.By, u), func(a toll.Alarm) bool { return a.Limit.ID == j.By && a.Acts })
		for _, l := range p.Limits() {
			if l.ID == j.By && !rings && (l.Warn > 0 || l.Does(toll.Alert)) {
				t.Fatalf("%s refuses, and nobody hears of it", l.ID)
			}
		}
	})
}
