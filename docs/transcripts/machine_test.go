package transcripts_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds everything that is waited for.
const patience = time.Minute

// machine is a folder that the program takes for /, and what was seen on its
// screen.
type machine struct {
	t    *testing.T
	root string
	tape bytes.Buffer
}

// newMachine has a small firm's Asterisk on it, and Tollfuse as the package
// installs it.
func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, root: t.TempDir()}
	for _, dir := range []string{"dev", "etc", "run/tollfuse", "tmp", "usr/bin", "var/lib/tollfuse", "var/log"} {
		if err := os.MkdirAll(filepath.Join(m.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.write("dev/null", "")
	m.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
	m.write("etc/group", "root:x:0:\n")
	m.write("etc/hosts", "127.0.0.1 localhost pbx\n")
	m.write("usr/share/zoneinfo/zone.tab", "US\t+415100-0873900\tAmerica/Chicago\tCentral (most areas)\n")
	if err := os.Symlink("/usr/share/zoneinfo/America/Chicago", filepath.Join(m.root, "etc/localtime")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(m.root, "etc/asterisk"), os.DirFS("testdata/asterisk")); err != nil {
		t.Fatal(err)
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, filepath.Join(m.root, "usr/bin/tollfuse")); err != nil {
		t.Fatal(err)
	}
	m.mayBegin()
	return m
}

// mayBegin skips the test where the kernel lets nobody but root see a folder as
// /, and this is not root.
func (m *machine) mayBegin() {
	m.t.Helper()
	err := m.command("version").Run()
	if os.Geteuid() != 0 && errors.Is(err, syscall.EPERM) {
		m.t.Skip("the program cannot be given a machine of its own here: that needs root, or user namespaces")
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) path(name string) string { return filepath.Join(m.root, name) }

func (m *machine) write(name, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(name)), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(m.path(name), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// command is the program on this machine, as root there.
func (m *machine) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), patience) // the test's own ends before its daemon is stopped
	m.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "/usr/bin/tollfuse", args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: m.root}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	return cmd
}

// compile puts a program on the machine that is written for it.
func (m *machine) compile(name, source string) {
	m.t.Helper()
	build := exec.Command("go", "build", "-o", m.path(name), "./"+source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
}

// types records a command line and what comes of it. An exit code other than 0
// is recorded too.
func (m *machine) types(args ...string) {
	m.t.Helper()
	m.shows(args...)
	cmd := m.command(args...)
	cmd.Stdout, cmd.Stderr = &m.tape, &m.tape
	m.ended(cmd.Run())
}

// shows records a command line.
func (m *machine) shows(args ...string) {
	if m.tape.Len() > 0 {
		m.tape.WriteString("\n")
	}
	words := []string{"tollfuse"}
	for _, arg := range args {
		if strings.ContainsAny(arg, " *$") {
			arg = "'" + arg + "'"
		}
		words = append(words, arg)
	}
	m.tape.WriteString("# " + strings.Join(words, " ") + "\n")
}

// forget takes away what was recorded and nobody should compare with.
func (m *machine) forget(pattern string) {
	kept := regexp.MustCompile(pattern).ReplaceAll(m.tape.Bytes(), nil)
	m.tape = *bytes.NewBuffer(kept)
}

// ended records how a command has ended.
func (m *machine) ended(err error) {
	m.t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.Exited():
		fmt.Fprintf(&m.tape, "[exit code %d]\n", exit.ExitCode())
	default:
		m.t.Fatalf("%v\n%s", err, m.tape.String())
	}
}

// program builds the program once. It stands alone, because there is no library
// on the machines.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(programDir, "tollfuse")
	build := exec.Command("go", "build", "-tags", "netgo,osusergo", "-ldflags", "-extldflags -static", "-o", path, "../../cmd/tollfuse")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// programDir is where the program is built.
var programDir string

func TestMain(m *testing.M) {
	os.Exit(inFolder(m))
}

func inFolder(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tollfuse-transcripts-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programDir = dir
	return m.Run()
}
