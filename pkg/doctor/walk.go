package doctor

import (
	"fmt"
	"strings"
)

// subroutine is the context that asks Tollfuse, classes the one in which it
// looks up what may go out without an answer.
const (
	subroutine = "tollfuse"
	classes    = "tollfuse-class"
)

// The bounds of one walk: calls inside calls, and steps in all.
const (
	deepestCall = 12
	longestWalk = 20000
)

// answer is what is known of Tollfuse's verdict at some place of a path.
type answer int

const (
	unknown answer = iota
	allowed
	denied
)

// guard is what a path has done about Tollfuse.
type guard struct {
	asked   bool
	verdict answer
	spent   bool   // a trunk was dialled on this answer already
	number  string // that was asked about, where it is known
}

// state is a place on a path through the dialplan.
type state struct {
	context string // where the channel looks for extensions
	ext     *Extension
	index   int    // of the step
	number  string // what was dialled, where it is known
	guard   guard
	frame   *frame // whom Return goes back to
	fell    string // the extension that ended before, where Asterisk went on in a pattern
	// typed is the pattern for any text through which the call came last: what is
	// dialled at other places may be what somebody typed there.
	typed *Extension
}

// frame is a Gosub or Macro that has not returned.
type frame struct {
	back  state // the step that called
	args  []string
	macro bool
	depth int
}

// visit is a step on a path, with its data as far as variables are known.
type visit struct {
	App, Data string
	Ext       *Extension
	Context   string
	Step      Step
	Number    string
	Guard     guard
	Fell      string
	Typed     *Extension
}

// dialling is a destination of a Dial on a path.
type dialling struct {
	visit
	Target  target
	Timeout string
	Options string
}

// walked is what a walk has found.
type walked struct {
	Dials      []dialling
	Asks       []visit // calls of the subroutine
	Timeouts   []visit // settings of TIMEOUT(absolute)
	Lost       []visit // calls of the subroutine where it is not there, which end the call
	Unfollowed []visit // jumps to where only a call would tell
	DISA       []visit
	Contexts   map[string]bool
	Whole      bool // false: given up, there were too many ways
}

// walker walks a dialplan from one beginning.
type walker struct {
	plan   *Dialplan
	values values
	always values // those that no path is without
	// preset is what the subroutine answers to a number while no daemon does. It
	// is nil where the walk is about any number.
	preset func(number string) answer

	seen  map[string]bool
	queue []state
	found walked
}

// walk follows every path that begins in the context: with any number, or with
// one where preset is not nil.
func walk(d *Dialplan, v values, context, number string, preset func(string) answer) walked {
	w := newWalker(d, v, preset)
	w.begin(context, number)
	return w.walk()
}

// walkStep follows every path from a step that stands in no dialplan.
func walkStep(d *Dialplan, v values, x *Extension) walked {
	w := newWalker(d, v, nil)
	w.push(state{context: x.Context, ext: x, number: x.literal()})
	return w.walk()
}

func newWalker(d *Dialplan, v values, preset func(string) answer) *walker {
	w := &walker{plan: d, values: v, always: values{}, preset: preset, seen: map[string]bool{}}
	for name := range d.Globals {
		if value, same := v[name]; same {
			w.always[name] = value
		}
	}
	w.found.Contexts = map[string]bool{}
	return w
}

func (w *walker) walk() walked {
	for len(w.queue) > 0 && len(w.seen) < longestWalk {
		s := w.queue[len(w.queue)-1]
		w.queue = w.queue[:len(w.queue)-1]
		if key := s.key(); !w.seen[key] {
			w.seen[key] = true
			w.step(s)
		}
	}
	w.found.Whole = len(w.queue) == 0
	return w.found
}

// key tells two places apart for the purpose of walking no circles.
func (s state) key() string {
	key := fmt.Sprintf("%s|%p|%d|%s|%v|%p", s.context, s.ext, s.index, s.number, s.guard, s.typed)
	for f := s.frame; f != nil; f = f.back.frame {
		key += fmt.Sprintf("|%p|%d|%q", f.back.ext, f.back.index, f.args)
	}
	return key
}

// begin starts a channel in a context.
func (w *walker) begin(context, number string) {
	for _, c := range w.plan.reach(context) {
		w.found.Contexts[c.Name] = true
	}
	if number != "" {
		w.enter(context, number, 1, guard{}, nil)
		return
	}
	for _, x := range w.plan.extensions(context) {
		if len(x.Steps) > 0 {
			w.push(state{context: context, ext: x, number: x.literal()})
		}
	}
}

// literal is the number of an extension that is no pattern.
func (x *Extension) literal() string {
	if isPattern(x.Pattern) {
		return ""
	}
	return x.Pattern
}

func (w *walker) push(s state) {
	switch {
	case takesAnyText(s.ext.Pattern):
		s.typed = s.ext
	case canBeNumber(s.ext.Pattern):
		s.typed = nil
	}
	w.queue = append(w.queue, s)
}

// enter goes to a number in a context at a priority, and tells whether that
// exists.
func (w *walker) enter(context, number string, priority int, g guard, f *frame) bool {
	x, i := w.plan.find(context, number, priority)
	if x != nil {
		w.push(state{context: context, ext: x, index: i, number: number, guard: g, frame: f})
	}
	for _, only := range w.plan.taking(context, number) {
		if w.preset == nil && only.Caller != "" && len(only.Steps) > 0 {
			w.push(state{context: context, ext: only, number: number, guard: g, frame: f})
		}
	}
	return x != nil
}

// next goes on behind a step. Asterisk looks for the next priority anew, and
// may find it in a less special pattern.
func (w *walker) next(s state) {
	if i := s.index + 1; i < len(s.ext.Steps) && s.ext.Steps[i].Priority == s.ext.Steps[s.index].Priority+1 {
		s.index = i
		w.push(s)
		return
	}
	if s.number != "" {
		if x, i := w.plan.find(s.context, s.number, s.ext.Steps[s.index].Priority+1); x != nil {
			if x != s.ext {
				s.fell = s.ext.Pattern
			}
			s.ext, s.index = x, i
			w.push(s)
			return
		}
	}
	if s.frame != nil && s.frame.macro {
		w.leave(s)
	}
}

// leave goes back behind the step that called.
func (w *walker) leave(s state) {
	if s.frame == nil {
		return
	}
	back := s.frame.back
	back.guard = s.guard
	w.next(back)
}

// step does what one step does, and goes on.
func (w *walker) step(s state) {
	step := s.ext.Steps[s.index]
	w.application(s, step.App, step.Data)
}

// typed stands for EXTEN of an earlier place, which is not the EXTEN of this one.
const typed = "TYPED_EXTEN"

// notHere writes a text for use at another place.
func notHere(text string) string { return strings.ReplaceAll(text, "${EXTEN", "${"+typed) }

// text is a text with what is known in the place of variables.
func (w *walker) text(s state, text string) string { return w.with(w.values, s, text) }

func (w *walker) with(v values, s state, text string) string {
	if !strings.Contains(text, "${") {
		return text
	}
	known := values{}
	if s.number != "" {
		known["EXTEN"] = s.number
	}
	if canBeNumber(s.number) {
		known[typed] = s.number
	}
	if w.preset != nil && s.guard.asked {
		known["TOLLFUSE_DIAL"] = w.number(s)
	}
	if s.frame != nil {
		for i, arg := range s.frame.args {
			known[fmt.Sprintf("ARG%d", i+1)] = arg
		}
		if s.frame.macro && s.frame.back.number != "" {
			known["MACRO_EXTEN"] = s.frame.back.number
		} else if s.frame.macro {
			known["MACRO_EXTEN"] = "${" + typed + "}"
		}
	}
	return v.expand(text, known)
}

// number is TOLLFUSE_DIAL, which is empty where the answer is no.
func (w *walker) number(s state) string {
	if s.guard.verdict == denied {
		return ""
	}
	return s.guard.number
}

func (w *walker) visit(s state, app, data string) visit {
	return visit{App: app, Data: data, Ext: s.ext, Context: s.context, Step: s.ext.Steps[s.index], Number: s.number, Guard: s.guard, Fell: s.fell, Typed: s.typed}
}
