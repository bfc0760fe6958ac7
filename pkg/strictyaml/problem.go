package strictyaml

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Problem is one thing that is wrong in a file.
type Problem struct {
	File   string // as it was named; empty where the text did not come from a file
	Line   int    // from 1; 0 where the problem has no place
	Column int
	Key    string // such as asterisk[0].ami.user; empty where the text is no YAML
	Text   string // what is wrong, and what is expected
}

// At is a problem with what stands at the node.
func At(n ast.Node, key, format string, args ...any) *Problem {
	line, column := Place(n)
	return &Problem{Line: line, Column: column, Key: key, Text: fmt.Sprintf(format, args...)}
}

// Error is one line: file, line, column, key, sentence.
func (p *Problem) Error() string {
	var b strings.Builder
	switch {
	case p.Line > 0 && p.File != "":
		fmt.Fprintf(&b, "%s:%d:%d: ", p.File, p.Line, p.Column)
	case p.Line > 0:
		fmt.Fprintf(&b, "line %d, column %d: ", p.Line, p.Column)
	case p.File != "":
		b.WriteString(p.File + ": ")
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// mostProblems bounds how many are told at once.
const mostProblems = 20

// Join is one error for all problems of a file, in its order; nil for none.
func Join(file string, problems []*Problem) error {
	slices.SortStableFunc(problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var all []error
	for _, p := range problems {
		if len(all) == mostProblems {
			all = append(all, fmt.Errorf("and %d more", len(problems)-mostProblems))
			break
		}
		p.File = file
		all = append(all, p)
	}
	return errors.Join(all...)
}

// Quote shows what a file says, on one line of ASCII and not at length.
func Quote(s string) string {
	const longest = 60
	if len(s) > longest {
		s = s[:longest] + "..."
	}
	return fmt.Sprintf("%+q", s)
}
