package admin

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/shell"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// longestDialled bounds what is looked at; numbering bounds it again.
const longestDialled = 300

// Explain says what would become of a call.
func (l *Local) Explain(ctx context.Context, q Query) (Explanation, error) {
	pbx, err := l.pbx(q.PBX)
	if err != nil {
		return Explanation{}, err
	}
	if q.From == "" || len(q.From) > longestSubject || !plain(q.From) {
		return Explanation{}, Errorf(BadInput, "name the endpoint that dials, such as --from 1001", "%s is not the name of a caller", quote(q.From))
	}
	if q.To == "" || len(q.To) > longestDialled {
		return Explanation{}, Errorf(BadInput, "name what is dialled, such as --to 0023222123456", "want 1 to %d characters as the number", longestDialled)
	}
	if q.Trunk != "" && !l.knows(toll.PerTrunk, q.Trunk) {
		return Explanation{}, Errorf(BadInput, "take the name as it stands in the configuration", "there is no trunk %s", quote(q.Trunk))
	}
	to := l.parts.Numbering.Resolve(q.To)
	rates, err := l.parts.Rates.Rates(ctx)
	if err != nil {
		return Explanation{}, fmt.Errorf("read the rate decks: %w", err)
	}
	v, err := l.parts.Ledger.View(ctx)
	if err != nil {
		return Explanation{}, fmt.Errorf("look into the ledger: %w", err)
	}
	e := Explanation{
		At: cmp.Or(q.At, v.At), Figures: v.At, PBX: pbx.Name, Caller: pbx.Caller(q.From), To: to, Trunk: q.Trunk,
		Steps: l.parts.Numbering.Explain(q.To),
	}
	e.Rate = l.quote(rates, to, q.Trunk, e.At)
	e.Price = e.Rate.Price
	e.Verdict, err = l.parts.Ledger.Decide(ctx, toll.Question{
		Purpose: toll.Explain,
		Key:     toll.Key{PBX: pbx.Name, Uniqueid: "explain", Number: to.Number()},
		Caller:  e.Caller, To: to, Price: e.Price, Trunk: q.Trunk, At: q.At,
	})
	if err != nil {
		return Explanation{}, fmt.Errorf("ask the ledger: %w", err)
	}
	e.Hints = hints(&e, v)
	return e, nil
}

// pbx finds the Asterisk by name; without one it must be the only one.
func (l *Local) pbx(name string) (PBX, error) {
	names := make([]string, len(l.parts.PBXs))
	for i, p := range l.parts.PBXs {
		if p.Name == name || name == "" && len(l.parts.PBXs) == 1 {
			return p, nil
		}
		names[i] = p.Name
	}
	hint := "name one with --pbx: " + strings.Join(names, ", ")
	if name == "" {
		return PBX{}, Errorf(BadInput, hint, "there are several Asterisks")
	}
	return PBX{}, Errorf(BadInput, hint, "there is no Asterisk %s", quote(name))
}

// hints say what to type to change the verdict.
func hints(e *Explanation, v View) []Hint {
	j := &e.Verdict.Judgement
	reason := j.Reason
	if reason == toll.ReasonObserve {
		reason = j.Denied
	}
	switch reason {
	case toll.ReasonEmergency:
		return []Hint{{Text: "emergency calls go out whatever is set"}}
	case toll.ReasonInternal:
		return []Hint{{Text: "calls inside the site are decided by numbering.extensions and numbering.feature_codes in the configuration"}}
	case toll.ReasonLocked:
		return []Hint{{"release the lock", "tollfuse lock release " + shell.Quote(lockArgument(j.By))}}
	case toll.ReasonLimit:
		return limitHints(j)
	case toll.ReasonDeniedRule:
		return append([]Hint{{"take the rule away", "tollfuse rule remove " + shell.Quote(j.By)}}, allowHints(e)...)
	case toll.ReasonPINNeeded:
		return pinHints(e, v)
	case toll.ReasonDeniedClass:
		return allowHints(e)
	case toll.ReasonBadNumber:
		return []Hint{{Text: "what was dialled fits no number of the site's plan: look at access_codes, extensions, feature_codes, short_numbers and area_code under numbering in the configuration"}}
	}
	deny := []Hint{{"shut the caller", "tollfuse lock " + shell.Quote(lockArgument("caller="+e.Caller.ID))}}
	if e.To.E164 != "" {
		deny = append(deny, Hint{"deny the number to everybody", "tollfuse rule set " + ruleName("deny", e.To.E164) + " --deny --prefix " + e.To.E164})
	}
	return deny
}

// lockArgument is how "tollfuse lock" takes what the ID of a lock names.
func lockArgument(id string) string {
	if id == "site=" {
		return "site"
	}
	return id
}

// limitHints say how to give more room.
func limitHints(j *toll.Judgement) []Hint {
	for _, f := range j.Figures {
		if f.By != j.By || f.Limit == nil {
			continue
		}
		more := max(f.Limit.Act*2, f.Limit.Act+f.Need, 1)
		return []Hint{
			{"give more room, from " + amount(f.Limit, f.Limit.Act) + " to " + amount(f.Limit, more), "tollfuse limit set " + shell.Quote(f.Limit.ID) + " --act " + toll.FormatFigure(f.Limit.Meter.Measure, more)},
			{"take the limit away", "tollfuse limit remove " + shell.Quote(f.Limit.ID)},
		}
	}
	return []Hint{{Text: "the bound " + quote(j.By) + " stands in the configuration or in the program"}}
}

// amount writes a figure of a limit's for a person.
func amount(l *toll.Limit, v int64) string {
	w, known := l.Meter.Measure.Weigher()
	switch {
	case l.Meter.Measure == toll.Seconds:
		return toll.SayLength(time.Duration(v) * time.Second)
	case !known:
		return strconv.FormatInt(v, 10)
	}
	return w.Format(v)
}

// allowHints open the destination: for this caller first, then for all.
func allowHints(e *Explanation) []Hint {
	if e.To.E164 == "" {
		return []Hint{{Text: "say what the number is: numbering.short_numbers in the configuration"}}
	}
	name := ruleName("allow", e.To.E164)
	open := " --allow --prefix " + e.To.E164
	return []Hint{
		{"allow the number to this caller", "tollfuse rule set " + name + " --caller " + shell.Quote(e.Caller.ID) + open},
		{"allow the number to everybody", "tollfuse rule set " + name + open},
	}
}

// ruleName names a rule after the number it is about.
func ruleName(effect, e164 string) string { return effect + "-" + strings.TrimPrefix(e164, "+") }
