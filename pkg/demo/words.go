package demo

import (
	"fmt"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// who says a caller in few words: "1007", "1009 forwards".
func who(caller string) string {
	kind, id, _ := strings.Cut(caller, ":")
	switch toll.CallerKind(kind) {
	case toll.Forward:
		return id + " forwards"
	case toll.Transfer:
		return id + " transfers"
	case toll.Originated:
		return "no phone"
	}
	return id
}

// place says where a number is: "GB mobile".
func place(d decision) string {
	class := d.fields["class"]
	for _, prefix := range []string{"home_", "intl_"} {
		class = strings.TrimPrefix(class, prefix)
	}
	return strings.TrimSpace(d.fields["country"] + " " + strings.ReplaceAll(class, "_", " "))
}

// limitWords says a limit in words: "no more than 3 calls at once abroad for one caller (abroad-caller-live)".
func limitWords(l toll.Limit) string {
	var amount string
	switch l.Meter.Measure {
	case toll.Cost:
		amount = toll.Money(l.Act).String() + " USD"
	case toll.Seconds:
		amount = fmt.Sprintf("%d minutes", l.Act/60)
	case toll.Concurrent:
		amount = fmt.Sprintf("%d calls at once", l.Act)
	default:
		amount = fmt.Sprintf("%d calls", l.Act)
	}
	words := "no more than " + amount
	if l.Meter.Where != toll.Anywhere {
		words += " " + strings.ReplaceAll(string(l.Meter.Where), "_", " ")
	}
	switch l.Meter.Scope {
	case toll.PerSite:
		words += " for the firm"
	default:
		words += " for one " + string(l.Meter.Scope)
	}
	if l.Meter.Window > 0 {
		words += " in " + hours(l.Meter.Window)
	}
	return words + " (" + l.ID + ")"
}

func hours(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return toll.SayLength(d)
}

// inStory says how long something is in the story, where a second stands for five minutes.
func inStory(d time.Duration) string {
	d = (d * fast).Round(time.Minute)
	if d >= time.Hour && d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}

// wrap breaks a text into lines of at most width characters, at its spaces.
func wrap(text string, width int) []string {
	var lines []string
	var line string
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
