//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// forEachAsterisk runs a test on a fresh instance of each version, both at the same time.
func forEachAsterisk(t *testing.T, test func(*testing.T, *Lab)) {
	t.Helper()
	forEachAsteriskWith(t, Options{}, test)
}

// forEachAsteriskWith is forEachAsterisk with options, whose Suite is filled in.
func forEachAsteriskWith(t *testing.T, o Options, test func(*testing.T, *Lab)) {
	t.Helper()
	for _, version := range []struct{ name, suite string }{
		{"asterisk-22", Asterisk22}, {"asterisk-16", Asterisk16},
	} {
		t.Run(version.name, func(t *testing.T) {
			t.Parallel()
			o := o
			o.Suite = version.suite
			test(t, Start(t, o))
		})
	}
}

// runTests makes the chroots, which takes a minute the first time, and then runs the tests.
func runTests(m *testing.M) int {
	roots := exec.Command(script, "roots")
	roots.Stdout, roots.Stderr = os.Stderr, os.Stderr
	if err := roots.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: the lab cannot be set up:", err)
		return 1
	}
	return m.Run()
}
