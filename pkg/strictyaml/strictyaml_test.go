package strictyaml

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
)

func TestProblem(t *testing.T) {
	for want, p := range map[string]Problem{
		"f:2:3: a.b: wrong":            {File: "f", Line: 2, Column: 3, Key: "a.b", Text: "wrong"},
		"line 2, column 3: a.b: wrong": {Line: 2, Column: 3, Key: "a.b", Text: "wrong"},
		"f: a.b: wrong":                {File: "f", Key: "a.b", Text: "wrong"},
		"f: wrong":                     {File: "f", Text: "wrong"},
		"wrong":                        {Text: "wrong"},
	} {
		if got := p.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	if err := Join("f", nil); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
	err := Join("f", []*Problem{{Line: 2, Column: 9, Text: "c"}, {Line: 2, Column: 1, Text: "b"}, {Text: "a"}, {Line: 2, Column: 9, Text: "d"}})
	if want := "f: a\nf:2:1: b\nf:2:9: c\nf:2:9: d"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
}

// TestManyProblems are not all told.
func TestManyProblems(t *testing.T) {
	many := make([]*Problem, mostProblems+33)
	for i := range many {
		many[i] = &Problem{Line: 1 + i, Text: "wrong"}
	}
	err := Join("f", many)
	if strings.Count(err.Error(), "\n") != mostProblems || !strings.HasSuffix(err.Error(), "f:20:0: wrong\nand 33 more") {
		t.Errorf("%v", err)
	}
}

func TestQuote(t *testing.T) {
	for s, want := range map[string]string{
		"x": `"x"`, "a\nb": `"a\nb"`, "\u202eü": `"\u202e\u00fc"`, "\x1b": `"\x1b"`,
		strings.Repeat("x", 60): `"` + strings.Repeat("x", 60) + `"`, strings.Repeat("x", 61): `"` + strings.Repeat("x", 60) + `..."`,
	} {
		if got := Quote(s); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestTreeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a: \x00":                          "the file holds zero bytes and is no text",
		"a: 1\n---\nb: 2\n":                "line 3, column 2: a second document begins here",
		strings.Repeat("[", 100_000):       "line 1, column 1: brackets, or dashes, stand within each other",
		"a:\n" + strings.Repeat("- ", 500): "line 2, column 1: brackets, or dashes",
		strings.Repeat("{a: ", 101):        "line 1, column 1: brackets",
		"a: [1\n":                          "line 1, column 4: <",
		"a: \"secret\nb: 1\n":              "line 1, column 4: <",
	} {
		root, p := Tree([]byte(text), func(sentence string) string { return "<" + sentence + ">" })
		if root != nil || p == nil || !strings.HasPrefix(p.Error(), want) {
			t.Errorf("%.40q: %v, %v; want %s", text, root, p, want)
		} else if strings.Contains(p.Text, "secret") || strings.Contains(p.Text, "\n") {
			t.Errorf("%q: the problem shows the file: %s", text, p)
		}
	}
	whole := "a: " + strings.Repeat("[", deepest) + strings.Repeat("]", deepest) + strings.Repeat("\n# []{}", 1000) + strings.Repeat("\n# ------------", 20)
	if root, p := Tree([]byte(whole), strings.TrimSpace); root == nil || p != nil {
		t.Errorf("a hundred deep: %v", p)
	}
	for _, text := range []string{"", "# nothing\n", "---\n"} {
		if root, p := Tree([]byte(text), strings.TrimSpace); root != nil || p != nil {
			t.Errorf("%q: %v, %v", text, root, p)
		}
	}
}

func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{
		"a: 011": "011", "a: 0.30": "0.30", "a: '1'": "1", "a: \"x y\"": "x y", "a: yes": "yes", "a: true": "true", "a: 1_000": "1_000",
		"a: .inf": ".inf", "a: |\n  x\n  y\n": "x\ny\n",
	} {
		if got, ok := Literal(value(t, text)); !ok || got != want {
			t.Errorf("%s: %q, %t; want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{"a: [1]", "a: {b: 1}", "a:", "a: &x 1", "a: !!str 1"} {
		if got, ok := Literal(value(t, text)); ok {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// value is what stands behind the only key of a text.
func value(t *testing.T, text string) ast.Node {
	root, p := Tree([]byte(text), strings.TrimSpace)
	if p != nil {
		t.Fatalf("%s: %v", text, p)
	}
	switch n := root.(type) {
	case *ast.MappingNode:
		return n.Values[0].Value
	case *ast.MappingValueNode:
		return n.Value
	}
	t.Fatalf("%s is %T", text, root)
	return nil
}

// FuzzTree holds that any text gives a tree or one problem on one line, whose
// place is in the text.
func FuzzTree(f *testing.F) {
	for _, text := range []string{"", "a: 011", "a: [", "&a b: *a", "? a\n: b", "\xff", "a:\n\tx", "a: 1\n---\nb: 2", "a: |\n x", "\x00"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		root, p := Tree(text, func(sentence string) string { return strings.Join(strings.Fields(sentence), " ") })
		switch {
		case p == nil:
			Place(root)
			Literal(root)
		case root != nil:
			t.Errorf("%q: a tree and a problem: %v", text, p)
		case p.Text == "" || strings.Contains(p.Error(), "\n"), p.Line > 2+strings.Count(string(text), "\n")+strings.Count(string(text), "\r"):
			t.Errorf("%q: %q", text, p.Error())
		}
	})
}
