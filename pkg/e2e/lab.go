//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The suites of Debian that the lab takes its Asterisk from.
const (
	Asterisk22 = "sid"
	Asterisk16 = "bullseye"
)

const (
	script            = "../../testdata/lab/lab"
	carrierHost       = "127.0.2.1"
	secondCarrierHost = "127.0.2.2"
)

// The extensions of the lab are 1001 to lastExtension. One of them is in a dialplan that asks nobody.
const (
	lastExtension      = 1021
	unguardedExtension = 1004
)

// Options choose what Start starts. The zero value is a plain Asterisk 22.
type Options struct {
	Suite string // Asterisk22 or Asterisk16; "" means Asterisk22
	// Files are put into the configuration directory before the start, over those of the same name.
	Files map[string]string
}

// Lab is one running Asterisk on loopback with a directory, ports and a systemname of its own.
type Lab struct {
	Suite, Name         string
	Dir                 string // its directory as seen from outside the chroot
	SIP, AMI, AGI, HTTP int    // ports on 127.0.0.1; AGI is where the dialplan expects the daemon
	process             *exec.Cmd
	exited              chan struct{}
}

// AMIUser and AMISecret log in to the manager and to ARI with all rights, for the tests' own eyes. The
// user that Tollfuse has comes from the file it generates for manager.d.
const (
	AMIUser   = "lab"
	AMISecret = "labsecret"
)

// Counters for the whole test binary: whatever runs at once in it must not get the same name or port.
var started atomic.Int64

// Start prepares a fresh instance, starts it, waits until it has booted, and stops it and deletes its
// directory when the test ends. Nothing is shared with other instances, so several can run at once.
func Start(t testing.TB, o Options) *Lab {
	t.Helper()
	l := Prepare(t, o)
	l.Run(t)
	return l
}

// Prepare is Start without the start: between it and Run a test can write configuration that needs the
// ports.
func Prepare(t testing.TB, o Options) *Lab {
	t.Helper()
	if o.Suite == "" {
		o.Suite = Asterisk22
	}
	l := &Lab{
		Suite: o.Suite,
		Name:  fmt.Sprintf("pbx-%d-%d", os.Getpid(), started.Add(1)),
		SIP:   freePort(t), AMI: freePort(t), AGI: freePort(t), HTTP: freePort(t),
	}
	l.Dir = strings.TrimSpace(l.script(t, "prepare"))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("last lines of %s's log:\n%s", l.Name, l.LogTail(60))
		}
		if os.Getenv("TOLLFUSE_LAB_KEEP") == "" {
			os.RemoveAll(l.Dir)
		}
	})
	for name, text := range o.Files {
		l.WriteConfig(t, name, text)
	}
	return l
}

// Run starts the Asterisk of a prepared or stopped instance and waits until it has booted.
func (l *Lab) Run(t testing.TB) {
	t.Helper()
	console, err := os.Create(l.Path("log/console"))
	if err != nil {
		t.Fatalf("starting %s: %v", l.Name, err)
	}
	defer console.Close()
	l.process = l.command("run")
	l.process.Stdout, l.process.Stderr = console, console
	// When the tests are killed, no Asterisk may stay behind.
	l.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := l.process.Start(); err != nil {
		t.Fatalf("starting %s: %v", l.Name, err)
	}
	process, exited := l.process, make(chan struct{})
	l.exited = exited
	go func() {
		_ = process.Wait()
		close(exited)
	}()
	t.Cleanup(func() { l.stop(t, process, exited) })

	Eventually(t, 30*time.Second, l.Name+" has booted", func() bool {
		select {
		case <-exited:
			t.Fatalf("%s stopped while it booted:\n%s", l.Name, l.LogTail(30))
		default:
		}
		out, err := l.command("cli", "core waitfullybooted").CombinedOutput()
		return err == nil && bytes.Contains(out, []byte("fully booted"))
	})
}

// Stop stops Asterisk and waits until it is gone. Run starts it again with the same files.
func (l *Lab) Stop(t testing.TB) {
	t.Helper()
	l.stop(t, l.process, l.exited)
}

func (l *Lab) stop(t testing.TB, process *exec.Cmd, exited chan struct{}) {
	t.Helper()
	select {
	case <-exited:
		return
	default:
	}
	_ = l.command("cli", "core stop now").Run()
	select {
	case <-exited:
	case <-time.After(10 * time.Second):
		t.Logf("%s did not stop when told to; killing process %d", l.Name, process.Process.Pid)
		_ = process.Process.Kill()
		<-exited
	}
}

// Kill ends Asterisk as a power cut does.
func (l *Lab) Kill(t testing.TB) {
	t.Helper()
	if err := l.process.Process.Kill(); err != nil {
		t.Fatalf("killing %s: %v", l.Name, err)
	}
	<-l.exited
}

// Signal sends a signal to the Asterisk process, such as SIGSTOP.
func (l *Lab) Signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := l.process.Process.Signal(signal); err != nil {
		t.Fatalf("signalling %s: %v", l.Name, err)
	}
}

// Path returns the path of a file of this instance, such as "etc/extensions.conf", outside the chroot.
func (l *Lab) Path(name string) string { return filepath.Join(l.Dir, name) }

// WriteConfig writes a file of the configuration directory; Reload makes a running Asterisk read it.
func (l *Lab) WriteConfig(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(l.Path("etc/"+name), []byte(text), 0o644); err != nil {
		t.Fatalf("writing configuration: %v", err)
	}
}

// CLI runs a console command and returns what it prints.
func (l *Lab) CLI(t testing.TB, command string) string {
	t.Helper()
	out, err := l.command("cli", command).CombinedOutput()
	if err != nil {
		t.Fatalf("console command %q: %v: %s", command, err, out)
	}
	return string(out)
}

// Reload makes Asterisk read the dialplan and the manager's users again.
func (l *Lab) Reload(t testing.TB) {
	t.Helper()
	l.CLI(t, "dialplan reload")
	l.CLI(t, "manager reload")
}

// Channels returns how many channels are live.
func (l *Lab) Channels(t testing.TB) int {
	t.Helper()
	out := l.CLI(t, "core show channels count")
	n, err := strconv.Atoi(strings.Fields(out)[0])
	if err != nil {
		t.Fatalf("unexpected count of channels: %q", out)
	}
	return n
}

// WaitIdle waits until no channel is left.
func (l *Lab) WaitIdle(t testing.TB, limit time.Duration) {
	t.Helper()
	Eventually(t, limit, l.Name+" has no channel left", func() bool { return l.Channels(t) == 0 })
}

// WaitBridged waits until so many channels are in bridges. A call is answered a moment before it is
// bridged, and only a bridged one can be transferred.
func (l *Lab) WaitBridged(t testing.TB, channels int, limit time.Duration) {
	t.Helper()
	Eventually(t, limit, fmt.Sprintf("%s has %d bridged channels", l.Name, channels), func() bool {
		n := 0
		for _, line := range strings.Split(l.CLI(t, "core show channels concise"), "\n") {
			// The last two columns are the bridge, if any, and the Uniqueid.
			if columns := strings.Split(line, "!"); len(columns) > 2 && columns[len(columns)-2] != "" {
				n++
			}
		}
		return n == channels
	})
}

// LogTail returns the last lines of Asterisk's full log, without those of start and stop.
func (l *Lab) LogTail(lines int) string {
	text, err := os.ReadFile(l.Path("log/full"))
	if err != nil {
		return err.Error()
	}
	calls := string(text)
	if _, after, ok := strings.Cut(calls, "Asterisk Ready."); ok {
		calls, _, _ = strings.Cut(after, "Asterisk cleanly ending")
	}
	all := strings.Split(strings.TrimSpace(calls), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Eventually asks again and again until the answer is yes, and fails the test when the time is up. It is
// for what has no event to wait for.
func Eventually(t testing.TB, limit time.Duration, what string, ask func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !ask() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (l *Lab) command(verb string, more ...string) *exec.Cmd {
	cmd := exec.Command(script, append([]string{verb, l.Suite, l.Name}, more...)...)
	cmd.Env = append(os.Environ(),
		fmt.Sprintf("SIP_PORT=%d", l.SIP), fmt.Sprintf("AMI_PORT=%d", l.AMI),
		fmt.Sprintf("AGI_PORT=%d", l.AGI), fmt.Sprintf("HTTP_PORT=%d", l.HTTP))
	return cmd
}

func (l *Lab) script(t testing.TB, verb string) string {
	t.Helper()
	cmd := l.command(verb)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("lab %s: %v: %s", verb, err, complaint.String())
	}
	return string(out)
}

// phoneAddress is where Asterisk sees the phone of an extension.
func (l *Lab) phoneAddress(t testing.TB, extension string) string {
	t.Helper()
	return fmt.Sprintf("%s:%d", l.phoneHost(t, extension), l.SIP)
}

// phoneHost returns the address where the PBX expects an extension.
func (l *Lab) phoneHost(t testing.TB, extension string) string {
	t.Helper()
	n, err := strconv.Atoi(extension)
	if err != nil || n < 1001 || n > lastExtension {
		t.Fatalf("there is no extension %q: they are 1001 to %d", extension, lastExtension)
	}
	return fmt.Sprintf("127.0.1.%d", n-1000)
}
