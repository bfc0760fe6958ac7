package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/policyfile"
	"github.com/tollfuse/tollfuse/pkg/strictyaml"
)

// faults are what is wrong with a file's settings, each at its place; nil for
// nothing.
func faults(path string, file policyfile.Policy, wrong []admin.PolicyFault) error {
	var problems []*strictyaml.Problem
	hint := ""
	for _, f := range wrong {
		s := file.Settings[f.Setting]
		// The place names the setting already.
		text := strings.TrimPrefix(f.Text, fmt.Sprintf("%s %q: ", s.Kind(), s.ID()))
		problems = append(problems, file.Problem(f.Setting, text))
		if hint == "" {
			hint = f.Hint
		}
	}
	if path == "-" {
		path = "standard input"
	}
	err := strictyaml.Join(path, problems)
	if err == nil || hint == "" {
		return err
	}
	return &hinted{err, hint}
}

// printPolicyReport prints what a policy changes, or would.
func printPolicyReport(w io.Writer, r admin.PolicyReport) error {
	var b strings.Builder
	var added, changed, removed int
	for _, c := range r.Changes {
		switch {
		case c.Before == nil:
			added++
			aboutWhole(&b, "+", policyfile.Values(*c.After), c.After.Kind(), nameOf(*c.After))
		case c.After == nil:
			removed++
			aboutWhole(&b, "-", nil, c.Before.Kind(), nameOf(*c.Before))
		default:
			changed++
			aboutWhole(&b, "~", nil, c.After.Kind(), nameOf(*c.After))
			differences := policyfile.Compare(*c.Before, *c.After)
			for _, d := range differences {
				fmt.Fprintf(&b, "    %-8s %s -> %s\n", d.Key, orNothing(d.Before), orNothing(d.After))
			}
		}
	}
	verb := "would be: "
	if r.Imported {
		verb = ""
	}
	if len(r.Changes) == 0 {
		b.WriteString("nothing is to be changed\n")
	} else {
		fmt.Fprintf(&b, "\n%s%d added, %d changed, %d removed\n", verb, added, changed, removed)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// aboutWhole is a setting that comes or goes, with what it says.
func aboutWhole(b *strings.Builder, mark string, values []policyfile.Value, kind, name string) {
	fmt.Fprintf(b, "%s %s %s\n", mark, kind, clean(name))
	for _, v := range values {
		fmt.Fprintf(b, "    %-8s %s\n", v.Key, clean(v.Text))
	}
}

func orNothing(text string) string {
	if text == "" {
		return "-"
	}
	return clean(text)
}
