package alert

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Tone says how bad the news is; the HTML part has a colour for each.
type Tone string

// The tones.
const (
	Alarm   Tone = "alarm"   // money is being lost, or somebody calls for help
	Warning Tone = "warning" // something wants to be looked at
	Good    Tone = "good"    // it is over
)

// View is what the templates are given. Every text in it is one line, bounded,
// and made harmless.
type View struct {
	Kind      string // attack, emergency, fuse, link, ledger, disk, mail or test
	Notice    string // opened, worse, closed or test
	Incident  string // ID of the incident; empty for a test
	Open      bool   // it goes on
	Observed  bool   // nothing was blocked
	Tone      Tone
	Label     string // of what sort the news is, in a few words
	Subject   string // the gist, for the subject and the title
	Lead      []string
	Facts     []Fact
	Causes    []Cause
	Calls     []Call
	More      int64 // calls that were up and are not listed
	Locks     []Lock
	MoreLocks int64
	Steps     []Step
	Show      string // the command that shows all of it; empty for a test
	Host      string // where Tollfuse runs
	AsOf      string // when the figures stood so
	Delayed   string // why the mail comes late; empty if it does not
	Warnings  []string
}

// Fact is a line of the summary. Strong is how it begins, if that is the gist.
type Fact struct{ Name, Strong, Value string }

// Cause is what stopped calls, how many, and its newest figures.
type Cause struct{ Count, What, Text string }

// Call is one that was up.
type Call struct {
	At, From, Number, Country, Talked, Cost, What string
}

// Lock is one that was set meanwhile.
type Lock struct{ What, Since, Until, Why string }

// Step is something to do. Command is empty where that is nothing to type.
type Step struct{ Text, Command string }

// How much of an incident a mail lists. A mail of one page is read.
const (
	mostCalls  = 25
	mostLocks  = 10
	mostCauses = 6
	mostPlaces = 6
)

// newView says what the notice says.
func newView(n *toll.Notice, s Site) *View {
	i := &n.Incident
	v := &View{
		Kind: word(string(i.Kind)), Notice: word(string(n.Kind)), Incident: word(i.ID),
		Open: i.Open(), Observed: i.Observed, Host: word(s.Name), AsOf: s.moment(n.At),
	}
	w := &writer{View: v, site: s, incident: i, notice: n}
	switch {
	case n.Kind == toll.NoticeTest:
		v.Kind = string(toll.NoticeTest)
		w.test()
	case i.Kind == toll.Attack:
		w.attack()
	case i.Kind == toll.EmergencyCall:
		w.emergency()
	case i.Kind == toll.FuseBlown:
		w.fuse()
	case i.Kind == toll.LimitReached:
		w.threshold()
	default:
		w.trouble()
	}
	if n.Kind != toll.NoticeTest {
		v.Show = command("tollfuse incidents show %s", i.ID)
	}
	if n.Tries > 0 {
		v.Delayed = "This mail comes late: it could not leave before (" + count(int64(n.Tries), "try", "tries") + ")."
		if n.Error != "" {
			v.Delayed = strings.TrimSuffix(v.Delayed, ".") + ": " + sentence(n.Error)
		}
	}
	return v
}

// writer fills a view.
type writer struct {
	*View
	site     Site
	incident *toll.Incident
	notice   *toll.Notice
}

func (w *writer) say(text string)         { w.Lead = append(w.Lead, text) }
func (w *writer) fact(name, value string) { w.Facts = append(w.Facts, Fact{Name: name, Value: value}) }

// step proposes a command, if it can be written.
func (w *writer) step(text, pattern string, words ...string) {
	if line := command(pattern, words...); line != "" {
		w.Steps = append(w.Steps, Step{text, line})
	}
}

// advise proposes something that is not typed.
func (w *writer) advise(text string) { w.Steps = append(w.Steps, Step{Text: text}) }

// since tells when it began, when it ended, and how long that was.
func (w *writer) since() {
	i := w.incident
	w.fact("Since", w.site.moment(i.Opened))
	switch {
	case !i.Open():
		w.fact("Ended", w.site.clock(i.Closed, i.Opened)+", after "+span(i.Closed.Sub(i.Opened)))
	case i.Newest.After(i.Opened):
		w.fact("Newest", w.site.clock(i.Newest, i.Opened))
	}
}

// pbx tells on which Asterisk it is.
func (w *writer) pbx() {
	if w.incident.PBX != "" {
		w.fact("PBX", word(w.incident.PBX))
	}
}

func (w *writer) test() {
	w.Tone, w.Label, w.Subject = Good, "Test", "Test: mails of Tollfuse arrive"
	w.say("Somebody asked Tollfuse for a test mail, and here it is: when something happens, you will hear of it.")
	w.fact("Sent", w.AsOf)
	w.advise("Nothing is to be done. See to it that these mails are not taken for spam, and that they wake somebody at night.")
}

// closedBy says who or what ended an incident.
func closedBy(by string) string {
	if by == "" || by == "quiet" {
		return ""
	}
	return "It was closed by " + word(by) + "."
}

// caller is who the incident is about, as far as it is about one.
func (w *writer) caller() toll.Caller {
	i := w.incident
	for _, t := range ordered(i.From) {
		c := parse(t.Name)
		if i.Caller != "" && (c.ID == i.Caller || c.ID == "" && string(c.Kind) == i.Caller) { // an incident of nobody is named by the way
			return c
		}
	}
	if i.Caller == "" && len(i.From) == 1 {
		return parse(i.From[0].Name)
	}
	return toll.Caller{Kind: toll.Unknown, ID: i.Caller}
}

// name is the caller for a headline: "1003", or "4 callers".
func (w *writer) name() string {
	i := w.incident
	switch {
	case i.Caller != "":
		return clean(i.Caller, 24)
	case len(i.From) == 1:
		return clean(cmp.Or(parse(i.From[0].Name).ID, i.From[0].Name), 24)
	case len(i.From) > 1:
		return "Several callers"
	}
	return "Calls"
}

// places are the countries of the incident, those with most calls first.
func (w *writer) places() []string {
	var names []string
	seen := make(map[string]bool)
	for _, t := range ordered(w.incident.To) {
		if t.Place != "" && !seen[t.Place] {
			seen[t.Place] = true
			names = append(names, country(t.Place))
		}
	}
	return names
}

// list writes a few words one after the other: "A, B and C", "A, B and 3 more".
func list(words []string, most int) string {
	if left := len(words) - most; left > 0 {
		words = append(slices.Clone(words[:most]), number(int64(left))+" more")
	}
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return strings.Join(words, "")
}

// length is how long a call of the incident has lasted at the time of the notice.
func (w *writer) length(c *toll.IncidentCall) time.Duration {
	if c.Ended.IsZero() {
		return w.notice.At.Sub(c.Began)
	}
	return c.Talked
}
