package alert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// attack tells of calls that were cut, refused in numbers, or went around the
// dialplan.
func (w *writer) attack() {
	i := w.incident
	w.Tone, w.Label = Alarm, "Toll fraud is being stopped"
	switch {
	case i.Observed:
		w.Tone, w.Label = Warning, "Only observed: nothing was blocked"
	case i.ByHand():
		w.Tone, w.Label = Warning, "Calls were ended by hand"
	case i.Bypassed > 0 && i.Refused == 0:
		w.Label = "Calls went around the dialplan"
	case w.mayBeMistake():
		w.Tone, w.Label = Warning, "Refused before it cost anything"
	case w.notice.Kind == toll.NoticeWorse:
		w.Label = "The attack has become worse"
	}
	switch {
	case w.lateFirst():
		w.Label = "An attack that is over"
	case !i.Open():
		w.Tone, w.Label = Good, "It is over"
	}
	w.Subject = w.headline()
	w.attackLead()
	w.attackFacts()
	w.causes()
	w.calls()
	w.locks()
	w.attackSteps()
}

// lateFirst tells whether the first mail about an attack comes when it is over, since
// those before were about others that belong to it.
func (w *writer) lateFirst() bool {
	i := w.incident
	return !i.Open() && i.Noticed == 1 && closedBy(i.ClosedBy) == "" && !i.Observed && !i.ByHand()
}

// aFew is up to how many refused calls may be somebody who has mistaken a digit, or who
// does not know what a number costs.
const aFew = 4

// mayBeMistake tells whether nothing has happened but a call or two that were refused.
func (w *writer) mayBeMistake() bool {
	i := w.incident
	return i.Up() == 0 && i.Refused <= aFew && len(i.Locks) == 0 && !i.Observed
}

// headline is the attack in so few words that a phone shows them.
func (w *writer) headline() string {
	i := w.incident
	var parts []string
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, number(n)+" "+what)
		}
	}
	if i.ByHand() {
		add(i.Cut, plural(i.Cut, "call", "calls")+" ended by hand")
	} else {
		add(i.Cut, plural(i.Cut, "call cut", "calls cut"))
	}
	if i.Bypassed > i.Cut {
		add(i.Bypassed, "around the dialplan")
	}
	if i.Observed {
		add(i.Refused, plural(i.Refused, "call", "calls")+" would be stopped")
	} else {
		add(i.Refused, "refused")
	}
	text := w.name()
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if places := w.places(); len(places) > 0 {
		most := 1
		if len(places) == 2 && len(places[0]+places[1]) < 24 {
			most = 2
		}
		text += " (" + list(places, most) + ")"
	}
	switch {
	case w.lateFirst():
		return text + ", over by now"
	case !i.Open():
		return "Over - " + text
	case w.notice.Kind == toll.NoticeWorse:
		return "Worse - " + text
	}
	return text
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (w *writer) attackLead() {
	i := w.incident
	subject := "several callers"
	if c := w.caller(); c.ID != "" {
		subject = who(c)
	} else if len(i.From) == 1 {
		subject = who(parse(i.From[0].Name))
	}
	where := ""
	if places := w.places(); len(places) > 0 {
		where = " to " + list(places, 3)
	}
	switch {
	case i.ByHand():
		w.say(fmt.Sprintf("%s of %s%s: ended by hand, with a lock, a rule or a hangup. You are told of every call that is cut, this one too.",
			count(i.Cut, "call", "calls"), subject, where))
	case i.Observed:
		w.say(fmt.Sprintf("%s made %s%s that Tollfuse would have stopped. It only observes: nothing was blocked, and the calls cost money.",
			upper(subject), count(i.Refused, "call", "calls"), where))
	default:
		w.say(upper(subject) + " made " + plural(i.Refused+i.Up(), "a call", "calls") + where + " that Tollfuse does not allow: " + w.done() + ".")
	}
	if w.mayBeMistake() && i.Open() {
		w.say("If somebody dialled it by mistake, nothing need be done. If nobody knows of it, a password may be stolen.")
	}
	if w.lateFirst() {
		w.say("This is the first mail about it, and it comes when it is over: it was held back, so that the mails of what goes on at the same time stay few.")
	}
	if !i.Open() {
		switch by, quiet := closedBy(i.ClosedBy), i.Closed.Sub(i.Newest); {
		case by != "":
			w.say(by)
		case quiet < time.Minute: // one that goes on for ever is cut in pieces
			w.say("After " + span(i.Closed.Sub(i.Opened)) + " what comes next is told as a new incident.")
		default:
			w.say("Nothing more has come for " + span(quiet) + ".")
		}
	} else if w.notice.Kind == toll.NoticeWorse {
		w.say("It has become worse since the last mail, and goes on.")
	}
	if up := w.up(); up > 0 && !i.Observed {
		w.say(count(up, "call is", "calls are") + " still up.")
	}
}

// done is what was done about the calls: "6 were cut, 400 were refused".
func (w *writer) done() string {
	i := w.incident
	var parts []string
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, number(n)+" "+plural(n, "was ", "were ")+what)
		}
	}
	add(i.Bypassed, "found on a trunk without having asked")
	add(i.Cut, "cut")
	add(i.Refused, "refused")
	if len(parts) == 0 {
		return "none was let through"
	}
	return strings.Join(parts, ", ")
}

// up is how many of the listed calls go on.
func (w *writer) up() (n int64) {
	for i := range w.incident.Calls {
		if w.incident.Calls[i].Ended.IsZero() {
			n++
		}
	}
	return n
}

func (w *writer) attackFacts() {
	i := w.incident
	w.since()
	w.pbx()
	w.fact(plural(int64(len(i.From)), "Caller", "Callers"), tally(i.From, func(t toll.Tally) string { return who(parse(t.Name)) }))
	w.fact("To", tally(i.To, func(t toll.Tally) string {
		return strings.TrimSpace(word(t.Name) + " " + country(t.Place))
	}))
	if i.Cost > 0 || i.Up() > 0 {
		text := " for the calls that were up"
		if w.up() > 0 {
			text += " and have ended"
		}
		if i.Cost > 0 {
			text += w.assumed()
		}
		w.Facts = append(w.Facts, Fact{"Cost", w.site.money(i.Cost), text})
	}
	if i.AtStake > 0 {
		w.Facts = append(w.Facts, Fact{"At stake", w.site.money(i.AtStake),
			fmt.Sprintf(", had each of the %s %s calls lasted %s%s", number(i.Refused), w.stopped(), span(toll.StakeLength), w.assumed())})
	}
}

// stopped is what the calls are that count as refused.
func (w *writer) stopped() string {
	if w.incident.Observed {
		return "observed"
	}
	return "refused"
}

// assumed says behind an amount that it rests on assumed prices, or some of it.
func (w *writer) assumed() string {
	if !w.incident.Assumed {
		return ""
	}
	return "; prices are assumed where no price list names one"
}

// tally lists what there is most of, each with its count.
func tally(all []toll.Tally, name func(toll.Tally) string) string {
	var words []string
	for _, t := range ordered(all) {
		text := "others"
		if t.Name != "" {
			text = name(t)
		}
		words = append(words, fmt.Sprintf("%s (%s)", text, number(t.Count)))
	}
	return cmp.Or(list(words, mostPlaces), "–")
}

// ordered are the tallies, the largest first; what has no name comes last.
func ordered(all []toll.Tally) []toll.Tally {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b toll.Tally) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Count, a.Count))
	})
	return sorted
}

func rank(t toll.Tally) int {
	if t.Name == "" {
		return 1
	}
	return 0
}

// causes tell what stopped the calls, what stopped most first.
func (w *writer) causes() {
	all := slices.Clone(w.incident.Causes)
	slices.SortStableFunc(all, func(a, b toll.Tally) int { return cmp.Compare(b.Count, a.Count) })
	for _, t := range all[:min(len(all), mostCauses)] {
		w.Causes = append(w.Causes, Cause{number(t.Count), because(toll.Reason(t.Kind), t.Name), sentence(t.Text)})
	}
}

// calls lists those that were up, the oldest first.
func (w *writer) calls() {
	i := w.incident
	for at := range i.Calls[:min(len(i.Calls), mostCalls)] {
		c := &i.Calls[at]
		listed := Call{
			At: w.site.clock(c.Began, i.Opened), From: word(cmp.Or(c.Caller.ID, string(c.Caller.Kind))), Number: word(c.Number),
			Talked: span(w.length(c)),
		}
		if w.site.Several && c.PBX != "" {
			listed.From += " on " + word(c.PBX)
		}
		if c.Country != "" {
			listed.Country = country(c.Country)
		}
		switch {
		case c.Cut != "":
			listed.What = "cut: " + because(c.Cut, c.By)
		case c.Bypassed:
			listed.What = reasons[toll.ReasonBypass]
		}
		if c.Ended.IsZero() {
			listed.Talked += " so far"
		} else {
			listed.Cost = w.site.money(c.Cost)
			if c.Assumed {
				listed.Cost += " assumed"
			}
		}
		w.Calls = append(w.Calls, listed)
	}
	// A call around the dialplan that was cut counts as both, so the larger of
	// the two is the least that there were.
	w.More = max(max(i.Cut, i.Bypassed, int64(len(i.Calls)))-int64(len(w.Calls)), 0)
}

func (w *writer) locks() {
	i := w.incident
	for _, l := range i.Locks[:min(len(i.Locks), mostLocks)] {
		until := "until it is released"
		if !l.Until.IsZero() {
			until = "until " + w.site.clock(l.Until, i.Opened)
		}
		why := sentence(l.Reason)
		if l.Author != "" {
			why = strings.TrimSpace("set by " + word(l.Author) + separated(why))
		}
		w.Locks = append(w.Locks, Lock{strings.TrimSpace(word(string(l.Scope)) + " " + word(l.Subject)), w.site.clock(l.Since, i.Opened), until, why})
	}
	w.MoreLocks = int64(len(i.Locks) - len(w.Locks))
}

func separated(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// upper begins a sentence.
func upper(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
