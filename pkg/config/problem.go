package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in the file.
type Problem struct {
	File   string // empty where the text did not come from a file
	Line   int    // from 1; 0 where the problem has no place
	Column int
	Key    string // such as asterisk[0].ami.user; empty where the text is no YAML
	Text   string // what is wrong and what is expected
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

// joined is one error for all problems, in the order of the file; nil for none.
func joined(file string, problems []*Problem) error {
	slices.SortStableFunc(problems, func(a, b *Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	all := make([]error, 0, len(problems))
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

// quote shows what the file says, on one line and not at length.
func quote(s string) string {
	const longest = 60
	if len(s) > longest {
		s = s[:longest] + "..."
	}
	return fmt.Sprintf("%q", s)
}
