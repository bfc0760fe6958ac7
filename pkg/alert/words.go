package alert

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// country is the English name of an ISO 3166-1 code, as the Unicode CLDR has
// it; the code itself where it has none.
func country(code string) string {
	if code == "001" {
		return "global networks" // codes that no country owns
	}
	region, err := language.ParseRegion(code)
	if err != nil {
		return word(code)
	}
	return cmp.Or(display.English.Regions().Name(region), word(code))
}

// span writes a length of time: "2 h 5 min", "4 min 12 s", "38 s". From an hour
// on seconds are left out.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	if d >= time.Hour {
		d = d.Truncate(time.Minute)
	}
	return toll.SayLength(d)
}

// number writes a count with its thousands apart: "18,000".
func number(n int64) string {
	sign, text := "", strconv.FormatInt(n, 10)
	if n < 0 {
		sign, text = text[:1], text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// count writes a number and what is counted.
func count(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// money writes an amount in whole hundredths, rounded up, since a small sum
// must not look like none: "12,000.00 EUR".
func (s Site) money(m toll.Money) string {
	const cent = toll.Unit / 100
	sign := ""
	if m < 0 {
		sign, m = "-", -m
	}
	cents := int64(m / cent)
	if m%cent != 0 {
		cents++
	}
	text := fmt.Sprintf("%s%s.%02d", sign, number(cents/100), cents%100)
	if s.Currency != "" {
		text += " " + word(s.Currency)
	}
	return text
}

// moment writes a time with its day, in the site's zone.
func (s Site) moment(t time.Time) string {
	return t.In(s.zone()).Format("Mon 2 Jan 2006, 15:04:05 MST")
}

// clock writes a time of the same day as another one without its day.
func (s Site) clock(t, beside time.Time) string {
	t, beside = t.In(s.zone()), beside.In(s.zone())
	if t.Format(time.DateOnly) == beside.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format("2 Jan 15:04:05")
}

func (s Site) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// kinds are the ways a call can leave a PBX, before the name of who used it.
var kinds = map[toll.CallerKind]string{
	toll.Extension:   "extension",
	toll.Forward:     "a forward of",
	toll.Transfer:    "a transfer by",
	toll.FromTrunk:   "somebody from outside over trunk",
	toll.Originated:  "a program or the console using",
	toll.GatewayUser: "gateway user",
	toll.Unknown:     "unknown caller",
}

// who writes a caller for a sentence.
func who(c toll.Caller) string {
	kind, known := kinds[c.Kind]
	if !known {
		kind = word(string(c.Kind))
	}
	if c.ID == "" {
		return kind
	}
	return kind + " " + word(c.ID)
}

// parse reads back what toll.Caller writes.
func parse(caller string) toll.Caller {
	kind, id, _ := strings.Cut(caller, ":")
	return toll.Caller{Kind: toll.CallerKind(kind), ID: id}
}

// reasons say what stopped a call, with what decided behind it.
var reasons = map[toll.Reason]string{
	toll.ReasonDeniedRule:  "denied by rule",
	toll.ReasonDeniedClass: "denied by default",
	toll.ReasonLocked:      "locked",
	toll.ReasonPINNeeded:   "no PIN entered, asked for by rule",
	toll.ReasonPINWrong:    "wrong PIN, asked for by rule",
	toll.ReasonPINUnset:    "the caller has no PIN, asked for by rule",
	toll.ReasonLimit:       "limit",
	toll.ReasonBadNumber:   "not a number",
	toll.ReasonBadRequest:  "not a question that can be understood",
	toll.ReasonLedgerSlow:  "no decision in time",
	toll.ReasonLedgerDown:  "the ledger cannot be written",
	toll.ReasonFailClosed:  "no daemon answered",
	toll.ReasonBypass:      "went around the dialplan",
	toll.ReasonUnseen:      "began before Tollfuse watched",
	toll.ReasonFork:        "a second leg of one call",
	toll.ReasonManual:      "hung up by hand",
	toll.ReasonSpent:       "what was reserved is used up",
}

// because writes a reason, and the rule, limit or lock behind it.
func because(why toll.Reason, by string) string {
	text, known := reasons[why]
	if !known {
		text = word(string(why))
	}
	switch {
	case by == "":
		return text
	case strings.HasPrefix(by, toll.ByLimit):
		return strings.TrimSuffix(text, "rule") + "limit " + word(strings.TrimPrefix(by, toll.ByLimit))
	case why == toll.ReasonSpent:
		return text + ": " + word(by)
	case why == toll.ReasonLocked:
		return "lock on " + word(strings.Replace(by, "=", " ", 1))
	}
	return text + " " + word(strings.TrimPrefix(by, "default:"))
}
