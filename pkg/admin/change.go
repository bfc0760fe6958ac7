package admin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tollfuse/tollfuse/pkg/policy"
	"github.com/tollfuse/tollfuse/pkg/shell"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The bounds of what an owner may write.
const (
	longestReason  = 200
	longestSubject = 80
	longestLock    = 10 * 366 * 24 * time.Hour
)

// Change makes a setting stand or takes it away. What makes no sense is
// BadInput, and to take away what is not there NotFound.
func (l *Local) Change(ctx context.Context, s toll.Setting) (toll.Setting, error) {
	if l.author == "" {
		return toll.Setting{}, errNobody
	}
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return toll.Setting{}, fmt.Errorf("look into the ledger: %w", err)
	}
	if s, err = l.complete(v, s); err != nil {
		return toll.Setting{}, err
	}
	stands := slices.ContainsFunc(v.Settings, func(other toll.Setting) bool {
		return other.Kind() == s.Kind() && other.ID() == s.ID()
	})
	if s.Removed && !stands {
		return toll.Setting{}, Errorf(NotFound, fmt.Sprintf("tollfuse %s list shows what there is", s.Kind()), "there is no %s %s", s.Kind(), quote(s.ID()))
	}
	if err := l.try(v, s); err != nil {
		return toll.Setting{}, err
	}
	if err := l.parts.Ledger.Change(ctx, s); err != nil {
		return toll.Setting{}, fmt.Errorf("change the %s %s: %w", s.Kind(), s.ID(), err)
	}
	return withoutHash(s), nil
}

// complete checks the setting's form and fills in what the service knows.
func (l *Local) complete(v View, s toll.Setting) (toll.Setting, error) {
	given := 0
	for _, there := range []bool{s.Rule != nil, s.Limit != nil, s.Lock != nil, s.Schedule != nil, s.PIN != nil} {
		if there {
			given++
		}
	}
	if given != 1 || s.Fuse != nil || s.Deck != nil || s.Past != nil {
		return s, Errorf(BadInput, "", "a change must be of exactly one rule, limit, lock, schedule or PIN")
	}
	s.Author, s.At, s.Revision = l.author, v.At, v.Revision+1
	switch {
	case s.Lock != nil:
		lock, err := l.lock(v.At, *s.Lock, s.Removed)
		if err != nil {
			return s, err
		}
		s.Lock = &lock
	case s.PIN != nil:
		return s, l.checkPIN(*s.PIN, s.Removed)
	case s.Rule != nil && !s.Removed:
		if err := l.checkGroup(s.Rule.Group); err != nil {
			return s, err
		}
		return s, checkText("comment", s.Rule.Comment)
	case s.Limit != nil && !s.Removed:
		return s, checkText("comment", s.Limit.Comment)
	case s.Schedule != nil && !s.Removed:
		return s, checkText("comment", s.Schedule.Comment)
	}
	return s, nil
}

// try asks policy about the setting before the ledger hears of it, so that a
// refusal can be told from a ledger that fails.
func (l *Local) try(v View, s toll.Setting) error {
	standing := l.policy
	for _, schedules := range []bool{true, false} { // first, since rules and limits name them
		for _, other := range v.Settings {
			if (other.Schedule != nil) != schedules {
				continue
			}
			next, err := standing.With(other)
			if err != nil {
				return fmt.Errorf("the settings that stand contradict each other: %w", err)
			}
			standing = next
		}
	}
	if _, err := standing.With(s); err != nil {
		return &Error{Kind: BadInput, Text: err.Error(), Err: err}
	}
	return nil
}

// lock checks a lock and writes its subject as questions have it, since a lock
// on anything else would silently shut nobody.
func (l *Local) lock(now time.Time, lock toll.Lock, removed bool) (toll.Lock, error) {
	subject, err := l.subject(lock.Scope, lock.Subject, removed)
	if err != nil {
		return lock, err
	}
	lock.Subject, lock.Author, lock.Since = subject, l.author, now
	if removed {
		return lock, nil
	}
	if err := checkText("reason", lock.Reason); err != nil {
		return lock, err
	}
	switch {
	case lock.Until.IsZero():
	case !lock.Until.After(now):
		return lock, Errorf(BadInput, "give a time to come, or leave it out for a lock that stands until it is released", "the lock would end at %s, which has passed", lock.Until.Format(time.RFC3339))
	case lock.Until.Sub(now) > longestLock:
		return lock, Errorf(BadInput, "leave the end out for a lock that stands until it is released", "the lock would stand for more than ten years")
	}
	return lock, nil
}

// lockable are the scopes that can be locked. A single call is hung up instead.
var lockable = [...]toll.Scope{
	toll.PerCaller, toll.PerTrunk, toll.PerNumber, toll.PerRange, toll.PerCountry, toll.PerGroup, toll.PerPBX, toll.PerSite,
}

// subject is who or what is to be locked, as Scope.Subject writes it. To
// release something, it need not exist any more.
func (l *Local) subject(scope toll.Scope, subject string, removed bool) (string, error) {
	if !slices.Contains(lockable[:], scope) {
		return "", Errorf(BadInput, "", "%q cannot be locked: want one of %s", clip(string(scope)), words(lockable[:]))
	}
	if scope == toll.PerSite {
		if subject != "" {
			return "", Errorf(BadInput, "lock site", "the site has no name here")
		}
		return "", nil
	}
	if subject == "" || len(subject) > longestSubject || !plain(subject) {
		return "", Errorf(BadInput, "", "the name of a %s has 1 to %d printable characters without spaces", scope, longestSubject)
	}
	switch scope {
	case toll.PerCountry:
		if _, err := policy.New(policy.Options{Countries: []string{subject}}); err != nil {
			return "", &Error{Kind: BadInput, Text: fmt.Sprintf("country %s: want two capitals of ISO 3166-1, such as GM", quote(subject)), Err: err}
		}
	case toll.PerNumber:
		if d := l.parts.Numbering.Resolve(subject); d.Class != toll.Unplaced {
			return d.Number(), l.lockableNumber(d)
		} else if !removed {
			return "", Errorf(BadInput, "write it as it is dialled, or with + and the country code", "%s is not a number", quote(subject))
		}
	case toll.PerRange:
		return l.blockOf(subject, removed)
	case toll.PerGroup:
		if !removed {
			return subject, l.checkGroup(subject)
		}
	case toll.PerPBX, toll.PerTrunk:
		if !removed && !l.knows(scope, subject) {
			return "", Errorf(BadInput, "take the name as it stands in the configuration", "there is no %s %s", scope, quote(subject))
		}
	}
	return subject, nil
}

func (l *Local) lockableNumber(d toll.Destination) error {
	if d.Class == toll.Emergency {
		return Errorf(BadInput, "", "%s is an emergency number, which is never locked", d.Number())
	}
	return nil
}

// blockOf is the range that the subject is, or that it is a number of.
func (l *Local) blockOf(subject string, removed bool) (string, error) {
	for _, number := range []string{subject + "0000", subject} {
		if r := l.parts.Numbering.Resolve(number).Range; r != "" && (number == subject || r == subject) {
			return r, nil
		}
	}
	if removed {
		return subject, nil
	}
	return "", Errorf(BadInput, "name a number of the range, or deny every number with that beginning: tollfuse rule set NAME --deny --prefix "+shell.Quote(subject),
		"%s is neither a range nor a number in one", quote(subject))
}

// knows tells whether the configuration names the PBX or trunk.
func (l *Local) knows(scope toll.Scope, name string) bool {
	return slices.ContainsFunc(l.parts.PBXs, func(p PBX) bool {
		return scope == toll.PerPBX && p.Name == name || scope == toll.PerTrunk && slices.Contains(p.Trunks, name)
	})
}

// checkGroup refuses a group that nobody is in: a rule or lock on it would
// silently be about nobody. No group at all is right.
func (l *Local) checkGroup(name string) error {
	var groups []string
	for _, p := range l.parts.PBXs {
		groups = append(groups, p.Groups...)
	}
	if name == "" || slices.Contains(groups, name) {
		return nil
	}
	hint := "there is no group in the configuration; add one under asterisk.groups"
	if len(groups) > 0 {
		slices.Sort(groups)
		hint = "the groups are " + strings.Join(slices.Compact(groups), ", ") + "; add one under asterisk.groups in the configuration"
	}
	return Errorf(BadInput, hint, "there is no group %s", quote(name))
}

// checkText refuses what does not fit on one line of a terminal, a log or a mail.
func checkText(what, s string) error {
	var wrong string
	switch {
	case len(s) > longestReason:
		wrong = fmt.Sprintf("has more than %d bytes", longestReason)
	case !utf8.ValidString(s):
		wrong = "is not UTF-8"
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		wrong = "holds characters that cannot be printed"
	default:
		return nil
	}
	return &Error{Kind: BadInput, Text: "the " + what + " " + wrong}
}

// plain tells whether the text is of printable ASCII without spaces and quotes.
func plain(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || c == '"' || c == '\'' || c == '\\' {
			return false
		}
	}
	return true
}

// words lists the choices of an error message.
func words[T ~string](all []T) string {
	list := make([]string, len(all))
	for i, v := range all {
		list[i] = string(v)
	}
	return strings.Join(list, ", ")
}

// clip cuts a text short that may be absurdly long.
func clip(s string) string {
	const longest = 60
	if len(s) > longest {
		return s[:longest] + "..."
	}
	return s
}

// quote makes a text harmless: one line of ASCII in quotes.
func quote(s string) string { return fmt.Sprintf("%+q", clip(s)) }
