package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A limit on countries refuses the one that is too many, and none that is counted.
func TestLimitOnCountries(t *testing.T) {
	o := Options{Countries: []string{"AT", "GM"}}
	fresh := ask(austria, "0.30")
	fresh.New = "site,caller"
	for _, tc := range []struct {
		name  string
		limit toll.Limit
		q     toll.Question
		usage toll.Usage
		allow bool
		need  int64
	}{
		{"room for one more", per("l", toll.Countries, toll.PerCaller, week, 3), ask(austria, "0.30"), toll.Usage{Value: 2}, true, 1},
		{"one too many", per("l", toll.Countries, toll.PerCaller, week, 3), ask(austria, "0.30"), toll.Usage{Value: 3}, false, 1},
		{"counted already", per("l", toll.Countries, toll.PerCaller, week, 3), ask(austria, "0.30"), toll.Usage{Value: 3, Again: true}, true, 0},
		{"counted, and the threshold was lowered", per("l", toll.Countries, toll.PerCaller, week, 2), ask(austria, "0.30"), toll.Usage{Value: 5, Again: true}, true, 0},
		{"nothing at all", per("l", toll.Countries, toll.PerCaller, week, 0), ask(austria, "0.30"), toll.Usage{Value: 1, Again: true}, false, 0},
		{"going on", per("l", toll.Countries, toll.PerCaller, week, 2), again(fresh, toll.Renew, time.Minute), toll.Usage{Value: 5}, true, 0},
		{"new, with room", per("l", toll.NewCountries, toll.PerCaller, week, 3), fresh, toll.Usage{Value: 2}, true, 1},
		{"new, one too many", per("l", toll.NewCountries, toll.PerCaller, week, 3), fresh, toll.Usage{Value: 3}, false, 1},
		{"not new", per("l", toll.NewCountries, toll.PerCaller, week, 3), ask(austria, "0.30"), toll.Usage{Value: 3, Again: true}, true, 0},
		{"not new, and there is no such meter yet", per("l", toll.NewCountries, toll.PerCaller, week, 3), ask(austria, "0.30"), toll.Usage{}, true, 0},
		{"new, though none may", per("l", toll.NewCountries, toll.PerCaller, week, 0), fresh, toll.Usage{}, false, 1},
		{"none new may, and it is not", per("l", toll.NewCountries, toll.PerCaller, week, 0), ask(austria, "0.30"), toll.Usage{Again: true}, true, 0},
		{"new to the caller and not to the group", per("l", toll.NewCountries, toll.PerGroup, week, 0), fresh, toll.Usage{Again: true}, true, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.usage.Ready = true
			p := build(t, o, tc.limit)
			u := &figures{every: tc.usage}
			j := p.Judge(noon, tc.q, u)
			if j.Allow != tc.allow || j.Allow && j.Slice <= 0 {
				t.Errorf("%+v", j)
			}
			tc.q.Purpose = toll.Explain
			if tc.q.Covered > 0 {
				return
			}
			j = p.Judge(noon, tc.q, u)
			f := j.Figures[len(j.Figures)-1]
			if j.Allow != tc.allow || f.By != "l" || f.Need != tc.need || f.Stops == tc.allow {
				t.Errorf("explained: %+v", j)
			}
			if says := strings.Contains(f.Text, "adds one"); says != (tc.need > 0) || strings.Contains(f.Text, "held") {
				t.Error(f.Text)
			}
		})
	}
}

func TestLimitOnCountriesAlerts(t *testing.T) {
	l := per("scout", toll.NewCountries, toll.PerCaller, week, 5)
	l.Do, l.Warn = []toll.Action{toll.Alert}, 4
	p := build(t, Options{Countries: []string{"AT"}}, l)
	for value, want := range map[int64]string{3: "", 4: "warns", 5: "warns", 6: "acts"} {
		got, u := "", &figures{every: toll.Usage{Value: value, Again: true, Ready: true}}
		for _, a := range p.Alarms(ask(austria, "0.30"), "", u) {
			if got = "warns"; a.Acts {
				got = "acts"
			}
			if strings.Contains(a.Text, "this call") {
				t.Error(a.Text)
			}
		}
		if got != want {
			t.Errorf("at %d: %q, want %q", value, got, want)
		}
		if j := p.Judge(noon, ask(austria, "0.30"), u); !j.Allow {
			t.Errorf("at %d: refused, though it only alerts", value)
		}
	}
}

func TestScopesThatHaveNoCountries(t *testing.T) {
	p := build(t, Options{})
	for _, m := range []toll.Measure{toll.Countries, toll.NewCountries} {
		for _, s := range toll.Scopes() {
			l := per("l", m, s, week, 5)
			if s == toll.PerCall {
				l.Meter.Window = 0
			}
			_, err := p.With(toll.Setting{Limit: &l, Revision: 1})
			senseless := s == toll.PerCountry || s == toll.PerRange || s == toll.PerNumber || s == toll.PerCall
			if senseless != (err != nil) || err != nil && !strings.Contains(err.Error(), "site, pbx, caller, group, trunk") {
				t.Errorf("%s per %s: %v", m, s, err)
			}
		}
		l := per("l", m, toll.PerSite, 0, 5)
		if _, err := p.With(toll.Setting{Limit: &l, Revision: 1}); err == nil {
			t.Errorf("%s without a window was taken", m)
		}
	}
}
