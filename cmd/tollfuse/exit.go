package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/strictyaml"
)

// The exit codes. Scripts rely on them; they never change.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDenied      = 3
	exitUnreachable = 4
)

// exitTexts say in a command's help what its codes mean.
var exitTexts = [...]string{
	exitDone:        "done",
	exitFailed:      "failed",
	exitUsage:       "wrong usage or configuration",
	exitDenied:      "(explain) the call would be denied",
	exitUnreachable: "the daemon cannot be reached",
}

// withExits is the long help of a command that can exit with these codes.
func withExits(text string, codes ...int) string {
	var b strings.Builder
	b.WriteString(text + "\n\nExit codes:\n")
	for _, code := range codes {
		fmt.Fprintf(&b, "  %d  %s\n", code, exitTexts[code])
	}
	return strings.TrimRight(b.String(), "\n")
}

// errDenied is no failure: explain has answered that the call would be denied.
var errDenied = errors.New("denied")

// misuse is a wrong command line.
type misuse struct {
	command string
	err     error
}

func (m *misuse) Error() string { return m.err.Error() }
func (m *misuse) Unwrap() error { return m.err }

// badUsage is misuse that a command finds itself.
func badUsage(cmd *cobra.Command, format string, args ...any) error {
	return &misuse{cmd.CommandPath(), fmt.Errorf(format, args...)}
}

// hinted is an error with what to do next.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// report writes the error for a person and returns the exit code.
func (o *options) report(w io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errDenied) {
		return exitDenied
	}
	var code exitCode
	if errors.As(err, &code) {
		return int(code)
	}
	colours := paints(w)
	text := strings.ReplaceAll(err.Error(), context.Canceled.Error(), "interrupted") // by Ctrl-C, or systemd
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(w, "%s %s\n", colours.paint(badTone, "tollfuse:"), clean(o.pasteable(line)))
	}
	if hint := hintOf(err); hint != "" {
		if !strings.Contains(hint, "--help") { // which needs no configuration
			hint = o.pasteable(hint)
		}
		fmt.Fprintf(w, "hint: %s\n", clean(hint))
	}
	return codeOf(err)
}

func codeOf(err error) int {
	var wrong *misuse
	var problem *strictyaml.Problem
	switch {
	case errors.As(err, &wrong), errors.As(err, &problem), errors.Is(err, errNoConfig), errors.Is(err, errUnreadable):
		return exitUsage
	}
	switch admin.KindOf(err) {
	case admin.BadInput:
		return exitUsage
	case admin.Unreachable, admin.NeedsDaemon:
		return exitUnreachable
	}
	return exitFailed
}

func hintOf(err error) string {
	var h *hinted
	var a *admin.Error
	var wrong *misuse
	switch {
	case errors.As(err, &h):
		return h.hint
	case errors.As(err, &a) && a.Hint != "":
		return a.Hint
	case errors.As(err, &wrong):
		return wrong.command + " --help shows how it is used"
	}
	return ""
}
