package authorize

import (
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/pin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// vault is a ledger whose rule asks everybody for a PIN.
type vault struct {
	hash        string
	err         error
	wrong, most int
	proofs      []toll.Proof
}

func (v *vault) decide(q toll.Question) toll.Verdict {
	v.proofs = append(v.proofs, q.Proof)
	if q.Proof == toll.PINRight {
		return toll.Verdict{Judgement: toll.Judgement{Allow: true, Reason: toll.ReasonRule}, Lease: toll.Lease{ID: "1-7", PIN: true}}
	}
	return toll.Verdict{Judgement: toll.Judgement{Reason: q.Proof.Reason(), By: "abroad"}}
}

// hash is of the PIN 2749, made once.
var hash = sync.OnceValue(func() string {
	h, err := pin.Hash("2749")
	if err != nil {
		panic(err)
	}
	return h
})

// presser is a caller who presses these keys, a pause being "." and "!" the end
// of the call.
type presser struct {
	keys  string
	heard []string
}

func (p *presser) answer(words []string) string {
	switch {
	case words[0] == "ANSWER":
		p.heard = append(p.heard, "ANSWER")
		return "200 result=0"
	case words[0] == "STREAM" && words[1] == "FILE":
		p.heard = append(p.heard, words[2])
		return "200 result=" + p.key() + " endpos=100"
	case strings.Join(words[:3], " ") == "WAIT FOR DIGIT":
		return "200 result=" + p.key()
	}
	return "510 Invalid or unknown command"
}

func (p *presser) key() string {
	if p.keys == "" || p.keys[0] == '!' {
		p.keys = "!"
		return "-1"
	}
	key := p.keys[0]
	p.keys = p.keys[1:]
	if key == '.' {
		return "0"
	}
	return strconv.Itoa(int(key))
}

func TestAPINIsAskedForInTheCall(t *testing.T) {
	const right, wrong, none, unset = toll.PINRight, toll.PINWrong, toll.PINNone, toll.PINUnset
	for name, test := range map[string]struct {
		keys   string
		change func(*vault)
		proof  toll.Proof // with which the ledger is asked again; "" if it is not
		heard  int        // sounds
		reason toll.Reason
	}{
		"right":                     {"2749#", nil, right, 1, toll.ReasonRule},
		"after the sound":           {".2749#", nil, right, 1, toll.ReasonRule},
		"no #":                      {"2749.", nil, right, 1, toll.ReasonRule},
		"begun anew":                {"99*2749#", nil, right, 1, toll.ReasonRule},
		"the second time":           {"1111#2749#", nil, right, 2, toll.ReasonRule},
		"a letter key":              {"27A49#", nil, right, 1, toll.ReasonRule},
		"three wrong":               {"1111#2222#3333#2749#", nil, "", 3, toll.ReasonPINWrong},
		"locked at once":            {"1111#2749#", func(v *vault) { v.most = 1 }, "", 1, toll.ReasonPINWrong},
		"never locked":              {"1111#1111#1111#2749#", func(v *vault) { v.most = 9 }, wrong, 3, toll.ReasonPINWrong},
		"endless digits":            {strings.Repeat("2749", 100), func(v *vault) { v.most = 1 }, "", 1, toll.ReasonPINWrong},
		"nothing":                   {"..", nil, none, 1, toll.ReasonPINNeeded},
		"only #":                    {"#2749#", nil, none, 1, toll.ReasonPINNeeded},
		"hung up":                   {"27!", nil, none, 1, toll.ReasonPINNeeded},
		"hung up after a wrong one": {"1111#2!", nil, wrong, 2, toll.ReasonPINWrong},
		"has none":                  {"2749#", func(v *vault) { v.hash = "" }, unset, 0, toll.ReasonPINUnset},
		"cannot be looked up":       {"2749#", func(v *vault) { v.err = errors.New("down") }, none, 0, toll.ReasonPINNeeded},
		"damaged hash":              {"2749#", func(v *vault) { v.hash = "2749" }, none, 1, toll.ReasonPINNeeded},
	} {
		v := &vault{hash: hash(), most: 3}
		if test.change != nil {
			test.change(v)
		}
		p := &presser{keys: test.keys}
		got := askWith(t, handler(t, &clerk{pin: v}, nil), p.answer, call("2025550123")...)
		verdict := "deny"
		if test.proof == right {
			verdict = "allow"
		}
		if got["TOLLFUSE_VERDICT"] != verdict || got["TOLLFUSE_REASON"] != string(test.reason) {
			t.Errorf("%s: %v", name, got)
		}
		want := []toll.Proof{toll.NotAsked}
		if test.proof != "" {
			want = append(want, test.proof)
		}
		if !slices.Equal(v.proofs, want) {
			t.Errorf("%s: the ledger was asked with %q, want %q", name, v.proofs, want)
		}
		if sounds := max(len(p.heard)-1, 0); sounds != test.heard {
			t.Errorf("%s: heard %q", name, p.heard)
		}
	}
}

// A dialogue that breaks off while the caller is asked leaves a refusal, also
// where the dialplan would let the number go by itself.
func TestWhoIsAskedIsRefusedMeanwhile(t *testing.T) {
	var before []string
	p := &presser{}
	got := askWith(t, handler(t, &clerk{pin: &vault{hash: hash()}}, nil), func(words []string) string {
		before = append(before, words[0])
		if words[0] == "ANSWER" {
			return "garbage" // the dialogue is over
		}
		return p.answer(words)
	}, call("2025550123")...)
	if got["TOLLFUSE_VERDICT"] != "deny" || got["TOLLFUSE_REASON"] != string(toll.ReasonPINNeeded) || len(before) != 1 {
		t.Errorf("set %v after %q", got, before)
	}
}

// Once the ledger has asked for a PIN, its failure lets nobody out who gave none.
func TestAFailingLedgerLetsNobodyOutWithoutHisPIN(t *testing.T) {
	for proof, allow := range map[toll.Proof]bool{toll.NotAsked: true, toll.PINRight: true, toll.PINNone: false, toll.PINWrong: false, toll.PINUnset: false} {
		h := handler(t, &clerk{}, nil)
		to := h.options.Sites["pbx1"].Numbering.Resolve("2025550123")
		if a := h.failed(toll.Question{To: to, Proof: proof}, errors.New("down")); a.Allow != allow {
			t.Errorf("%q: %+v", proof, a)
		}
	}
	h := handler(t, &clerk{}, nil)
	to := h.options.Sites["pbx1"].Numbering.Resolve("911")
	if a := h.failed(toll.Question{To: to, Proof: toll.PINWrong}, errors.New("down")); !a.Allow {
		t.Errorf("an emergency call: %+v", a)
	}
}

func TestNobodyIsAskedInTwoCalls(t *testing.T) {
	a := newAsked(2)
	if !a.enter("1001") || a.enter("1001") || !a.enter("1002") || a.enter("1003") {
		t.Error("want each caller once, and two of them")
	}
	a.leave("1001")
	if !a.enter("1003") || a.enter("1001") {
		t.Error("a place that was left is not taken")
	}
}

// A second call meanwhile is refused, and nothing is said in it.
func TestASecondCallMeanwhileIsRefused(t *testing.T) {
	v := &vault{hash: hash(), most: 3}
	h := handler(t, &clerk{pin: v}, nil)
	h.asked.enter("1001")
	p := &presser{keys: "2749#"}
	got := askWith(t, h, p.answer, call("2025550123")...)
	if got["TOLLFUSE_REASON"] != string(toll.ReasonPINNeeded) || len(p.heard) != 0 {
		t.Errorf("set %v, heard %q", got, p.heard)
	}
}

// What was entered is in no log.
func TestAPINIsNeverLogged(t *testing.T) {
	var log strings.Builder
	for _, v := range []*vault{{hash: hash(), most: 3}, {hash: "no hash", most: 3}, {hash: hash(), most: 3, err: errors.New("down")}} {
		h := handler(t, &clerk{pin: v}, func(o *Options) {
			o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		askWith(t, h, (&presser{keys: "8642#97531#2749#"}).answer, call("2025550123")...)
	}
	for _, secret := range []string{"8642", "97531", "2749", "argon2id"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is logged:\n%s", secret, log.String())
		}
	}
}
