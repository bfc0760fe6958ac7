package doctor

import (
	"regexp"
	"strconv"
	"strings"
)

// variable is a plain variable, with a part of it taken or not: ${NAME},
// ${NAME:1}, ${NAME:0:3}. Functions, which have brackets, are not meant.
var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(?::(-?[0-9]+))?(?::(-?[0-9]+))?\}`)

// deepestExpansion is how often what a variable stands for is looked up again.
const deepestExpansion = 5

// longestText ends an expansion that feeds itself.
const longestText = 16 << 10

// values are what a variable is known to stand for: a text for each name.
type values map[string]string

// expand puts what is known in the place of variables, and leaves the rest.
// What stands in more goes before.
func (v values) expand(text string, more values) string {
	for range deepestExpansion {
		if !strings.Contains(text, "${") || len(text) > longestText {
			break
		}
		next := variable.ReplaceAllStringFunc(text, func(found string) string {
			m := variable.FindStringSubmatch(found)
			value, ok := more[m[1]]
			if !ok {
				value, ok = v[m[1]]
			}
			switch {
			case !ok:
				return found
			case m[2] == "":
				return value
			case strings.Contains(value, "${"):
				return passOn(value, m[2], m[3], found)
			}
			return part(value, m[2], m[3])
		})
		if next == text {
			break
		}
		text = next
	}
	return text
}

// passOn writes ${A:1} for ${B:1} where B stands for the whole of A.
func passOn(value, offset, length, found string) string {
	m := variable.FindStringSubmatch(value)
	if m == nil || m[0] != value || m[2] != "" {
		return found
	}
	if length != "" {
		length = ":" + length
	}
	return "${" + m[1] + ":" + offset + length + "}"
}

// part is the part of a value that Asterisk would take (substring in
// main/pbx_variables.c): counted from the end where negative.
func part(value, offset, length string) string {
	from, _ := strconv.Atoi(offset)
	if from < 0 {
		from = max(len(value)+from, 0)
	}
	value = value[min(from, len(value)):]
	if length == "" {
		return value
	}
	n, _ := strconv.Atoi(length)
	if n < 0 {
		n = max(len(value)+n, 0)
	}
	return value[:min(n, len(value))]
}

// decide is what a condition comes to: it knows an equation of two texts
// without variables, and a literal number.
func decide(condition string) (value, known bool) {
	text := strings.TrimSpace(condition)
	if strings.Contains(text, "${") {
		return false, false
	}
	inner, ok := strings.CutPrefix(text, "$[")
	if !ok {
		return text != "" && text != "0", true
	}
	m := equation.FindStringSubmatch(strings.TrimSuffix(inner, "]"))
	if m == nil {
		return false, false
	}
	return (strings.Trim(m[1], `"`) == strings.Trim(m[3], `"`)) == (m[2] != "!="), true
}

var equation = regexp.MustCompile(`^\s*("[^"]*"|[^\s"=!<>&|()]+)\s*(=|==|!=)\s*("[^"]*"|[^\s"=!<>&|()]+)\s*$`)

// verdictTest finds the comparison of Tollfuse's verdict in a condition.
var verdictTest = regexp.MustCompile(`"?\$\{TOLLFUSE_VERDICT\}"?\s*(=|==|!=)\s*"?(allow|deny)"?`)

// verdictOf tells what is known of the verdict where the condition is true, and
// where it is false; 0 where nothing is.
func verdictOf(condition string) (whenTrue, whenFalse answer) {
	m := verdictTest.FindStringSubmatch(condition)
	if m == nil {
		return 0, 0
	}
	whenTrue, whenFalse = denied, allowed
	if (m[1] == "!=") == (m[2] == "deny") {
		whenTrue, whenFalse = allowed, denied
	}
	switch {
	case strings.Contains(condition, "|"): // true for another reason, perhaps
		return 0, whenFalse
	case strings.Contains(condition, "&"):
		return whenTrue, 0
	}
	return whenTrue, whenFalse
}

// withoutVerdict decides a test of the verdict where nobody has asked for one:
// then the variable is empty.
func withoutVerdict(condition string) (value, is bool) {
	m := verdictTest.FindStringSubmatch(condition)
	return m != nil && m[1] == "!=", m != nil && !strings.ContainsAny(condition, "&|")
}
