package alert

import (
	"strings"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// mostThresholds is how many thresholds a mail lists.
const mostThresholds = 10

// threshold tells that figures have come to thresholds of limits.
func (w *writer) threshold() {
	i := w.incident
	names := limits(i)
	if i.Reached {
		w.Tone, w.Label, w.Subject = Alarm, "Limit reached", "Limit reached: "+clean(names, 60)
		w.say("Figures have come to the thresholds of limits, and at least one of them is the upper one, at which a limit does what it was set to do.")
	} else {
		w.Tone, w.Label, w.Subject = Warning, "Limit nearly reached", "Warning: limit nearly reached: "+clean(names, 60)
		w.say("Figures have come to the thresholds at which limits warn. None has come to the upper one yet.")
	}
	if i.Observed {
		w.say("These limits only observe: nothing was blocked or locked.")
	}
	for n, c := range i.Causes {
		if n == mostThresholds {
			w.fact("And", count(int64(len(i.Causes)-n), "more", "more"))
			break
		}
		name := "Warns"
		if c.Kind == toll.Acts {
			name = "Acts"
		}
		w.fact(name, word(c.Name)+": "+sentence(c.Text))
	}
	w.since()
	w.step("See what was called:", "tollfuse calls history --since 24h")
	w.step("See the limits, and what they do at their thresholds:", "tollfuse limit list")
	if i.Reached && !i.Observed {
		w.step("See what is locked:", "tollfuse lock list")
	}
	w.advise("When such calls are right, give the limit more room: “tollfuse limit set” with a higher “--act”.")
}

// limits names the limits of an incident about thresholds: those that act, or
// else those that warn.
func limits(i *toll.Incident) string {
	var names []string
	seen := make(map[string]bool)
	for _, c := range i.Causes {
		if (c.Kind == toll.Acts) == i.Reached && !seen[c.Name] {
			seen[c.Name] = true
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}
