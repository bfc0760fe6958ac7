package admin

import (
	"context"
	"fmt"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Hangup ends the live calls that are chosen, the oldest first. A call that
// ends by itself meanwhile is left out.
func (l *Local) Hangup(ctx context.Context, s Selection) ([]toll.Lease, error) {
	s, err := l.selection(s)
	if err != nil {
		return nil, err
	}
	if l.parts.Process == nil || !l.parts.Process().Daemon {
		return nil, Errorf(NeedsDaemon, "start it: systemctl start tollfuse", "only a running daemon can hang up a call")
	}
	if l.author == "" {
		return nil, errNobody
	}
	live, err := l.Live(ctx)
	if err != nil {
		return nil, err
	}
	ended := []toll.Lease{}
	for i := range live {
		lease := &live[i]
		if !s.Chooses(lease) {
			continue
		}
		if lease.To.Class == toll.Emergency {
			if s.Lease != "" {
				return nil, Errorf(BadInput, "", "the call with the lease %s is an emergency call, which is never cut", lease.ID)
			}
			continue
		}
		err := l.parts.Ledger.Cut(ctx, lease.ID, toll.ReasonManual, l.author)
		switch {
		case err == nil:
			ended = append(ended, *lease)
		case KindOf(err) != NotFound:
			return ended, fmt.Errorf("cut the call with the lease %s, after %d others: %w", lease.ID, len(ended), err)
		}
	}
	if s.Lease != "" && len(ended) == 0 {
		return nil, Errorf(NotFound, "tollfuse calls live shows the leases", "no live call has the lease %s", quote(s.Lease))
	}
	return ended, nil
}

// selection checks what is chosen by, and writes it as leases have it: what
// cannot be meant would silently choose nothing, or everything.
func (l *Local) selection(s Selection) (Selection, error) {
	if s == (Selection{}) {
		return s, Errorf(BadInput, "name a lease, a caller, a destination or a trunk, or say --all", "nothing says which calls are to end")
	}
	for _, text := range []string{s.Lease, s.Caller, s.PBX, s.Trunk, string(s.Where), s.Country, s.Number} {
		if len(text) > longestDialled {
			return s, Errorf(BadInput, "", "%s is longer than anything that could be meant", quote(text))
		}
	}
	for scope, name := range map[toll.Scope]string{toll.PerPBX: s.PBX, toll.PerTrunk: s.Trunk} {
		if name != "" && !l.knows(scope, name) {
			return s, Errorf(BadInput, "take the name as it stands in the configuration", "there is no %s %s", scope, quote(name))
		}
	}
	s.Country = strings.ToUpper(s.Country)
	// Policy knows which countries and parts of the destinations there are.
	if _, err := l.policy.With(toll.Setting{Rule: &toll.Rule{ID: "hangup", Country: s.Country, Where: s.Where, Do: toll.Forbid}}); err != nil {
		return s, &Error{Kind: BadInput, Text: strings.TrimPrefix(err.Error(), `rule "hangup": `), Err: err}
	}
	if s.Number != "" && s.Number[0] != '+' {
		to := l.parts.Numbering.Resolve(s.Number)
		if to.E164 == "" {
			return s, Errorf(BadInput, "write it with + and the country code, or its beginning, such as +23222", "%s is not a number", quote(s.Number))
		}
		s.Number = to.E164
	}
	return s, nil
}

// Chooses tells whether the selection takes in a live call. Every part that is
// named must fit.
func (s Selection) Chooses(l *toll.Lease) bool {
	if s == (Selection{}) {
		return false
	}
	fits := func(want, have string) bool { return want == "" || want == have }
	return fits(s.Lease, l.ID) && (fits(s.Caller, l.Caller.ID) || s.Caller == l.Caller.String()) &&
		fits(s.PBX, l.Key.PBX) && fits(s.Trunk, l.Trunk) && fits(s.Country, l.To.Country) &&
		(s.Where == toll.Anywhere || s.Where.Covers(l.To)) && strings.HasPrefix(l.To.Number(), s.Number)
}
