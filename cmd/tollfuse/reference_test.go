package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var updateReference = flag.Bool("update", false, "write docs/reference.md anew")

const referencePath = "../../docs/reference.md"

// TestReference holds docs/reference.md against what the commands say of
// themselves. With -update it writes the file:
//
//	go test ./cmd/tollfuse -run TestReference -update
func TestReference(t *testing.T) {
	want := reference(t)
	if *updateReference {
		if err := os.WriteFile(referencePath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referencePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/reference.md is stale at line %d; write it anew: go test ./cmd/tollfuse -run TestReference -update", firstDifference(string(got), want))
	}
}

// firstDifference is the first line in which two texts differ.
func firstDifference(a, b string) int {
	inA, inB := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(inA), len(inB)) {
		if inA[i] != inB[i] {
			return i + 1
		}
	}
	return min(len(inA), len(inB)) + 1
}

// reference is the document: each command's help, in the order of the help.
func reference(t *testing.T) string {
	p := tested()
	p.demo = func(context.Context, io.Writer) error { return nil }
	root := p.root()
	var list, body strings.Builder
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		anchor := strings.ReplaceAll(c.CommandPath(), " ", "-")
		fmt.Fprintf(&list, "- [%s](#%s): %s\n", c.CommandPath(), anchor, c.Short)
		fmt.Fprintf(&body, "\n## %s\n\n```\n%s```\n", c.CommandPath(), help(t, p, c))
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	visit(root)
	return "# Commands\n\n" +
		"<!-- Written by: go test ./cmd/tollfuse -run TestReference -update -->\n\n" +
		"What `--help` says of each command. All of them take `--config FILE` and `--json`; exit codes never change.\n\n" +
		list.String() + body.String()
}

// help is what a command says of itself, without the flags that all have.
func help(t *testing.T, p program, c *cobra.Command) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := p.run(t.Context(), strings.Fields(c.CommandPath() + " --help")[1:], nil, &out, &errOut); code != exitDone {
		t.Fatalf("%s: exit code %d, %s", c.CommandPath(), code, errOut.String())
	}
	text, _, _ := strings.Cut(out.String(), "\nGlobal Flags:\n")
	var kept strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \n")
		if !strings.HasPrefix(line, "Use \"tollfuse ") && !strings.HasSuffix(line, " [command]") {
			kept.WriteString(strings.TrimSuffix(line, " [flags]") + "\n")
		}
	}
	return strings.TrimRight(kept.String(), "\n") + "\n"
}
