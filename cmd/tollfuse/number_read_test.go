package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// texts are the numbers of a list.
func texts(t *testing.T, list string, column int) []string {
	t.Helper()
	var all []string
	if err := eachNumber(strings.NewReader(list), column, func(n numbered) error {
		all = append(all, fmt.Sprintf("%d %s", n.Line, n.Text))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEachNumber(t *testing.T) {
	for _, tc := range []struct {
		list   string
		column int
		want   string
	}{
		{"", 0, ""},
		{"\n \t\n", 0, ""},
		{"911", 0, "1 911"},
		{"911\r\n912\r\n", 0, "1 911|2 912"},
		{"\ufeff911\n912", 0, "1 911|2 912"},
		{"# 1\n#one\n#\n#1\n##\n#*1", 0, "4 #1|5 ##|6 #*1"},
		{"a,b,c\n", 0, "1 a,b,c"},
		{"a,b,c\nd,e\n,,f\n,,\n", 3, "1 c|3 f"},
		{`"x ""y"", z", 911 ,b` + "\n\"", 2, "1 911"},
		{strings.Repeat("1", 3*longestLine) + "\n911", 0, "1 " + strings.Repeat("1", longestLine) + "|2 911"},
	} {
		if got := strings.Join(texts(t, tc.list, tc.column), "|"); got != tc.want {
			t.Errorf("%.40q, column %d: got %.80q, want %.80q", tc.list, tc.column, got, tc.want)
		}
	}
}

// FuzzEachNumber holds that whatever a list says, each line gives at most one
// number, bounded, and that nothing fails.
func FuzzEachNumber(f *testing.F) {
	f.Add("911\n# x\n\"a\",b", 1)
	f.Add("\ufeff\r\n\"", 0)
	f.Fuzz(func(t *testing.T, list string, column int) {
		last := 0
		if err := eachNumber(strings.NewReader(list), max(column, 0), func(n numbered) error {
			if n.Line <= last || n.Text == "" || len(n.Text) > longestLine {
				t.Errorf("line %d after %d: %.80q", n.Line, last, n.Text)
			}
			last = n.Line
			return nil
		}); err != nil {
			t.Error(err)
		}
		if last > strings.Count(list, "\n")+1 {
			t.Errorf("line %d of %d", last, strings.Count(list, "\n")+1)
		}
	})
}

// BenchmarkNumber classifies 20,000 numbers as the command does, everything from
// the configuration to the summary included.
func BenchmarkNumber(b *testing.B) {
	dir := b.TempDir()
	path, list := filepath.Join(dir, "tollfuse.yaml"), filepath.Join(dir, "numbers")
	if err := os.WriteFile(path, fmt.Appendf(nil, site, dir), 0o600); err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var numbers bytes.Buffer
	for range 20_000 {
		prefix := []string{"1212555", "1305444", "011442079", "01149301", "011336123", "011521555", "90112327", "9011371"}[random.IntN(8)]
		fmt.Fprintf(&numbers, "%s%05d\n", prefix, random.IntN(100_000))
	}
	if err := os.WriteFile(list, numbers.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var out, errOut bytes.Buffer
		if code := tested().run(b.Context(), []string{"--config", path, "number", list}, nil, &out, &errOut); code != exitDone {
			b.Fatalf("exit code %d, %s", code, errOut.String())
		}
	}
}
