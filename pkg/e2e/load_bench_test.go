//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/policy"
)

// How the calls of the benchmark come, unless the environment has another rate.
const (
	benchPerSecond = 100
	benchWarmUp    = 5 * time.Second
	benchLasts     = 20 * time.Second
	benchRounds    = 3
)

// BenchmarkCallSetUp prints what the question costs a call and a machine: the same calls through three Asterisks, one
// that asks nobody, one that asks a FastAGI server which allows everything, and one that asks the daemon and is watched
// by it. They take turns, so that whatever else the machine does slows all of them; the rounds show how much it did.
//
// The delay is from the phone's first INVITE, before it is asked for its password, to the carrier's, by the clock of
// this process, which is both.
func BenchmarkCallSetUp(b *testing.B) {
	perSecond := benchPerSecond
	if s := os.Getenv("TOLLFUSE_E2E_RATE"); s != "" {
		var err error
		if perSecond, err = strconv.Atoi(s); err != nil || perSecond < 1 {
			b.Fatalf("TOLLFUSE_E2E_RATE=%q is no number of calls a second", s)
		}
	}
	for _, version := range []struct{ name, suite string }{{"asterisk-22", Asterisk22}, {"asterisk-16", Asterisk16}} {
		b.Run(version.name, func(b *testing.B) {
			none, bare, fuse := askNobody(b, version.suite), askBareServer(b, version.suite), askDaemon(b, version.suite)
			all := []*asked{none, bare, fuse}
			for _, a := range all {
				a.run(b, perSecond, benchWarmUp)
			}
			for range benchRounds {
				for _, a := range all {
					a.rounds = append(a.rounds, a.run(b, perSecond, benchLasts))
				}
			}
			fmt.Printf("\n%s\n%d call set-ups a second, %d rounds of %v, %d processors\n",
				strings.TrimSpace(none.lab.CLI(b, "core show version")), perSecond, benchRounds, benchLasts, runtime.NumCPU())
			printAsked(all)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(milliseconds(fuse.added(bare)), "added-p99-ms,aim<3")
			b.ReportMetric(100*fuse.share(), "daemon-%,aim<5")
		})
	}
}

// asked is an Asterisk with somebody who is asked before each call, or nobody.
type asked struct {
	name   string
	lab    *Lab
	server int // process of who is asked; 0 where there is none
	load   load
	rounds []askedRound
}

// askedRound is what one round of calls came to.
type askedRound struct {
	calls            []setUp
	asterisk, server time.Duration // of processor
}

func newAsked(b *testing.B, name string, l *Lab, server int) *asked {
	b.Helper()
	a := &asked{name: name, lab: l, server: server, load: load{carrier: l.Carrier(b), phone: l.Phone(b, "1001")}}
	a.load.carrier.Always(Answer{Talk: time.Second})
	return a
}

// prepareLoad prepares an Asterisk that has the extensions of the load and logs as Asterisk does by itself: not each
// step of the dialplan.
func prepareLoad(b *testing.B, suite string) *Lab {
	b.Helper()
	l := Prepare(b, Options{Suite: suite})
	pjsip, err := os.ReadFile(l.Path("etc/pjsip.conf"))
	if err != nil {
		b.Fatal(err)
	}
	l.WriteConfig(b, "pjsip.conf", string(pjsip)+loadExtensions())
	l.WriteConfig(b, "logger.conf", "[general]\n[logfiles]\nfull => notice,warning,error\n")
	return l
}

func askNobody(b *testing.B, suite string) *asked {
	b.Helper()
	l := prepareLoad(b, suite)
	l.WriteConfig(b, "extensions_tollfuse.conf", "[tollfuse]\n"+
		"exten => s,1,MSet(TOLLFUSE_VERDICT=allow,TOLLFUSE_SECONDS=600,TOLLFUSE_DIAL=${FILTER(0-9*#+,${STACK_PEEK(1,e)})})\n"+
		" same => n,Return()\n")
	l.Run(b)
	return newAsked(b, "none", l, 0)
}

func askBareServer(b *testing.B, suite string) *asked {
	b.Helper()
	l := prepareLoad(b, suite)
	address := fmt.Sprintf("127.0.0.1:%d", l.AGI)
	l.WriteConfig(b, "extensions_tollfuse.conf", "[tollfuse]\n"+
		"exten => s,1,Set(TOLLFUSE_DIAL=${FILTER(0-9*#+,${STACK_PEEK(1,e)})})\n"+
		" same => n,AGI(agi://"+address+"/authorize)\n"+
		" same => n,Return()\n")
	server := exec.Command(os.Args[0])
	server.Env = append(os.Environ(), bareServerEnv+"="+address)
	server.Stdout, server.Stderr = os.Stdout, os.Stderr
	server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	Eventually(b, 20*time.Second, "the bare server listens", func() bool {
		conn, err := net.Dial("tcp4", address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
	l.Run(b)
	return newAsked(b, "bare FastAGI", l, server.Process.Pid)
}

// bareServerEnv has the address where this program is to be the bare server and nothing else.
const bareServerEnv = "TOLLFUSE_E2E_BARE_SERVER"

// serveBare allows every call. It is a process of its own, so that its processor time can be told.
func serveBare(address string) error {
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		return err
	}
	allow := func(ctx context.Context, s *agi.Session) error {
		_, err := s.Exec(ctx, "MSet", "TOLLFUSE_SECONDS=600,TOLLFUSE_VERDICT=allow")
		return err
	}
	server := &agi.Server{Handler: agi.HandlerFunc(allow)}
	return server.Serve(listener)
}

// askDaemon is a site of a thousand extensions with the limits that "tollfuse init" sets, its ledger on the disk.
func askDaemon(b *testing.B, suite string) *asked {
	b.Helper()
	const size = 1000
	l := prepareLoad(b, suite)
	d := PrepareDaemon(b, l, DaemonOptions{Change: func(c *config.Config) {
		c.Site.Size, c.Log.Level = size, config.Default().Log.Level
	}})
	l.Run(b)
	d.Start(b)
	open, err := policy.Opening(d.Config.Site.Country, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, s := range policy.DefaultOpen(size, open, "benchmark", time.Now()) {
		d.Set(b, s)
	}
	return newAsked(b, "Tollfuse", l, d.process.Process.Pid)
}

// run makes the calls of a round, and waits until Asterisk has forgotten them.
func (a *asked) run(b *testing.B, perSecond int, lasts time.Duration) askedRound {
	b.Helper()
	asterisk, server := a.used(b)
	r := askedRound{calls: a.load.run(b, perSecond, lasts)}
	r.asterisk, r.server = a.used(b)
	r.asterisk, r.server = r.asterisk-asterisk, r.server-server
	a.lab.WaitIdle(b, 20*time.Second)
	return r
}

// used is the processor time of both so far.
func (a *asked) used(b *testing.B) (asterisk, server time.Duration) {
	b.Helper()
	asterisk = processorTime(b, a.lab.process.Process.Pid)
	if a.server != 0 {
		server = processorTime(b, a.server)
	}
	return asterisk, server
}

// all are the delays of all rounds, the shortest first.
func (a *asked) all() []time.Duration {
	var calls []setUp
	for _, r := range a.rounds {
		calls = slices.Concat(calls, r.calls)
	}
	return waits(calls)
}

// perCall is the processor time of Asterisk for a call.
func (a *asked) perCall() time.Duration {
	var used time.Duration
	calls := 0
	for _, r := range a.rounds {
		used, calls = used+r.asterisk, calls+len(r.calls)
	}
	return used / time.Duration(calls)
}

// share is the processor time of who is asked, of Asterisk's.
func (a *asked) share() float64 {
	var asterisk, server time.Duration
	for _, r := range a.rounds {
		asterisk, server = asterisk+r.asterisk, server+r.server
	}
	return server.Seconds() / asterisk.Seconds()
}

// added is how much longer a hundredth of the calls took than with the other: the middle one of the rounds, of which
// a busy machine spoils some.
func (a *asked) added(other *asked) time.Duration {
	var added []time.Duration
	for i := range a.rounds {
		added = append(added, percentile(waits(a.rounds[i].calls), 99)-percentile(waits(other.rounds[i].calls), 99))
	}
	slices.Sort(added)
	return added[len(added)/2]
}

// printAsked prints the table: figures of all rounds together, and in brackets of each.
func printAsked(all []*asked) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "asked\tINVITE to INVITE, median ms\tp99 ms (each round)\tAsterisk, processor ms a call\tits server, % of that\tfailed")
	for _, a := range all {
		var p99 []string
		calls, failed := 0, 0
		for _, r := range a.rounds {
			took := waits(r.calls)
			p99 = append(p99, fmt.Sprintf("%.1f", milliseconds(percentile(took, 99))))
			calls, failed = calls+len(r.calls), failed+len(r.calls)-len(took)
		}
		share := "-"
		if a.server != 0 {
			share = fmt.Sprintf("%.1f", 100*a.share())
		}
		took := a.all()
		fmt.Fprintf(w, "%s\t%.1f\t%.1f (%s)\t%.1f\t%s\t%d of %d\n", a.name, milliseconds(percentile(took, 50)), milliseconds(percentile(took, 99)),
			strings.Join(p99, " "), milliseconds(a.perCall()), share, failed, calls)
	}
	w.Flush()
}
