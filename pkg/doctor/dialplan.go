package doctor

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Dialplan is what calls go through.
type Dialplan struct {
	Contexts map[string]*Context
	Globals  map[string]string
	Missing  []string // files that could not be read

	searched map[string][]*Extension // by context: all that can be dialled there
	reached  map[string][]*Context   // by context: it and what it includes
}

// Context is a context with its extensions in the order in which Asterisk tries
// them, and with what it includes.
type Context struct {
	Name       string
	Extensions []*Extension
	Includes   []string
	Switches   []string // looks for extensions elsewhere, such as in a database

	byPattern map[string]*Extension // and by caller: "PATTERN/CALLER"
	literals  map[string][]*Extension
	patterns  []*Extension
}

// Extension is an extension or a pattern with its steps.
type Extension struct {
	Context string
	Pattern string
	Caller  string // the caller ID that alone takes it, as a pattern; empty: everybody's
	Steps   []Step // by rising priority

	positions []position // of a pattern
}

// Step is one priority.
type Step struct {
	Priority int
	Label    string
	App      string
	Data     string
	Place
}

func newDialplan() *Dialplan {
	return &Dialplan{Contexts: map[string]*Context{}, Globals: map[string]string{}, searched: map[string][]*Extension{}, reached: map[string][]*Context{}}
}

func (d *Dialplan) context(name string) *Context {
	c := d.Contexts[name]
	if c == nil {
		c = &Context{Name: name, byPattern: map[string]*Extension{}}
		d.Contexts[name] = c
	}
	return c
}

func (c *Context) extension(pattern, caller string) *Extension {
	e := &Extension{Context: c.Name, Pattern: pattern, Caller: caller}
	if old := c.byPattern[e.key()]; old != nil {
		e = old
	} else {
		c.byPattern[e.key()] = e
		c.Extensions = append(c.Extensions, e)
	}
	return e
}

// key tells the extensions of a context apart, as extensions.conf writes them.
func (x *Extension) key() string {
	if x.Caller == "" {
		return x.Pattern
	}
	return x.Pattern + "/" + x.Caller
}

// stepsOf are the steps of one extension; none where it does not exist.
func (d *Dialplan) stepsOf(context, key string) []Step {
	if c := d.Contexts[context]; c != nil && c.byPattern[key] != nil {
		return c.byPattern[key].Steps
	}
	return nil
}

// settle brings extensions and steps into Asterisk's order. Of two steps with one
// priority Asterisk refuses the second.
func (d *Dialplan) settle() {
	for _, c := range d.Contexts {
		slices.SortStableFunc(c.Extensions, func(a, b *Extension) int { return byPrecedence(a.Pattern, b.Pattern) })
		for _, e := range c.Extensions {
			if isPattern(e.Pattern) {
				e.positions = positions(e.Pattern[1:])
			}
			c.index(e)
			slices.SortStableFunc(e.Steps, func(a, b Step) int { return a.Priority - b.Priority })
			e.Steps = slices.CompactFunc(e.Steps, func(a, b Step) bool { return a.Priority == b.Priority })
		}
	}
}

// index lets an extension be found by what was dialled; in it dashes are for the
// eye.
func (c *Context) index(x *Extension) {
	if isPattern(x.Pattern) {
		c.patterns = append(c.patterns, x)
		return
	}
	if c.literals == nil {
		c.literals = map[string][]*Extension{}
	}
	number := strings.ReplaceAll(x.Pattern, "-", "")
	c.literals[number] = append(c.literals[number], x)
}

// reach are a context and those that it includes, in the order in which they
// are searched.
func (d *Dialplan) reach(name string) []*Context {
	var found []*Context
	seen := map[string]bool{}
	var add func(name string)
	add = func(name string) {
		c := d.Contexts[name]
		if c == nil || seen[name] {
			return
		}
		seen[name] = true
		found = append(found, c)
		for _, other := range c.Includes {
			add(other)
		}
	}
	add(name)
	return found
}

// extensions are all that can be dialled in a context, in the order in which
// they are tried. A dialplan is not changed after it was read, so they are
// looked up once.
func (d *Dialplan) extensions(context string) []*Extension {
	if all, done := d.searched[context]; done {
		return all
	}
	var all []*Extension
	for _, c := range d.reach(context) {
		all = append(all, c.Extensions...)
	}
	d.searched[context] = all
	return all
}

// taking are the extensions that match what was dialled in a context, in the
// order in which they are tried: those that are no pattern go before.
func (d *Dialplan) taking(context, dialled string) []*Extension {
	contexts, done := d.reached[context]
	if !done {
		contexts = d.reach(context)
		d.reached[context] = contexts
	}
	var all []*Extension
	for _, c := range contexts {
		all = append(all, c.literals[strings.ReplaceAll(dialled, "-", "")]...)
		for _, x := range c.patterns {
			if fits(x.positions, dialled) {
				all = append(all, x)
			}
		}
	}
	return all
}

// find is the extension that Asterisk takes for what was dialled, at a priority
// that it must have, with the index of that step. Those for one caller only are not
// meant: most calls do not come there.
func (d *Dialplan) find(context, dialled string, priority int) (*Extension, int) {
	for _, e := range d.taking(context, dialled) {
		if e.Caller != "" {
			continue
		}
		for i, s := range e.Steps {
			if s.Priority == priority {
				return e, i
			}
		}
	}
	return nil, 0
}

// sorted are the contexts by name.
func (d *Dialplan) sorted() []*Context {
	var all []*Context
	for _, name := range slices.Sorted(maps.Keys(d.Contexts)) {
		all = append(all, d.Contexts[name])
	}
	return all
}

// dialplanFromConf reads extensions.conf (pbx/pbx_config.c).
func dialplanFromConf(c *Conf) *Dialplan {
	d := newDialplan()
	d.Missing = c.Missing
	for _, s := range c.Sections {
		if strings.EqualFold(s.Name, "globals") && !s.Template {
			for _, e := range s.Entries {
				d.Globals[e.Name] = e.Value
			}
		}
	}
	for _, s := range c.Sections {
		if !s.Template && !strings.EqualFold(s.Name, "general") && !strings.EqualFold(s.Name, "globals") {
			d.read(s)
		}
	}
	d.settle()
	return d
}

func (d *Dialplan) read(s *Section) {
	c := d.context(s.Name)
	var last *Extension
	globals := values(d.Globals) // Asterisk puts them in while it loads
	for _, e := range s.Entries {
		switch strings.ToLower(e.Name) {
		case "include":
			name, _, _ := strings.Cut(strings.ReplaceAll(globals.expand(e.Value, nil), "|", ","), ",")
			c.Includes = append(c.Includes, strings.TrimSpace(name))
		case "switch", "lswitch", "eswitch":
			c.Switches = append(c.Switches, e.Value)
		case "exten":
			pattern, rest, _ := strings.Cut(e.Value, ",")
			pattern, caller, _ := strings.Cut(strings.TrimSpace(globals.expand(pattern, nil)), "/")
			last = c.extension(strings.TrimSpace(pattern), strings.TrimSpace(caller))
			last.add(rest, e.Place)
		case "same":
			if last != nil {
				last.add(e.Value, e.Place)
			}
		}
	}
}

// add reads "priority[(label)],application(data)".
func (x *Extension) add(text string, at Place) {
	priority, application, ok := strings.Cut(text, ",")
	if !ok {
		return
	}
	step := Step{Place: at}
	priority, label, _ := strings.Cut(strings.TrimSpace(priority), "(")
	step.Label = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(label), ")"))
	previous := 0
	if n := len(x.Steps); n > 0 {
		previous = x.Steps[n-1].Priority
	}
	word, plus, _ := strings.Cut(strings.TrimSpace(priority), "+")
	more, _ := strconv.Atoi(strings.TrimSpace(plus))
	switch word = strings.ToLower(strings.TrimSpace(word)); word {
	case "n", "next":
		step.Priority = previous + 1 + more
	case "s", "same":
		step.Priority = previous + more
	default:
		n, err := strconv.Atoi(word)
		if err != nil {
			return // hint
		}
		step.Priority = n + more
	}
	step.App, step.Data = splitApp(application)
	x.Steps = append(x.Steps, step)
}

// splitApp takes "App(data)" or the older "App,data" apart.
func splitApp(text string) (app, data string) {
	text = strings.TrimSpace(text)
	i := strings.IndexAny(text, "(,")
	if i < 0 {
		return text, ""
	}
	app, data = strings.TrimSpace(text[:i]), text[i+1:]
	if text[i] == '(' {
		data = strings.TrimSuffix(strings.TrimSpace(data), ")")
	}
	return app, data
}
