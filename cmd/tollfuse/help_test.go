package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestEveryHelp asks each command for help and wants what a person needs
// there: a sentence, the exit codes, and an example that is itself right.
func TestEveryHelp(t *testing.T) {
	p := tested()
	p.demo = func(context.Context, io.Writer) error { return nil }
	var names []string
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		names = append(names, c.CommandPath())
		t.Run(c.CommandPath(), func(t *testing.T) {
			var out, errOut bytes.Buffer
			args := strings.Fields(c.CommandPath() + " --help")[1:]
			if code := p.run(t.Context(), args, nil, &out, &errOut); code != exitDone || errOut.Len() > 0 {
				t.Fatalf("exit code %d, %s", code, errOut.String())
			}
			help := out.String()
			for _, want := range []string{"Exit codes:\n  0  done\n", "\nExamples:\n  tollfuse ", "--config", "--json"} {
				if !strings.Contains(help, want) {
					t.Errorf("lacks %q in\n%s", want, help)
				}
			}
			if c.Short == "" || strings.HasSuffix(c.Short, ".") {
				t.Errorf("short help %q", c.Short)
			}
			for line := range strings.Lines(help) {
				if len(strings.TrimSpace(line)) > 0 && len([]rune(line)) > 110 && !strings.Contains(line, "--") {
					t.Errorf("a line is too wide: %s", line)
				}
			}
			checkExamples(t, p, c)
		})
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(p.root())
	for _, want := range []string{"serve", "init", "dialplan", "explain", "lock", "lock release", "lock list", "limit set", "rule remove", "version", "demo",
		"calls live", "calls history", "calls show", "hangup", "incidents list", "incidents show", "incidents close", "alert test",
		"fuse status", "fuse test", "fuse reset", "backup", "changes", "status", "completion", "number",
		"policy", "policy export", "policy import", "policy diff", "policy check", "rates", "rates import", "rates list", "rates price", "rates remove",
		"simulate", "backtest"} {
		if !slices.Contains(names, "tollfuse "+want) {
			t.Errorf("there is no command %s", want)
		}
	}
}

// checkExamples parses the flags of each example.
func checkExamples(t *testing.T, p program, c *cobra.Command) {
	t.Helper()
	text := strings.ReplaceAll(c.Example, "\\\n", " ")
	for line := range strings.SplitSeq(text, "\n") {
		words := shellWords(line)
		if redirected := slices.Index(words, ">"); redirected >= 0 {
			words = words[:redirected]
		}
		if len(words) == 0 {
			continue
		}
		found, rest, err := p.root().Find(words[1:])
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if err := found.ParseFlags(rest); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if err := found.ValidateArgs(found.Flags().Args()); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// shellWords splits a line at spaces outside single quotes.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// TestDemo is there only where somebody supplies it.
func TestDemo(t *testing.T) {
	var out, errOut bytes.Buffer
	if code := tested().run(t.Context(), []string{"demo"}, nil, &out, &errOut); code != exitUsage {
		t.Errorf("a program without a demo: exit code %d", code)
	}
	p := tested()
	p.demo = func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "an attack")
		return err
	}
	if code := p.run(t.Context(), []string{"demo"}, nil, &out, &errOut); code != exitDone || out.String() != "an attack" {
		t.Errorf("exit code %d, %q", code, out.String())
	}
}
