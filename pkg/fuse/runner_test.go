package fuse

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// script writes a program for /bin/sh and returns its path.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fuse")
	// A child that another test is just forking may still hold the file open for
	// writing, and then it cannot be run (ETXTBSY).
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func newRunner(command ...string) *Runner {
	return &Runner{Command: command, Timeout: 30 * time.Second, Log: slog.New(slog.DiscardHandler)}
}

func TestArgumentsAreNotSplit(t *testing.T) {
	r := newRunner(script(t, `for a in "$@"; do echo "<$a>"; done; pwd; cat`), "two words", "$(id)", "*", "; id")
	got, err := r.Run(t.Context(), Blow, toll.Fuse{Why: "why"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "<two words>\n<$(id)>\n<*>\n<; id>\n<blow>\n/"; got.Output != want {
		t.Errorf("got %q, want %q", got.Output, want)
	}
	if got.Took <= 0 {
		t.Errorf("took %s", got.Took)
	}
}

func TestEnvironmentIsMinimal(t *testing.T) {
	t.Setenv("SECRET_OF_THE_DAEMON", "x")
	hostile := "5 calls to \"+1\";\nPATH=/evil\r\nLD_PRELOAD=/evil.so\x00$(id)`id`\u202e" + strings.Repeat("é", maxWhy)
	got, err := newRunner("/usr/bin/env", "-u").Run(t.Context(), Test, toll.Fuse{Why: hostile}) // "-u test" takes away nothing
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for text := range strings.SplitSeq(got.Output, "\n") {
		name, value, _ := strings.Cut(text, "=")
		names = append(names, name)
		if name == "TOLLFUSE_WHY" {
			if want := `5 calls to "+1"; PATH=/evil LD_PRELOAD=/evil.so?$(id)` + "`id`?é"; !strings.HasPrefix(value, want) {
				t.Errorf("why is %q, want it to begin with %q", value, want)
			}
			if len(value) > maxWhy {
				t.Errorf("why has %d bytes", len(value))
			}
		}
	}
	slices.Sort(names)
	if want := []string{"LANG", "PATH", "TOLLFUSE_WHY"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestFailuresAreNamed(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, command string
		want          []string
	}{
		{"exit code", script(t, "echo first; echo 'nft: not permitted' >&2; echo; exit 3"), []string{" blow: exit code 3: nft: not permitted"}},
		{"exit code without a word", script(t, "exit 1"), []string{" blow: exit code 1"}},
		{"signal", script(t, "kill -TERM $$"), []string{"signal 15 (terminated)"}},
		{"not there", "/nonexistent/fuse", []string{"/nonexistent/fuse", "no such file"}},
		{"not executable", plain, []string{plain, "permission denied"}},
		{"a folder", "/", []string{"is a directory"}},
		{"a line that is too long", script(t, "head -c 5000 /dev/zero | tr '\\0' x; exit 1"), []string{"exit code 1: xxx"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newRunner(c.command).Run(t.Context(), Blow, toll.Fuse{})
			if err == nil {
				t.Fatal("it ended well")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
			if len(err.Error()) > len(c.command)+maxLine+50 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	if _, err := newRunner().Run(t.Context(), Blow, toll.Fuse{}); !errors.Is(err, ErrNoCommand) {
		t.Errorf("without a command: %v", err)
	}
	r := newRunner("/bin/true")
	if _, err := r.Run(t.Context(), "explode", toll.Fuse{}); err == nil || !strings.Contains(err.Error(), `"explode"`) {
		t.Errorf("with an unknown word: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Run(over, Blow, toll.Fuse{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if r.Shut() {
		t.Error("what never began counts")
	}
}

func TestShutUntilResetEndsWell(t *testing.T) {
	fails := filepath.Join(t.TempDir(), "fails")
	r := newRunner(script(t, "! [ -e "+fails+" ]"))
	for _, c := range []struct {
		word     string
		ok, want bool
	}{
		{Test, true, false},
		{Blow, false, true}, // it may have got half of the way
		{Test, true, true},
		{Reset, false, true},
		{Reset, true, false},
		{Blow, true, true},
		{Reset, true, false},
	} {
		if !c.ok {
			if err := os.WriteFile(fails, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.Run(t.Context(), c.word, toll.Fuse{}); (err == nil) != c.ok {
			t.Fatalf("%s: %v", c.word, err)
		}
		if r.Shut() != c.want {
			t.Errorf("after %s it is %t, want %t", c.word, r.Shut(), c.want)
		}
		if !c.ok {
			if err := os.Remove(fails); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A command that hangs is killed with all that it started: the named pipe ends
// when the last process that holds it open is gone.
func TestTimeoutKillsTheWholeGroup(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "alive")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRunner(script(t, "exec 9>"+pipe+"\necho working\nsh -c 'trap \"\" TERM; sleep 600' &\nsleep 600"))
	r.Timeout = 300 * time.Millisecond
	gone := make(chan error, 1)
	go func() {
		f, err := os.Open(pipe) // waits for the writer, and reads until there is none
		if err == nil {
			_, err = f.Read(make([]byte, 1))
			f.Close()
		}
		gone <- err
	}()
	got, err := r.Run(t.Context(), Blow, toll.Fuse{})
	if err == nil || !strings.Contains(err.Error(), "did not end within 300ms and was killed: working") {
		t.Errorf("error %v", err)
	}
	if got.Output != "working" {
		t.Errorf("output %q", got.Output)
	}
	select {
	case err := <-gone:
		if err != io.EOF {
			t.Errorf("the pipe ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("something of it lives on")
	}
}

func TestEndOfContextKills(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "begun")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if f, err := os.Open(pipe); err == nil { // opens when the command does
			f.Close()
		}
		cancel()
	}()
	_, err := newRunner(script(t, ": >"+pipe+"\nsleep 600")).Run(ctx, Blow, toll.Fuse{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// What a command leaves in the background does not hold up the daemon.
func TestBackgroundHoldsNothingUp(t *testing.T) {
	stop := filepath.Join(t.TempDir(), "stop")
	if err := syscall.Mkfifo(stop, 0o600); err != nil {
		t.Fatal(err)
	}
	release, err := os.OpenFile(stop, os.O_RDWR, 0) // the child reads until this is closed
	if err != nil {
		t.Fatal(err)
	}
	defer release.Close()
	got, err := newRunner(script(t, "echo done\nread x <"+stop+" &")).Run(t.Context(), Blow, toll.Fuse{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Output != "done" {
		t.Errorf("output %q", got.Output)
	}
	if _, err := release.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
}

func TestOutputIsBoundedAndPrintable(t *testing.T) {
	got, err := newRunner(script(t, `printf 'start\n'; head -c 300000 /dev/zero | tr '\0' x; printf '\n\033[31mred\033[0m\ttab\r\nbad\377\342\200\256end\n'`)).Run(t.Context(), Blow, toll.Fuse{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Output) > maxOutput+100 {
		t.Errorf("%d bytes", len(got.Output))
	}
	if !strings.HasSuffix(got.Output, "xxx\n?[31mred?[0m tab\nbad??end") {
		t.Errorf("ends with %q", got.Output[len(got.Output)-60:])
	}
	if !strings.HasPrefix(got.Output, "[29") || !strings.Contains(got.Output, "bytes before this were dropped]\nxxx") {
		t.Errorf("begins with %q", got.Output[:60])
	}
}

// Several who ask at a time get a run each, one after the other: none sees the
// mark of another.
func TestOneRunAtATime(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	r := newRunner(script(t, "mkdir "+mark+" || exit 9\nsleep 0.02\nrmdir "+mark))
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			if _, err := r.Run(t.Context(), Test, toll.Fuse{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestTailKeepsTheEnd(t *testing.T) {
	var whole []byte
	var kept tail
	for i := range 40 {
		piece := []byte(strings.Repeat(string(rune('a'+i%26)), i*37%1500))
		whole = append(whole, piece...)
		if n, err := kept.Write(piece); n != len(piece) || err != nil {
			t.Fatalf("wrote %d of %d: %v", n, len(piece), err)
		}
	}
	if got, want := string(kept.kept), string(whole[len(whole)-maxOutput:]); got != want {
		t.Errorf("kept %d bytes, want the last %d", len(got), len(want))
	}
	if want := int64(len(whole) - maxOutput); kept.dropped != want {
		t.Errorf("dropped %d, want %d", kept.dropped, want)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, seed := range []string{"", "a\r\nb", "\x1b[2J", "\xff\xfe", "\u202ex", "a\tb", strings.Repeat("é", 3000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := line(text, maxWhy)
		if len(got) > maxWhy || strings.ContainsAny(got, "\n\r\x00\x1b") {
			t.Errorf("%q", got)
		}
		lines := bufio.NewScanner(strings.NewReader(printable(text)))
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if again := printable(lines.Text()); again != lines.Text() {
				t.Errorf("%q becomes %q", lines.Text(), again)
			}
		}
	})
}
