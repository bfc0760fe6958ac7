//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTwoExchangesAtOnce(t *testing.T) {
	first, second := Start(t, Options{}), Start(t, Options{})
	if first.Name == second.Name || first.Dir == second.Dir {
		t.Fatalf("not two: %+v, %+v", first, second)
	}
	for _, l := range []*Lab{first, second} {
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		call := phone.Dial("0023222123456")
		call.WaitAnswered(t, 5*time.Second)
		carrier.WaitCalls(t, 1, time.Second)
		if got := l.Channels(t); got != 2 {
			t.Errorf("%s has %d channels, want its own 2", l.Name, got)
		}
	}
}

func TestStopKillAndRunAgain(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		l.Stop(t)
		l.Run(t)
		l.Kill(t)
		l.Run(t)
		l.Carrier(t)
		call := l.Phone(t, "1004").Dial("0023222123456")
		call.WaitAnswered(t, 5*time.Second)
	})
}

func TestFilesAreReadAtTheStart(t *testing.T) {
	l := Start(t, Options{Files: map[string]string{
		"extensions_tollfuse.conf": "[tollfuse]\nexten => s,1,Return()\n",
		"manager.d/tollfuse.conf":  "[tollfuse]\nsecret = s\nread = call\nwrite = call\n",
	}})
	if got := l.CLI(t, "dialplan show tollfuse"); !strings.Contains(got, "Return()") {
		t.Errorf("dialplan: %q", got)
	}
	if got := l.CLI(t, "manager show users"); !strings.Contains(got, "tollfuse") {
		t.Errorf("manager users: %q", got)
	}
}

func TestProxyCutsAndRestores(t *testing.T) {
	l := Start(t, Options{})
	p := NewProxy(t, l.AMI)
	banner := func() error {
		conn, err := net.DialTimeout("tcp4", fmt.Sprintf("127.0.0.1:%d", p.Port), time.Second)
		if err != nil {
			return err
		}
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
		_, err = conn.Read(make([]byte, 8))
		return err
	}
	if err := banner(); err != nil {
		t.Fatalf("no banner through the proxy: %v", err)
	}
	p.Cut()
	if err := banner(); err == nil {
		t.Error("the cut link still answers")
	}
	p.Restore()
	if err := banner(); err != nil {
		t.Errorf("no banner after the cut: %v", err)
	}
}

func TestCutEndsLiveConnections(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	p := NewProxy(t, listener.Addr().(*net.TCPAddr).Port)
	near, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", p.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	fmt.Fprint(near, "hello")
	if _, err := io.ReadFull(far, make([]byte, 5)); err != nil {
		t.Fatalf("nothing came through: %v", err)
	}
	p.Cut()
	_ = near.SetReadDeadline(time.Now().Add(2 * time.Second))
	if _, err := near.Read(make([]byte, 1)); err == nil || os.IsTimeout(err) {
		t.Errorf("the connection lives on: %v", err)
	}
}

func TestSmallDiskFillsUp(t *testing.T) {
	dir := SmallDisk(t, 1<<20)
	file := filepath.Join(dir, "ledger")
	if err := os.WriteFile(file, make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	free := FillDisk(t, dir)
	if err := os.WriteFile(file+"2", make([]byte, 1000), 0o600); err == nil {
		t.Error("a full disk took another file")
	}
	free()
	SetReadOnly(t, dir, true)
	if err := os.WriteFile(file, nil, 0o600); err == nil {
		t.Error("a read-only disk was written to")
	}
	SetReadOnly(t, dir, false)
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Error(err)
	}
}

func TestScriptRefusesWithOneSentence(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		user uint32
		want string
	}{
		{"not root", []string{"roots"}, 65534, "must run as root"},
		{"unknown suite", []string{"up", "buzz", "a"}, 0, `unknown suite "buzz"`},
		{"bad name", []string{"up", "sid", "../a"}, 0, "bad instance name"},
		{"no chroot", []string{"prepare", "sid", "a"}, 0, "there is no sid chroot yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, err := filepath.Abs(script)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(path, c.args...)
			cmd.Dir = "/"
			cmd.Env = append(os.Environ(), "TOLLFUSE_LAB="+t.TempDir())
			if c.user != 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.user, Gid: c.user}}
			}
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), c.want) || strings.Count(string(out), "\n") != 1 {
				t.Errorf("%v: %q, want one line with %q", err, out, c.want)
			}
		})
	}
}
