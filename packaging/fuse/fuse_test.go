// Package fuse_test runs both halves of the sample main fuse, with an nft and an
// asterisk that only write down what they are told.
package fuse_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const fakeNft = `#!/bin/sh
case "$1 $2" in
"-f -") cat >"$FAKES/rules" ;;
"-c -f") cat >"$FAKES/checked" ;;
"list table") exit 1 ;;
esac
`

const fakeAsterisk = `#!/bin/sh
[ ! -e "$FAKES/deaf" ] || exit 1
echo "$2" >>"$FAKES/asked"
case "$2" in "core show channels concise") cat "$FAKES/channels" ;; esac
`

// channels are as Asterisk 22 shows them, with a name that no Asterisk makes.
const channels = `PJSIP/1001-00000001!internal!0023222123456!4!Up!Dial!PJSIP/0023222123456@carrier,60,S(600)!1001!!!3!12!b1!1700000000.1
PJSIP/carrier-00000002!from-carrier!!1!Up!AppDial!(Outgoing Line)!0023222123456!!!3!12!b1!1700000000.2
PJSIP/carrier-00000003!from-carrier!!1!Up!AppDial!(Outgoing Line)!112!!!3!12!b2!1700000000.3
PJSIP/carrier2-00000004!from-carrier!!1!Up!AppDial!(Outgoing Line)!0023222123456!!!3!12!b3!1700000000.4
PJSIP/carrier-x;reboot-00000005!from-carrier!!1!Up!AppDial!(Outgoing Line)!0023222123456!!!3!12!b4!1700000000.5
`

// fuse is a place where both halves meet.
type fuse struct {
	t      *testing.T
	folder string
}

func newFuse(t *testing.T) fuse {
	f := fuse{t, t.TempDir()}
	for name, text := range map[string]string{"nft": fakeNft, "asterisk": fakeAsterisk} {
		f.write(name, text)
		if err := os.Chmod(f.path(name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	f.write("channels", channels)
	f.write("conf", "TRUNKS=carrier\nCARRIERS='203.0.113.7 2001:db8::/32 198.51.100.0/24'\nEMERGENCY='110 112'\nTCP_PORTS='5060'\n")
	return f
}

func (f fuse) path(name string) string { return filepath.Join(f.folder, name) }

func (f fuse) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f fuse) read(name string) string {
	text, _ := os.ReadFile(f.path(name))
	return string(text)
}

func (f fuse) command(script string, args ...string) *exec.Cmd {
	c := exec.CommandContext(f.t.Context(), "sh", append([]string{script}, args...)...)
	c.Env = []string{
		"PATH=" + f.folder + ":" + os.Getenv("PATH"), "FAKES=" + f.folder, "TOLLFUSE_TRIES=100", "STATE_DIRECTORY=" + f.folder,
		"TOLLFUSE_REQUEST=" + f.path("request"), "TOLLFUSE_ANSWER=" + f.path("answer"), "TOLLFUSE_CONF=" + f.path("conf"),
	}
	return c
}

// ask lets the daemon's half ask, and root's half serve as its path unit would.
func (f fuse) ask(words ...string) (string, error) {
	f.t.Helper()
	ended := make(chan struct{})
	var out []byte
	var err error
	before := f.read("request")
	go func() {
		defer close(ended)
		out, err = f.command("tollfuse-request-fuse", words...).CombinedOutput()
	}()
	for f.read("request") == before {
		select {
		case <-ended: // it has refused
			return string(out), err
		default:
		}
	}
	if out, err := f.command("tollfuse-main-fuse").CombinedOutput(); err != nil {
		f.t.Fatalf("%v: %s", err, out)
	}
	<-ended
	return string(out), err
}

func TestMainFuse(t *testing.T) {
	f := newFuse(t)
	if out, err := f.ask("--some", "test"); err != nil || !strings.Contains(out, "nothing was changed") {
		t.Fatalf("test: %v, %s", err, out)
	}
	if f.read("rules") != "" || !strings.Contains(f.read("checked"), "tcp dport { 5060 }") || strings.Contains(f.read("asked"), "hangup") {
		t.Errorf("a test changes something, or checks nothing: %q", f.read("rules"))
	}

	if out, err := f.ask("blow"); err != nil || !strings.Contains(out, "live ones are ended") {
		t.Fatalf("blow: %v, %s", err, out)
	}
	rules := f.read("rules")
	for _, want := range []string{
		"ip daddr { 203.0.113.7, 198.51.100.0/24 } jump carrier", "ip6 daddr { 2001:db8::/32 } jump carrier",
		"@th,64,56 0x494e5649544520 jump invite", // "INVITE "
		"@th,120,64 0x7369703a31313240 return",   // "sip:112@"
		"counter drop", "delete table inet tollfuse_main_fuse",
	} {
		if !strings.Contains(rules, want) {
			t.Errorf("lacks %q in\n%s", want, rules)
		}
	}
	if got, want := strings.ReplaceAll(f.read("asked"), "core show channels concise\n", ""), "channel request hangup PJSIP/carrier-00000002\n"; got != want {
		t.Errorf("asked Asterisk\n%swant\n%s", got, want)
	}

	// A reboot has emptied the kernel's tables.
	f.write("rules", "")
	if out, err := f.command("tollfuse-main-fuse").CombinedOutput(); err != nil || !strings.Contains(f.read("rules"), "counter drop") {
		t.Errorf("%v, %s: %s", err, out, f.read("rules"))
	}

	if out, err := f.ask("reset"); err != nil || !strings.Contains(out, "let out again") {
		t.Fatalf("reset: %v, %s", err, out)
	}
	if rules := f.read("rules"); strings.Contains(rules, "drop") || !strings.Contains(rules, "delete table") {
		t.Errorf("reset leaves\n%s", rules)
	}
}

// An Asterisk that does not answer keeps no call from being shut, and is told.
func TestMainFuseWithoutAsterisk(t *testing.T) {
	f := newFuse(t)
	f.write("deaf", "")
	if out, err := f.ask("blow"); err == nil || !strings.Contains(out, "live ones go on") {
		t.Errorf("%v, %s", err, out)
	}
	if !strings.Contains(f.read("rules"), "tcp dport") {
		t.Errorf("not shut: %s", f.read("rules"))
	}
}

// What the daemon's user writes is never run.
func TestHostileRequests(t *testing.T) {
	f := newFuse(t)
	for _, request := range []string{
		"blow $(touch evil)", "blow 1;touch evil", "$(touch evil) 1", "`touch evil` 1", "blow", "blow ", "* *", "BLOW 1", "-e 1", "blow 1/../x", "",
		"blow x\x00", "\n\nblow 1", strings.Repeat("x", 100_000) + " 1",
	} {
		f.write("request", request+"\n")
		if out, err := f.command("tollfuse-main-fuse").CombinedOutput(); err != nil {
			t.Errorf("%q: %v, %s", request, err, out)
		}
	}
	for _, name := range []string{"evil", "blown", "rules", "answer"} {
		if _, err := os.Stat(f.path(name)); err == nil {
			t.Errorf("there is %s: %s", name, f.read(name))
		}
	}
	for _, words := range [][]string{nil, {"explode"}, {"blow", "now"}} {
		if out, err := f.ask(words...); err == nil || !strings.Contains(out, "usage:") {
			t.Errorf("%q: %v, %s", words, err, out)
		}
	}
}
