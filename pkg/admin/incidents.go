package admin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/shell"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// incidentKinds are the kinds that can be asked for.
var incidentKinds = [...]toll.IncidentKind{
	toll.Attack, toll.EmergencyCall, toll.FuseBlown, toll.LimitReached, toll.CutTrouble, toll.ContactTrouble, toll.LinkTrouble, toll.LedgerTrouble, toll.DiskTrouble, toll.MailTrouble,
}

// Incidents lists incidents. Those that are open come from the book, which
// knows of them before the disk does.
func (l *Local) Incidents(ctx context.Context, q IncidentQuery) ([]toll.Incident, error) {
	if err := checkPage(q.Limit); err != nil {
		return nil, err
	}
	if q.Kind != "" && !slices.Contains(incidentKinds[:], q.Kind) {
		return nil, Errorf(BadInput, "", "kind %s: want one of %s", quote(string(q.Kind)), words(incidentKinds[:]))
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return nil, Errorf(BadInput, "", "the time range ends before it begins")
	}
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return nil, fmt.Errorf("look into the ledger: %w", err)
	}
	var stored []toll.Incident
	if !q.Open {
		if stored, err = l.parts.History.Incidents(ctx, q); err != nil {
			return nil, fmt.Errorf("read the incidents: %w", err)
		}
	}
	incidents := []toll.Incident{}
	for i := range v.Incidents {
		if q.matches(&v.Incidents[i]) {
			incidents = append(incidents, v.Incidents[i])
		}
	}
	for i := range stored {
		known := func(other toll.Incident) bool { return other.ID == stored[i].ID }
		if !slices.ContainsFunc(v.Incidents, known) {
			incidents = append(incidents, stored[i])
		}
	}
	slices.SortStableFunc(incidents, func(a, b toll.Incident) int {
		return cmp.Or(b.Opened.Compare(a.Opened), strings.Compare(b.ID, a.ID))
	})
	limit := q.Limit
	if limit == 0 {
		limit = defaultPage
	}
	return incidents[:min(limit, len(incidents))], nil
}

// matches tells whether the query asks for an incident that is open.
func (q IncidentQuery) matches(i *toll.Incident) bool {
	return (q.Kind == "" || q.Kind == i.Kind) && (q.Caller == "" || q.Caller == i.Caller) &&
		(q.From.IsZero() || !i.Opened.Before(q.From)) && (q.To.IsZero() || i.Opened.Before(q.To))
}

// Incident is one of them, with what was told of it and what to do about it.
func (l *Local) Incident(ctx context.Context, id string) (IncidentReport, error) {
	if id == "" || len(id) > longestSubject {
		return IncidentReport{}, noIncident(id)
	}
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return IncidentReport{}, fmt.Errorf("look into the ledger: %w", err)
	}
	var r IncidentReport
	r.Incident, r.Notices, err = l.parts.History.Incident(ctx, id)
	open := slices.IndexFunc(v.Incidents, func(i toll.Incident) bool { return i.ID == id })
	switch {
	case open >= 0 && (err == nil || KindOf(err) == NotFound):
		r.Incident = v.Incidents[open]
	case KindOf(err) == NotFound:
		return IncidentReport{}, noIncident(id)
	case err != nil:
		return IncidentReport{}, fmt.Errorf("read the incident %s: %w", clip(id), err)
	}
	for i := range v.Notices {
		r.Notices = withNotice(r.Notices, &v.Notices[i], id)
	}
	slices.SortStableFunc(r.Notices, func(a, b toll.Notice) int { return a.At.Compare(b.At) })
	r.Hints = incidentHints(&r.Incident, v)
	return r, nil
}

// withNotice adds a notice of the book's to those of the record, or puts it in
// the place of its older self.
func withNotice(notices []toll.Notice, n *toll.Notice, incident string) []toll.Notice {
	if n.Incident.ID != incident {
		return notices
	}
	if at := slices.IndexFunc(notices, func(other toll.Notice) bool { return other.ID == n.ID }); at >= 0 {
		notices[at] = *n
		return notices
	}
	return append(notices, *n)
}

func noIncident(id string) error {
	return Errorf(NotFound, "tollfuse incidents list shows them", "there is no incident %s", quote(id))
}

// CloseIncident ends an incident.
func (l *Local) CloseIncident(ctx context.Context, id string) (toll.Incident, error) {
	if l.author == "" {
		return toll.Incident{}, errNobody
	}
	if id == "" || len(id) > longestSubject {
		return toll.Incident{}, noIncident(id)
	}
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return toll.Incident{}, fmt.Errorf("look into the ledger: %w", err)
	}
	if slices.ContainsFunc(v.Incidents, func(i toll.Incident) bool { return i.ID == id && i.Kind == toll.FuseBlown }) {
		return toll.Incident{}, Errorf(BadInput, "reset it, and its incident is closed: tollfuse fuse reset", "the main fuse stands blown")
	}
	closed, err := l.parts.Ledger.CloseIncident(ctx, id, l.author)
	if KindOf(err) != NotFound {
		if err != nil {
			err = fmt.Errorf("close the incident %s: %w", clip(id), err)
		}
		return closed, err
	}
	if _, _, err := l.parts.History.Incident(ctx, id); err == nil {
		return toll.Incident{}, Errorf(NotFound, "tollfuse incidents list --open shows those that go on", "the incident %s is closed already", quote(id))
	}
	return toll.Incident{}, noIncident(id)
}

// mostHints bounds what is proposed about one incident.
const mostHints = 8

// incidentHints say what to type to tighten, and to let go what was shut.
func incidentHints(i *toll.Incident, v View) []Hint {
	var hints []Hint
	locked := func(id string) bool {
		return slices.ContainsFunc(v.Settings, func(s toll.Setting) bool { return s.Lock != nil && s.Lock.ID() == id && !over(s.Lock, v.At) })
	}
	for _, lock := range i.Locks {
		if id := lock.ID(); locked(id) {
			hints = append(hints, Hint{"release " + id, "tollfuse lock release " + shell.Quote(lockArgument(id))})
		}
	}
	if i.Kind == toll.Attack {
		if id := "caller=" + i.Caller; i.Caller != "" && !locked(id) {
			hints = append(hints, Hint{"shut the caller", "tollfuse lock " + shell.Quote(id)})
		}
		if c := newestCall(i); c != nil {
			hints = append(hints, Hint{"ask why its newest call was judged so", "tollfuse explain --from " + shell.Quote(c.Caller.ID) + " --to " + shell.Quote(c.Number)})
		}
		if i.Bypassed > 0 {
			hints = append(hints, Hint{"find the way around the dialplan", "tollfuse doctor"})
		}
		for _, cause := range i.Causes {
			hints = append(hints, causeHints(cause, v)...)
		}
	}
	if i.Kind == toll.LimitReached {
		hints = append(hints, releaseHints(i, v)...)
		for _, cause := range i.Causes {
			hints = append(hints, causeHints(toll.Tally{Kind: string(toll.ReasonLimit), Name: cause.Name}, v)...)
		}
	}
	if i.Kind == toll.FuseBlown && i.Open() {
		hints = append(hints, Hint{"let the way out open again, once the cause is gone", "tollfuse fuse reset"})
	}
	hints = hints[:min(len(hints), mostHints)]
	if i.Open() && i.Kind != toll.FuseBlown {
		hints = append(hints, Hint{"close the incident; calls that still come make another one", "tollfuse incidents close " + shell.Quote(i.ID)})
	}
	return hints
}

// releaseHints say how to release what the limits of the incident have locked: a
// limit with more room does not do that.
func releaseHints(i *toll.Incident, v View) (hints []Hint) {
	for _, setting := range v.Settings {
		lock := setting.Lock
		if lock == nil || over(lock, v.At) {
			continue
		}
		if slices.ContainsFunc(i.Causes, func(c toll.Tally) bool { return lock.Author == "limit "+c.Name }) {
			hints = append(hints, Hint{"release " + lock.ID() + ", which " + lock.Author + " has locked", "tollfuse lock release " + shell.Quote(lockArgument(lock.ID()))})
		}
	}
	return hints
}

// newestCall is the call that was listed last.
func newestCall(i *toll.Incident) *toll.IncidentCall {
	if len(i.Calls) == 0 {
		return nil
	}
	return &i.Calls[len(i.Calls)-1]
}

// ofRule tells whether a rule of the owner's has stopped a call for that reason.
func ofRule(why toll.Reason) bool {
	switch why {
	case toll.ReasonDeniedRule, toll.ReasonPINNeeded, toll.ReasonPINWrong, toll.ReasonPINUnset:
		return true
	}
	return false
}

// causeHints say how to give way to what a rule or limit has stopped.
func causeHints(cause toll.Tally, v View) []Hint {
	const lead = "if such calls are right after all: "
	for _, setting := range v.Settings {
		switch {
		case setting.ID() != strings.TrimPrefix(cause.Name, toll.ByLimit):
		case setting.Rule != nil && setting.ID() == cause.Name && ofRule(toll.Reason(cause.Kind)):
			return []Hint{{lead + "take the rule " + cause.Name + " away", "tollfuse rule remove " + shell.Quote(cause.Name)}}
		case setting.Limit != nil && (cause.Kind == string(toll.ReasonLimit) || strings.HasPrefix(cause.Name, toll.ByLimit)):
			l := setting.Limit
			more := max(l.Act*2, 1)
			return []Hint{{lead + "raise " + l.ID + " from " + amount(l, l.Act) + " to " + amount(l, more),
				"tollfuse limit set " + shell.Quote(l.ID) + " --act " + toll.FormatFigure(l.Meter.Measure, more)}}
		}
	}
	return nil
}
