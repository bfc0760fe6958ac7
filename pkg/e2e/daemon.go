//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// PBXName is what the daemon calls the Asterisk of a test.
const PBXName = "pbx1"

// DaemonOptions choose how the daemon of a test is set up. The zero value is a
// German site that allows Great Britain, with the Asterisk's own AMI.
type DaemonOptions struct {
	AMI    string               // address of the manager interface, if not the Asterisk's own
	Dir    string               // of ledger, socket and logs, if not a temporary one
	Change func(*config.Config) // before the file is written
	Limits []toll.Limit         // set before the first call
}

// Daemon is the real program beside an Asterisk.
type Daemon struct {
	Lab    *Lab
	Dir    string
	Config config.Config
	Admin  *control.Client
	Env    []string // for the process, beside our own

	process *exec.Cmd
	exited  chan struct{}
}

// programSource is where the program's main package is.
const programSource = "../../cmd/tollfuse"

// program builds the program once for all tests.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tollfuse-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tollfuse")
	if out, err := exec.Command("go", "build", "-o", path, programSource).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return path, nil
})

// WithDaemon prepares and starts an Asterisk whose dialplan asks a daemon, and
// the daemon.
func WithDaemon(t testing.TB, suite string, o DaemonOptions) (*Lab, *Daemon) {
	t.Helper()
	l := Prepare(t, Options{Suite: suite})
	d := PrepareDaemon(t, l, o)
	l.Run(t)
	d.Start(t)
	for i := range o.Limits {
		d.Set(t, toll.Setting{Limit: &o.Limits[i]})
	}
	return l, d
}

// forEachVersion runs a test against an Asterisk of each version with a daemon
// beside it.
func forEachVersion(t *testing.T, o DaemonOptions, test func(t *testing.T, l *Lab, d *Daemon)) {
	t.Helper()
	for name, suite := range map[string]string{"asterisk-22": Asterisk22, "asterisk-16": Asterisk16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, d := WithDaemon(t, suite, o)
			test(t, l, d)
		})
	}
}

// PrepareDaemon writes the daemon's configuration and the files that Asterisk
// includes, as "tollfuse init" would.
func PrepareDaemon(t testing.TB, l *Lab, o DaemonOptions) *Daemon {
	t.Helper()
	dir := o.Dir
	if dir == "" {
		dir = t.TempDir()
	}
	c := config.Default()
	c.Site = config.Site{Country: "DE", Countries: []string{"GB"}, Timezone: "Europe/Berlin", Currency: "EUR", Size: 12}
	c.Ledger.Path = filepath.Join(dir, "ledger.db")
	c.FastAGI.Listen = fmt.Sprintf("127.0.0.1:%d", l.AGI)
	c.Control.Socket = filepath.Join(dir, "control.sock")
	c.Numbering.Extensions = []string{"1XXX"}
	c.Log.Level, c.Log.Decisions = "debug", filepath.Join(dir, "decisions.log")
	c.Asterisk = []config.Asterisk{{
		Name:   PBXName,
		AMI:    config.AMI{Address: fmt.Sprintf("127.0.0.1:%d", l.AMI), User: "tollfuse"},
		Trunks: []config.Trunk{{Name: "carrier", Addresses: []string{carrierHost}}, {Name: "carrier2", Addresses: []string{secondCarrierHost}}},
	}}
	if o.AMI != "" {
		c.Asterisk[0].AMI.Address = o.AMI
	}
	if o.Change != nil {
		o.Change(&c)
	}
	writeDialplan(t, l, c, PBXName)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("e2e-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range c.Asterisk {
		c.Asterisk[i].AMI.SecretFile = secret
	}
	text, err := yaml.Marshal(c)
	if err != nil {
		t.Fatalf("write the configuration: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tollfuse.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return &Daemon{Lab: l, Dir: dir, Config: c, Admin: control.NewClient(c.Control.Socket)}
}

// writeDialplan writes the files that the Asterisk of that name includes.
func writeDialplan(t testing.TB, l *Lab, c config.Config, name string) {
	t.Helper()
	resolver, err := app.Resolver(c)
	if err != nil {
		t.Fatal(err)
	}
	patterns := resolver.Dialplan()
	files, err := dialplan.Render(dialplan.Site{
		Country: c.Site.Country, PBX: name, AGI: c.FastAGI.Listen, Trunk: "carrier",
		Emergency: patterns.Emergency, AccessCodes: patterns.Access, HomePatterns: patterns.Home, FailHome: c.Failure.Home == config.Allow,
		MaxHomeSeconds: int(c.Calls.MaxHome / time.Second), MaxDialledLength: 32,
		AMI: dialplan.AMI{User: "tollfuse", Secret: "e2e-secret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		l.WriteConfig(t, f.Name, string(f.Text))
	}
}

// Start starts the daemon, or starts it again, and waits until it serves.
func (d *Daemon) Start(t testing.TB) {
	t.Helper()
	d.Begin(t)
	Eventually(t, 20*time.Second, "the daemon serves", func() bool {
		select {
		case <-d.exited:
			t.Fatalf("the daemon ended:\n%s", d.LogTail(30))
		default:
		}
		_, err := d.Admin.Status(context.Background())
		return err == nil
	})
	d.WaitLinked(t)
}

// Begin starts the daemon and waits for nothing.
func (d *Daemon) Begin(t testing.TB) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(d.Dir, "daemon.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	d.process = exec.Command(path, "serve", "--config", filepath.Join(d.Dir, "tollfuse.yaml"))
	d.process.Stdout, d.process.Stderr, d.process.Env = log, log, append(os.Environ(), d.Env...)
	d.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.process.Start(); err != nil {
		t.Fatalf("start the daemon: %v", err)
	}
	process, exited := d.process, make(chan struct{})
	d.exited = exited
	go func() {
		_ = process.Wait()
		close(exited)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("last lines of the daemon's log:\n%s", d.LogTail(60))
		}
		_ = process.Process.Kill()
		<-exited
	})
}

// WaitLinked waits until the daemon has its link to each Asterisk.
func (d *Daemon) WaitLinked(t testing.TB) {
	t.Helper()
	Eventually(t, 20*time.Second, "the daemon is linked to Asterisk", func() bool {
		s, err := d.Admin.Status(context.Background())
		down := func(l admin.Link) bool { return !l.Up }
		return err == nil && len(s.Process.Links) == len(d.Config.Asterisk) && !slices.ContainsFunc(s.Process.Links, down)
	})
}

// Kill ends the daemon as kill -9 does.
func (d *Daemon) Kill(t testing.TB) {
	t.Helper()
	d.Signal(t, syscall.SIGKILL)
	<-d.exited
}

// Stop ends the daemon in order.
func (d *Daemon) Stop(t testing.TB) {
	t.Helper()
	d.Signal(t, syscall.SIGTERM)
	select {
	case <-d.exited:
	case <-time.After(20 * time.Second):
		t.Fatalf("the daemon does not stop:\n%s", d.LogTail(30))
	}
}

// Signal sends a signal to the daemon.
func (d *Daemon) Signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := d.process.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("signal the daemon: %v", err)
	}
}

// Set makes a setting stand.
func (d *Daemon) Set(t testing.TB, s toll.Setting) {
	t.Helper()
	if _, err := d.Admin.Change(context.Background(), s); err != nil {
		t.Fatalf("set a %s: %v", s.Kind(), err)
	}
}

// Lock locks a caller.
func (d *Daemon) Lock(t testing.TB, caller string) {
	t.Helper()
	d.Set(t, toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: caller, Reason: "test"}})
}

// Live are the leases of live calls.
func (d *Daemon) Live(t testing.TB) []toll.Lease {
	t.Helper()
	live, err := d.Admin.Live(context.Background())
	if err != nil {
		t.Fatalf("list live calls: %v", err)
	}
	return live
}

// WaitLive waits until so many leases are live.
func (d *Daemon) WaitLive(t testing.TB, n int, limit time.Duration) []toll.Lease {
	t.Helper()
	var live []toll.Lease
	Eventually(t, limit, fmt.Sprintf("%d live leases", n), func() bool {
		live = d.Live(t)
		return len(live) == n
	})
	return live
}

// Replayed reads every entry that the ledger on the disk gives back. The
// daemon may be running.
func (d *Daemon) Replayed(t testing.TB) []toll.Entry {
	t.Helper()
	r, err := sqlite.OpenReadOnly(d.Config.Ledger.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []toll.Entry
	err = r.Replay(context.Background(), time.Time{}, func(e toll.Entry) error {
		all = append(all, e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// LogTail returns the last lines that the daemon wrote.
func (d *Daemon) LogTail(lines int) string {
	text, err := os.ReadFile(filepath.Join(d.Dir, "daemon.log"))
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Decisions returns the decision log.
func (d *Daemon) Decisions(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(d.Config.Log.Decisions)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
