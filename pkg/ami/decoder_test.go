package ami

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func decodeAll(tb testing.TB, d *Decoder) []Message {
	tb.Helper()
	var all []Message
	for {
		m, err := d.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, m)
	}
}

// TestCaptures reads what a real Asterisk sent, in one piece and byte by byte. Nothing may be lost, added
// or moved.
func TestCaptures(t *testing.T) {
	for _, c := range []struct {
		file              string
		events, responses int
		some              map[string]int
	}{
		{"simple-call.ami", 96, 1, map[string]int{"VarSet": 56, "Newexten": 8, "Newchannel": 2, "DialBegin": 1, "Hangup": 2, "Cdr": 2}},
		{"blind-transfer.ami", 67, 1, map[string]int{"BlindTransfer": 1, "Newchannel": 3, "DialBegin": 2, "Hangup": 3}},
		{"forward-302.ami", 85, 1, map[string]int{"LocalBridge": 1, "Newchannel": 5, "DialBegin": 3, "Hangup": 5}},
		// OriginateResponse has a header Response, and is an event all the same.
		{"originate-to-trunk.ami", 12, 2, map[string]int{"OriginateResponse": 1, "Newchannel": 1, "DialBegin": 1}},
	} {
		t.Run(c.file, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + c.file)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text))} {
				d := NewDecoder(r, Limits{})
				banner, err := d.Line(100)
				if err != nil || banner != "Asterisk Call Manager/11.0.0" {
					t.Fatalf("banner %q, %v", banner, err)
				}
				again := banner + "\r\n"
				counts := map[string]int{}
				responses := 0
				all := decodeAll(t, d)
				for i, m := range all {
					if m.Seq() != uint64(i+1) {
						t.Fatalf("message %d has Seq %d", i+1, m.Seq())
					}
					again += m.String() + "\r\n"
					counts[m.Event()]++
					if m.Response() == "Success" {
						responses++
					}
				}
				if again != string(text) {
					t.Error("the messages together are not what was sent")
				}
				if responses != c.responses || len(all)-responses != c.events || counts[""] != responses {
					t.Errorf("%d messages, %d responses", len(all), responses)
				}
				for event, want := range c.some {
					if counts[event] != want {
						t.Errorf("%d %s, want %d", counts[event], event, want)
					}
				}
			}
		})
	}
}

// TestCaptureOrder holds what the documentation of the package promises about the order of a channel.
func TestCaptureOrder(t *testing.T) {
	for _, file := range []string{"simple-call.ami", "blind-transfer.ami", "forward-302.ami", "originate-to-trunk.ami"} {
		begun, ended := map[string]bool{}, map[string]bool{}
		for _, m := range decodeAll(t, NewDecoder(bytes.NewReader(captured(t, file)), Limits{})) {
			id, ok := m.Only("Uniqueid")
			switch {
			case !ok || m.Event() == "Cdr": // a record about the channel, not an event of it
			case m.Event() == "Newchannel":
				if begun[id] {
					t.Errorf("%s: %s begins twice", file, id)
				}
				begun[id] = true
			case !begun[id] || ended[id]:
				t.Errorf("%s: %s of %s out of its life", file, m.Event(), id)
			case m.Event() == "Hangup":
				ended[id] = true
			}
		}
		if len(begun) == 0 {
			t.Errorf("%s: no channels", file)
		}
	}
}

func TestFilter(t *testing.T) {
	d := NewDecoder(bytes.NewReader(captured(t, "simple-call.ami")), Limits{})
	d.SetFilter(func(event, text []byte) bool {
		if !bytes.HasPrefix(text, []byte("Event: "+string(event)+"\r\n")) || !bytes.HasSuffix(text, []byte("\r\n")) {
			t.Errorf("the filter of %s sees %q", event, text)
		}
		return string(event) == "Hangup" || string(event) == "DialBegin"
	})
	var got []string
	for _, m := range decodeAll(t, d) {
		got = append(got, m.Response()+m.Event())
	}
	if want := []string{"Success", "DialBegin", "Hangup", "Hangup"}; !slices.Equal(got, want) {
		t.Errorf("kept %v", got)
	}
	if d.Seq() != 97 {
		t.Errorf("Seq is %d: skipped messages count", d.Seq())
	}
}

func TestDecodeEdges(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		name, in string
		want     []string // messages, or the error in brackets
	}{
		{"empty", "", []string{"[EOF]"}},
		{"blank lines between", "\r\n\r\nA: 1\r\n\r\n\r\n\r\nB: 2\r\n\r\n", []string{"A: 1\r\n", "B: 2\r\n", "[EOF]"}},
		{"cut in a header", "A: 1", []string{"[unexpected EOF]"}},
		{"cut before the blank line", "A: 1\r\n", []string{"[unexpected EOF]"}},
		{"a lone LF is part of the value", "A: 1\nB: 2\n\nC: 3\r\n\r\n", []string{"A: 1\nB: 2\n\nC: 3\r\n", "[EOF]"}},
		{"a lone CR likewise", "A: 1\r\rB: 2\r\r\n\r\n", []string{"A: 1\r\rB: 2\r\r\n", "[EOF]"}},
		{"too large, then another", "A: " + long + "\r\n\r\nB: 2\r\n\r\n", []string{"[too large]", "B: 2\r\n", "[EOF]"}},
		{"too large and unwanted", "Event: No\r\nA: " + long + "\r\n\r\nB: 2\r\n\r\n", []string{"B: 2\r\n", "[EOF]"}},
		{"too large, cut", "A: " + long, []string{"[unexpected EOF]"}},
		{"too many headers", strings.Repeat("A:\r\n", 9) + "\r\nB: 2\r\n\r\n", []string{"[too large]", "B: 2\r\n", "[EOF]"}},
		{"output with a blank line", "Response: Follows\r\nActionID: 1\r\nuptime\r\n\r\n2 days\n--END COMMAND--\r\n\r\nB: 2\r\n\r\n",
			[]string{"Response: Follows\r\nActionID: 1\r\nuptime\r\n\r\n2 days\n--END COMMAND--\r\n", "B: 2\r\n", "[EOF]"}},
		{"large output", "Response: Follows\r\n" + long + "\r\n\r\n" + long + "\n--END COMMAND--\r\n\r\nB: 2\r\n\r\n",
			[]string{"[too large]", "B: 2\r\n", "[EOF]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
				d := NewDecoder(r, Limits{Bytes: 128, Headers: 8})
				d.SetFilter(func(event, _ []byte) bool { return string(event) != "No" })
				var got []string
				for {
					m, err := d.Next()
					switch {
					case err == nil:
						got = append(got, m.String())
						continue
					case errors.Is(err, ErrTooLarge):
						got = append(got, "[too large]")
						continue
					}
					got = append(got, "["+err.Error()+"]")
					break
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("got  %q\nwant %q", got, c.want)
				}
			}
		})
	}
}

func TestMessage(t *testing.T) {
	d := NewDecoder(strings.NewReader("Event: Newchannel\r\nUNIQUEID: 1.1\r\nVariable: a=1\r\nCallerIDName: Bob: the \nbuilder\r\n"+
		"Empty: \r\nTight:value\r\nvariable: b=2\r\nno colon\r\nSpaced:  two\r\nExten: 1\r\nLinkedid: 1.1\r\nlinkedid: 6.6\r\n\r\n"), Limits{})
	m, err := d.Next()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"event": "Newchannel", "Uniqueid": "1.1", "CallerIDName": "Bob: the \nbuilder", "Empty": "", "Tight": "value",
		"Spaced": " two", "Exten": "1", "Missing": "", "no colon": "", "": "", "LinkedID": "1.1", "builder": "",
	} {
		if got := m.Get(name); got != want {
			t.Errorf("Get(%q) = %q, want %q", name, got, want)
		}
	}
	if _, ok := m.Lookup("Empty"); !ok {
		t.Error("an empty header is there")
	}
	if _, ok := m.Lookup("Emptyish"); ok {
		t.Error("a missing header is not there")
	}
	if got := m.Values("Variable"); !slices.Equal(got, []string{"a=1", "b=2"}) {
		t.Errorf("Values: %q", got)
	}
	if got, ok := m.Only("Uniqueid"); got != "1.1" || !ok {
		t.Errorf("Only(Uniqueid) = %q, %v", got, ok)
	}
	for _, name := range []string{"Linkedid", "Variable", "Missing"} {
		if got, ok := m.Only(name); ok || got != "" {
			t.Errorf("Only(%s) = %q", name, got)
		}
	}
	var names []string
	for name := range m.All() {
		names = append(names, name)
	}
	want := "Event UNIQUEID Variable CallerIDName Empty Tight variable Spaced Exten Linkedid linkedid"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("All: %s", got)
	}
}

// TestForgedKind: a header that a caller smuggled in does not make an event a response.
func TestForgedKind(t *testing.T) {
	d := NewDecoder(strings.NewReader("Event: Newchannel\r\nExten: 1\r\nResponse: Success\r\nEvent: Hangup\r\n\r\n"), Limits{})
	m, err := d.Next()
	if err != nil || m.Event() != "Newchannel" || m.Response() != "" {
		t.Errorf("event %q, response %q, %v", m.Event(), m.Response(), err)
	}
}

func TestOutput(t *testing.T) {
	for in, want := range map[string][]string{
		"Response: Success\r\nMessage: Command output follows\r\nOutput: one\r\nOutput: \r\nOutput: a: b\r\n\r\n": {"one", "", "a: b"},
		"Response: Follows\r\nPrivilege: Command\r\nActionID: 1\r\none\n\na: b\n--END COMMAND--\r\n\r\n":          {"one", "", "a: b"},
		"Response: Follows\r\n--END COMMAND--\r\n\r\n":                                                            nil,
		"Response: Error\r\nMessage: Command output follows\r\n\r\n":                                              nil,
	} {
		m, err := NewDecoder(strings.NewReader(in), Limits{}).Next()
		if got := m.Output(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}

func TestLine(t *testing.T) {
	for in, want := range map[string]string{"Asterisk\r\nrest": "Asterisk", "\r\n": "", "0123456789\r\n": "0123456789", "01234567890\r\n": "!", "cut": "!"} {
		got, err := NewDecoder(iotest.OneByteReader(strings.NewReader(in)), Limits{}).Line(10)
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
