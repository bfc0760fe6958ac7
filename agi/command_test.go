package agi

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAppendCommand(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"ANSWER", nil, "ANSWER\n"},
		{"SET VARIABLE", []string{"A", ""}, `SET VARIABLE "A" ""` + "\n"},
		{"NOOP", []string{`a "b" c\d`}, `NOOP "a \"b\" c\\d"` + "\n"},
		{"NOOP", []string{`\`}, `NOOP "\\"` + "\n"},
		{"NOOP", []string{"ä\xff\t"}, "NOOP \"ä\xff\t\"\n"},
		{"NOOP", []string{strings.Repeat("x", 2039)}, "NOOP \"" + strings.Repeat("x", 2039) + "\"\n"},
		{"NOOP", slices.Repeat([]string{"x"}, 119), "NOOP" + strings.Repeat(` "x"`, 119) + "\n"},
	} {
		got, err := appendCommand([]byte("before"), c.name, c.args)
		if err != nil || string(got) != "before"+c.want {
			t.Errorf("%s %.60q: %.80q, %v", c.name, c.args, got, err)
		}
	}
}

// TestAppendCommandRefuses: nothing is written of a command that is refused.
// Those that are too long would reach Asterisk 16 as two commands, as its buffer
// of 2048 bytes overflows.
func TestAppendCommandRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
	}{
		{"", nil},
		{" NOOP", nil},
		{"NOOP ", nil},
		{"SET  VARIABLE", nil},
		{"NOOP\nHANGUP", nil},
		{`NOOP "x`, nil},
		{"NOOP\\", nil},
		{"NOOP", []string{"a\nb"}},
		{"NOOP", []string{"ok", "a\rb"}},
		{"NOOP", []string{"a\x00b"}},
		{"NOOP", []string{strings.Repeat("x", 2040)}},
		{"NOOP", []string{strings.Repeat(`"`, 1020)}},
		{"NOOP", []string{strings.Repeat("x", 1<<20)}},
		{"NOOP", slices.Repeat([]string{"x"}, 120)},
		{"SET VARIABLE", slices.Repeat([]string{"x"}, 119)},
	} {
		got, err := appendCommand([]byte("before"), c.name, c.args)
		if !errors.Is(err, ErrArgument) || string(got) != "before" {
			t.Errorf("%s %.60q: %.80q, %v", c.name, c.args, got, err)
		}
	}
}

func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		"":                       nil,
		"  \t ":                  nil,
		"ANSWER":                 {"ANSWER"},
		`SET VARIABLE A ""`:      {"SET", "VARIABLE", "A", ""},
		`NOOP "a b"c d`:          {"NOOP", "a bc", "d"},
		`NOOP a\ b "c\"d" \"e\\`: {"NOOP", "a b", `c"d`, `"e\`},
		`NOOP "open`:             {"NOOP", "open"},
		"NOOP\t\"a\tb\"":         {"NOOP", "a\tb"},
		`NOOP a""b`:              {"NOOP", "ab"},
	} {
		if got := SplitCommand(line); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// asteriskParseArgs walks through a line with the states of parse_args in
// Asterisk's res_agi.c, so that quoting is tested against Asterisk's reading
// and not against our own.
func asteriskParseArgs(line string) []string {
	var words [][]byte
	quoted, escaped, whitespace := false, false, true
	for i := 0; i < len(line); i++ {
		c := line[i]
		literal := escaped || (c != '"' && c != '\\' && (quoted || (c != ' ' && c != '\t')))
		switch {
		case literal:
			if whitespace {
				words, whitespace = append(words, nil), false
			}
			words[len(words)-1] = append(words[len(words)-1], c)
			escaped = false
		case c == '"':
			quoted = !quoted
			if quoted && whitespace {
				words, whitespace = append(words, nil), false
			}
		case c == '\\':
			escaped = true
		default:
			whitespace = true
		}
	}
	var split []string
	for _, w := range words {
		split = append(split, string(w))
	}
	return split
}

// FuzzQuote: whatever the arguments are, Asterisk reads one command with just
// these arguments, or none at all.
func FuzzQuote(f *testing.F) {
	f.Add("TOLLFUSE_VERDICT", "allow")
	f.Add("", `\`)
	f.Add(`a" "b`, `\" \\" \`)
	f.Add("a\nHANGUP", "\x00")
	f.Add(" ", "\t")
	f.Fuzz(func(t *testing.T, first, second string) {
		args := []string{first, second}
		line, err := appendCommand(nil, "SET VARIABLE", args)
		if err != nil {
			if !errors.Is(err, ErrArgument) || len(line) > 0 {
				t.Fatalf("%q, %v", line, err)
			}
			if !strings.ContainsAny(first+second, "\r\n\x00") && len(first)+len(second) < 1000 {
				t.Fatalf("%q refused: %v", args, err)
			}
			return
		}
		text, ended := strings.CutSuffix(string(line), "\n")
		if !ended || strings.ContainsAny(text, "\r\n\x00") || len(line) > maxCommand {
			t.Fatalf("not one line: %q", line)
		}
		want := []string{"SET", "VARIABLE", first, second}
		if got := asteriskParseArgs(text); !slices.Equal(got, want) {
			t.Fatalf("%s: Asterisk reads %q", text, got)
		}
		if got := SplitCommand(text); !slices.Equal(got, want) {
			t.Fatalf("%s: split into %q", text, got)
		}
	})
}

// FuzzSplit: a simulated Asterisk splits any line as the real one does.
func FuzzSplit(f *testing.F) {
	f.Add(`NOOP a""b "c\" d`)
	f.Fuzz(func(t *testing.T, line string) {
		line = strings.Map(func(r rune) rune {
			if r == 0 || r == '\n' {
				return -1
			}
			return r
		}, line)
		if got, want := SplitCommand(line), asteriskParseArgs(line); !slices.Equal(got, want) {
			t.Fatalf("%q: %q, Asterisk %q", line, got, want)
		}
	})
}
