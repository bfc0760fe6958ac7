package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestEmergencyPassesAboveEverything(t *testing.T) {
	p := build(t, Options{},
		toll.Rule{ID: "nobody", Kind: toll.Extension, Do: toll.Forbid},
		per("nothing", toll.Cost, toll.PerSite, time.Hour, 0))
	for _, purpose := range []toll.Purpose{toll.Ask, toll.Renew, toll.Review, toll.Explain} {
		u := quiet()
		u.lock = &toll.Lock{Scope: toll.PerCaller, Subject: "extension:1001"}
		j := p.Judge(noon, again(ask(police, "0"), purpose, 90*time.Hour), u)
		if !j.Allow || j.Reason != toll.ReasonEmergency || j.Slice != Unlimited || j.Maximum != Unlimited {
			t.Errorf("%s: %+v", purpose, j)
		}
		if u.asked != 0 {
			t.Errorf("%s: figures were consulted", purpose)
		}
	}
}

func TestTheOrderOfAHearing(t *testing.T) {
	deny := toll.Rule{ID: "deny-gambia", Country: "GM", Do: toll.Forbid}
	full := per("full", toll.Calls, toll.PerSite, time.Hour, 1)
	p := build(t, Options{}, deny, full)
	locked := &toll.Lock{Scope: toll.PerCaller, Subject: "extension:1001"}
	expired := &toll.Lock{Scope: toll.PerCaller, Subject: "extension:1001", Until: noon}
	used := toll.Usage{Value: 1, Ready: true}
	tests := []struct {
		name  string
		to    toll.Destination
		lock  *toll.Lock
		usage toll.Usage
		want  toll.Reason
		by    string
	}{
		{"internal", toll.Destination{Dialled: "1002", Class: toll.Internal}, locked, used, toll.ReasonInternal, ""},
		{"feature code", toll.Destination{Dialled: "*98", Class: toll.FeatureCode}, locked, used, toll.ReasonInternal, ""},
		{"no number before a lock", noise, locked, used, toll.ReasonBadNumber, "default:unplaced"},
		{"lock before a rule", gambia, locked, used, toll.ReasonLocked, "caller=extension:1001"},
		{"expired lock", gambia, expired, used, toll.ReasonDeniedRule, "deny-gambia"},
		{"rule before a limit", gambia, nil, used, toll.ReasonDeniedRule, "deny-gambia"},
		{"limit", munich, nil, used, toll.ReasonLimit, "full"},
		{"default", munich, nil, toll.Usage{Ready: true}, toll.ReasonDefault, "default:home_fixed"},
	}
	for _, tt := range tests {
		u := &figures{every: tt.usage, lock: tt.lock}
		j := p.Judge(noon, ask(tt.to, "0.30"), u)
		if j.Reason != tt.want || j.By != tt.by {
			t.Errorf("%s: %s by %q, want %s by %q", tt.name, j.Reason, j.By, tt.want, tt.by)
		}
		if j.Allow != (tt.want == toll.ReasonInternal || tt.want == toll.ReasonDefault) {
			t.Errorf("%s: allow is %v", tt.name, j.Allow)
		}
		if !j.Allow && (len(j.Figures) != 1 || j.Figures[0].By != tt.by || !j.Figures[0].Stops) {
			t.Errorf("%s: figures %+v, want the one that decided", tt.name, j.Figures)
		}
	}
}

func TestClassDefaults(t *testing.T) {
	p := build(t, Options{Countries: []string{"AT", "DM"}})
	tests := []struct {
		class   toll.Class
		country string
		valid   bool
		allow   bool
	}{
		{toll.HomeFixed, "US", false, true},
		{toll.HomeMobile, "US", false, true},
		{toll.TollFree, "US", false, true},
		{toll.SharedCost, "US", true, true},
		{toll.HomePremium, "US", true, false},
		{toll.Personal, "US", true, false},
		{toll.IntlFixed, "AT", true, true},
		{toll.IntlMobile, "AT", false, true},
		{toll.IntlPremium, "AT", true, false},
		{toll.IntlFixed, "GM", true, true},
		{toll.IntlMobile, "GM", true, true},
		{toll.IntlMobile, "GM", false, false},
		{toll.ForeignNANP, "DM", true, true},
		{toll.ForeignNANP, "PR", true, true},
		{toll.ForeignNANP, "CA", true, true},
		{toll.ForeignNANP, "JM", true, false},
		{toll.Global, "001", true, false},
		{toll.Unassigned, "", false, false},
		{toll.Class("unheard of"), "AT", true, false},
	}
	for _, tt := range tests {
		j := p.Judge(noon, ask(toll.Destination{E164: "+1", Country: tt.country, Class: tt.class, Valid: tt.valid}, "0"), quiet())
		want := toll.ReasonDeniedClass
		if tt.allow {
			want = toll.ReasonDefault
		}
		if j.Allow != tt.allow || j.Reason != want || j.By != "default:"+string(tt.class) {
			t.Errorf("%s %s valid=%v: %+v", tt.class, tt.country, tt.valid, j)
		}
	}
}

func TestAHomeCallMayBeLonger(t *testing.T) {
	p := build(t, Options{MaxCall: time.Hour, MaxHomeCall: 3 * time.Hour})
	for to, want := range map[toll.Destination]time.Duration{munich: 3 * time.Hour, bridge: 3 * time.Hour, gambia: time.Hour} {
		q := ask(to, "0.10")
		if j := p.Judge(noon, q, quiet()); j.Maximum != want || j.Slice != 10*time.Minute {
			t.Errorf("%s: maximum %s, slice %s", to.Class, j.Maximum, j.Slice)
		}
		// The last slice is what is left, even below the shortest.
		if j := p.Judge(noon, again(q, toll.Renew, want-7*time.Second), quiet()); !j.Allow || j.Slice != 7*time.Second {
			t.Errorf("%s: last slice %s", to.Class, j.Slice)
		}
		j := p.Judge(noon, again(q, toll.Renew, want), quiet())
		if j.Allow || j.Reason != toll.ReasonLimit || !strings.HasPrefix(j.By, "option:max_") {
			t.Errorf("%s: beyond the longest: %+v", to.Class, j)
		}
		if j := p.Judge(noon, again(q, toll.Review, want), quiet()); !j.Allow || j.Slice != 0 {
			t.Errorf("%s: review at the longest: %+v", to.Class, j)
		}
	}
}

func TestReviewAsksWhetherACallMayStay(t *testing.T) {
	live := per("live", toll.Concurrent, toll.PerCaller, 0, 2)
	tries := per("tries", toll.Attempts, toll.PerCaller, time.Hour, 5)
	p := build(t, Options{}, live, tries)
	of := func(liveHeld, attempts int64) *figures {
		return &figures{of: map[toll.Meter]toll.Usage{live.Meter: {Held: liveHeld}, tries.Meter: {Value: attempts}}}
	}
	q := again(ask(gambia, "1.50"), toll.Review, time.Minute)
	if j := p.Judge(noon, q, of(2, 5)); !j.Allow || j.Slice != 0 {
		t.Errorf("full, but not over: %+v", j)
	}
	if j := p.Judge(noon, q, of(3, 5)); j.Allow || j.By != "live" {
		t.Errorf("more live calls than allowed now: %+v", j)
	}
	if j := p.Judge(noon, q, of(2, 50)); !j.Allow {
		t.Errorf("attempts must not end a call that is up: %+v", j)
	}
	if j := p.Judge(noon, again(q, toll.Renew, time.Minute), of(2, 50)); !j.Allow {
		t.Errorf("nor keep it from being renewed: %+v", j)
	}
}

func TestRefusedAttemptsShutTheDoorAtTheThreshold(t *testing.T) {
	p := build(t, Options{}, per("refused", toll.RefusedAttempts, toll.PerCaller, time.Hour, 3))
	for value, allow := range map[int64]bool{0: true, 2: true, 3: false, 4: false} {
		if j := p.Judge(noon, ask(munich, "0"), &figures{every: toll.Usage{Value: value}}); j.Allow != allow {
			t.Errorf("after %d refusals: %+v", value, j)
		}
		if j := p.Judge(noon, again(ask(munich, "0"), toll.Renew, time.Minute), &figures{every: toll.Usage{Value: value}}); !j.Allow {
			t.Errorf("after %d refusals a call that is up goes on: %+v", value, j)
		}
	}
}

func TestSlicesShrinkBeforeACallIsRefused(t *testing.T) {
	// 0.60 a minute is 0.01 a second; two seconds more are reserved.
	budget := per("budget", toll.Cost, toll.PerSite, 24*time.Hour, int64(30*toll.Unit))
	p := build(t, Options{}, budget)
	cent := int64(toll.Unit) / 100
	tests := []struct {
		left  int64
		slice time.Duration
	}{
		{2000 * cent, 498 * time.Second},
		{1000 * cent, 248 * time.Second}, // a fourth, less the margin
		{400 * cent, 98 * time.Second},
		{248 * cent, 60 * time.Second},
		{62 * cent, 60 * time.Second}, // the shortest slice takes more than its share
		{61 * cent, 0},
		{-1, 0},
	}
	for _, tt := range tests {
		j := p.Judge(noon, ask(gambia, "0.60"), &figures{every: toll.Usage{Value: budget.Act - tt.left - 1, Held: 1}})
		if j.Slice != tt.slice || j.Allow != (tt.slice > 0) {
			t.Errorf("with %d left: %+v, want %s", tt.left, j, tt.slice)
		}
	}
}

func TestTheLastPlaceIsGrantedWhole(t *testing.T) {
	p := build(t, Options{}, per("live", toll.Concurrent, toll.PerSite, 0, 2))
	if j := p.Judge(noon, ask(gambia, "1.50"), &figures{every: toll.Usage{Held: 1}}); j.Slice != 10*time.Minute {
		t.Errorf("a longer call takes no more places: %+v", j)
	}
}

func TestLimitsPerCall(t *testing.T) {
	seconds := perCallOf(per("short", toll.Seconds, "", 0, 60))
	money := perCallOf(per("cheap", toll.Cost, "", 0, int64(toll.Unit)))
	tests := []struct {
		limit toll.Limit
		price string
		want  time.Duration
	}{
		{seconds, "1.50", 60 * time.Second}, // no second less for the margin
		{money, "0.60", 98 * time.Second},   // two seconds are kept for a late cut
		{money, "0", 2 * time.Hour},
		{money, "40", 0}, // not even the margin fits
	}
	for _, tt := range tests {
		p := build(t, Options{}, tt.limit)
		j := p.Judge(noon, ask(gambia, tt.price), quiet())
		if j.Maximum != tt.want || j.Slice != min(tt.want, 10*time.Minute) || j.Allow != (tt.want > 0) {
			t.Errorf("%s at %s: %+v", tt.limit.ID, tt.price, j)
		}
		if !j.Allow && j.By != tt.limit.ID {
			t.Errorf("%s at %s: by %q", tt.limit.ID, tt.price, j.By)
		}
		if len(p.Meters()) != 0 {
			t.Errorf("a limit per call needs no meter: %v", p.Meters())
		}
	}
	p := build(t, Options{}, seconds)
	if j := p.Judge(noon, again(ask(munich, "0"), toll.Renew, time.Minute), quiet()); j.Allow || j.By != "short" {
		t.Errorf("renewed beyond the limit: %+v", j)
	}
	if j := p.Judge(noon, again(ask(munich, "0"), toll.Review, 2*time.Minute), quiet()); j.Allow || j.By != "short" {
		t.Errorf("kept beyond the limit: %+v", j)
	}
}

func TestALimitOnlyCountsWhatItCovers(t *testing.T) {
	l := per("full", toll.Calls, toll.PerGroup, time.Hour, 0)
	l.Meter.Where = toll.Abroad
	p := build(t, Options{}, l)
	if j := p.Judge(noon, ask(gambia, "1"), quiet()); j.Allow {
		t.Error("it covers calls abroad")
	}
	if j := p.Judge(noon, ask(munich, "1"), quiet()); !j.Allow {
		t.Error("it does not cover calls at home")
	}
	loner := ask(gambia, "1")
	loner.Caller.Group = ""
	if j := p.Judge(noon, loner, quiet()); !j.Allow {
		t.Error("it does not cover a caller without a group")
	}
}

func TestOnlyDenyAndCutRefuse(t *testing.T) {
	for action, refuses := range map[toll.Action]bool{toll.Alert: false, toll.LockCaller: false, toll.Deny: true, toll.Cut: true} {
		l := per("full", toll.Calls, toll.PerSite, time.Hour, 1)
		l.Do = []toll.Action{action}
		p := build(t, Options{}, l)
		u := &figures{every: toll.Usage{Value: 1}}
		if j := p.Judge(noon, ask(munich, "0"), u); j.Allow == refuses {
			t.Errorf("%s: %+v", action, j)
		}
		if len(p.Meters()) != 1 {
			t.Errorf("%s: its figure is needed all the same", action)
		}
	}
}

func TestObserving(t *testing.T) {
	observing := func(l toll.Limit) toll.Limit { l.Observe = true; return l }
	full := per("full", toll.Calls, toll.PerSite, time.Hour, 0)
	short := perCallOf(per("short", toll.Seconds, "", 0, 1))
	shadow := toll.Rule{ID: "shadow", Country: "GM", Kind: toll.Extension, Do: toll.Forbid, Observe: true}
	opens := toll.Rule{ID: "opens", Country: "GM", Kind: toll.Extension, Do: toll.Permit, Observe: true}
	shuts := toll.Rule{ID: "shuts", Country: "GM", Do: toll.Forbid}
	locked := &toll.Lock{Scope: toll.PerSite}
	site := Options{Observe: true}
	tests := []struct {
		name     string
		options  Options
		settings []any
		lock     *toll.Lock
		q        toll.Question
		allow    bool
		denied   toll.Reason
		by       string
	}{
		{"limit", Options{}, []any{observing(full)}, nil, ask(gambia, "1"), true, toll.ReasonLimit, "full"},
		{"limit per call", Options{}, []any{observing(short)}, nil, again(ask(gambia, "1"), toll.Renew, time.Second), true, toll.ReasonLimit, "short"},
		{"rule", Options{}, []any{shadow}, nil, ask(gambia, "1"), true, toll.ReasonDeniedRule, "shadow"},
		{"rule over one that decides", Options{}, []any{shadow, shuts}, nil, ask(gambia, "1"), false, "", "shuts"},
		{"a rule that would open opens nothing", Options{}, []any{opens, shuts}, nil, ask(gambia, "1"), false, "", "shuts"},
		{"two that observe", Options{}, []any{shadow, observing(full)}, nil, ask(gambia, "1"), true, toll.ReasonDeniedRule, "shadow"},
		{"enforced limit behind a shadow", Options{}, []any{shadow, full}, nil, ask(gambia, "1"), false, "", "full"},
		{"site, rule", site, []any{shuts}, nil, ask(gambia, "1"), true, toll.ReasonDeniedRule, "shuts"},
		{"site, limit", site, []any{full}, nil, ask(gambia, "1"), true, toll.ReasonLimit, "full"},
		{"site, lock", site, nil, locked, ask(gambia, "1"), true, toll.ReasonLocked, "site="},
		{"site, no number", site, nil, nil, ask(noise, "1"), true, toll.ReasonBadNumber, "default:unplaced"},
		{"site, long call", site, nil, nil, again(ask(gambia, "1"), toll.Renew, 30*time.Hour), true, toll.ReasonLimit, "option:max_call"},
		{"nothing to observe", site, nil, nil, ask(gambia, "1"), true, "", "default:intl_mobile"},
	}
	for _, tt := range tests {
		u := quiet()
		u.lock = tt.lock
		j := build(t, tt.options, tt.settings...).Judge(noon, tt.q, u)
		if j.Allow != tt.allow || j.Denied != tt.denied || j.By != tt.by {
			t.Errorf("%s: %+v", tt.name, j)
		}
		if tt.allow && j.Slice != 10*time.Minute {
			t.Errorf("%s: slice %s", tt.name, j.Slice)
		}
		if (j.Reason == toll.ReasonObserve) != (tt.denied != "") {
			t.Errorf("%s: reason %s", tt.name, j.Reason)
		}
		if (tt.denied != "" || !tt.allow) && (len(j.Figures) != 1 || j.Figures[0].By != tt.by) {
			t.Errorf("%s: figures %+v", tt.name, j.Figures)
		}
	}
}

func TestExplainShowsAllThatWasLookedAt(t *testing.T) {
	watch := per("watch", toll.Calls, toll.PerCaller, time.Hour, 1)
	watch.Do = []toll.Action{toll.Alert}
	p := build(t, Options{},
		toll.Rule{ID: "precise", Prefix: "+2203", Country: "GM", Do: toll.Forbid},
		toll.Rule{ID: "broad", Country: "GM", Do: toll.Permit},
		toll.Rule{ID: "elsewhere", Country: "AT", Do: toll.Permit},
		per("budget", toll.Cost, toll.PerSite, 24*time.Hour, int64(toll.Unit)),
		perCallOf(per("short", toll.Seconds, "", 0, 600)),
		watch)
	u := &figures{
		every: toll.Usage{Value: 5, Held: 7},
		lock:  &toll.Lock{Scope: toll.PerCaller, Subject: "extension:1001\r\nHangup", Author: "eve", Reason: strings.Repeat("x", 500)},
	}
	j := p.Judge(noon, again(ask(gambia, "1.50"), toll.Explain, 0), u)
	if j.Allow || j.Reason != toll.ReasonLocked {
		t.Errorf("verdict: %+v", j)
	}
	var by []string
	for _, f := range j.Figures {
		by = append(by, strings.SplitN(f.By, "=", 2)[0])
		if f.Text == "" || len(f.Text) > 400 || strings.ContainsAny(f.Text, "\r\n") {
			t.Errorf("%s: text %q", f.By, f.Text)
		}
		if stops := f.By != "broad" && f.By != "short" && f.By != "watch"; f.Stops != stops {
			t.Errorf("%s: stops is %v", f.By, f.Stops)
		}
		if f.By == "budget" && (f.Limit == nil || f.Need != int64(1_550_000) || f.Usage.Held != 7 || !strings.Contains(f.Text, "not counted yet")) {
			t.Errorf("budget: %+v", f)
		}
	}
	if got := strings.Join(by, " "); got != "caller precise broad short watch budget" {
		t.Errorf("looked at: %s", got)
	}
}

func TestTheLastSecondsNeedOnlyWhatTheyCost(t *testing.T) {
	p := build(t, Options{}, per("budget", toll.Cost, toll.PerSite, 24*time.Hour, int64(10*toll.Unit)))
	u := &figures{every: toll.Usage{Held: int64(10*toll.Unit) - 100_000}} // 0.10 is left: ten seconds
	q := ask(gambia, "0.60")
	if j := p.Judge(noon, again(q, toll.Renew, 2*time.Hour-10*time.Second), u); !j.Allow || j.Slice != 10*time.Second {
		t.Errorf("the last ten seconds: %+v", j)
	}
	if j := p.Judge(noon, again(q, toll.Renew, 2*time.Hour-9500*time.Millisecond), u); !j.Allow || j.Slice != 9*time.Second {
		t.Errorf("whole seconds only: %+v", j)
	}
	// A call that is up takes what is left, though none is begun for so little.
	if j := p.Judge(noon, again(q, toll.Renew, time.Hour), u); !j.Allow || j.Slice != 10*time.Second {
		t.Errorf("ten seconds in the middle: %+v", j)
	}
	u.every.Held++
	if j := p.Judge(noon, again(q, toll.Renew, time.Hour), u); j.Allow {
		t.Errorf("less than ten seconds are left: %+v", j)
	}
	if j := p.Judge(noon, q, u); j.Allow {
		t.Errorf("a new call: %+v", j)
	}
}

func TestAbsurdLengths(t *testing.T) {
	p := build(t, Options{})
	q := ask(gambia, "0.60")
	if j := p.Judge(noon, again(q, toll.Renew, -time.Hour), quiet()); j.Slice != 10*time.Minute {
		t.Errorf("less than nothing is granted: %+v", j)
	}
	if j := p.Judge(noon, again(q, toll.Renew, 1<<63-1), quiet()); j.Allow {
		t.Errorf("centuries are granted: %+v", j)
	}
	observing := build(t, Options{Observe: true})
	if j := observing.Judge(noon, again(q, toll.Renew, 1<<63-1), quiet()); !j.Allow || j.Slice != 10*time.Minute {
		t.Errorf("centuries, observed: %+v", j)
	}
}

func TestWhoObservesShortensNothing(t *testing.T) {
	narrow := per("narrow", toll.Cost, toll.PerSite, 24*time.Hour, int64(4*toll.Unit))
	q := ask(gambia, "0.60")
	if j := build(t, Options{}, narrow).Judge(noon, q, quiet()); j.Slice != 98*time.Second || j.Denied != "" {
		t.Errorf("enforced: %+v", j)
	}
	if j := build(t, Options{Observe: true}, narrow).Judge(noon, q, quiet()); j.Slice != 10*time.Minute || j.Denied != "" {
		t.Errorf("the site observes: %+v", j)
	}
	narrow.Observe = true
	if j := build(t, Options{}, narrow).Judge(noon, q, quiet()); j.Slice != 10*time.Minute || j.Denied != "" {
		t.Errorf("the limit observes: %+v", j)
	}
}
