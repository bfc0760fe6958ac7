package doctor

import (
	"regexp"
	"strings"
)

// arguments splits what an application is given at its commas, but not at those
// inside brackets, braces or quotes.
func arguments(data string) []string { return split(data, ',') }

// split splits at a byte that stands outside of brackets and quotes.
func split(text string, at byte) []string {
	var parts []string
	depth, quoted, from := 0, false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '(' || c == '{' || c == '[':
			depth++
		case c == ')' || c == '}' || c == ']':
			depth = max(depth-1, 0)
		case c == at && depth == 0 && !quoted:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// argument is one of them, or nothing.
func argument(args []string, i int) string {
	if i < len(args) {
		return strings.TrimSpace(args[i])
	}
	return ""
}

// target is one destination of a Dial.
type target struct {
	Text   string // as it stands there
	Tech   string // PJSIP, SIP, IAX2, DAHDI, Local; empty where a variable hides it
	Peer   string // endpoint, peer, group of lines, or the context of a Local channel
	Number string // what it is told to dial; empty for a phone
}

// targets takes the first argument of Dial apart.
func targets(text string) []target {
	var all []target
	for _, one := range split(text, '&') {
		if one = strings.TrimSpace(one); one != "" {
			all = append(all, newTarget(one))
		}
	}
	return all
}

func newTarget(text string) target {
	t := target{Text: text}
	if inner, is := strings.CutPrefix(text, "${PJSIP_DIAL_CONTACTS("); is && strings.HasSuffix(inner, ")}") {
		t.Tech, t.Peer = "PJSIP", argument(arguments(strings.TrimSuffix(inner, ")}")), 0)
		return t
	}
	parts := split(text, '/')
	if len(parts) < 2 || strings.Contains(parts[0], "${") {
		return t
	}
	t.Tech, t.Peer = parts[0], parts[1]
	behind := strings.Join(parts[2:], "/")
	switch strings.ToUpper(t.Tech) {
	case "LOCAL":
		t.Number, t.Peer = lastCut(strings.Join(parts[1:], "/"), '@')
		t.Peer, _, _ = strings.Cut(t.Peer, "/")
	case "PJSIP", "SIP":
		if number, peer := lastCut(t.Peer, '@'); peer != "" && behind == "" {
			t.Number, t.Peer = number, peer
		} else {
			t.Number = behind
			if _, host := lastCut(t.Peer, '@'); host != "" {
				t.Peer = host // without user and password
			}
		}
	case "IAX2":
		if _, peer := lastCut(t.Peer, '@'); peer != "" {
			t.Peer = peer
		}
		t.Number, _, _ = strings.Cut(behind, "@")
	default:
		t.Number = behind
	}
	return t
}

// lastCut cuts at the last such byte outside of brackets; the second part is
// empty where there is none.
func lastCut(text string, at byte) (before, after string) {
	parts := split(text, at)
	if len(parts) == 1 {
		return text, ""
	}
	return strings.Join(parts[:len(parts)-1], string(at)), parts[len(parts)-1]
}

// name is the endpoint as Tollfuse's configuration may name it, alone or with
// the technology.
func (t target) name() string { return t.Tech + "/" + t.Peer }

// leavesSite tells whether the target is a number behind an endpoint, rather
// than a phone.
func (t target) leavesSite() bool {
	return !strings.EqualFold(t.Tech, "Local") && t.Number != ""
}

// option is one letter of Dial's third argument, with what stands in its
// brackets.
type option struct {
	Letter   string
	Argument string
	Brackets bool
}

var dialOption = regexp.MustCompile(`^[A-Za-z0-9]`)

// options takes Dial's options apart. whole is false where a variable stands
// among them, which can bring any option.
func options(text string) (all []option, whole bool) {
	whole = true
	for i := 0; i < len(text); i++ {
		if strings.HasPrefix(text[i:], "${") {
			whole = false
			i += closing(text[i+1:])
			continue
		}
		if !dialOption.MatchString(text[i:]) {
			continue
		}
		o := option{Letter: text[i : i+1]}
		if i+1 < len(text) && text[i+1] == '(' {
			n := closing(text[i+1:])
			o.Argument, o.Brackets = strings.TrimSuffix(text[i+2:i+1+n], ")"), true
			i += n
		}
		all = append(all, o)
	}
	return all, whole
}

// closing is how long the bracketed text at the beginning is, brackets included.
func closing(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// has is the option of that letter, or nil.
func has(all []option, letter string) *option {
	for i := range all {
		if all[i].Letter == letter {
			return &all[i]
		}
	}
	return nil
}
