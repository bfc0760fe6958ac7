package transcripts_test

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the transcripts again")

// moving is what differs from one run to the next.
var moving = []struct {
	what string
	is   *regexp.Regexp
}{
	{"MOMENT", regexp.MustCompile(`\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( [A-Z]{3,4}\b|Z)?`)},
	{"MOMENT", regexp.MustCompile(`\b(\d\d-\d\d )?\d\d:\d\d(:\d\d)?\b`)},
	{"LENGTH", regexp.MustCompile(`\b\d+:\d\d\b|\b\d+(\.\d+)?(ms|µs|s)\b`)},
	{" ", regexp.MustCompile(`[ \t]+`)}, // tables are as wide as what stands in them
}

// unmoved is a text without what moves. More of it may be named for one
// transcript.
func unmoved(text string, more map[string]string) string {
	for pattern, what := range more {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, what)
	}
	for _, m := range moving {
		text = m.is.ReplaceAllString(text, m.what)
	}
	return text
}

// check compares what the machine has shown with the transcript of that name, or
// writes it.
func (m *machine) check(name string, more map[string]string) {
	m.t.Helper()
	now := strings.ReplaceAll(m.tape.String(), "\r\n", "\n")
	if strings.Contains(now, m.root) {
		m.t.Errorf("the folder of this run can be seen:\n%s", now)
	}
	path := name + ".txt"
	recorded, err := os.ReadFile(path)
	if err != nil && !*update {
		m.t.Fatal(err)
	}
	was, is := strings.Split(unmoved(string(recorded), more), "\n"), strings.Split(unmoved(now, more), "\n")
	if slices.Equal(was, is) {
		return // also with -update: new moments alone are no news
	}
	if *update {
		if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
			m.t.Fatal(err)
		}
		return
	}
	for n := range max(len(was), len(is)) {
		if line(was, n) != line(is, n) {
			m.t.Fatalf("%s: line %d was recorded as\n%s\nand is now\n%s\n\nIf that is right: go test ./docs/transcripts -update\nThe whole now:\n%s",
				path, n+1, line(was, n), line(is, n), now)
		}
	}
}

// line is one of the lines, or nothing behind the last.
func line(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return "(nothing)"
}

func TestOnlyWhatMovesIsLeftOut(t *testing.T) {
	for _, c := range []struct {
		one, other string
		same       bool
	}{
		{"asked  2026-11-22 10:29:41 CST, revision 16", "asked  2027-01-02 09:00:00 CDT, revision 16", true},
		{"2-n   10:35:45  1007", "2-n   11-22 23:59 1007", true},
		{"took 12ms", "took 1.5s", true},
		{"revision 16", "revision 17", false},
		{"10.00 USD a minute", "11.00 USD a minute", false},
		{"in 24h of", "in 1h of", false},
		{"--to +442079460123", "--to +442079460124", false},
	} {
		if same := unmoved(c.one, nil) == unmoved(c.other, nil); same != c.same {
			t.Errorf("%q and %q: same is %t", c.one, c.other, same)
		}
	}
}
