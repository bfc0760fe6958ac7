package doctor

import (
	"iter"
	"slices"
	"strings"
)

// application does what an application of the dialplan does to the path.
func (w *walker) application(s state, app, data string) {
	switch strings.ToLower(app) {
	case "goto":
		w.jump(s, data)
	case "gotoif", "gotoiftime":
		w.branch(s, data, func(s state, target string) {
			if target == "" {
				w.next(s)
			} else {
				w.jump(s, target)
			}
		})
	case "execif", "execiftime":
		w.branch(s, data, func(s state, text string) {
			if app, data := splitApp(text); app != "" {
				w.application(s, app, data)
			} else {
				w.next(s)
			}
		})
	case "exec", "tryexec":
		app, data := splitApp(data) // shorter at each turn, so this ends
		w.application(s, app, data)
	case "gosub":
		w.gosub(s, data)
	case "gosubif":
		w.branch(s, data, func(s state, text string) {
			if text == "" {
				w.next(s)
			} else {
				w.gosub(s, text)
			}
		})
	case "aelsub":
		name, args, _ := strings.Cut(data, ",")
		w.gosub(s, name+",~~s~~,1("+args+")")
	case "macro", "macroexclusive":
		w.macro(s, data)
	case "macroif":
		w.branch(s, data, func(s state, text string) {
			if text == "" {
				w.next(s)
			} else {
				w.macro(s, text)
			}
		})
	case "return", "macroexit":
		w.leave(s)
	case "hangup", "congestion", "busy":
	default:
		w.effect(s, app, data)
	}
}

// effect does what applications do that go on to the next step.
func (w *walker) effect(s state, app, data string) {
	args := arguments(data)
	switch strings.ToLower(app) {
	case "dial":
		s = w.dial(s, app, args)
	case "retrydial":
		s = w.dial(s, app, args[min(3, len(args)):])
	case "page":
		s = w.dial(s, app, args[:1])
	case "originate":
		w.originate(s, args)
	case "disa":
		w.found.DISA = append(w.found.DISA, w.visit(s, app, data))
		if context := argument(args, 1); context != "" {
			w.begin(context, "")
		}
	case "background", "waitexten", "backgrounddetect":
		context := s.context
		if strings.EqualFold(app, "background") && argument(args, 3) != "" {
			context = argument(args, 3)
		}
		if w.preset == nil {
			w.begin(context, "")
		}
	case "addqueuemember":
		fresh := s
		fresh.guard = guard{}
		w.dial(fresh, app, args[min(1, len(args)):min(2, len(args))])
	case "while", "exitwhile":
		if behind := w.endOfLoop(s); behind != nil {
			w.next(*behind)
		}
	case "voicemail":
		for _, exit := range []string{"o", "a"} {
			w.enter(s.context, exit, 1, s.guard, nil)
		}
	case "set", "mset":
		if strings.Contains(strings.ToLower(data), "timeout(absolute)") {
			w.found.Timeouts = append(w.found.Timeouts, w.visit(s, app, w.text(s, data)))
		}
	}
	w.next(s)
}

// branch goes both ways from a condition, "condition?one:other", or the one way
// where it can be decided, with what the way says about the verdict.
func (w *walker) branch(s state, data string, follow func(s state, text string)) {
	parts := split(data, '?')
	ways := split(strings.Join(parts[1:], "?"), ':')
	condition := parts[0]
	whenTrue, whenFalse := verdictOf(condition)
	if test, is := withoutVerdict(condition); is && !s.guard.asked {
		follow(s, argument(ways, btoi(!test)))
		return
	}
	if s.guard.asked && s.guard.verdict != unknown && (whenTrue == allowed || whenFalse == allowed) {
		follow(s, argument(ways, btoi(whenTrue != s.guard.verdict)))
		return
	}
	if value, known := decide(w.with(w.always, s, condition)); known && strings.HasPrefix(strings.TrimSpace(condition), "$[") {
		follow(s, argument(ways, btoi(!value)))
		return
	}
	for i, verdict := range []answer{whenTrue, whenFalse} {
		way := s
		if s.guard.asked && verdict != unknown {
			way.guard.verdict = verdict
		}
		follow(way, argument(ways, i))
	}
}

// endOfLoop is the EndWhile behind a step; nil where there is none.
func (w *walker) endOfLoop(s state) *state {
	for i, step := range s.ext.Steps[s.index:] {
		if strings.EqualFold(step.App, "endwhile") {
			s.index += i
			return &s
		}
	}
	return nil
}

// gosub calls a subroutine. That of Tollfuse is known: it returns with an answer
// to the number of the extension that called.
func (w *walker) gosub(s state, text string) {
	context, _, three := strings.Cut(w.text(s, text), ",")
	if strings.TrimSpace(context) != subroutine || !three {
		w.call(s, text, false)
		return
	}
	w.found.Asks = append(w.found.Asks, w.visit(s, "Gosub", text))
	if x, _ := w.plan.find(subroutine, "s", 1); x == nil && w.preset != nil {
		w.found.Lost = append(w.found.Lost, w.visit(s, "Gosub", text))
		return // Asterisk ends a call that a Gosub leads nowhere
	}
	s.guard = guard{asked: true, number: s.number}
	if w.preset != nil {
		s.guard.verdict = w.preset(s.number)
	}
	w.next(s)
}

// macro calls macro-NAME, which has its extension s.
func (w *walker) macro(s state, text string) {
	args := arguments(text)
	place := "macro-" + argument(args, 0) + ",s,1"
	if len(args) > 1 {
		place += "(" + strings.Join(args[1:], ",") + ")"
	}
	w.call(s, place, true)
}

// dial notes where a Dial goes, and follows Local channels and the options that
// go on elsewhere.
func (w *walker) dial(s state, app string, args []string) state {
	where, opts := w.text(s, argument(args, 0)), w.text(s, argument(args, 2))
	leaves := false
	for _, t := range targets(where) {
		w.found.Dials = append(w.found.Dials, dialling{w.visit(s, app, where), t, argument(args, 1), opts})
		leaves = leaves || t.leavesSite()
		if strings.EqualFold(t.Tech, "Local") {
			w.local(s, t)
		}
	}
	all, _ := options(opts)
	for _, letter := range []string{"G", "F"} {
		if o := has(all, letter); o != nil && o.Argument != "" {
			w.jump(s, o.Argument)
		}
	}
	s.guard.spent = s.guard.spent || leaves && s.guard.asked
	return s
}

// local goes on where a Local channel begins: as a channel of its own, which
// has not asked.
func (w *walker) local(s state, t target) {
	switch {
	case strings.Contains(t.Peer, "${") || t.Peer == "":
		w.found.Unfollowed = append(w.found.Unfollowed, w.visit(s, "Dial", t.Text))
	case strings.Contains(t.Number, "${"):
		w.begin(t.Peer, "")
	default:
		w.found.Contexts[t.Peer] = true
		w.enter(t.Peer, t.Number, 1, guard{}, nil)
	}
}

// originate makes a channel of its own: Originate(tech/data,type,arg1[,arg2…]).
func (w *walker) originate(s state, args []string) {
	fresh := s
	fresh.guard = guard{}
	w.dial(fresh, "Originate", args[:1])
	if strings.EqualFold(argument(args, 1), "exten") && len(args) > 3 {
		fresh.frame = nil
		w.jump(fresh, strings.Join(args[2:min(len(args), 5)], ","))
	}
}

// valuesOf are the variables of a dialplan that are given one and the same value
// wherever they are set. Whatever else Asterisk itself sets is never among them.
func valuesOf(d *Dialplan) values {
	all := map[string][]string{}
	for name, value := range d.Globals {
		all[name] = append(all[name], value)
	}
	for step := range d.steps() {
		for name, value := range settings(step.App, step.Data) {
			if !slices.Contains(all[name], value) {
				all[name] = append(all[name], value)
			}
		}
	}
	known := values{}
	for name, set := range all {
		reserved := name == "EXTEN" || name == "CONTEXT" || strings.HasPrefix(name, "TOLLFUSE_") || strings.HasPrefix(name, "ARG")
		if len(set) == 1 && !reserved && !strings.Contains(set[0], "${"+name) {
			known[name] = notHere(set[0])
		}
	}
	return known
}

// settings are the plain variables that a step sets.
func settings(app, data string) map[string]string {
	set := map[string]string{}
	switch strings.ToLower(app) {
	case "set":
		add(set, data)
	case "mset":
		for _, one := range arguments(data) {
			add(set, one)
		}
	case "execif":
		for _, way := range split(data, ':') {
			if _, inner, ok := strings.Cut(way, "?"); ok {
				way = inner
			}
			if app, data := splitApp(way); strings.EqualFold(app, "set") {
				add(set, data)
			}
		}
	case "exec", "tryexec":
		return settings(splitApp(data))
	case "read", "readexten", "array":
		name, _, _ := strings.Cut(data, ",")
		set[name] = "${" + name + "}" // whatever somebody types
	}
	return set
}

func add(set map[string]string, text string) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return
	}
	name = strings.TrimLeft(strings.TrimSpace(name), "_")
	for _, function := range []string{"GLOBAL(", "LOCAL("} {
		if inner, is := strings.CutPrefix(name, function); is {
			name = strings.TrimSuffix(inner, ")")
		}
	}
	set[name] = value
}

// steps are those of the owner's own contexts.
func (d *Dialplan) steps() iter.Seq[Step] {
	return func(yield func(Step) bool) {
		for _, c := range d.sorted() {
			for _, x := range c.Extensions {
				for _, s := range x.Steps {
					if c.Name != subroutine && c.Name != classes && !yield(s) {
						return
					}
				}
			}
		}
	}
}
