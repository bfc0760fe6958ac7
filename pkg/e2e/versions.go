//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	removeLeftovers()
	return m.Run()
}

// removeLeftovers deletes the directories of instances whose tests were killed. Their Asterisk died with
// them.
func removeLeftovers() {
	cache := os.Getenv("TOLLFUSE_LAB")
	if cache == "" {
		cache = "/var/cache/tollfuse-lab"
	}
	dirs, _ := filepath.Glob(filepath.Join(cache, "*", "lab", "pbx-*-*"))
	for _, dir := range dirs {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), "pbx-"), "-")
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			os.RemoveAll(dir)
		}
	}
}
