package doctor

import (
	"regexp"
	"strconv"
	"strings"
)

// The lines of "dialplan show" (handle_show_dialplan in main/pbx.c).
var (
	showContext   = regexp.MustCompile(`^\[ Context '(.*)' created by '.*' \]$`)
	showExtension = regexp.MustCompile(`^  '(.*?)'(?: \(CID match '(.*?)'\))? => +(.*)$`)
	showOther     = regexp.MustCompile(`^  (Include|Alt\. Switch|Ignore pattern) => +'(.*)' +\[.*\]$`)
	showStep      = regexp.MustCompile(`^(?:\[(.*?)\] +)?([0-9]+)\. (.*?)(?: +\[([^\[\]]*)\])?$`)
	colours       = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// dialplanFromShow reads what the console command "dialplan show" prints: the
// dialplan as it is loaded, from whatever file or language.
func dialplanFromShow(text string) *Dialplan {
	d := newDialplan()
	var context *Context
	var extension *Extension
	for line := range strings.Lines(colours.ReplaceAllString(text, "")) {
		line = strings.TrimRight(line, "\r\n ")
		if m := showContext.FindStringSubmatch(line); m != nil {
			context, extension = d.context(m[1]), nil
			continue
		}
		if context == nil {
			continue
		}
		if m := showOther.FindStringSubmatch(line); m != nil {
			context.other(m[1], m[2])
			continue
		}
		if m := showExtension.FindStringSubmatch(line); m != nil {
			extension = context.extension(m[1], m[2])
			line = m[3]
		}
		if m := showStep.FindStringSubmatch(strings.TrimSpace(line)); m != nil && extension != nil {
			extension.show(m)
		}
	}
	d.settle()
	return d
}

func (c *Context) other(kind, value string) {
	name, _, _ := strings.Cut(strings.ReplaceAll(value, "|", ","), ",")
	switch kind {
	case "Include":
		c.Includes = append(c.Includes, name)
	case "Alt. Switch":
		c.Switches = append(c.Switches, value)
	}
}

// show adds one printed step: label, priority, application, place.
func (x *Extension) show(m []string) {
	priority, err := strconv.Atoi(m[2])
	if err != nil {
		return
	}
	s := Step{Priority: priority, Label: m[1]}
	s.App, s.Data = splitApp(m[3])
	s.File = m[4]
	if file, line, ok := strings.Cut(m[4], ":"); ok {
		if n, err := strconv.Atoi(line); err == nil {
			s.Place = Place{file, n}
		}
	}
	x.Steps = append(x.Steps, s)
}

// globalsFromShow reads what "dialplan show globals" prints.
func globalsFromShow(text string) map[string]string {
	globals := map[string]string{}
	for line := range strings.Lines(colours.ReplaceAllString(text, "")) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.ContainsAny(name, " \t") {
			globals[name] = value
		}
	}
	return globals
}
