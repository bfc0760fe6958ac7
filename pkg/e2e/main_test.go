//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(bareServerEnv); address != "" {
		fmt.Fprintln(os.Stderr, "bare FastAGI server:", serveBare(address))
		os.Exit(1)
	}
	os.Exit(runTests(m))
}
