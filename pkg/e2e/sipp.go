//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const scenarios = "../../testdata/lab/sipp"

// SIPp is one run of SIPp as phones of the PBX. Its calls come from a real, foreign SIP stack, so the
// standard scenarios do not rest on our own agents alone.
type SIPp struct {
	Scenario  string        // file in testdata/lab/sipp: phone.xml, phone-guesses.xml, phone-transfers.xml, phone-forwards.xml
	Extension string        // who calls, or who is called by phone-forwards.xml
	Number    string        // what is dialled; not for phone-forwards.xml
	Numbers   []string      // instead of Number: dialled one after the other, each as soon as the one before is over
	Target    string        // where phone-transfers.xml and phone-forwards.xml send the other side
	Calls     int           // how many in all; 0 means 1
	Rate      int           // new calls a second; 0 means all at once
	Talk      time.Duration // from answer to BYE or REFER
}

// Start starts SIPp. The returned function waits until all its calls are over and returns an error when
// one did not go as the scenario says. SIPp is killed when the test ends before.
func (s SIPp) Start(t testing.TB, l *Lab) (wait func() error) {
	t.Helper()
	calls := max(s.Calls, len(s.Numbers), 1)
	atOnce := calls
	if s.Numbers != nil {
		atOnce = 1
	}
	rate := s.Rate
	if rate == 0 {
		rate = calls
	}
	errors := filepath.Join(t.TempDir(), "errors")
	args := []string{
		"-sf", filepath.Join(scenarios, s.Scenario), "-nostdin",
		"-m", strconv.Itoa(calls), "-l", strconv.Itoa(atOnce), "-r", strconv.Itoa(rate),
		"-d", strconv.FormatInt(s.Talk.Milliseconds(), 10),
		"-key", "target", s.Target, "-key", "pbx", strconv.Itoa(l.SIP),
		"-trace_err", "-error_file", errors,
	}
	if s.Number == "" && s.Numbers == nil { // it is called
		args = append(args, "-i", l.phoneHost(t, s.Extension), "-p", strconv.Itoa(l.SIP))
	} else {
		args = append(args, "-i", "127.0.0.1", "-p", strconv.Itoa(freePort(t)), "-inf", s.callFile(t))
	}
	args = append(args, fmt.Sprintf("127.0.0.1:%d", l.SIP))

	ctx, cancel := context.WithCancel(context.Background())
	var screen bytes.Buffer
	cmd := exec.CommandContext(ctx, "sipp", args...)
	cmd.Stdout, cmd.Stderr = &screen, &screen
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatalf("starting sipp: %v", err)
	}
	var result error
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		if err := cmd.Wait(); err != nil {
			text, _ := os.ReadFile(errors)
			result = fmt.Errorf("sipp %s: %w: %s\n%s", s.Scenario, err, text, screen.String())
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-exited
	})
	return func() error {
		<-exited
		return result
	}
}

// Run starts SIPp, waits until all its calls are over, and fails the test when one did not go as the
// scenario says.
func (s SIPp) Run(t testing.TB, l *Lab) {
	t.Helper()
	if err := s.Start(t, l)(); err != nil {
		t.Fatal(err)
	}
}

func (s SIPp) callFile(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "calls.csv")
	numbers := s.Numbers
	if numbers == nil {
		numbers = []string{s.Number}
	}
	var lines strings.Builder
	lines.WriteString("SEQUENTIAL\n")
	for _, number := range numbers {
		// SIPp splits a line at ";" and expands what stands in square brackets.
		if strings.ContainsAny(number, ";[]\r\n") {
			t.Fatalf("SIPp cannot dial %q as it is", number)
		}
		fmt.Fprintf(&lines, "%s;%s;[authentication username=%s password=pw%s]\n", s.Extension, number, s.Extension, s.Extension)
	}
	if err := os.WriteFile(name, []byte(lines.String()), 0o600); err != nil {
		t.Fatalf("writing SIPp's calls: %v", err)
	}
	return name
}
