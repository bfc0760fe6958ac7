package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// site is the configuration that scripts begin with: two trunks, no Asterisk
// that answers, everything else in the script's own folder.
const site = `
site: {country: US, countries: [GB], timezone: America/New_York, currency: USD}
ledger: {path: %[1]s/ledger.db}
control: {socket: %[1]s/control.sock}
fastagi: {listen: "127.0.0.1:0"}
asterisk:
  - name: pbx
    ami: {address: "127.0.0.1:1", secret: hunter2}
    trunks: [{name: carrier}, {name: backup}]
    groups: {sales: ["1001"]}
numbering: {extensions: [1XXX], access_codes: [9]}
`

// tested is the program as main makes it, with a quiet daemon.
func tested() program {
	return program{
		version:   "1.2.3-test",
		openAdmin: app.OpenAdmin,
		backup:    app.Backup,
		restore:   app.Restore,
		serve: func(ctx context.Context, c config.Config) error {
			return app.Run(ctx, c, app.Options{Log: slog.New(slog.DiscardHandler), Version: "1.2.3-daemon"})
		},
	}
}

// TestScripts runs the dialogues of testdata/script in this process. Beside
// what testscript knows there are
//
//	tollfuse ARGS…        runs the program; its exit code must be 0
//	exits CODE ARGS…      the same, for another exit code
//	serve                 starts a daemon, for as long as the script runs
//	halt                  stops it
//	elsewhere             makes $CONFIG the same site with another control socket
//	modes FILE MODE       checks who may do what with a file
//	secret FILE FILE      checks that configuration and manager.conf agree, sets $SECRET
//	call FROM NUMBER      asks the daemon for a call, as the dialplan does
//	eventually TEXT ARGS… runs the program until it prints the text
//	incident              sets $INCIDENT to the one that is open
//	fused                 makes $CONFIG the same site with fuse.sh as its main fuse
//	observes              makes $CONFIG a site that only observes
//	complete ARGS…        prints what the shell would propose as the next word
//	write FILE TEXT…      writes a file, with escapes of Go; a number N repeats the text before it N times
//	input FILE            what commands read from standard input, from then on
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("CONFIG", filepath.Join(e.WorkDir, "tollfuse.yaml"))
			e.Setenv("ESCAPES", "\x1b[2J\u202e\u009b31m\a\xff")
			me, err := user.Current()
			if err != nil {
				return err
			}
			e.Setenv("USERNAME", me.Username)
			e.Values[daemons{}] = &daemon{}
			e.Values[inputs{}] = new(string)
			return os.WriteFile(filepath.Join(e.WorkDir, "tollfuse.yaml"), fmt.Appendf(nil, site, e.WorkDir), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"tollfuse": func(ts *testscript.TestScript, _ bool, args []string) { run(ts, exitDone, args) },
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				code, err := strconv.Atoi(args[0])
				ts.Check(err)
				run(ts, code, args[1:])
			},
			"serve": func(ts *testscript.TestScript, _ bool, _ []string) { ts.Value(daemons{}).(*daemon).start(ts) },
			"halt":  func(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(ts.Value(daemons{}).(*daemon).stop()) },
			"call":  ask,
			"write": write,
			"input": func(ts *testscript.TestScript, _ bool, args []string) {
				*ts.Value(inputs{}).(*string) = ts.ReadFile(args[0])
			},
			"eventually": eventually,
			"complete": func(ts *testscript.TestScript, _ bool, args []string) {
				run(ts, exitDone, slices.Concat([]string{"__complete", "--config", ts.Getenv("CONFIG")}, args, []string{""}))
			},
			"incident": func(ts *testscript.TestScript, _ bool, _ []string) {
				var out bytes.Buffer
				tested().run(context.Background(), []string{"incidents", "list", "--open", "--json", "--config", ts.Getenv("CONFIG")}, nil, &out, ts.Stderr())
				var open []toll.Incident
				ts.Check(json.Unmarshal(out.Bytes(), &open))
				if len(open) != 1 {
					ts.Fatalf("%d incidents are open", len(open))
				}
				ts.Setenv("INCIDENT", open[0].ID)
			},
			"fused": func(ts *testscript.TestScript, _ bool, _ []string) {
				text := fmt.Appendf(nil, site, ts.Getenv("WORK"))
				text = fmt.Appendf(text, "fuse: {command: [%q]}\n", ts.MkAbs("fuse.sh"))
				ts.Check(os.WriteFile(ts.Getenv("CONFIG"), text, 0o600))
			},
			"observes": func(ts *testscript.TestScript, _ bool, _ []string) {
				ts.Check(os.WriteFile(ts.Getenv("CONFIG"), []byte(ts.ReadFile(ts.Getenv("CONFIG"))+"observe: true\n"), 0o600))
			},
			"elsewhere": func(ts *testscript.TestScript, _ bool, _ []string) {
				text := strings.Replace(ts.ReadFile(ts.Getenv("CONFIG")), "/control.sock", "/other.sock", 1)
				ts.Setenv("CONFIG", ts.MkAbs("elsewhere.yaml"))
				ts.Check(os.WriteFile(ts.Getenv("CONFIG"), []byte(text), 0o600))
			},
			"modes": func(ts *testscript.TestScript, _ bool, args []string) {
				info, err := os.Stat(ts.MkAbs(args[0]))
				ts.Check(err)
				if got := fmt.Sprintf("%#o", info.Mode().Perm()); got != args[1] {
					ts.Fatalf("mode %s, want %s", got, args[1])
				}
			},
			"secret": func(ts *testscript.TestScript, _ bool, args []string) {
				c, err := config.Load(ts.MkAbs(args[0]))
				ts.Check(err)
				secret := c.Asterisk[0].AMI.Secret.Reveal()
				if len(secret) < 20 || !strings.Contains(ts.ReadFile(args[1]), "secret = "+secret) {
					ts.Fatalf("the secret in %s is not that in %s", args[0], args[1])
				}
				ts.Setenv("SECRET", secret)
			},
		},
	})
}

func run(ts *testscript.TestScript, want int, args []string) {
	if len(args) == 0 || args[0] != "init" && args[0] != "__complete" {
		args = append(args, "--config", ts.Getenv("CONFIG"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	in := strings.NewReader(*ts.Value(inputs{}).(*string))
	got := tested().run(ctx, args, in, ts.Stdout(), ts.Stderr())
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// write makes a file that a script itself could not hold.
func write(ts *testscript.TestScript, _ bool, args []string) {
	var text, last string
	for _, arg := range args[1:] {
		if times, err := strconv.Atoi(arg); err == nil && times > 1 {
			text += strings.Repeat(last, times-1)
			continue
		}
		last = arg
		if unquoted, err := strconv.Unquote(`"` + arg + `"`); err == nil {
			last = unquoted
		}
		text += last
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// eventually waits for what is recorded a little later than it happens.
func eventually(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.After(10 * time.Second)
	for {
		var out bytes.Buffer
		tested().run(context.Background(), append(slices.Clone(args[1:]), "--config", ts.Getenv("CONFIG")), nil, &out, ts.Stderr())
		if strings.Contains(out.String(), args[0]) {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("%q was never printed: %s", args[0], out.String())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// daemons and inputs are the keys of a script's values.
type (
	daemons struct{}
	inputs  struct{}
)

// daemon is a running daemon of a script.
type daemon struct {
	cancel context.CancelFunc
	done   chan error
	agi    net.Addr
	calls  int
}

func (d *daemon) start(ts *testscript.TestScript) {
	if d.cancel != nil {
		ts.Fatalf("a daemon runs already")
	}
	c, err := config.Load(ts.Getenv("CONFIG"))
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel, d.done = cancel, make(chan error, 1)
	ready := make(chan net.Addr, 1)
	go func() {
		d.done <- app.Run(ctx, c, app.Options{Log: slog.New(slog.DiscardHandler), Version: "1.2.3-daemon", Ready: func(a net.Addr) { ready <- a }})
	}()
	select {
	case d.agi = <-ready:
		ts.Defer(func() { _ = d.stop() })
	case err := <-d.done:
		cancel()
		d.cancel = nil
		ts.Fatalf("the daemon did not start: %v", err)
	}
}

func (d *daemon) stop() error {
	if d.cancel == nil {
		return nil
	}
	d.cancel()
	d.cancel = nil
	return <-d.done
}

// ask plays the dialplan's part and prints what it is told.
func ask(ts *testscript.TestScript, _ bool, args []string) {
	d := ts.Value(daemons{}).(*daemon)
	d.calls++
	conn, err := net.Dial("tcp", d.agi.String())
	ts.Check(err)
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	ts.Check(agi.NewCaller(conn).Call(ctx, &agi.Request{
		NetworkScript: "authorize", URL: "agi://" + d.agi.String() + "/authorize", Type: "PJSIP",
		Channel: fmt.Sprintf("PJSIP/%s-%08x", args[0], d.calls), Uniqueid: fmt.Sprintf("1700000000.%d", d.calls),
		Args: []string{"pbx=pbx", "number=" + args[1], "trunk=carrier", "end=1"},
	}, func(words []string) string {
		fmt.Fprintln(ts.Stdout(), strings.ReplaceAll(words[len(words)-1], ",", "\n"))
		return "200 result=0"
	}))
}
