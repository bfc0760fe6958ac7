package doctor_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/doctor"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// TestDaemon changes one thing of a healthy site, and wants it found by doctor
// and, where a monitor must know it, told to that.
func TestDaemon(t *testing.T) {
	_, c := exchange(t, "careful")
	for _, tt := range []struct {
		name   string
		change func(*doctor.Facts)
		id     string
		level  doctor.Level
		code   int
	}{
		{"healthy", func(*doctor.Facts) {}, "", doctor.OK, doctor.NagiosOK},
		{"silent", func(f *doctor.Facts) { f.Daemon.Error = "timeout|x\ny" }, "daemon.running", doctor.Critical, doctor.NagiosCritical},
		{"not asked", func(f *doctor.Facts) { f.Daemon.Missing = "why" }, "daemon.running", doctor.Unchecked, doctor.NagiosUnknown},
		{"old", func(f *doctor.Facts) { f.Version = "2.0" }, "daemon.version", doctor.Warning, doctor.NagiosOK},
		{"no disk", func(f *doctor.Facts) { f.Daemon.Status.Failing = true }, "daemon.ledger", doctor.Critical, doctor.NagiosCritical},
		{"no link", func(f *doctor.Facts) { f.Daemon.Status.Process.Links[0].Up = false }, "daemon.link", doctor.Critical, doctor.NagiosCritical},
		{"changed", func(f *doctor.Facts) { f.Daemon.Changed = f.Now }, "daemon.config", doctor.Warning, doctor.NagiosOK},
		{"a notice waits", func(f *doctor.Facts) {
			f.Daemon.Status.Mail.Waiting, f.Daemon.Status.Mail.Oldest = 2, f.Now.Add(-time.Minute)
		}, "", doctor.OK, doctor.NagiosOK},
		{"a notice waits long", func(f *doctor.Facts) {
			f.Daemon.Status.Mail.Waiting, f.Daemon.Status.Mail.Oldest = 2, f.Now.Add(-61*time.Minute)
		}, "daemon.notices", doctor.Critical, doctor.NagiosCritical},
		{"blown", func(f *doctor.Facts) { f.Daemon.Status.Fuse.Blown = &toll.Fuse{} }, "daemon.fuse", doctor.Critical, doctor.NagiosCritical},
		{"attacked", func(f *doctor.Facts) { f.Daemon.Status.Incidents = 1 }, "daemon.incidents", doctor.Note, doctor.NagiosWarning},
		{"no ledger", func(f *doctor.Facts) { f.Ledger.Exists = false }, "system.ledger", doctor.Critical, doctor.NagiosCritical},
		{"little room", func(f *doctor.Facts) { f.Ledger.FreeMB = 499 }, "system.disk-space", doctor.Critical, doctor.NagiosCritical},
		{"room unknown", func(f *doctor.Facts) { f.Ledger.SpaceMissing = "why" }, "system.disk-space", doctor.Unchecked, doctor.NagiosUnknown},
		{"a slow disk", func(f *doctor.Facts) { f.Ledger.Sync = 21 * time.Millisecond }, "system.disk-sync", doctor.Warning, doctor.NagiosOK},
		{"damage", func(f *doctor.Facts) { f.Ledger.Damage = "row 1" }, "system.ledger-integrity", doctor.Critical, doctor.NagiosOK},
		{"nobody is told", func(f *doctor.Facts) { f.Config.Mail.To = nil }, "system.mail-nobody", doctor.Warning, doctor.NagiosOK},
		{"no mail", func(f *doctor.Facts) { f.Mail.Error, f.Mail.Mend = "refused", "x" }, "system.mail-server", doctor.Critical, doctor.NagiosCritical},
		{"a fuse that cannot blow", func(f *doctor.Facts) { f.Config.Fuse.Command, f.Fuse.Error = []string{"/f"}, "gone" }, "system.fuse-command", doctor.Critical, doctor.NagiosCritical},
		{"the clock", func(f *doctor.Facts) { f.Machine.Synchronized = false }, "system.clock", doctor.Warning, doctor.NagiosOK},
		{"the decision log", func(f *doctor.Facts) { f.Log.Error = "why" }, "system.decisions", doctor.Warning, doctor.NagiosOK},
		{"a warning", func(f *doctor.Facts) { f.Config.Warnings = []string{"x: y"} }, "config.warning", doctor.Warning, doctor.NagiosOK},
		{"observing", func(f *doctor.Facts) { f.Config.Warnings = []string{"observe: true: nothing is blocked"} }, "config.warning", doctor.Note, doctor.NagiosOK},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := healthy(c)
			tt.change(&f)
			all := doctor.Examine(f)
			if got := doctor.Worst(all); got != tt.level {
				t.Errorf("worst is %s, want %s: %+v", got, tt.level, all)
			}
			if got := found(all, tt.id); tt.id != "" && (got.Level != tt.level || got.Level.Wrong() && tt.id != "config.warning" && len(got.Mend) == 0) {
				t.Errorf("%+v", got)
			}
			line, code := doctor.Nagios(f)
			if code != tt.code || !plugin.MatchString(line) {
				t.Errorf("exit code %d, %q", code, line)
			}
		})
	}
}

// plugin is the form of a monitoring plugin's output: one line, figures behind
// the only bar.
var plugin = regexp.MustCompile(`^TOLLFUSE (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+\|([a-z_]+=[0-9]+(MB)?;[0-9:]*;[0-9:]*;[0-9]*( |$))*$`)

func TestNagiosFailure(t *testing.T) {
	line, code := doctor.NagiosFailure("no\nconfiguration|here")
	if code != doctor.NagiosUnknown || strings.ContainsAny(line, "|\n") {
		t.Errorf("%d %q", code, line)
	}
}
