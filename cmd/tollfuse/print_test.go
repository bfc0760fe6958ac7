package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/strictyaml"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                  "",
		"plain, ü, 日本":      "plain, ü, 日本",
		"\x1b[31mred":       `\x1b[31mred`,
		"a\r\nb\tc":         `a\r\nb\tc`,
		"\xff\xfe":          `\xff\xfe`,
		"\u202eevil":        `\u202eevil`,
		"\u009b2J":          `\u009b2J`,
		"\u2028":            `\u2028`,
		"\U000e0001":        `\U000e0001`,
		"\x00\x7f":          `\x00\x7f`,
		"really \ufffd one": "really \ufffd one",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// TestNothingRawReachesTheTerminal is what clean and printJSON are for.
func TestNothingRawReachesTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		var inJSON bytes.Buffer
		if err := printJSON(&inJSON, map[string]string{"text": text}); err != nil {
			t.Fatal(err)
		}
		for _, out := range []string{clean(text), strings.ReplaceAll(inJSON.String(), "\n", "")} {
			if i := strings.IndexFunc(out, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Fatalf("%q holds something raw at %d", out, i)
			}
		}
		var back map[string]string
		if err := json.Unmarshal(inJSON.Bytes(), &back); err != nil || utf8.ValidString(text) && back["text"] != text {
			t.Fatalf("read back %q, %v, want %q", back["text"], err, text)
		}
	})
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	if err := table(&out, [][]string{{"NAME", "REASON"}, {"a", "\x1b[2J\nfake  row"}, {"longer", "x"}}); err != nil {
		t.Fatal(err)
	}
	want := "NAME    REASON\na       \\x1b[2J\\nfake  row\nlonger  x\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want []string
	}{
		{"", 5, []string{""}},
		{"one two three", 0, []string{"one two three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"ünü zwei drei", 8, []string{"ünü zwei", "drei"}},
		{"unbreakable is long", 4, []string{"unbreakable", "is", "long"}},
	} {
		if got := wrap(test.text, test.most); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q in %d: %q, want %q", test.text, test.most, got, test.want)
		}
	}
	if got, want := folded("ab 日本語日本語 c", 4), []string{"ab", "日本語日", "本語 c"}; !reflect.DeepEqual(got, want) && !reflect.DeepEqual(got, []string{"ab", "日本語日", "本語", "c"}) {
		t.Errorf("folded: %q", got)
	}
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		columns, want []int
		wants, room   int
	}{
		{[]int{4, 3}, []int{4, 3}, 200, 80 - 6 - 5},
		{[]int{200, 5}, []int{80 - 7 - 2 - leastRoom, 5}, 200, leastRoom},
		{[]int{200, 5}, []int{80 - 7 - 2 - 4, 5}, 4, 4},
		{[]int{60, 61}, []int{28, 29}, 200, leastRoom},
		{nil, nil, 200, 80},
	} {
		if room := fit(test.columns, test.wants, 80); room != test.room || !reflect.DeepEqual(test.columns, test.want) {
			t.Errorf("room %d, columns %v; want %d, %v", room, test.columns, test.room, test.want)
		}
	}
	got := lay([][]string{{"a name", strings.Repeat("word ", 12), "end"}, {"", "", "x"}}, 40, false, nil)
	want := []string{"a name  word word word word word     end", "        word word word word word", "        word word", "                                     x"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWidth(t *testing.T) {
	if got := width(&bytes.Buffer{}); got != 0 {
		t.Errorf("a buffer has width %d", got)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := width(f); got != 0 {
		t.Errorf("a file has width %d", got)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0) // a character device and no terminal
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if got := width(null); got != 0 {
		t.Errorf("/dev/null has width %d", got)
	}
	tty := openTerminal(t, 30, 100)
	for columns, want := range map[string]int{"": 100, "wide": 100, "20": 100, "40": 40, "132": 132} {
		t.Setenv("COLUMNS", columns)
		if got := width(tty.end); got != want {
			t.Errorf("with COLUMNS=%q: %d, want %d", columns, got, want)
		}
	}
	if got := height(tty.end); got != 30 {
		t.Errorf("height %d", got)
	}
}

// TestColourOnlyOnATerminal looks for escapes in what is written there, with and
// without NO_COLOR, and elsewhere.
func TestColourOnlyOnATerminal(t *testing.T) {
	red := func(_, column int) tone {
		if column == 1 {
			return badTone
		}
		return plainTone
	}
	rows := [][]string{{"NAME", "OUTCOME"}, {"evil\x1b[2J", "refused"}}
	written := func() string {
		tty := openTerminal(t, 24, 80)
		if err := toned(tty.end, rows, red); err != nil {
			t.Fatal(err)
		}
		return tty.shown(t)
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if got := written(); !strings.Contains(got, "\x1b[31mrefused\x1b[0m") || !strings.Contains(got, `evil\x1b[2J`) {
		t.Errorf("on a terminal: %q", got)
	}
	t.Setenv("NO_COLOR", "1")
	if got := written(); strings.Contains(got, "\x1b") {
		t.Errorf("with NO_COLOR: %q", got)
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if got := written(); strings.Contains(got, "\x1b") {
		t.Errorf("on a dumb terminal: %q", got)
	}
	var out bytes.Buffer
	if err := toned(&out, rows, red); err != nil || strings.Contains(out.String(), "\x1b") {
		t.Errorf("in a buffer: %q, %v", out.String(), err)
	}
}

// TestTablesFitATerminal writes hostile cells of any length.
func TestTablesFitATerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	t.Setenv("COLUMNS", "80")
	rapid.Check(t, func(r *rapid.T) {
		cell := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9]{0,300}`), rapid.Just("\x1b[2J\r\n"))
		columns := rapid.IntRange(1, 7).Draw(r, "columns")
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, columns, columns), 1, 5).Draw(r, "rows")
		cells := make([][]string, len(rows))
		for i, row := range rows {
			for _, c := range row {
				cells[i] = append(cells[i], clean(c))
			}
		}
		for _, line := range lay(cells, 80, false, nil) {
			if n := utf8.RuneCountInString(line); n > 80 {
				r.Fatalf("%d columns: %q", n, line)
			}
		}
	})
}

func TestReport(t *testing.T) {
	for _, test := range []struct {
		err  error
		code int
		hint string
	}{
		{nil, exitDone, ""},
		{errDenied, exitDenied, ""},
		{errors.New("boom"), exitFailed, ""},
		{&misuse{"tollfuse lock", errors.New("SUBJECT is missing")}, exitUsage, "tollfuse lock --help"},
		{errors.Join(&strictyaml.Problem{File: "f", Line: 1, Text: "wrong"}), exitUsage, ""},
		{&hinted{fmt.Errorf("%w at /x", errNoConfig), "write one"}, exitUsage, "write one"},
		{&hinted{fmt.Errorf("%w: /x", errUnreadable), "as root"}, exitUsage, "as root"},
		{admin.Errorf(admin.BadInput, "do this", "no"), exitUsage, "do this"},
		{admin.Errorf(admin.NotFound, "", "no"), exitFailed, ""},
		{admin.Errorf(admin.LedgerDown, "look at the disk", "no"), exitFailed, "look at the disk"},
		{fmt.Errorf("wrapped: %w", admin.Errorf(admin.Unreachable, "start it", "no")), exitUnreachable, "start it"},
		{admin.Errorf(admin.NeedsDaemon, "start it", "no"), exitUnreachable, "start it"},
	} {
		var out bytes.Buffer
		if code := (&options{config: config.DefaultPath}).report(&out, test.err); code != test.code {
			t.Errorf("%v: exit code %d, want %d", test.err, code, test.code)
		}
		if hint := strings.Contains(out.String(), "hint: "); hint != (test.hint != "") || !strings.Contains(out.String(), test.hint) {
			t.Errorf("%v: %q, want the hint %q", test.err, out.String(), test.hint)
		}
		if silent := test.err == nil || errors.Is(test.err, errDenied); (out.Len() == 0) != silent {
			t.Errorf("%v: said %q", test.err, out.String())
		}
	}
}

// TestUnreachableDaemon is one that takes connections and does not answer
// sensibly: then the ledger must be left alone.
func TestUnreachableDaemon(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tollfuse.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, site, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	for _, args := range [][]string{{"lock", "list"}, {"lock", "1001"}, {"explain", "--from", "1001", "--to", "911"}, {"rule", "list"}} {
		var out, errOut bytes.Buffer
		if code := tested().run(t.Context(), append(args, "--config", path), nil, &out, &errOut); code != exitUnreachable {
			t.Errorf("%q: exit code %d, %s", args, code, errOut.String())
		}
		if !strings.Contains(errOut.String(), "hint: look at it: systemctl status tollfuse") {
			t.Errorf("%q: said %q", args, errOut.String())
		}
	}
	_ = l.Close()
	<-done
	if _, err := os.Stat(filepath.Join(dir, "ledger.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the ledger was opened: %v", err)
	}
}
