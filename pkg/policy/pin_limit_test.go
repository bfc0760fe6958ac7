package policy

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// asking is a limit that lets one call a site out in an hour, and further ones
// with a PIN.
func asking() toll.Limit {
	l := per("few", toll.Calls, toll.PerSite, time.Hour, 1)
	l.Do = []toll.Action{toll.RequirePIN}
	return l
}

func TestALimitThatAsksForAPIN(t *testing.T) {
	used, free := toll.Usage{Value: 1, Ready: true}, toll.Usage{Ready: true}
	full := per("full", toll.Concurrent, toll.PerSite, 0, 0)
	always := toll.Rule{ID: "always", Where: toll.Abroad, Do: toll.AskPIN}
	observing := asking()
	observing.Observe = true
	for _, tt := range []struct {
		name     string
		settings []any
		proof    toll.Proof
		usage    toll.Usage
		reason   toll.Reason
		by       string
	}{
		{"room", []any{asking()}, toll.NotAsked, free, toll.ReasonDefault, "default:intl_mobile"},
		{"no room", []any{asking()}, toll.NotAsked, used, toll.ReasonPINNeeded, "limit:few"},
		{"right", []any{asking()}, toll.PINRight, used, toll.ReasonDefault, "default:intl_mobile"},
		{"wrong", []any{asking()}, toll.PINWrong, used, toll.ReasonPINWrong, "limit:few"},
		{"none entered", []any{asking()}, toll.PINNone, used, toll.ReasonPINNeeded, "limit:few"},
		{"none set", []any{asking()}, toll.PINUnset, used, toll.ReasonPINUnset, "limit:few"},
		{"nobody is asked in vain", []any{asking(), full}, toll.NotAsked, used, toll.ReasonLimit, "full"},
		{"no way past a limit that denies", []any{asking(), full}, toll.PINRight, used, toll.ReasonLimit, "full"},
		{"a rule asks already", []any{asking(), always}, toll.NotAsked, used, toll.ReasonPINNeeded, "always"},
		{"one PIN for both", []any{asking(), always}, toll.PINRight, used, toll.ReasonRule, "always"},
		{"only observing", []any{observing}, toll.NotAsked, used, toll.ReasonObserve, "limit:few"},
	} {
		p := build(t, Options{}, tt.settings...)
		q := ask(gambia, "0.30")
		q.Proof = tt.proof
		j := p.Judge(noon, q, &figures{every: tt.usage})
		if j.Reason != tt.reason || j.By != tt.by {
			t.Errorf("%s: %s by %q, want %s by %q", tt.name, j.Reason, j.By, tt.reason, tt.by)
		}
		allows := tt.reason == toll.ReasonRule || tt.reason == toll.ReasonDefault || tt.reason == toll.ReasonObserve
		if j.Allow != allows || allows != (j.Slice == p.Options().MaxSlice) {
			t.Errorf("%s: %+v", tt.name, j)
		}
		if !j.Allow && (len(j.Figures) != 1 || j.Figures[0].By != tt.by || !j.Figures[0].Stops) {
			t.Errorf("%s: figures %+v", tt.name, j.Figures)
		}
		if tt.reason == toll.ReasonObserve && j.Denied != toll.ReasonPINNeeded {
			t.Errorf("%s: it would have been %q", tt.name, j.Denied)
		}
	}
}

func TestASiteThatObservesAsksNobodyAtALimit(t *testing.T) {
	p := build(t, Options{Observe: true}, asking())
	j := p.Judge(noon, ask(gambia, "1"), &figures{every: toll.Usage{Value: 1, Ready: true}})
	if !j.Allow || j.Denied != toll.ReasonPINNeeded || j.By != "limit:few" {
		t.Errorf("%+v", j)
	}
}

// A call that has begun goes on, whatever others have filled since.
func TestALimitThatAsksEndsNoCall(t *testing.T) {
	money := per("money", toll.Cost, toll.PerSite, time.Hour, 5*int64(toll.Unit))
	money.Do = []toll.Action{toll.RequirePIN}
	p := build(t, Options{}, money)
	over := &figures{every: toll.Usage{Value: money.Act, Held: money.Act, Ready: true}}
	for _, purpose := range []toll.Purpose{toll.Renew, toll.Review} {
		if j := p.Judge(noon, again(ask(gambia, "1"), purpose, time.Minute), over); !j.Allow {
			t.Errorf("%s: %+v", purpose, j)
		}
	}
	nearly := &figures{every: toll.Usage{Value: money.Act - 2*int64(toll.Unit), Ready: true}}
	if j := p.Judge(noon, ask(gambia, "1"), nearly); !j.Allow || j.Slice != p.Options().MaxSlice {
		t.Errorf("a call that fits is shortened: %+v", j)
	}
}

func TestExplainShowsALimitThatAsks(t *testing.T) {
	p := build(t, Options{}, asking())
	q := again(ask(gambia, "1"), toll.Explain, 0)
	for value, stops := range map[int64]bool{0: false, 1: true} {
		j := p.Judge(noon, q, &figures{every: toll.Usage{Value: value, Ready: true}})
		f := j.Figures[len(j.Figures)-1]
		if f.Limit == nil || f.Stops != stops || j.Allow == stops || !strings.HasSuffix(f.Text, "; what does not fit goes with a PIN") {
			t.Errorf("at %d: %+v", value, j)
		}
	}
}

func TestAlarmsOfALimitThatAsks(t *testing.T) {
	for _, tc := range []struct {
		name  string
		do    []toll.Action
		warn  int64
		value int64
		by    string
		want  string
	}{
		{"silent, as one that denies", nil, 0, 3, "few", ""},
		{"warns", nil, 1, 1, "", "warns"},
		{"tells who was refused", []toll.Action{toll.Alert}, 0, 1, "few", "acts"},
		{"tells who went past it with a PIN", []toll.Action{toll.Alert}, 0, 2, "", "acts"},
	} {
		l := asking()
		l.Do, l.Warn = append(l.Do, tc.do...), tc.warn
		got := ""
		for _, a := range build(t, Options{}, l).Alarms(ask(gambia, "1"), tc.by, &figures{every: toll.Usage{Value: tc.value, Ready: true}}) {
			if got = "warns"; a.Acts {
				got = "acts"
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestWhatStandsBesideAPIN(t *testing.T) {
	for want, change := range map[string]func(*toll.Limit){
		"action deny cannot stand beside pin":        func(l *toll.Limit) { l.Do = []toll.Action{toll.Deny, toll.RequirePIN} },
		"action cut cannot stand beside pin":         func(l *toll.Limit) { l.Do = append(l.Do, toll.Cut) },
		"action lock_caller cannot stand beside pin": func(l *toll.Limit) { l.Do = append(l.Do, toll.LockCaller) },
		"action fuse cannot stand beside pin":        func(l *toll.Limit) { l.Do = append(l.Do, toll.BlowFuse) },
		"a limit per call":                           func(l *toll.Limit) { *l = perCallOf(*l); l.Meter.Measure = toll.Seconds },
		"":                                           func(l *toll.Limit) { l.Do = append(l.Do, toll.Alert) },
	} {
		l := asking()
		change(&l)
		p, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.With(toll.Setting{Limit: &l})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", l.Do, err, want)
		}
	}
}

// With the right PIN such a limit might as well not be there; without one a call is
// let go by it just where it would be by one that denies.
func TestALimitThatAsksIsOneThatDeniesWithoutAPIN(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLimit.Draw(t, "limit")
		if l.Meter.Scope == toll.PerCall || l.Observe {
			return
		}
		l.ID = "x"
		q := again(drawQuestion(t), toll.Ask, 0)
		q.To.Class = toll.IntlMobile
		with := func(do ...toll.Action) *Policy {
			p, err := New(Options{})
			if err != nil {
				t.Fatal(err)
			}
			l.Do = do
			if len(do) == 0 {
				return p
			}
			if p, err = p.With(toll.Setting{Limit: &l}); err != nil {
				t.Fatal(err)
			}
			return p
		}
		asks, denies := with(toll.RequirePIN), with(toll.Deny)
		u := drawFigures(t, asks)
		if a, d := asks.Judge(noon, q, u), denies.Judge(noon, q, u); a.Allow != d.Allow {
			t.Fatalf("asks: %+v, denies: %+v", a, d)
		}
		q.Proof = toll.PINRight
		a, n := asks.Judge(noon, q, u), with().Judge(noon, q, u)
		if a.Allow != n.Allow || a.Slice != n.Slice || a.Reason != n.Reason {
			t.Fatalf("with a PIN: %+v, without the limit: %+v", a, n)
		}
	})
}
