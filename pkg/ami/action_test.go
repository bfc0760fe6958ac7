package ami

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestActionAppend(t *testing.T) {
	many := Action{Name: "Many", ID: "1"}
	for range 127 {
		many = many.With("Variable", "a=1")
	}
	for _, c := range []struct {
		name string
		in   Action
		want string // empty: refused
	}{
		{"plain", NewAction("Ping"), "Action: Ping\r\n\r\n"},
		{"ordered and repeated", Action{Name: "Originate", ID: "x-1", Fields: []Field{{"Variable", "b=2"}, {"Channel", "PJSIP/1001"}, {"Variable", "a: 1"}}},
			"Action: Originate\r\nActionID: x-1\r\nVariable: b=2\r\nChannel: PJSIP/1001\r\nVariable: a: 1\r\n\r\n"},
		{"empty value", NewAction("Login", "Events", ""), "Action: Login\r\nEvents: \r\n\r\n"},
		{"a slash elsewhere", NewAction("Getvar", "Variable", "/x", "Channel", "PJSIP/1001-1"), "Action: Getvar\r\nVariable: /x\r\nChannel: PJSIP/1001-1\r\n\r\n"},
		{"longest line", NewAction("A", "N", strings.Repeat("x", 1024-5)), "Action: A\r\nN: " + strings.Repeat("x", 1024-5) + "\r\n\r\n"},
		{"no name", NewAction(""), ""},
		{"CR LF in a value", NewAction("Hangup", "Channel", "1.1\r\n\r\nAction: Originate"), ""},
		{"LF in a value", NewAction("Hangup", "Channel", "1.1\nCause: 1"), ""},
		{"CR in a value", NewAction("Hangup", "Channel", "1.1\r"), ""},
		{"NUL in a value", NewAction("Hangup", "Channel", "1.1\x00"), ""},
		{"LF in the name of the action", NewAction("Ping\nAction: Logoff"), ""},
		{"LF in the ActionID", Action{Name: "Ping", ID: "1\n"}, ""},
		{"LF in a name", NewAction("Ping", "X\nY", "1"), ""},
		{"colon in a name", NewAction("Ping", "Channel: /./\t", "1"), ""},
		{"blank in a name", NewAction("Ping", "Channel ", "/./"), ""},
		{"UTF-8 in a name", NewAction("Ping", "Kanäle", "1"), ""},
		{"empty name", NewAction("Ping", "", "1"), ""},
		{"second action", NewAction("Ping", "action", "Logoff"), ""},
		{"second ActionID", NewAction("Ping", "ActionID", "1"), ""},
		{"regular expression", NewAction("Hangup", "Channel", "/./"), ""},
		{"regular expression, other case", NewAction("Hangup", "cHANNEL", "/./"), ""},
		{"regular expression behind blanks", NewAction("Hangup", "Channel", " \t\x01/./"), ""},
		{"regular expression, second channel", NewAction("Redirect", "ExtraChannel", "/./"), ""},
		{"line too long", NewAction("A", "N", strings.Repeat("x", 1024-4)), ""},
		{"too many headers", many, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.in.Append([]byte("before|"))
			want := "before|" + c.want
			if string(got) != want {
				t.Errorf("got %q", got)
			}
			if refused := c.want == ""; refused != errors.Is(err, ErrRefused) || refused != (err != nil) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestSecretIsNotShown: an error goes to a log.
func TestSecretIsNotShown(t *testing.T) {
	_, err := New(Options{Address: "127.0.0.1:5038", Username: "u", Secret: "s3cret\n"})
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}

func TestWithDoesNotShare(t *testing.T) {
	base := NewAction("Status", "A", "1").With("B", "2")
	one, two := base.With("C", "3"), base.With("C", "4")
	if one.Get("c") != "3" || two.Get("C") != "4" || base.Get("C") != "" {
		t.Error(base, one, two)
	}
}

func TestNewMessage(t *testing.T) {
	m, err := NewMessage(Field{"Event", "Hangup"}, Field{"Variable", "a"}, Field{"Variable", "b"}, Field{"Long", strings.Repeat("x", 2000)})
	if err != nil || m.Event() != "Hangup" || len(m.Values("Variable")) != 2 || len(m.Get("Long")) != 2000 {
		t.Error(m, err)
	}
	for _, fields := range [][]Field{nil, {{"Event", "x\r\ny"}}, {{"", "x"}}, {{"A", strings.Repeat("x", 65530)}}, make([]Field, 600)} {
		if _, err := NewMessage(fields...); !errors.Is(err, ErrRefused) {
			t.Errorf("%.40v: %v", fields, err)
		}
	}
}

func equalActions(a, b Action) bool {
	return a.Name == b.Name && a.ID == b.ID && slices.Equal(a.Fields, b.Fields)
}

// FuzzEncodeAction: what is encoded is read back as one action, the same; what is refused leaves nothing.
func FuzzEncodeAction(f *testing.F) {
	f.Add("Hangup", "x-1", "Channel", "1.1", "Cause", "16")
	f.Add("Hangup", "", "Channel", " /./", "Cause", "")
	f.Add("Ping", "1", "Variable", "a\r\n\r\nAction: Originate", "Variable", "b: c")
	f.Add("Ping", "", "ActionID", "1", "x:", "\x00")
	f.Fuzz(func(t *testing.T, name, id, n1, v1, n2, v2 string) {
		in := Action{Name: name, ID: id, Fields: []Field{{n1, v1}, {n2, v2}}}
		text, err := in.Append(nil)
		if err != nil {
			if !errors.Is(err, ErrRefused) || len(text) != 0 {
				t.Fatalf("%q, %v", text, err)
			}
			return
		}
		d := NewDecoder(bytes.NewReader(text), Limits{})
		m, err := d.Next()
		if err != nil {
			t.Fatal(err)
		}
		out, err := parseAction(m)
		if err != nil || !equalActions(in, out) {
			t.Fatalf("%+v became %+v, %v", in, out, err)
		}
		if rest := decodeAll(t, d); len(rest) != 0 {
			t.Fatalf("a second message: %q", rest)
		}
		for line := range bytes.SplitSeq(text, []byte("\n")) {
			if len(line) > maxLine {
				t.Fatalf("a line of %d bytes", len(line))
			}
		}
	})
}

// FuzzDecode: whatever arrives, however it is cut, the decoder neither panics nor holds more than its
// limit, and finds the same messages.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("Event: Hangup\r\nUniqueid: 1.1\r\n\r\nResponse: Success\r\n\r\n"), byte(3))
	f.Add([]byte("Response: Follows\r\nx\n--END COMMAND--\r\n\r\n"), byte(1))
	f.Add([]byte("\r\n\r\nA\n\r\n\r\r\n\r\n"+strings.Repeat("y", 300)+"\r\n\r\nA: 1\r\n\r\n"), byte(7))
	f.Fuzz(func(t *testing.T, text []byte, size byte) {
		whole := fuzzRead(t, NewDecoder(bytes.NewReader(text), Limits{Bytes: 128, Headers: 8}))
		parts := fuzzRead(t, NewDecoder(&smallReader{text, int(size)%64 + 1}, Limits{Bytes: 128, Headers: 8}))
		if !slices.Equal(whole, parts) {
			t.Fatalf("whole %q\nparts %q", whole, parts)
		}
	})
}

type smallReader struct {
	text []byte
	size int
}

func (r *smallReader) Read(p []byte) (int, error) {
	if len(r.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(r.size, len(p))], r.text)
	r.text = r.text[n:]
	return n, nil
}

func fuzzRead(t *testing.T, d *Decoder) []string {
	d.SetFilter(func(event, _ []byte) bool { return string(event) != "No" })
	var got []string
	for {
		m, err := d.Next()
		if errors.Is(err, ErrTooLarge) {
			got = append(got, "too large")
			continue
		}
		if err != nil {
			return append(got, err.Error())
		}
		if m.Len() > 128 || len(d.buf) != 128 {
			t.Fatalf("%d bytes in a message, %d in the buffer", m.Len(), len(d.buf))
		}
		var fields []Field
		for name, value := range m.All() {
			fields = append(fields, Field{name, value})
			if _, ok := m.Lookup(name); !ok {
				t.Fatalf("no header %q in %q", name, m)
			}
		}
		m.Output()
		if again, err := NewMessage(fields...); err == nil {
			for i, name := range []string{fields[0].Name, "Uniqueid"} {
				if a, b := m.Get(name), again.Get(name); a != b {
					t.Fatalf("%d: %q became %q", i, a, b)
				}
			}
		}
		got = append(got, m.String())
	}
}
