package ami

import (
	"iter"
	"strings"
)

// Field is one header of a message or of an action.
type Field struct{ Name, Value string }

// Message is one message as Asterisk sent it: a response or an event, its headers in their order. A
// Message is small and immutable; it may be copied, kept and used by several goroutines. Headers are
// looked up in the text on demand, because a consumer reads few of the twenty an event has.
//
// Header names are compared without regard to case, as Asterisk does. Lines end at CR LF only: a lone CR
// or LF is part of a value, so that a value which holds one does not become a second header.
type Message struct {
	text string // the lines, each with its CR LF, without the blank line that ends the message
	seq  uint64
}

// NewMessage makes a message out of fields, as a simulated Asterisk or a test needs it. It refuses the
// fields that an [Action] refuses, except that lines may be as long as [Limits] allows.
func NewMessage(fields ...Field) (Message, error) {
	block, err := appendMessage(nil, fields)
	if err != nil {
		return Message{}, err
	}
	return Message{text: string(block[:len(block)-len("\r\n")])}, nil
}

// Seq is the place of the message in everything the decoder (or the client, over all its connections) has
// received, skipped messages included. A message with a smaller Seq arrived earlier. It is 0 for a message
// that was not received.
func (m Message) Seq() uint64 { return m.seq }

// Len is the size of the message in bytes.
func (m Message) Len() int { return len(m.text) }

// String returns the lines of the message as they were received.
func (m Message) String() string { return m.text }

// Event is the name of the event, or empty if the message is none.
func (m Message) Event() string { return m.first("Event: ") }

// Response is the value of a response ("Success", "Error", "Goodbye", "Follows"), or empty if the message
// is none.
func (m Message) Response() string { return m.first("Response: ") }

// first returns the value of the first line if that begins with the prefix. Asterisk always writes the
// kind of a message first, and looking only there keeps a later, forged header from changing it.
func (m Message) first(prefix string) string {
	if !strings.HasPrefix(m.text, prefix) {
		return ""
	}
	line, _ := nextLine(m.text)
	return line[len(prefix):]
}

// Get returns the value of the first header of that name, or an empty string.
func (m Message) Get(name string) string {
	value, _ := m.Lookup(name)
	return value
}

// Lookup is Get that tells an empty header from one that is missing.
func (m Message) Lookup(name string) (value string, ok bool) {
	for rest := m.text; rest != ""; {
		var line string
		line, rest = nextLine(rest)
		if value, ok = valueOf(line, name); ok {
			return value, true
		}
	}
	return "", false
}

// Only returns the value of a header that must occur exactly once, such as Uniqueid. Asterisk writes some
// values of a caller into its events as they came (main/manager_channels.c escapes the caller's name, but
// not the extension), so a value with a CR LF can bring a second header of any name: where a wrong
// channel would be costly, take a header with Only.
func (m Message) Only(name string) (value string, ok bool) {
	found := 0
	for rest := m.text; rest != ""; {
		var line string
		line, rest = nextLine(rest)
		if v, match := valueOf(line, name); match {
			value = v
			found++
		}
	}
	if found != 1 {
		return "", false
	}
	return value, true
}

// Values returns the values of a header that may be repeated, such as Variable, in their order.
func (m Message) Values(name string) []string {
	var values []string
	for rest := m.text; rest != ""; {
		var line string
		line, rest = nextLine(rest)
		if value, ok := valueOf(line, name); ok {
			values = append(values, value)
		}
	}
	return values
}

// All iterates over the headers in their order. A line without a colon, as the output of a command may
// have, is left out.
func (m Message) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for rest := m.text; rest != ""; {
			var line string
			line, rest = nextLine(rest)
			name, value, ok := strings.Cut(line, ":")
			if ok && !yield(name, strings.TrimPrefix(value, " ")) {
				return
			}
		}
	}
}

// Output returns the lines that the action Command printed: repeated Output headers since Asterisk 14,
// lines without any header and an end mark before (Response: Follows).
func (m Message) Output() []string {
	if m.Response() != "Follows" {
		return m.Values("Output")
	}
	rest := m.text
	for _, header := range []string{"Response", "Privilege", "ActionID"} {
		line, after := nextLine(rest)
		if _, ok := valueOf(line, header); ok {
			rest = after
		}
	}
	rest = strings.TrimSuffix(rest, endOfCommand)
	rest = strings.TrimSuffix(strings.ReplaceAll(rest, "\r\n", "\n"), "\n")
	if rest == "" {
		return nil
	}
	return strings.Split(rest, "\n")
}

// nextLine splits the first line, without its CR LF, off the text.
func nextLine(text string) (line, rest string) {
	for at := 0; ; {
		n := strings.IndexByte(text[at:], '\n')
		if n < 0 {
			return text, ""
		}
		at += n + 1
		if at >= 2 && text[at-2] == '\r' {
			return text[:at-2], text[at:]
		}
	}
}

// valueOf returns the value of the line if its header has that name. One blank after the colon belongs to
// the form; more belong to the value.
func valueOf(line, name string) (string, bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || !strings.EqualFold(line[:len(name)], name) {
		return "", false
	}
	return strings.TrimPrefix(line[len(name)+1:], " "), true
}
