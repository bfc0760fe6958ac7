package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The bounds of what an owner may write.
const (
	longestID      = 40
	longestName    = 80
	longestComment = 500
	shortestWindow = time.Minute
	longestWindow  = 31 * 24 * time.Hour
	// largestAct keeps a threshold below what any weight can be, so that an
	// absurd price never fits.
	largestAct = 1 << 60
)

// checkRule says what is wrong with a rule by itself.
func checkRule(r toll.Rule) error {
	if err := checkCommon(r.ID, r.Comment, r.Where); err != nil {
		return err
	}
	if !slices.Contains(effects[:], r.Do) {
		return fmt.Errorf("effect %q is unknown: want one of %s", clip(string(r.Do)), list(effects[:]))
	}
	if r.Kind != "" && !slices.Contains(callerKinds[:], r.Kind) {
		return fmt.Errorf("kind of caller %q is unknown: want one of %s", clip(string(r.Kind)), list(callerKinds[:]))
	}
	if err := checkName("caller", r.Caller); err != nil {
		return err
	}
	if err := checkName("group", r.Group); err != nil {
		return err
	}
	if origins := toll.Origins(); r.Origin != "" && !slices.Contains(origins[:], r.Origin) {
		return fmt.Errorf("origin %q is unknown: want one of %s", clip(string(r.Origin)), list(origins[:]))
	}
	if r.Prefix != "" && !isPrefix(r.Prefix) {
		return fmt.Errorf("prefix %q: want + and 1 to 15 digits, such as +4420", clip(r.Prefix))
	}
	if r.Country != "" {
		return toll.CheckCountry(r.Country)
	}
	return nil
}

// checkLimit says what is wrong with a limit by itself.
func checkLimit(l toll.Limit) error {
	if err := checkCommon(l.ID, l.Comment, l.Meter.Where); err != nil {
		return err
	}
	w, known := l.Meter.Measure.Weigher()
	if !known {
		return fmt.Errorf("measure %q is unknown: want one of %s", clip(string(l.Meter.Measure)), list(toll.Measures()))
	}
	if !slices.Contains(toll.Scopes(), l.Meter.Scope) {
		return fmt.Errorf("scope %q is unknown: want one of %s", clip(string(l.Meter.Scope)), list(toll.Scopes()))
	}
	if err := checkThings(l.Meter, w); err != nil {
		return err
	}
	if err := checkWindow(l.Meter, w); err != nil {
		return err
	}
	switch {
	case l.Act < 0 || l.Act > largestAct:
		return fmt.Errorf("threshold %d: want 0 to %d", l.Act, int64(largestAct))
	case l.Warn < 0 || l.Warn > l.Act:
		return fmt.Errorf("threshold to warn %d: want 0 for none, or up to the threshold to act, %d", l.Warn, l.Act)
	}
	locks := l.Does(toll.LockCaller) || l.Does(toll.LockRange)
	switch {
	case l.LockFor < 0 || l.LockFor > longestWindow || l.LockFor%time.Second != 0:
		return fmt.Errorf("lock for %s: want whole seconds up to 31 days, or 0 for until it is released", l.LockFor)
	case l.LockFor > 0 && !locks:
		return fmt.Errorf("it locks nobody: add the action %s or %s, or leave out for how long", toll.LockCaller, toll.LockRange)
	}
	if err := checkActions(l.Do); err != nil {
		return err
	}
	return checkPIN(l)
}

// checkPIN refuses what a limit that asks for a PIN cannot do. Who has entered it
// goes past the threshold, so the figure says nothing against him.
func checkPIN(l toll.Limit) error {
	if !l.Does(toll.RequirePIN) {
		return nil
	}
	if l.Meter.Scope == toll.PerCall {
		return errors.New("a limit per call comes to its threshold when somebody talks already, and a PIN is asked for before: choose another scope or action")
	}
	for _, a := range l.Do {
		if a != toll.RequirePIN && a != toll.Alert {
			return fmt.Errorf("whoever enters his PIN goes past the threshold, so action %s cannot stand beside %s: give it a limit of its own", a, toll.RequirePIN)
		}
	}
	return nil
}

// checkWindow asks for a window where the past counts and for none where only
// live calls do.
func checkWindow(m toll.Meter, w toll.Weigher) error {
	switch {
	case m.Scope == toll.PerCall && !grows(w):
		return fmt.Errorf("measure %s does not grow during a call, so it cannot be limited per call", m.Measure)
	case m.Scope == toll.PerCall && m.Window != 0:
		return errors.New("a limit per call has no window")
	case m.Scope == toll.PerCall:
		return nil
	case m.Window != 0 && !leaves(w):
		return fmt.Errorf("measure %s counts only live calls and has no window", m.Measure)
	case m.Window == 0 && !holds(w):
		return fmt.Errorf("measure %s needs a window", m.Measure)
	case m.Window != 0 && (m.Window < shortestWindow || m.Window > longestWindow || m.Window%time.Second != 0):
		return fmt.Errorf("window %s: want whole seconds from %s to 31 days", m.Window, shortestWindow)
	}
	return nil
}

func checkActions(actions []toll.Action) error {
	for i, a := range actions {
		if !slices.Contains(knownActions[:], a) {
			return fmt.Errorf("action %q is unknown: want some of %s", clip(string(a)), list(knownActions[:]))
		}
		if slices.Contains(actions[:i], a) {
			return fmt.Errorf("action %s stands twice", a)
		}
	}
	return nil
}

// checkCommon checks what rules and limits have in common.
func checkCommon(id, comment string, where toll.Where) error {
	if !isID(id) {
		return fmt.Errorf("the name must be 1 to %d of a-z, 0-9 and -", longestID)
	}
	if err := checkComment(comment); err != nil {
		return err
	}
	if where == toll.Anywhere || slices.Contains(manyClasses[:], where) || slices.Contains(meteredClasses[:], toll.Class(where)) {
		return nil
	}
	return fmt.Errorf("destinations %q are unknown: want %s, or a class, one of %s", clip(string(where)), list(manyClasses[:]), list(meteredClasses[:]))
}

func checkComment(comment string) error {
	if len(comment) > longestComment || !utf8.ValidString(comment) {
		return fmt.Errorf("the comment must be at most %d bytes of UTF-8", longestComment)
	}
	return nil
}

func isID(s string) bool {
	if s == "" || len(s) > longestID {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func isPrefix(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && digits != "" && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}

// checkName checks the name of a caller or group; none at all means any.
func checkName(what, s string) error {
	if len(s) > longestName || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("%s %q: want at most %d printable characters", what, clip(s), longestName)
	}
	return nil
}

var (
	callerKinds = [...]toll.CallerKind{
		toll.Extension, toll.Forward, toll.Transfer, toll.FromTrunk, toll.Originated, toll.GatewayUser, toll.Unknown,
	}
	effects      = [...]toll.Effect{toll.Permit, toll.Forbid, toll.AskPIN}
	knownActions = [...]toll.Action{toll.Alert, toll.Deny, toll.RequirePIN, toll.Cut, toll.LockCaller, toll.LockRange, toll.BlowFuse}
)

// list writes the choices of an error message.
func list[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, v := range all {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
