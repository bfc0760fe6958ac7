//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/doctor"
)

// exchanges is where the careful and the careless one are.
const exchanges = "../../testdata/doctor"

// installExchange puts the files of one of the exchanges over those of the lab.
func installExchange(t *testing.T, l *Lab, name string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(exchanges, name, "*.conf"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files of %s: %v", name, err)
	}
	fill := strings.NewReplacer("@NAME@", l.Name, "@SIP_PORT@", fmt.Sprint(l.SIP), "@AMI_PORT@", fmt.Sprint(l.AMI))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if base := filepath.Base(path); base != "asterisk.conf" { // the lab's has the directories
			l.WriteConfig(t, base, fill.Replace(string(text)))
		}
	}
}

// consoleOf writes a program that stands for asterisk on a machine where this
// instance is the only one.
func consoleOf(t *testing.T, l *Lab) string {
	t.Helper()
	lab, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "asterisk")
	text := fmt.Sprintf("#!/bin/sh\n# -C FILE -rx COMMAND\n[ \"$3\" = -rx ] || exit 2\nexec %s cli %s %s \"$4\"\n", lab, l.Suite, l.Name)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// runDoctor runs the program, and returns what it prints and its exit code.
func runDoctor(t *testing.T, l *Lab, d *Daemon, asterisk string, args ...string) (string, int) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"doctor", "--config", filepath.Join(d.Dir, "tollfuse.yaml"), "--dialplan-dir", l.Path("etc"), "--asterisk", asterisk}, args...)
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// examined are the findings about Asterisk; those about the machine that runs
// the tests are its own.
func examined(t *testing.T, l *Lab, d *Daemon) []doctor.Finding {
	t.Helper()
	out, _ := runDoctor(t, l, d, consoleOf(t, l), "--json")
	var all []doctor.Finding
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	own := []string{"system.clock", "system.disk-space", "system.disk-sync"}
	return slices.DeleteFunc(all, func(f doctor.Finding) bool { return slices.Contains(own, f.ID) })
}

// careful changes the configuration to the one of the careful exchange.
func careful(c *config.Config) {
	c.Asterisk[0].Trunks = []config.Trunk{{Name: "carrier", Addresses: []string{carrierHost}}}
	c.Mail.To, c.Mail.Sendmail = []string{"owner@example.com"}, "/bin/true"
}

func TestDoctorHasNothingToSayOfTheCareful(t *testing.T) {
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		t.Run(name, func(t *testing.T) {
			l := Prepare(t, Options{Suite: suite})
			installExchange(t, l, "careful")
			d := PrepareDaemon(t, l, DaemonOptions{Change: careful})
			example, err := os.ReadFile(l.Path("etc/" + dialplan.ExampleFile))
			if err != nil {
				t.Fatal(err)
			}
			l.WriteConfig(t, "extensions.conf", string(example))
			l.Run(t)
			d.Start(t)
			all := examined(t, l, d)
			if len(all) < 10 {
				t.Errorf("only %d checks", len(all))
			}
			for _, f := range all {
				if f.Level != doctor.OK {
					t.Errorf("%s %s: %s; %s %v", f.Level, f.ID, f.Title, f.Detail, f.Where)
				}
			}
			// The files stay right; what is loaded decides about emergency calls.
			l.CLI(t, "dialplan remove context tollfuse")
			all = examined(t, l, d)
			for id, want := range map[string]doctor.Level{"dialplan.snippet": doctor.Critical, "emergency.unreachable": doctor.Critical, "emergency.numbers": ""} {
				i := slices.IndexFunc(all, func(f doctor.Finding) bool { return f.ID == id })
				if want == "" && i >= 0 || want != "" && (i < 0 || all[i].Level != want) {
					t.Errorf("without the loaded subroutine %s is not %q: %+v", id, want, all)
				}
			}
		})
	}
}

// marked are the IDs with which a careless exchange marks its faults. Those of
// chan_sip show in its file alone: the module is not loaded in the lab.
func marked(t *testing.T) []string {
	t.Helper()
	id := regexp.MustCompile(`\b(?:manager|dialplan|endpoint|trunk|emergency)\.[A-Za-z_-]+\b`)
	paths, err := filepath.Glob(filepath.Join(exchanges, "careless", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if i := strings.IndexAny(line, ";#"); i >= 0 && filepath.Base(path) != "sip.conf" {
				all = append(all, id.FindAllString(line[i:], -1)...)
			}
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(id string) bool { return strings.HasSuffix(id, ".conf") })
}

func TestDoctorFindsEveryPlantedFault(t *testing.T) {
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		t.Run(name, func(t *testing.T) {
			l := Prepare(t, Options{Suite: suite})
			d := PrepareDaemon(t, l, DaemonOptions{Change: func(c *config.Config) {
				c.Asterisk[0].Trunks = []config.Trunk{{Name: "carrier"}, {Name: "carrier2", Addresses: []string{secondCarrierHost}}, {Name: "ghost"}}
			}})
			installExchange(t, l, "careless")
			writeSecret(t, d, "hunter2")
			dropSystemName(t, l)
			l.Run(t)
			all := examined(t, l, d)
			want := marked(t)
			if len(want) < 40 {
				t.Fatalf("only %d faults are marked: %v", len(want), want)
			}
			for _, id := range want {
				if !slices.ContainsFunc(all, func(f doctor.Finding) bool { return f.ID == id && f.Level != doctor.OK }) {
					t.Errorf("%s was not found", id)
				}
			}
			for _, f := range all {
				if f.Level.Wrong() && f.Group() != "daemon" && f.Group() != "system" && !slices.Contains(want, f.ID) {
					t.Errorf("%s is not planted: %s %v", f.ID, f.Title, f.Where)
				}
			}
			if out, code := runDoctor(t, l, d, consoleOf(t, l)); code != 1 {
				t.Errorf("exit code %d\n%s", code, out)
			}
		})
	}
}

// writeSecret gives the daemon's configuration another secret for the manager.
func writeSecret(t *testing.T, d *Daemon, secret string) {
	t.Helper()
	c := d.Config
	c.Asterisk[0].AMI.SecretFile = filepath.Join(d.Dir, "secret")
	if err := os.WriteFile(c.Asterisk[0].AMI.SecretFile, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.Dir, "tollfuse.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func dropSystemName(t *testing.T, l *Lab) {
	t.Helper()
	text, err := os.ReadFile(l.Path("etc/asterisk.conf"))
	if err != nil {
		t.Fatal(err)
	}
	l.WriteConfig(t, "asterisk.conf", regexp.MustCompile(`(?m)^systemname.*$`).ReplaceAllString(string(text), ""))
}

// TestDoctorForAMonitor follows the daemon through a life: it runs, it is
// stopped in its tracks, it is dead, and there is no configuration at all.
func TestDoctorForAMonitor(t *testing.T) {
	l, d := WithDaemon(t, Asterisk22, DaemonOptions{Change: careful})
	check := func(code int, word string) {
		t.Helper()
		began := time.Now()
		out, got := runDoctor(t, l, d, "", "--nagios")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: it took %v", word, took)
		}
		if got != code || !strings.HasPrefix(out, "TOLLFUSE "+word+" - ") || strings.Count(out, "\n") != 1 {
			t.Errorf("exit code %d, %q; want %d, %s", got, out, code, word)
		}
	}
	check(doctor.NagiosOK, "OK")
	d.Signal(t, syscall.SIGSTOP)
	check(doctor.NagiosCritical, "CRITICAL")
	d.Signal(t, syscall.SIGCONT)
	check(doctor.NagiosOK, "OK")
	l.Kill(t)
	Eventually(t, 10*time.Second, "the daemon has seen that Asterisk is gone", func() bool {
		s, err := d.Admin.Status(t.Context())
		return err == nil && !s.Process.Links[0].Up
	})
	check(doctor.NagiosCritical, "CRITICAL")
	d.Kill(t)
	check(doctor.NagiosCritical, "CRITICAL")
	if err := os.Remove(filepath.Join(d.Dir, "tollfuse.yaml")); err != nil {
		t.Fatal(err)
	}
	check(doctor.NagiosUnknown, "UNKNOWN")
}
