package alert

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeSendmail is a program that keeps its arguments and what it reads, a file
// for each run, and then does what the script says.
func fakeSendmail(t *testing.T, script string) (path, folder string) {
	t.Helper()
	folder = t.TempDir()
	path = filepath.Join(folder, "sendmail")
	text := fmt.Sprintf("#!/bin/sh\nfor last; do :; done\nout='%s/'\"$last\"\nprintf '%%s\\n' \"$@\" > \"$out.args\"\ncat > \"$out.mail\"\n%s\n", folder, script)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, folder
}

func TestSendmailHandsOver(t *testing.T) {
	path, folder := fakeSendmail(t, "exit 0")
	s := NewSendmail(SendmailOptions{Path: path})
	to := []string{"a@example.com", "a&b|c`d$e@example.com"}
	for i, err := range s.Send(t.Context(), letter(t), to) {
		if err != nil {
			t.Fatalf("%s: %v", to[i], err)
		}
	}
	for _, address := range to {
		args, err := os.ReadFile(filepath.Join(folder, address+".args"))
		if err != nil {
			t.Fatal(err)
		}
		if want := "-i\n-f\ntollfuse@example.com\n--\n" + address + "\n"; string(args) != want {
			t.Errorf("arguments %q, want %q", args, want)
		}
		mail, err := os.ReadFile(filepath.Join(folder, address+".mail"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(mail), "Subject: ") || strings.Contains(string(mail), "\r") {
			t.Errorf("what it reads is no mail of this system: %.200q", mail)
		}
	}
}

func TestSendmailFails(t *testing.T) {
	for name, c := range map[string]struct {
		script            string
		permanent, server bool
		says, advice      string
	}{
		"later":           {"echo 'queue is full' >&2; exit 75", false, true, "queue is full", "NoNewPrivileges"},
		"no such user":    {"exit 67", true, false, "exit status 67", "mail.to"},
		"no rights":       {"echo 'setgid missing'; exit 77", false, true, "setgid missing", "NoNewPrivileges"},
		"reads nothing":   {"exec 0<&-; exit 69", false, true, "exit status 69", "mail.server"},
		"talks for hours": {"yes | head -c 1000000; exit 1", false, true, "y y y", "log of the local mail server"},
	} {
		t.Run(name, func(t *testing.T) {
			path, _ := fakeSendmail(t, c.script)
			errs := NewSendmail(SendmailOptions{Path: path}).Send(t.Context(), letter(t), []string{"a@example.com"})
			f := failure(t, errs[0])
			if f.Permanent != c.permanent || f.Server != c.server || !strings.Contains(f.Error(), c.says) || !strings.Contains(f.Advice, c.advice) {
				t.Errorf("permanent %t, server %t: %v\nadvice: %s", f.Permanent, f.Server, f, f.Advice)
			}
			if len(f.Error()) > 2*longestSentence {
				t.Errorf("the error has %d bytes", len(f.Error()))
			}
		})
	}
}

func TestSendmailIsNotThere(t *testing.T) {
	errs := NewSendmail(SendmailOptions{Path: "/nowhere/sendmail"}).Send(t.Context(), letter(t), []string{"a@example.com"})
	if f := failure(t, errs[0]); !strings.Contains(f.Advice, "install") || f.Permanent {
		t.Errorf("%v\nadvice: %s", f, f.Advice)
	}
	path := filepath.Join(t.TempDir(), "sendmail")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	errs = NewSendmail(SendmailOptions{Path: path}).Send(t.Context(), letter(t), []string{"a@example.com"})
	if f := failure(t, errs[0]); !strings.Contains(f.Advice, "rights") {
		t.Errorf("%v\nadvice: %s", f, f.Advice)
	}
}

// A sendmail that hangs is ended with its time, or with the daemon.
func TestSendmailHangs(t *testing.T) {
	path, _ := fakeSendmail(t, "exec sleep 60")
	for name, c := range map[string]struct {
		timeout time.Duration
		cancel  bool
	}{
		"too long": {100 * time.Millisecond, false},
		"stopped":  {time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.cancel {
				time.AfterFunc(100*time.Millisecond, cancel)
			}
			errs := NewSendmail(SendmailOptions{Path: path, Timeout: c.timeout}).Send(ctx, letter(t), []string{"a@example.com"})
			if errs[0] == nil {
				t.Error("it says the mail was taken")
			}
		})
	}
}
