package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// jump goes where a Goto goes: [[context,]extension,]priority, with "^" for the
// comma in an option of Dial.
func (w *walker) jump(s state, text string) {
	text = w.text(s, strings.ReplaceAll(text, "^", ","))
	s.fell = ""
	args := arguments(text)
	context, number, priority := s.context, s.number, argument(args, len(args)-1)
	same := len(args) == 1
	if len(args) >= 2 {
		number = argument(args, len(args)-2)
	}
	if len(args) >= 3 {
		context = argument(args, len(args)-3)
	}
	w.found.Contexts[context] = true
	if from := s.ext.Steps[s.index].Priority; same && relative.MatchString(priority) {
		steps, _ := strconv.Atoi(priority)
		priority = strconv.Itoa(from + steps)
	}
	switch {
	case strings.Contains(context, "${") || strings.Contains(priority, "${"):
		w.found.Unfollowed = append(w.found.Unfollowed, w.visit(s, s.ext.Steps[s.index].App, text))
	case same:
		w.label(s, []*Extension{s.ext}, priority)
	case strings.Contains(number, "${"):
		s.context, s.number = context, ""
		w.label(s, w.plan.extensions(context), priority)
	default:
		s.context, s.number = context, number
		w.labelFirst(s, w.plan.taking(context, number), priority)
	}
}

// relative is a priority that is counted from where the Goto stands.
var relative = regexp.MustCompile(`^[+-][0-9]{1,6}$`)

// label goes to that priority or label in each of the extensions.
func (w *walker) label(s state, all []*Extension, priority string) {
	for _, x := range all {
		w.labelFirst(s, []*Extension{x}, priority)
	}
}

// labelFirst goes to that priority or label in the first extension that has it,
// and in those before it that are for one caller only.
func (w *walker) labelFirst(s state, all []*Extension, priority string) {
	for _, x := range all {
		i := slices.IndexFunc(x.Steps, func(step Step) bool {
			return step.Label == priority || fmt.Sprint(step.Priority) == priority
		})
		if i >= 0 {
			there := s
			if there.number == "" {
				there.number = x.literal()
			}
			there.ext, there.index = x, i
			w.push(there)
			if x.Caller == "" {
				return
			}
		}
	}
}

// call goes into a subroutine: Gosub's [[context,]extension,]priority(args).
func (w *walker) call(s state, text string, macro bool) {
	f := &frame{back: s, macro: macro, depth: 1}
	if s.frame != nil {
		f.depth = s.frame.depth + 1
	}
	if f.depth > deepestCall {
		w.found.Unfollowed = append(w.found.Unfollowed, w.visit(s, s.ext.Steps[s.index].App, text))
		return
	}
	place := text
	if i := bracket(text); i >= 0 {
		place = text[:i]
		for _, arg := range arguments(strings.TrimSuffix(strings.TrimSpace(text[i+1:]), ")")) {
			f.args = append(f.args, notHere(strings.TrimSpace(w.text(s, arg))))
		}
	}
	s.frame = f
	w.jump(s, place)
}

// bracket is where Gosub's arguments begin: the first bracket outside of a
// variable.
func bracket(text string) int {
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "${") {
			i += closing(text[i+1:])
			continue
		}
		if text[i] == '(' {
			return i
		}
	}
	return -1
}
