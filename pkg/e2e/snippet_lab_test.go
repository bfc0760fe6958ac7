//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/numbering"
)

// The generated files themselves, on each version: a server of the test answers for the daemon, or nobody
// does. Numbers are German: 112 is an emergency, 030… is at home.
const (
	emergencyNumber = "112"
	homeNumber      = "0301234567"
	foreignNumber   = "0023222123456"
	failHomeSeconds = 2           // how long a home call lasts while the daemon does not answer
	atOnce          = time.Second // more than any call takes that waits for nobody, on a busy machine too
)

// probeDialplan is a dialplan for phone 1004, which shows what the subroutine says of whatever is dialled.
const probeDialplan = `
[unguarded]
exten => h,1,NoOp()
exten => _.,1,Gosub(tollfuse,s,1)
 same => n,Gosub(tell,s,1)
 same => n,Hangup(${TOLLFUSE_CAUSE})
` + tellDialplan

// tellDialplan keeps the variables of the contract where toldByProbe finds them.
const tellDialplan = `
[tell]
exten => s,1,Set(GLOBAL(TOLD)=${TOLLFUSE_VERDICT}|${TOLLFUSE_DIAL}|${TOLLFUSE_SECONDS}|${TOLLFUSE_REASON}|${TOLLFUSE_CAUSE}|${TOLLFUSE_NUMBER}|${TOLLFUSE_LEASE}|)
 same => n,Return()
`

// installSnippet writes the generated files of a German site, and more dialplan behind the example.
func installSnippet(t *testing.T, l *Lab, more string, failHome bool) dialplan.Site {
	t.Helper()
	plan, err := numbering.New(numbering.Plan{Country: "DE"})
	if err != nil {
		t.Fatal(err)
	}
	patterns := plan.Dialplan()
	site := dialplan.Site{
		Country: "DE", PBX: "main", AGI: fmt.Sprintf("127.0.0.1:%d", l.AGI), Trunk: "carrier",
		Emergency: patterns.Emergency, HomePatterns: patterns.Home,
		FailHome: failHome, MaxHomeSeconds: failHomeSeconds, MaxDialledLength: 32,
		AMI: dialplan.AMI{User: "tollfuse", Secret: token()},
	}
	files, err := dialplan.Render(site)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text := string(f.Text)
		if f.Name == dialplan.ExampleFile {
			l.WriteConfig(t, "extensions.conf", text+more)
		} else {
			l.WriteConfig(t, f.Name, text)
		}
	}
	l.Reload(t)
	return site
}

// toldByProbe returns what the probe has seen after the call that is over.
func toldByProbe(t *testing.T, l *Lab) string {
	t.Helper()
	for _, line := range strings.Split(l.CLI(t, "dialplan show globals"), "\n") {
		if _, value, ok := strings.Cut(line, "TOLD="); ok {
			return strings.TrimSpace(value)
		}
	}
	t.Fatal("the probe has told nothing")
	return ""
}

// fakeDaemon answers for the daemon and remembers what it was asked.
type fakeDaemon struct {
	server *agi.Server
	mu     sync.Mutex
	asked  []*agi.Request
}

// answerWith starts a daemon that allows or denies by number.
func answerWith(t *testing.T, l *Lab, allow func(number string) bool) *fakeDaemon {
	t.Helper()
	d := &fakeDaemon{}
	d.server = &agi.Server{Handler: agi.HandlerFunc(func(ctx context.Context, s *agi.Session) error {
		args, err := s.Request.NamedArgs()
		if err != nil {
			return err
		}
		d.mu.Lock()
		d.asked = append(d.asked, s.Request)
		lease := fmt.Sprintf("lease%d", len(d.asked))
		d.mu.Unlock()
		verdict := []agi.Variable{{Name: "TOLLFUSE_SECONDS", Value: "1"}, {Name: "TOLLFUSE_REASON", Value: "locked"},
			{Name: "TOLLFUSE_CAUSE", Value: "21"}, {Name: "TOLLFUSE_NUMBER", Value: ""}, {Name: "_TOLLFUSE_LEASE", Value: ""},
			{Name: "TOLLFUSE_VERDICT", Value: "deny"}}
		if allow(args["number"]) {
			verdict = []agi.Variable{{Name: "TOLLFUSE_SECONDS", Value: "60"}, {Name: "TOLLFUSE_REASON", Value: "default"},
				{Name: "TOLLFUSE_CAUSE", Value: "21"}, {Name: "TOLLFUSE_NUMBER", Value: "+" + args["number"]},
				{Name: "_TOLLFUSE_LEASE", Value: lease}, {Name: "TOLLFUSE_VERDICT", Value: "allow"}}
		}
		return s.SetVariables(ctx, verdict...)
	})}
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", l.AGI))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.server.Serve(listener) }()
	t.Cleanup(func() {
		d.server.Close()
		if err := <-served; !errors.Is(err, agi.ErrServerClosed) {
			t.Errorf("the daemon of the test: %v", err)
		}
	})
	return d
}

func allowAll(string) bool { return true }
func denyAll(string) bool  { return false }

// requests returns what was asked so far.
func (d *fakeDaemon) requests() []*agi.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// last returns the arguments of the last request.
func (d *fakeDaemon) last(t *testing.T) map[string]string {
	t.Helper()
	requests := d.requests()
	if len(requests) == 0 {
		t.Fatal("nothing was asked")
	}
	args, err := requests[len(requests)-1].NamedArgs()
	if err != nil {
		t.Fatal(err)
	}
	return args
}

// stall listens where the daemon should, and says nothing until the returned function is called, which is
// what the kernel does with the sockets of a stopped process that is then killed.
func stall(t *testing.T, l *Lab) (end func()) {
	t.Helper()
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", l.AGI))
	if err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() { listener.Close() })
	t.Cleanup(end)
	return end
}

// reaches waits for the carrier's nth call and says how long after the phone's INVITE it came.
func reaches(t *testing.T, carrier *Carrier, n int, call *Call, number string) (trunk *Call, after time.Duration) {
	t.Helper()
	trunk = carrier.WaitCalls(t, n, 10*time.Second)[n-1]
	if trunk.Number != number {
		t.Errorf("%q at the carrier, want %q", trunk.Number, number)
	}
	return trunk, trunk.Outcome().Begun.Sub(call.Outcome().Begun)
}
