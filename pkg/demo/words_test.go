package demo

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func TestParseDecision(t *testing.T) {
	for _, test := range []struct {
		line string
		want decision
	}{
		{
			`2026-11-22T13:00:00.000Z refused pbx=office caller=extension:1007 number=+8816 reason=denied_class by="default:a b=c \"d\"" trunk=carrier`,
			decision{"refused", map[string]string{
				"pbx": "office", "caller": "extension:1007", "number": "+8816", "reason": "denied_class", "by": `default:a b=c "d"`, "trunk": "carrier",
			}},
		},
		{"now ended", decision{"ended", map[string]string{}}},
		{"now x a", decision{"x", map[string]string{}}},
		{`now x a="`, decision{"x", map[string]string{"a": `"`}}},
		{"", decision{"", map[string]string{}}},
	} {
		if got := parseDecision(test.line); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %+v", test.line, got)
		}
	}
}

func FuzzParseDecision(f *testing.F) {
	f.Add(`t refused a=b c="d\"e" f`)
	f.Add(`t x ="" =`)
	f.Fuzz(func(t *testing.T, line string) {
		d := parseDecision(line)
		size := len(d.word)
		for key, value := range d.fields {
			size += len(key) + len(value)
		}
		if size > 4*len(line) { // an escape can become three bytes
			t.Errorf("%q became longer: %+v", line, d)
		}
	})
}

// TestLimitWords: every limit that init sets can be said in a line.
func TestLimitWords(t *testing.T) {
	want := map[string]string{
		"abroad-site-week":   "no more than 1320.00 USD abroad for the firm in 7 days (abroad-site-week)",
		"abroad-caller-live": "no more than 3 calls at once abroad for one caller (abroad-caller-live)",
		"shared-cost-caller": "no more than 330 minutes shared cost for one caller in 24 h (shared-cost-caller)",
		"abroad-range-calls": "no more than 84 calls abroad for one range in 1 h (abroad-range-calls)",
	}
	for _, s := range admin.Defaults(extensions) {
		got := limitWords(*s.Limit)
		if w, given := want[s.ID()]; given && got != w {
			t.Errorf("%s: %q", s.ID(), got)
		}
		if len(got) > width-15 {
			t.Errorf("%q is longer than a line", got)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		who("forward:1009"):                      "1009 forwards",
		who("extension:1001"):                    "1001",
		who("transfer:1001"):                     "1001 transfers",
		who("originated:carrier"):                "no phone",
		inStory(48 * time.Second):                "4 h",
		inStory(850 * time.Millisecond):          "4 min",
		hours(10 * time.Minute):                  "10 min",
		cents(44_070_499_999):                    "44,070.50",
		cents(1_234_567_000_000):                 "1,234,567.00",
		cents(0):                                 "0.00",
		strings.Join(wrap("", 9), "|"):           "",
		strings.Join(wrap("a bc d éf", 4), "|"):  "a bc|d éf",
		strings.Join(wrap("abcdefgh i", 4), "|"): "abcdefgh|i",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNoTerminal: a file is none, and neither is what is no file.
func TestNoTerminal(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if isTerminal(f) || isTerminal(&strings.Builder{}) {
		t.Error("a file is taken for a terminal")
	}
	t.Setenv("NO_COLOR", "1")
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil || isTerminal(null) {
		t.Errorf("colours that nobody wants, %v", err)
	}
}

// A call that is cut in the moment of its answer has not talked, and is on the carrier's bill.
func TestSumsCountWhatWasAnswered(t *testing.T) {
	now := time.Now()
	s := sums{legs: make(map[string]bool)}
	for _, e := range []toll.Entry{
		{Kind: toll.EntryEnded, Lease: toll.Lease{Leg: "a", Answered: now, Talked: 1500 * time.Millisecond, Cost: 3}},
		{Kind: toll.EntryEnded, Lease: toll.Lease{Leg: "b", Answered: now}},
		{Kind: toll.EntryEnded, Lease: toll.Lease{Leg: "c"}},
		{Kind: toll.EntryRefused, Count: 4},
	} {
		s.add(e)
	}
	if s.calls != 2 || s.seconds != 2 || s.cost != 3 || s.refused != 4 || !s.legs["a"] || !s.legs["b"] || s.legs["c"] {
		t.Errorf("%+v", s)
	}
}
