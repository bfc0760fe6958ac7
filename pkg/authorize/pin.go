package authorize

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/pin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Asterisk's own sounds: "Please enter your password followed by the pound key",
// and the same after "Password incorrect".
const (
	soundAsk   = "agent-pass"
	soundAgain = "auth-incorrect"
)

// How long a caller has. Nobody may hold a dialogue for longer than LongestAsking.
const (
	triesInCall   = 3
	longestSound  = 10 * time.Second
	longestEntry  = 20 * time.Second // after the sound
	betweenDigits = 8 * time.Second
	LongestAsking = triesInCall*(longestSound+longestEntry) + 10*time.Second
)

// checksAtOnce bounds the hashes that are worked out at a time: each takes tens
// of milliseconds and megabytes.
const checksAtOnce = 2

// keys are those that end the sound.
const keys = "0123456789*#"

// asked bounds who is asked for a PIN: so many callers at a time, and each in one
// call. Otherwise a stolen password could hold every dialogue of the server, and
// guess in many calls at once.
type asked struct {
	mu     sync.Mutex
	most   int
	who    map[string]bool
	checks chan struct{}
}

func newAsked(most int) *asked {
	if most <= 0 {
		most = 50
	}
	return &asked{most: most, who: make(map[string]bool), checks: make(chan struct{}, checksAtOnce)}
}

func (a *asked) enter(caller string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.who[caller] || len(a.who) >= a.most {
		return false
	}
	a.who[caller] = true
	return true
}

func (a *asked) leave(caller string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.who, caller)
}

// matches checks what was entered, when it is its turn.
func (a *asked) matches(ctx context.Context, hash, entered string) (bool, error) {
	select {
	case a.checks <- struct{}{}:
		defer func() { <-a.checks }()
		return pin.Matches(hash, entered)
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// ask asks the caller for his PIN in the call, and then the ledger again. From
// the first on the dialplan knows a refusal, so that neither the end of this
// process nor that of the dialogue lets the call go out.
func (h *Handler) ask(ctx context.Context, s *agi.Session, q toll.Question) (Answer, error) {
	if err := h.say(ctx, s, refusal(toll.ReasonPINNeeded)); err != nil {
		return Answer{}, err
	}
	proof, locked := h.prove(ctx, s, q)
	if locked {
		return refusal(toll.ReasonPINWrong), nil
	}
	q.Proof = proof
	a, _ := h.Decide(ctx, q)
	return a, nil
}

// prove finds out whether the caller knows his PIN. A wrong one may be one too
// many; then he is locked, and the ledger has refused the call already.
func (h *Handler) prove(ctx context.Context, s *agi.Session, q toll.Question) (proof toll.Proof, locked bool) {
	if !h.asked.enter(q.Caller.ID) {
		h.options.Log.Warn("a caller is not asked for a PIN, as he is in another call, or too many are", "caller", q.Caller)
		return toll.PINNone, false
	}
	defer h.asked.leave(q.Caller.ID)
	known, set, err := h.pin(ctx, q)
	switch {
	case err != nil:
		h.options.Log.Error("a PIN cannot be looked up", "caller", q.Caller, "error", err)
		return toll.PINNone, false
	case !set:
		return toll.PINUnset, false
	}
	defer s.SetReadTimeout(s.SetReadTimeout(longestSound + betweenDigits))
	proof = toll.PINNone
	if err := s.Answer(ctx); err != nil { // keys are heard in an answered call only
		return proof, false
	}
	for try := range triesInCall {
		sound := soundAsk
		if try > 0 {
			sound = soundAgain
		}
		entered, err := enter(ctx, s, sound)
		if err != nil || entered == "" || s.HungUp() {
			return proof, false
		}
		right, err := h.asked.matches(ctx, known.Hash, entered)
		switch {
		case err != nil:
			h.options.Log.Error("a PIN cannot be checked", "caller", q.Caller, "error", err)
			return proof, false
		case right:
			return toll.PINRight, false
		}
		proof = toll.PINWrong
		if locked, err := h.wrong(ctx, q); locked || err != nil {
			return proof, locked // one that cannot be counted is the last
		}
	}
	return proof, false
}

// pin looks the caller's PIN up.
func (h *Handler) pin(ctx context.Context, q toll.Question) (toll.PIN, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, h.options.Deadline)
	defer cancel()
	return h.ledger.PIN(ctx, q)
}

// wrong counts a wrong one.
func (h *Handler) wrong(ctx context.Context, q toll.Question) (locked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, h.options.Deadline)
	defer cancel()
	return h.ledger.WrongPIN(ctx, q)
}

// enter plays the sound and takes digits until "#", or until no more come; "*"
// begins anew. It is empty where nobody pressed anything.
func enter(ctx context.Context, s *agi.Session, sound string) (digits string, err error) {
	key, _, err := s.StreamFile(ctx, sound, keys)
	if errors.Is(err, agi.ErrFailed) && !s.HungUp() {
		key, err = 0, nil // there is no such sound: he is asked in silence
	}
	end := time.Now().Add(longestEntry)
	for err == nil {
		switch {
		case key == '#':
			return digits, nil
		case key == '*':
			digits = ""
		case key >= '0' && key <= '9':
			digits += string(rune(key))
		}
		left := min(time.Until(end), betweenDigits)
		if len(digits) > pin.Longest || left <= 0 {
			return digits, nil
		}
		if key, err = s.WaitForDigit(ctx, left); key == 0 && err == nil {
			return digits, nil
		}
	}
	return "", err
}
