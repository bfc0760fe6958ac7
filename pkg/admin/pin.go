package admin

import (
	"strings"

	"github.com/tollfuse/tollfuse/pkg/pin"
	"github.com/tollfuse/tollfuse/pkg/shell"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// withoutHash is the setting as it may be seen: the hash of a PIN stays in the
// ledger.
func withoutHash(s toll.Setting) toll.Setting {
	if s.PIN != nil {
		s.PIN = &toll.PIN{Caller: s.PIN.Caller}
	}
	return s
}

// checkPIN checks whose PIN it is, and that its hash is one. To take it away, it
// needs no hash.
func (l *Local) checkPIN(p toll.PIN, removed bool) error {
	if _, err := l.subject(toll.PerCaller, p.Caller, removed); err != nil || removed {
		return err
	}
	if err := pin.Valid(p.Hash); err != nil {
		return Errorf(BadInput, "set it with tollfuse pin set "+shell.Quote(p.Caller), "the PIN of %s is %w", quote(p.Caller), err)
	}
	return nil
}

// pinHints say how a call that needs a PIN can go out.
func pinHints(e *Explanation, v View) []Hint {
	by := e.Verdict.By
	hints := []Hint{{"take the rule away", "tollfuse rule remove " + shell.Quote(by)}}
	if strings.HasPrefix(by, toll.ByLimit) {
		hints = limitHints(&e.Verdict.Judgement)
	}
	if !e.Caller.Present() {
		return append([]Hint{{Text: "a PIN is asked for in calls that a phone dials, not in those that are forwarded or come from a trunk"}}, hints...)
	}
	for _, s := range v.Settings {
		if s.PIN != nil && s.PIN.Caller == e.Caller.ID {
			return append([]Hint{{"enter the PIN in the call; or give another one", "tollfuse pin set " + shell.Quote(e.Caller.ID)}}, hints...)
		}
	}
	return append([]Hint{{"the caller has no PIN: give one", "tollfuse pin set " + shell.Quote(e.Caller.ID)}}, hints...)
}
