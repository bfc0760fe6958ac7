//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Manager is the tests' own manager connection with all rights, until the test
// ends. Every event goes to handle, unless that is nil.
func (l *Lab) Manager(t *testing.T, handle func(ami.Message)) *ami.Client {
	t.Helper()
	return logInAsTollfuse(t, l, dialplan.AMI{User: AMIUser, Secret: AMISecret}, handle)
}

// WaitHistory waits until history has n lines that the query chooses, and
// returns them, the newest first.
func (d *Daemon) WaitHistory(t testing.TB, q admin.HistoryQuery, n int) []toll.Entry {
	t.Helper()
	var lines []toll.Entry
	Eventually(t, 10*time.Second, "history has what happened", func() bool {
		var err error
		lines, err = d.Admin.History(context.Background(), q)
		if err != nil {
			t.Fatalf("read history: %v", err)
		}
		return len(lines) >= n
	})
	if len(lines) != n {
		t.Fatalf("history has %d lines for %+v, want %d: %+v", len(lines), q, n, lines)
	}
	return lines
}

// WaitDecision waits for a line of the decision log that has all these words,
// and returns it.
func (d *Daemon) WaitDecision(t testing.TB, words ...string) string {
	t.Helper()
	var found string
	Eventually(t, 10*time.Second, "the decision log says "+strings.Join(words, " "), func() bool {
		lines := d.DecisionLines(t, words...)
		if len(lines) > 0 {
			found = lines[0]
		}
		return len(lines) > 0
	})
	return found
}

// DecisionLines returns the lines of the decision log that have all these words.
func (d *Daemon) DecisionLines(t testing.TB, words ...string) []string {
	t.Helper()
	var found []string
	for line := range strings.Lines(d.Decisions(t)) {
		fields := strings.Fields(line)
		missing := func(word string) bool { return !slices.Contains(fields, word) }
		if !slices.ContainsFunc(words, missing) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// WaitAnswered waits until the daemon knows that so many calls are answered.
func (d *Daemon) WaitAnswered(t testing.TB, n int) {
	t.Helper()
	Eventually(t, 5*time.Second, fmt.Sprintf("%d answered calls", n), func() bool {
		up := 0
		for _, lease := range d.Live(t) {
			if lease.State == toll.Answered {
				up++
			}
		}
		return up == n
	})
}

// Log returns what the daemon has written to its log.
func (d *Daemon) Log(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.Dir, "daemon.log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
