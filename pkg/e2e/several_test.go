//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// BranchName is what the daemon calls the second Asterisk of a test.
const BranchName = "branch"

// Two are an Asterisk of each version at one daemon, side by side, each with phones and carriers of its own.
type Two struct {
	Main, Branch *Lab   // Asterisk 22, called PBXName, and Asterisk 16, called BranchName
	Link         *Proxy // between the daemon and Main's manager
}

// startTwo starts them and the daemon. Before that the files of each can be changed.
func startTwo(t *testing.T, o DaemonOptions, prepare func(*Two)) (*Two, *Daemon) {
	t.Helper()
	two := &Two{Main: Prepare(t, Options{Suite: Asterisk22}), Branch: Prepare(t, Options{Suite: Asterisk16})}
	two.Link = NewProxy(t, two.Main.AMI)
	change := o.Change
	o.AMI = fmt.Sprintf("127.0.0.1:%d", two.Link.Port)
	o.Change = func(c *config.Config) {
		c.Asterisk = append(c.Asterisk, config.Asterisk{
			Name:   BranchName,
			AMI:    config.AMI{Address: fmt.Sprintf("127.0.0.1:%d", two.Branch.AMI), User: "tollfuse"},
			Trunks: []config.Trunk{{Name: "carrier", Addresses: []string{carrierHost}}},
		})
		if change != nil {
			change(c)
		}
	}
	d := PrepareDaemon(t, two.Main, o)
	writeDialplan(t, two.Branch, d.Config, BranchName)
	if prepare != nil {
		prepare(two)
	}
	two.Main.Run(t)
	two.Branch.Run(t)
	d.Start(t)
	for i := range o.Limits {
		d.Set(t, toll.Setting{Limit: &o.Limits[i]})
	}
	return two, d
}

// Of two Asterisks at one daemon each is seen by itself, and what an extension may do it may do on both together.
func TestSeveralAsterisks(t *testing.T) {
	perCaller := toll.Limit{ID: "each", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerCaller}, Act: 2}
	two, d := startTwo(t, DaemonOptions{Limits: []toll.Limit{concurrentLimit(3), perCaller}}, nil)
	atMain, atBranch := two.Main.Carrier(t), two.Branch.Carrier(t)
	here, there, other := two.Main.Phone(t, "1001"), two.Branch.Phone(t, "1001"), two.Branch.Phone(t, "1002")

	one := here.Dial(inLondon(1))
	one.WaitAnswered(t, 15*time.Second)
	second := there.Dial(inLondon(2))
	second.WaitAnswered(t, 15*time.Second)
	for number, pbx := range map[string]string{inLondon(1): PBXName, inLondon(2): BranchName} {
		if l := d.WaitLease(t, e164(number), "is answered", 10*time.Second, answered); l.Key.PBX != pbx || l.Caller.String() != "extension:1001" {
			t.Errorf("the call to %s is of %s on %s, want extension:1001 on %s", number, l.Caller, l.Key.PBX, pbx)
		}
	}
	refusedFor(t, there.Dial(inLondon(3)), toll.ReasonLimit)
	d.WaitDecision(t, "refused", "pbx="+BranchName, "caller=extension:1001", "by=each")
	third := other.Dial(inLondon(4))
	third.WaitAnswered(t, 15*time.Second)
	refusedFor(t, two.Main.Phone(t, "1003").Dial(inLondon(5)), toll.ReasonLimit)
	d.WaitDecision(t, "refused", "pbx="+PBXName, "caller=extension:1003", "by=at-once")

	// One of the links is away; the other Asterisk is seen and obeyed as before.
	two.Link.Cut()
	Eventually(t, 10*time.Second, "the status names the Asterisk that is out of sight", func() bool {
		s, err := d.Admin.Status(context.Background())
		up := map[string]bool{}
		for _, l := range s.Process.Links {
			up[l.PBX] = l.Up
		}
		return err == nil && len(up) == 2 && !up[PBXName] && up[BranchName]
	})
	third.Hangup()
	d.WaitEnded(t, e164(inLondon(4)), 1, 10*time.Second)
	again := other.Dial(inLondon(6))
	again.WaitAnswered(t, 15*time.Second)
	d.WaitLease(t, e164(inLondon(6)), "is answered", 10*time.Second, answered)
	d.Lock(t, "1001")
	if o := second.WaitEnded(t, 10*time.Second); o.EndedBy != ByPBX {
		t.Errorf("the call of the locked caller ended by %v", o.EndedBy)
	}
	if !one.Up() || !again.Up() {
		t.Errorf("on the Asterisk out of sight: up %v; of another caller: up %v; want both", one.Up(), again.Up())
	}

	// The lock reaches what was out of sight as soon as it is seen.
	two.Link.Restore()
	d.WaitLinked(t)
	one.WaitEnded(t, 15*time.Second)
	refusedFor(t, here.Dial(inLondon(7)), toll.ReasonLocked)
	refusedFor(t, there.Dial(inLondon(8)), toll.ReasonLocked)
	for number, pbx := range map[string]string{inLondon(1): PBXName, inLondon(2): BranchName} {
		if l := d.WaitEnded(t, e164(number), 1, 10*time.Second)[0]; l.Key.PBX != pbx || l.Cut != toll.ReasonLocked || l.Caller.String() != "extension:1001" {
			t.Errorf("the history of %s: %+v", number, l)
		}
	}
	for _, list := range []struct{ words, says string }{{"live", "1002 on " + BranchName}, {"history", "1001 on " + PBXName}} {
		if printed, code := d.Command(t, "calls", list.words); code != 0 || !strings.Contains(printed, list.says) {
			t.Errorf("calls %s ends with %d and does not say %q:\n%s", list.words, code, list.says, printed)
		}
	}
	if o := atMain.Calls(); len(o) != 1 || len(atBranch.Calls()) != 3 {
		t.Errorf("at the carriers: %v and %v", atMain.Numbers(), atBranch.Numbers())
	}
	again.Hangup()
}

// An Asterisk that says another's name, an unknown one or none: none of its calls goes on, and the log says why.
func TestAsteriskWithAWrongName(t *testing.T) {
	two, d := startTwo(t, DaemonOptions{}, nil)
	carrier, phone := two.Branch.Carrier(t), two.Branch.Phone(t, "1001")
	for _, name := range []string{"nobody", ""} {
		two.Branch.renamed(t, d, name)
		refusedFor(t, phone.Dial(inLondon(1)), toll.ReasonBadRequest)
	}
	d.WaitLogged(t, time.Second, "a request names an Asterisk that the configuration does not", "pbx=nobody")
	if len(carrier.Calls()) != 0 {
		t.Errorf("at the carrier: %v", carrier.Numbers())
	}

	two.Branch.renamed(t, d, PBXName)
	phone.Dial(inLondon(2))
	if o := carrier.waitNumber(t, inLondon(2)).WaitEnded(t, 15*time.Second); o.EndedBy != ByPBX {
		t.Errorf("under another's name: %+v", o)
	}
	d.WaitLogged(t, 5*time.Second, "asks under another's name", "pbx="+BranchName, "says="+PBXName)

	two.Branch.renamed(t, d, BranchName)
	call := phone.Dial(inLondon(3))
	call.WaitAnswered(t, 15*time.Second)
	d.WaitLease(t, e164(inLondon(3)), "is answered", 10*time.Second, answered)
	call.Hangup()
}

// renamed has the dialplan of an Asterisk ask under that name.
func (l *Lab) renamed(t *testing.T, d *Daemon, name string) {
	t.Helper()
	asked := BranchName
	if name != "" {
		asked = name
	}
	writeDialplan(t, l, d.Config, asked)
	if name == "" {
		text := l.ReadConfig(t, "extensions_tollfuse.conf")
		l.WriteConfig(t, "extensions_tollfuse.conf", strings.Replace(text, "pbx="+asked+",", "", 1))
	}
	l.Reload(t)
}
