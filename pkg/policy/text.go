package policy

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The sentences of figures. What a caller could have chosen never stands in
// them but as a subject, which is quoted and cut short.

// longestQuote bounds what is quoted in a sentence.
const longestQuote = 64

// clip cuts a text short that may be absurdly long.
func clip(s string) string {
	if len(s) > longestQuote {
		return s[:longestQuote] + "..."
	}
	return s
}

// quote makes a text harmless: one line of ASCII in quotes.
func quote(s string) string { return strconv.QuoteToASCII(clip(s)) }

func lockText(l toll.Lock) string {
	s := fmt.Sprintf("the %s %s is locked", l.Scope, quote(l.Subject))
	if l.Author != "" {
		s += " by " + quote(l.Author)
	}
	if l.Until.IsZero() {
		s += " until it is released"
	} else {
		s += " until " + l.Until.UTC().Format(time.RFC3339)
	}
	if l.Reason != "" {
		s += ": " + quote(l.Reason)
	}
	return s
}

// ruleText says a rule back in words, from what the owner wrote.
func ruleText(r *toll.Rule) string {
	var b strings.Builder
	switch r.Do {
	case toll.Forbid:
		b.WriteString("a rule denies calls")
	case toll.AskPIN:
		b.WriteString("a rule asks for a PIN before calls")
	default:
		b.WriteString("a rule allows calls")
	}
	b.WriteString(whenText(r.When))
	for _, part := range [...]struct{ words, value string }{
		{" by kind ", string(r.Kind)}, {" of caller ", r.Caller}, {" of group ", r.Group},
		{" to numbers under ", r.Prefix}, {" to country ", r.Country}, {" to destinations ", string(r.Where)},
		{" with origin ", string(r.Origin)},
	} {
		if part.value != "" {
			b.WriteString(part.words)
			b.WriteString(quote(part.value))
		}
	}
	if r.Observe {
		b.WriteString("; it only observes")
	}
	return b.String()
}

// lengthText says that a call is as long as the options let it be.
func lengthText(maximum time.Duration, c call) string {
	return fmt.Sprintf("a call of this class may be %s long; %s are granted already", toll.SayLength(maximum), toll.SayLength(c.covered))
}

func perCallText(l *limit, longest time.Duration, c call) string {
	return fmt.Sprintf("%s may be %s, which allows this call to be %s long; %s are granted already%s",
		l.Meter, l.weigher.Format(l.Act), toll.SayLength(longest), toll.SayLength(c.covered), manner(l))
}

func limitText(l *limit, subject string, u toll.Usage, need int64, shortest time.Duration) string {
	var b strings.Builder
	b.WriteString(l.Meter.String())
	if subject != "" {
		b.WriteString(" of " + quote(subject))
	}
	fmt.Fprintf(&b, ": %s counted", l.weigher.Format(u.Value))
	if l.things == nil {
		fmt.Fprintf(&b, " and %s held", l.weigher.Format(u.Held))
	}
	fmt.Fprintf(&b, " of %s", l.weigher.Format(l.Act))
	switch {
	case l.things != nil && shortest > 0: // else this is about no call
		b.WriteString(thingText(need))
	case need > 0 && grows(l.weigher):
		fmt.Fprintf(&b, "; %s more of this call needs %s", toll.SayLength(shortest), l.weigher.Format(need))
	case need > 0: // however long it is
		fmt.Fprintf(&b, "; this call takes %s", l.weigher.Format(need))
	}
	b.WriteString(manner(l))
	if !u.Ready {
		b.WriteString("; what happened before the meter began is not counted yet")
	}
	return b.String()
}

// manner says what sets a limit apart from one that simply denies.
func manner(l *limit) string {
	switch {
	case l.Observe && (l.denies || l.asks):
		return "; it only observes"
	case l.asks:
		return "; what does not fit goes with a PIN"
	case !l.denies:
		return "; it refuses nothing"
	}
	return ""
}
