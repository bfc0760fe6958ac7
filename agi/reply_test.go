package agi

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func parseReply(text string) (Reply, error) {
	raw, err := readReply(newLineReader(strings.NewReader(text), DefaultMaxLine), func() {})
	if err != nil {
		return Reply{}, err
	}
	return raw.parse()
}

func TestReply(t *testing.T) {
	for line, want := range map[string]Reply{
		"200 result=1":                              {Result: "1"},
		"200 result=-1":                             {Result: "-1"},
		"200 result=":                               {},
		"200 result= (timeout)":                     {HasData: true, Data: "timeout"},
		"200 result=12*# (timeout)":                 {Result: "12*#", HasData: true, Data: "timeout"},
		"200 result=1 ()":                           {Result: "1", HasData: true},
		"200 result=1 (a b)":                        {Result: "1", HasData: true, Data: "a b"},
		"200 result=1 (a (b) c)":                    {Result: "1", HasData: true, Data: "a (b) c"},
		"200 result=1 (a) endpos=7 (b)":             {Result: "1", HasData: true, Data: "a) endpos=7 (b"},
		"200 result=1 ()))":                         {Result: "1", HasData: true, Data: "))"},
		"200 result=1 (result=2)":                   {Result: "1", HasData: true, Data: "result=2"},
		"200 result=0 endpos=123":                   {Result: "0", Rest: "endpos=123"},
		"200 result=35 (dtmf) endpos=99":            {Result: "35", HasData: true, Data: "dtmf", Rest: "endpos=99"},
		"200 result=1 (speech) endpos=5 results=0 ": {Result: "1", HasData: true, Data: "speech", Rest: "endpos=5 results=0 "},
		"100 Trying\n183 Still\n200 result=1":       {Result: "1"},
		"HANGUP\n200 result=1":                      {Result: "1"},
	} {
		if got, err := parseReply(line + "\n"); err != nil || got != want {
			t.Errorf("%q: %+v, %v", line, got, err)
		}
	}
}

func TestReplyNumbers(t *testing.T) {
	r := Reply{Result: "x", Rest: "endpos=12345 results=2"}
	if _, err := r.Int(); err == nil {
		t.Error("x is a number")
	}
	if n, ok := r.Endpos(); n != 12345 || !ok {
		t.Error(n, ok)
	}
	for _, rest := range []string{"", "endpos=", "endpos=x", "xendpos=1"} {
		if n, ok := (Reply{Rest: rest}).Endpos(); ok {
			t.Errorf("%q: %d", rest, n)
		}
	}
}

func TestReplyErrors(t *testing.T) {
	usage := "520-Invalid command syntax.  Proper usage follows:\n" + strings.Repeat("u", 3000) + "\nmore\n"
	for text, want := range map[string]ReplyError{
		"510 Invalid or unknown command\n":                                           {510, "Invalid or unknown command"},
		"511 Command Not Permitted on a dead channel or intercept routine\n":         {511, "Command Not Permitted on a dead channel or intercept routine"},
		"520 Invalid command syntax.  Proper usage not available.\n":                 {520, "Invalid command syntax.  Proper usage not available."},
		"520-Invalid\n Usage: X\n\n510 y\n520-z\nHANGUP\n520 End of proper usage.\n": {520, " Usage: X\n\n510 y\n520-z"},
		usage + "520 End of proper usage.\n":                                         {520, strings.Repeat("u", 2048)},
		"600 " + strings.Repeat("x", 5000) + "\n":                                    {600, strings.Repeat("x", 2048)},
		"201\n": {201, ""},
	} {
		_, err := parseReply(text)
		var got *ReplyError
		if !errors.As(err, &got) || *got != want {
			t.Errorf("%.80q: %v", text, err)
		}
		if len(err.Error()) > 900 {
			t.Errorf("%.80q: message of %d bytes", text, len(err.Error()))
		}
	}
}

func TestReplyOutOfStep(t *testing.T) {
	for _, text := range []string{
		"", "2", "20", "200", "200 ", "200result=1", "200  result=1", "2000 result=1", "099 x",
		"hello", "agi_arg_1: x", "200 result=1 (open", "200 result=1 (open) and (open", "200 result=1 (",
		"2x0 result=1", " 200 result=1", "hangup", "HANGUP ",
	} {
		want := ErrOutOfStep
		if text == "200 result=1 (open) and (open" {
			want = nil // data and more; GetVariable refuses what is more
		}
		if _, err := parseReply(text + "\n"); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestReplyBounded(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"endless line":     {"200 result=1 (" + strings.Repeat("x", 100000), ErrLineTooLong},
		"long line":        {strings.Repeat("x", DefaultMaxLine+1) + "\n", ErrLineTooLong},
		"long line CR":     {strings.Repeat("x", DefaultMaxLine+1) + "\r\n", ErrLineTooLong},
		"endless usage":    {"520-x\n" + strings.Repeat("x\n", 1000), ErrOutOfStep},
		"endless hangups":  {strings.Repeat("HANGUP\n", 1000), ErrOutOfStep},
		"endless progress": {strings.Repeat("100 Trying\n", 1000), ErrOutOfStep},
		"cut":              {"200 res", io.ErrUnexpectedEOF},
		"nothing":          {"", io.EOF},
	} {
		if _, err := parseReply(c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	longest := "200 result=1 (" + strings.Repeat("x", DefaultMaxLine-15) + ")"
	if _, err := parseReply(longest + "\r\n"); err != nil {
		t.Errorf("longest line: %v", err)
	}
}

// FuzzReply: any bytes, in pieces of any size, give the same reply or error,
// which is bounded, and HANGUP is never part of it.
func FuzzReply(f *testing.F) {
	f.Add([]byte("200 result=1 (a (b) c)\n"))
	f.Add([]byte("HANGUP\n200 result= (timeout)\r\n"))
	f.Add([]byte("520-Invalid\nUsage\nHANGUP\n520 End of proper usage.\n"))
	f.Add([]byte("100 Trying\n511 Command Not Permitted\n"))
	f.Add([]byte("200 result=1 (x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		hangups := 0
		raw, err := readReply(newLineReader(bytes.NewReader(data), 512), func() { hangups++ })
		slow, slowErr := readReply(newLineReader(iotest.OneByteReader(bytes.NewReader(data)), 512), func() {})
		if raw != slow || (err == nil) != (slowErr == nil) {
			t.Fatalf("whole %+v, %v; in pieces %+v, %v", raw, err, slow, slowErr)
		}
		if err != nil {
			return
		}
		if hangups == 0 && bytes.HasPrefix(data, []byte("HANGUP\n")) {
			t.Fatal("HANGUP was not noted")
		}
		reply, err := raw.parse()
		var refused *ReplyError
		switch {
		case errors.As(err, &refused):
			if refused.Code < 200 || refused.Code > 999 || len(refused.Text) > maxErrorText {
				t.Fatalf("%+v", refused)
			}
		case err != nil:
			if !errors.Is(err, ErrOutOfStep) {
				t.Fatal(err)
			}
		case strings.Contains(reply.Result+reply.Data+reply.Rest, "\n"):
			t.Fatalf("%+v", reply)
		}
	})
}

// TestEnvironmentInPieces: the block is the same however it arrives, and what
// follows it is left for the dialogue.
func TestEnvironmentInPieces(t *testing.T) {
	block := strings.Repeat("agi_x: "+strings.Repeat("y", 300)+"\n", 20)
	for name, src := range map[string]io.Reader{
		"whole":          strings.NewReader(block + "\nHANGUP\n"),
		"byte by byte":   iotest.OneByteReader(strings.NewReader(block + "\nHANGUP\n")),
		"data with EOF":  iotest.DataErrReader(strings.NewReader(block + "\nHANGUP\n")),
		"in half pieces": iotest.HalfReader(strings.NewReader(block + "\nHANGUP\n")),
	} {
		l := newLineReader(src, 1024)
		got, err := l.readEnvironment(20, 1<<16)
		if err != nil || string(got) != block {
			t.Errorf("%s: %.60q, %v", name, got, err)
			continue
		}
		if line, err := l.readLine(); err != nil || string(line) != "HANGUP" {
			t.Errorf("%s: then %q, %v", name, line, err)
		}
	}
	for name, c := range map[string]struct {
		lines, bytes int
		want         error
	}{
		"too many": {19, 1 << 16, ErrEnvironment},
		"too much": {20, 5000, ErrEnvironment},
	} {
		l := newLineReader(strings.NewReader(block+"\n"), 1024)
		if _, err := l.readEnvironment(c.lines, c.bytes); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
