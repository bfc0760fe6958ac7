package ami

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRefused says that the encoder did not accept a field. Nothing has been written.
var ErrRefused = errors.New("refused by the AMI encoder")

// What Asterisk accepts (main/manager.c, main/manager.h): a session's input buffer holds a line of 1,024
// bytes with its end, and versions differ in what they do with the rest of a longer one: the older ones
// take it for a line of its own, which would make a header out of the tail of a value. Headers after the
// 128th make the action fail.
const (
	maxLine    = 1024
	maxHeaders = 128
)

// Action is a request to Asterisk. The zero value of ID is fine: the client sets it.
type Action struct {
	Name   string  // such as "Hangup"
	ID     string  // the ActionID, with which the answer comes back
	Fields []Field // all others, in this order; names may be repeated
}

// NewAction returns an action with fields given as name, value, name, value.
// It panics if a value is missing.
func NewAction(name string, namesAndValues ...string) Action {
	if len(namesAndValues)%2 != 0 {
		panic("ami: NewAction needs a value for each name")
	}
	a := Action{Name: name}
	for i := 0; i < len(namesAndValues); i += 2 {
		a.Fields = append(a.Fields, Field{namesAndValues[i], namesAndValues[i+1]})
	}
	return a
}

// With returns the action with one more field.
func (a Action) With(name, value string) Action {
	a.Fields = append(a.Fields[:len(a.Fields):len(a.Fields)], Field{name, value})
	return a
}

// Get returns the value of the first field of that name, or an empty string.
func (a Action) Get(name string) string {
	for _, f := range a.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Append appends the action as it goes over the wire. It refuses, with [ErrRefused] and dst unchanged,
//   - CR, LF and NUL anywhere, since a value with a line break is a second action;
//   - a name that is not printable ASCII without a colon, and fields named Action or ActionID;
//   - a value of Channel that begins with "/": the action Hangup takes it for a regular expression and
//     hangs up every channel that matches. Asterisk skips blanks before the value, so they count as well;
//   - lines and actions longer than Asterisk reads.
func (a Action) Append(dst []byte) ([]byte, error) {
	out, err := appendLine(dst, Field{"Action", a.Name}, maxLine)
	if err == nil && a.Name == "" {
		err = fmt.Errorf("%w: an action without a name", ErrRefused)
	}
	if err == nil && a.ID != "" {
		out, err = appendLine(out, Field{"ActionID", a.ID}, maxLine)
	}
	for _, f := range a.Fields {
		if err == nil {
			err = checkField(f)
		}
		if err == nil {
			out, err = appendLine(out, f, maxLine)
		}
	}
	if err == nil && len(a.Fields)+2 > maxHeaders {
		err = fmt.Errorf("%w: more than %d headers", ErrRefused, maxHeaders)
	}
	if err != nil {
		return dst, fmt.Errorf("encode action %.40q: %w", a.Name, err)
	}
	return append(out, "\r\n"...), nil
}

// checkField refuses what is well-formed but means something else than the caller may think.
func checkField(f Field) error {
	if strings.EqualFold(f.Name, "Action") || strings.EqualFold(f.Name, "ActionID") {
		return fmt.Errorf("%w: a field named %s", ErrRefused, f.Name)
	}
	// Channel, and likewise Channel1, Channel2 and ExtraChannel.
	if strings.Contains(strings.ToLower(f.Name), "channel") {
		// ast_skip_blanks skips every byte up to the space.
		if value := strings.TrimLeftFunc(f.Value, func(r rune) bool { return r <= ' ' }); strings.HasPrefix(value, "/") {
			return fmt.Errorf("%w: %s is a regular expression: %.40q", ErrRefused, f.Name, f.Value)
		}
	}
	return nil
}

// appendLine appends one header of at most limit bytes with its line end.
func appendLine(dst []byte, f Field, limit int) ([]byte, error) {
	if f.Name == "" {
		return dst, fmt.Errorf("%w: a field without a name", ErrRefused)
	}
	for i := range len(f.Name) {
		if c := f.Name[i]; c <= ' ' || c > '~' || c == ':' {
			return dst, fmt.Errorf("%w: field name %.40q", ErrRefused, f.Name)
		}
	}
	if strings.ContainsAny(f.Value, "\r\n\x00") {
		return dst, fmt.Errorf("%w: line break or NUL in the value of %s", ErrRefused, f.Name)
	}
	if size := len(f.Name) + len(": ") + len(f.Value) + len("\r\n"); size > limit {
		return dst, fmt.Errorf("%w: %s has %d bytes, at most %d are allowed", ErrRefused, f.Name, size, limit)
	}
	dst = append(dst, f.Name...)
	dst = append(dst, ": "...)
	dst = append(dst, f.Value...)
	return append(dst, "\r\n"...), nil
}

// appendMessage appends a message with its blank line, as a server writes it.
func appendMessage(dst []byte, fields []Field) ([]byte, error) {
	limits := Limits{}.withDefaults()
	out := dst
	var err error
	for _, f := range fields {
		if out, err = appendLine(out, f, limits.Bytes); err != nil {
			return dst, fmt.Errorf("encode message: %w", err)
		}
	}
	if len(fields) == 0 || len(fields) > limits.Headers || len(out)-len(dst)+len("\r\n") > limits.Bytes {
		return dst, fmt.Errorf("encode message: %w: %d fields in %d bytes", ErrRefused, len(fields), len(out)-len(dst))
	}
	return append(out, "\r\n"...), nil
}

// parseAction reads a message as the action it carries. The first header is its name.
func parseAction(m Message) (Action, error) {
	var a Action
	for name, value := range m.All() {
		switch {
		case a.Name == "" && strings.EqualFold(name, "Action") && value != "":
			a.Name = value
		case a.Name == "":
			return Action{}, fmt.Errorf("read an action: it begins with %.40q", name)
		case a.ID == "" && len(a.Fields) == 0 && strings.EqualFold(name, "ActionID"):
			a.ID = value
		default:
			a.Fields = append(a.Fields, Field{name, value})
		}
	}
	if a.Name == "" {
		return Action{}, fmt.Errorf("read an action: no headers")
	}
	return a, nil
}
