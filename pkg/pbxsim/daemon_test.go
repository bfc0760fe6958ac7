package pbxsim_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// pair is the whole daemon on a simulated Asterisk.
type pair struct {
	*pbxsim.PBX
	client *control.Client
}

func startPair(t *testing.T, change func(*config.Config)) pair {
	t.Helper()
	p, err := pbxsim.Start(t.Context(), pbxsim.Options{
		Name: "pbx1", SystemName: "pbx1", User: "tollfuse", Secret: "x",
		Dialplan: pbxsim.Dialplan{Emergency: []string{"911"}, Home: func(n string) bool { return strings.HasPrefix(n, "1202") }},
		Tariff:   func(string) int64 { return 1_500_000 },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	dir := t.TempDir()
	c := config.Default()
	c.Site.Country = "US"
	c.Ledger.Path = filepath.Join(dir, "ledger.db")
	c.FastAGI.Listen = "127.0.0.1:0"
	c.FastAGI.Deadline = patience // a busy machine is no reason for the failure policy here
	c.Control.Socket = filepath.Join(dir, "control.sock")
	c.Asterisk = []config.Asterisk{{
		Name: "pbx1", AMI: config.AMI{Address: p.AMI(), User: "tollfuse", Secret: "x"},
		Trunks: []config.Trunk{{Name: "carrier"}},
	}}
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		done <- app.Run(ctx, c, app.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Version: "test", Ready: func(a net.Addr) { ready <- a }})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the daemon ended with %v", err)
		}
	})
	select {
	case a := <-ready:
		p.SetAGI(a.String())
	case err := <-done:
		done <- nil
		t.Fatal(err)
	}
	client := control.NewClient(c.Control.Socket)
	t.Cleanup(func() { _ = client.Close() })
	d := pair{p, client}
	d.linked(t)
	return d
}

// linked waits until the daemon follows the Asterisk that is up now.
func (d pair) linked(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := d.Connected(ctx); err != nil {
		t.Fatal(err)
	}
	for again := time.NewTicker(5 * time.Millisecond); ; {
		s, err := d.client.Status(ctx)
		if err == nil && s.Process.Links[0].Up {
			again.Stop()
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("the daemon does not follow: %v", err)
		}
	}
}

// ask waits until what the daemon says is as wanted.
func (d pair) ask(t *testing.T, what string, wanted func(live []toll.Lease, ended []toll.Entry) bool) (ended []toll.Entry) {
	t.Helper()
	limit := time.After(patience)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		live, err := d.client.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ended, err := d.client.History(t.Context(), admin.HistoryQuery{Outcome: toll.EntryEnded, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if wanted(live, ended) {
			return ended
		}
		select {
		case <-again.C:
		case <-limit:
			t.Fatalf("never: %s; %d live: %+v; %d ended: %+v", what, len(live), live, len(ended), ended)
		}
	}
}

func (d pair) limit(t *testing.T, l toll.Limit) {
	t.Helper()
	if _, err := d.client.Change(t.Context(), toll.Setting{Limit: &l}); err != nil {
		t.Fatal(err)
	}
}

func (d pair) dial(t *testing.T, c pbxsim.Call) *pbxsim.Live {
	t.Helper()
	l, err := d.Dial(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const london = "011442079460018"

// TestSameInstant: of 50 calls in the same instant exactly two go out, and afterwards two can again.
func TestSameInstant(t *testing.T) {
	d := startPair(t, nil)
	d.limit(t, toll.Limit{ID: "two", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite, Where: toll.Abroad}, Act: 2})
	for round := range 3 {
		var calls []*pbxsim.Live
		for i := range 50 {
			calls = append(calls, d.dial(t, pbxsim.Call{From: fmt.Sprint(1001 + i), Number: london}))
		}
		var answered []*pbxsim.Live
		for _, l := range calls {
			select {
			case <-l.Answered():
				answered = append(answered, l)
			case <-l.Done():
				if o := l.Outcome(); o.Verdicts[0].Reason != "limit" || len(o.Legs) != 0 {
					t.Fatalf("round %d: %+v", round, o)
				}
			case <-time.After(patience):
				t.Fatal("neither answered nor refused")
			}
		}
		if len(answered) != 2 {
			t.Fatalf("round %d: %d went out", round, len(answered))
		}
		for _, l := range answered {
			l.Hangup()
			within(t, "the end", l.Done())
		}
		d.ask(t, "both settled", func(live []toll.Lease, ended []toll.Entry) bool { return len(live) == 0 && len(ended) == 2*(round+1) })
	}
}

// TestLinkLost: calls go on, end and begin while the link is cut; afterwards the ledger has all of them.
func TestLinkLost(t *testing.T) {
	d := startPair(t, func(c *config.Config) { c.Bypass = config.BypassAlert })
	stays := d.dial(t, pbxsim.Call{From: "1001", Number: london})
	ends := d.dial(t, pbxsim.Call{From: "1002", Number: london})
	within(t, "an answer", stays.Answered())
	within(t, "an answer", ends.Answered())
	d.ask(t, "both known", func(live []toll.Lease, _ []toll.Entry) bool {
		return len(live) == 2 && live[0].State == toll.Answered && live[1].State == toll.Answered
	})
	d.RefuseAMI(true)
	d.DropAMI()
	ends.Hangup()
	within(t, "the end", ends.Done())
	begins := d.dial(t, pbxsim.Call{From: "1003", Number: london})
	around := d.dial(t, pbxsim.Call{From: "1004", Way: pbxsim.Unguarded, Number: london})
	within(t, "an answer", begins.Answered())
	within(t, "an answer", around.Answered())
	d.RefuseAMI(false)
	ended := d.ask(t, "all known", func(live []toll.Lease, ended []toll.Entry) bool {
		answered := 0
		for _, l := range live {
			if l.State == toll.Answered {
				answered++
			}
		}
		return answered == 3 && len(ended) == 1
	})
	if l := ended[0].Lease; l.Why != toll.EndedLost || l.Caller.ID != "1002" {
		t.Errorf("settled as %+v", l)
	}
	for _, l := range []*pbxsim.Live{stays, begins, around} {
		l.Hangup()
	}
	d.ask(t, "all settled", func(live []toll.Lease, ended []toll.Entry) bool { return len(live) == 0 && len(ended) == 4 })
}

// TestAsteriskRestarts: its calls are settled, and the next ones are followed.
func TestAsteriskRestarts(t *testing.T) {
	d := startPair(t, nil)
	l := d.dial(t, pbxsim.Call{From: "1001", Number: london})
	within(t, "an answer", l.Answered())
	d.ask(t, "known", func(live []toll.Lease, _ []toll.Entry) bool { return len(live) == 1 && live[0].State == toll.Answered })
	d.Restart()
	d.linked(t)
	d.ask(t, "settled", func(live []toll.Lease, ended []toll.Entry) bool { return len(live) == 0 && len(ended) == 1 })
	next := d.dial(t, pbxsim.Call{From: "1001", Number: london, Talk: 10 * time.Millisecond})
	within(t, "the end", next.Done())
	d.ask(t, "settled too", func(live []toll.Lease, ended []toll.Entry) bool { return len(live) == 0 && len(ended) == 2 })
}

// TestAccountable: who pays for a call that was forwarded, or sent on.
func TestAccountable(t *testing.T) {
	d := startPair(t, nil)
	within(t, "the end", d.dial(t, pbxsim.Call{From: "carrier", Forwarder: "1002", Number: london, Talk: 10 * time.Millisecond}).Done())
	l := d.dial(t, pbxsim.Call{From: "1001", Number: "12025550123", Talk: 50 * time.Millisecond})
	within(t, "an answer", l.Answered())
	l.Transfer(london)
	within(t, "the end", l.Done())
	ended := d.ask(t, "all settled", func(live []toll.Lease, ended []toll.Entry) bool { return len(live) == 0 && len(ended) == 3 })
	got := make(map[string]string)
	for _, e := range ended {
		got[e.Lease.Caller.String()] += e.Lease.To.E164 + " "
	}
	if got["forward:1002"] != "+442079460018 " || got["extension:1001"] != "+12025550123 " || got["transfer:1001"] != "+442079460018 " {
		t.Errorf("accountable: %q", got)
	}
}

// TestAround: a call that never asked is cut in the moment in which it is seen, and an emergency call is not.
func TestAround(t *testing.T) {
	d := startPair(t, func(c *config.Config) { c.Bypass = config.BypassCut })
	around := d.dial(t, pbxsim.Call{From: "1001", Number: london, Way: pbxsim.Unguarded})
	emergency := d.dial(t, pbxsim.Call{From: "1001", Number: "911", Way: pbxsim.Unguarded, Talk: 100 * time.Millisecond})
	within(t, "the cut", around.Done())
	if o := around.Outcome(); o.End != pbxsim.EndCut {
		t.Errorf("around the dialplan: %+v", o)
	}
	within(t, "the end", emergency.Done())
	if o := emergency.Outcome(); o.End != pbxsim.EndPhone {
		t.Errorf("emergency: %+v", o)
	}
}
