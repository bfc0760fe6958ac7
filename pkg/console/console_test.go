package console

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// command is a console that runs a script; what it was given lies in the file.
func command(t *testing.T, script string) (c Console, given string) {
	t.Helper()
	dir := t.TempDir()
	path, given := filepath.Join(dir, "asterisk"), filepath.Join(dir, "given")
	text := "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$@\" > " + given + "\n" + script + "\n"
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return Console{Command: []string{path, "-rx"}}, given
}

func TestHangupByTheConsole(t *testing.T) {
	const name = "Local/0023222123456@unguarded-00000000;2"
	for _, tc := range []struct {
		name, script, want string
		is                 error
	}{
		{"it is asked for", `echo "Requested Hangup on channel '` + name + `'"`, "", nil},
		{"no such channel", `echo "` + name + ` is not a known channel"`, "no channel of that name", ErrUnknown},
		{"no Asterisk", `echo "Unable to connect to remote asterisk" >&2; exit 1`, "Unable to connect", nil},
		{"it says nothing", `true`, "it says", nil},
		{"it never ends its sentence", `yes x | head -c 100000`, "it says", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, given := command(t, tc.script)
			err := c.Hangup(t.Context(), name)
			switch {
			case tc.want == "" && err != nil:
				t.Error(err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want) || len(err.Error()) > 1000):
				t.Errorf("%v, want %q", err, tc.want)
			case tc.is != nil && !errors.Is(err, tc.is):
				t.Errorf("%v is not %v", err, tc.is)
			}
			text, err := os.ReadFile(given)
			if want := "2\n-rx\nchannel request hangup " + name + "\n"; err != nil || string(text) != want {
				t.Errorf("given %q %v, want %q", text, err, want)
			}
		})
	}
}

// No name ends more than one channel, and none is more than one word.
func TestNamesThatAreNotTyped(t *testing.T) {
	c, given := command(t, "true")
	for _, name := range []string{
		"", "all", "/PJSIP/", "PJSIP/a b", "PJSIP/a'b", `PJSIP/a"b`, "PJSIP/a\nb", "PJSIP/a\\b", "PJSIP/$(x)", "PJSIP/\u00e9", "PJSIP/" + strings.Repeat("1", 200),
	} {
		if err := c.Hangup(t.Context(), name); err == nil {
			t.Errorf("%q is typed", name)
		}
	}
	if _, err := os.Stat(given); err == nil {
		t.Error("the command was run")
	}
	if err := (Console{}).Hangup(t.Context(), "PJSIP/1"); err == nil {
		t.Error("a console without a command works")
	}
}

func TestConsoleThatHangs(t *testing.T) {
	c, _ := command(t, "sleep 60")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := c.Hangup(ctx, "PJSIP/carrier-1"); err == nil || time.Since(begun) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}
