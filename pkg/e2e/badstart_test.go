//go:build e2e

package e2e

import (
	"database/sql"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// alone is a daemon whose Asterisk is prepared and does not run.
func alone(t *testing.T, change func(*config.Config)) *Daemon {
	t.Helper()
	return PrepareDaemon(t, Prepare(t, Options{}), DaemonOptions{Change: change})
}

// WaitServing waits until the daemon answers its owner, with or without a link.
func (d *Daemon) WaitServing(t *testing.T) {
	t.Helper()
	Eventually(t, 20*time.Second, "the daemon serves", func() bool {
		_, err := d.Admin.Status(t.Context())
		return err == nil
	})
}

// start runs the daemon until it ends by itself, and returns what it says but for its log, and its exit code.
func (d *Daemon) start(t *testing.T) (said string, code int) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "serve", "--config", filepath.Join(d.Dir, "tollfuse.yaml"))
	var lines []string
	done := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer done.Stop()
	out, _ := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "time=") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return strings.Join(lines, "\n"), cmd.ProcessState.ExitCode()
}

// refuses shows that the daemon ends with this exit code and one sentence that has all the words.
func (d *Daemon) refuses(t *testing.T, code int, words ...string) {
	t.Helper()
	said, got := d.start(t)
	t.Logf("exit code %d: %s", got, said)
	sentence, hint, _ := strings.Cut(said, "\n")
	if got != code || !strings.HasPrefix(sentence, "tollfuse: ") || !strings.HasPrefix(hint, "hint: ") || strings.Contains(hint, "\n") {
		t.Errorf("exit code %d and %q; want code %d, one sentence, and a hint at the way out", got, said, code)
	}
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("%q does not say %q", said, word)
		}
	}
}

func TestSecondDaemonOnTheSameLedger(t *testing.T) {
	first := alone(t, nil)
	first.Begin(t)
	first.WaitServing(t)
	first.Lock(t, "1001")
	second := alone(t, func(c *config.Config) { c.Ledger.Path = first.Config.Ledger.Path })
	second.refuses(t, 1, "in use by another daemon", first.Config.Ledger.Path)
	if s, err := first.Admin.Status(t.Context()); err != nil || s.Failing || s.Locks != 1 {
		t.Errorf("the first daemon stands at %+v: %v", s, err)
	}
	first.Lock(t, "1002") // it still leads
}

func TestLedgerOfANewerVersion(t *testing.T) {
	d := alone(t, nil)
	d.Begin(t)
	d.WaitServing(t)
	d.Lock(t, "1001")
	d.Stop(t)
	setVersion := func(version string) (before string) {
		db, err := sql.Open("sqlite3", d.Config.Ledger.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.QueryRow("PRAGMA user_version").Scan(&before); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("PRAGMA user_version = " + version); err != nil {
			t.Fatal(err)
		}
		return before
	}
	known := setVersion("999")
	d.refuses(t, 1, "newer version", "999", "install")
	setVersion(known)
	d.Begin(t)
	d.WaitServing(t)
	if s, err := d.Admin.Status(t.Context()); err != nil || s.Locks != 1 {
		t.Errorf("after the newer version was taken away again: %+v: %v", s, err)
	}
}

func TestLedgerThatCannotBeWritten(t *testing.T) {
	t.Run("no folder", func(t *testing.T) {
		d := alone(t, func(c *config.Config) { c.Ledger.Path = filepath.Join(t.TempDir(), "none", "ledger.db") })
		d.refuses(t, 1, "no such file or directory", d.Config.Ledger.Path)
	})
	t.Run("read-only disk", func(t *testing.T) {
		disk := SmallDisk(t, 4<<20)
		SetReadOnly(t, disk, true)
		d := alone(t, ledgerOn(disk))
		d.refuses(t, 1, "read-only", d.Config.Ledger.Path)
	})
	t.Run("full disk", func(t *testing.T) {
		disk := SmallDisk(t, 4<<20)
		FillDisk(t, disk)
		d := alone(t, ledgerOn(disk))
		d.refuses(t, 1, "full", d.Config.Ledger.Path)
	})
	t.Run("a file of somebody else's", func(t *testing.T) {
		d := alone(t, nil)
		if err := os.WriteFile(d.Config.Ledger.Path, []byte(strings.Repeat("this is a letter\n", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		d.refuses(t, 1, d.Config.Ledger.Path)
		if text, err := os.ReadFile(d.Config.Ledger.Path); err != nil || !strings.HasPrefix(string(text), "this is a letter\nthis") {
			t.Errorf("the file was touched: %v", err)
		}
	})
}

func TestFastAGIPortInUse(t *testing.T) {
	d := alone(t, nil)
	listener, err := net.Listen("tcp", d.Config.FastAGI.Listen)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	d.refuses(t, 1, "address already in use", d.Config.FastAGI.Listen)
}

func TestWrongUsage(t *testing.T) {
	d := alone(t, nil)
	path := filepath.Join(d.Dir, "tollfuse.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, "dail: tone\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	d.refuses(t, 2, "unknown key", "dail")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	d.refuses(t, 2, "tollfuse.yaml")
}

// An Asterisk that cannot be reached, and one that refuses the secret, do not stop the daemon: it says so, decides
// calls all the same, and gets its link as soon as there is one.
func TestAMIUnreachableOrRefused(t *testing.T) {
	t.Run("unreachable", func(t *testing.T) {
		d := alone(t, nil)
		d.Begin(t)
		d.WaitServing(t)
		d.WaitLogged(t, 5*time.Second, "no link to Asterisk", "connection refused")
		if told := forge(t, d, "x-1.1", london); !strings.Contains(told, "TOLLFUSE_VERDICT=allow") {
			t.Errorf("the dialplan is told %q", told)
		}
		if s, err := d.Admin.Status(t.Context()); err != nil || s.Process.Links[0].Up || s.Process.Links[0].Error == "" {
			t.Errorf("status %+v: %v", s, err)
		}
		d.Lab.Run(t)
		d.WaitLinked(t)
		if n := d.Logged(t, "no link to Asterisk"); n > 3 {
			t.Errorf("%d lines say that there is no link", n)
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
			d.Stop(t)
			secret := filepath.Join(d.Dir, "secret")
			if err := os.WriteFile(secret, []byte("not-the-secret\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			d.Begin(t)
			d.WaitServing(t)
			d.WaitLogged(t, 5*time.Second, "no link to Asterisk", "login refused")
			if d.Logged(t, "not-the-secret") != 0 {
				t.Error("the secret is in the log")
			}
			carrier, phone := l.Carrier(t), l.Phone(t, "1001")
			call := phone.Dial(london) // served, with the timer of one slice
			call.WaitAnswered(t, 5*time.Second)
			d.Lock(t, "1002")
			refusedFor(t, l.Phone(t, "1002").Dial(london), toll.ReasonLocked)
			if n := len(carrier.Calls()); n != 1 {
				t.Errorf("%d calls at the carrier", n)
			}
		})
	})
}
