package policy

import (
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestARuleThatAsksForAPIN(t *testing.T) {
	pin := toll.Rule{ID: "ask", Country: "GM", Do: toll.AskPIN}
	used := toll.Usage{Value: 1, Ready: true}
	free := toll.Usage{Ready: true}
	locked := &toll.Lock{Scope: toll.PerCaller, Subject: "1001"}
	full := per("full", toll.Calls, toll.PerSite, 3600e9, 1)
	for _, tt := range []struct {
		name   string
		rule   toll.Rule
		to     toll.Destination
		proof  toll.Proof
		usage  toll.Usage
		lock   *toll.Lock
		reason toll.Reason
		by     string
	}{
		{"not asked yet", pin, gambia, toll.NotAsked, free, nil, toll.ReasonPINNeeded, "ask"},
		{"right", pin, gambia, toll.PINRight, free, nil, toll.ReasonRule, "ask"},
		{"wrong", pin, gambia, toll.PINWrong, free, nil, toll.ReasonPINWrong, "ask"},
		{"none entered", pin, gambia, toll.PINNone, free, nil, toll.ReasonPINNeeded, "ask"},
		{"none set", pin, gambia, toll.PINUnset, free, nil, toll.ReasonPINUnset, "ask"},
		{"nonsense", pin, gambia, "yes", free, nil, toll.ReasonPINNeeded, "ask"},
		{"a lock first", pin, gambia, toll.NotAsked, free, locked, toll.ReasonLocked, "caller=1001"},
		{"a lock in spite of it", pin, gambia, toll.PINRight, free, locked, toll.ReasonLocked, "caller=1001"},
		{"nobody is asked in vain", pin, gambia, toll.NotAsked, used, nil, toll.ReasonLimit, "full"},
		{"no way past a limit", pin, gambia, toll.PINRight, used, nil, toll.ReasonLimit, "full"},
		{"elsewhere", pin, munich, toll.NotAsked, free, nil, toll.ReasonDefault, "default:home_fixed"},
		{"an emergency", toll.Rule{ID: "ask", Do: toll.AskPIN}, police, toll.NotAsked, used, locked, toll.ReasonEmergency, ""},
		{"only observing", toll.Rule{ID: "ask", Country: "AT", Do: toll.AskPIN, Observe: true}, austria, toll.NotAsked, free, nil, toll.ReasonObserve, "ask"},
	} {
		p := build(t, Options{}, tt.rule, full)
		q := ask(tt.to, "0.30")
		q.Proof = tt.proof
		j := p.Judge(noon, q, &figures{every: tt.usage, lock: tt.lock})
		if j.Reason != tt.reason || j.By != tt.by {
			t.Errorf("%s: %s by %q, want %s by %q", tt.name, j.Reason, j.By, tt.reason, tt.by)
		}
		allows := tt.reason == toll.ReasonRule || tt.reason == toll.ReasonDefault || tt.reason == toll.ReasonEmergency || tt.reason == toll.ReasonObserve
		if j.Allow != allows || !allows && j.Slice != 0 {
			t.Errorf("%s: %+v", tt.name, j)
		}
		if !j.Allow && (len(j.Figures) != 1 || j.Figures[0].By != tt.by || !j.Figures[0].Stops) {
			t.Errorf("%s: figures %+v", tt.name, j.Figures)
		}
	}
}

func TestASiteThatObservesAsksNobody(t *testing.T) {
	p := build(t, Options{Observe: true}, toll.Rule{ID: "ask", Do: toll.AskPIN})
	j := p.Judge(noon, ask(munich, "0.02"), quiet())
	if !j.Allow || j.Denied != toll.ReasonPINNeeded || j.By != "ask" {
		t.Errorf("%+v", j)
	}
}

// Who has entered his PIN goes on talking; a call that began without one does not
// when the rule comes, as with a rule that denies.
func TestALiveCallIsNotAskedAgain(t *testing.T) {
	p := build(t, Options{}, toll.Rule{ID: "ask", Do: toll.AskPIN})
	for _, purpose := range []toll.Purpose{toll.Renew, toll.Review} {
		l := toll.Lease{Key: toll.Key{PBX: "pbx"}, To: munich, PIN: true}
		if j := p.Judge(noon, l.Question(purpose), quiet()); !j.Allow {
			t.Errorf("%s with a PIN: %+v", purpose, j)
		}
		l.PIN = false
		if j := p.Judge(noon, l.Question(purpose), quiet()); j.Allow || j.Reason != toll.ReasonPINNeeded {
			t.Errorf("%s without: %+v", purpose, j)
		}
	}
}

func TestExplainShowsTheRuleThatAsks(t *testing.T) {
	p := build(t, Options{}, toll.Rule{ID: "ask", Country: "GM", Do: toll.AskPIN}, per("full", toll.Calls, toll.PerSite, 3600e9, 1))
	q := ask(gambia, "0.30")
	q.Purpose = toll.Explain
	j := p.Judge(noon, q, quiet())
	if j.Allow || j.Reason != toll.ReasonPINNeeded || len(j.Figures) != 2 || !j.Figures[0].Stops || j.Figures[1].Stops {
		t.Errorf("%+v", j)
	}
}
