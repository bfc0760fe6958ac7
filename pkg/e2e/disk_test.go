//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Ext4Disk returns a directory on an ext4 of its own. What makes it fail can be undone while files on it are open,
// which a tmpfs does not allow.
func Ext4Disk(t testing.TB) string {
	t.Helper()
	dir, image := t.TempDir(), filepath.Join(t.TempDir(), "image")
	command(t, "truncate", "-s", "16M", image)
	command(t, "mkfs.ext4", "-q", image)
	command(t, "mount", "-o", "loop", image, dir)
	t.Cleanup(func() { command(t, "umount", "--lazy", dir) })
	return dir
}

// SetImmutable makes files refuse every write, through open descriptors too, as on a file system that the kernel
// has made read-only; or lets them be written again.
func SetImmutable(t testing.TB, immutable bool, files ...string) {
	t.Helper()
	flag := "-i"
	if immutable {
		flag = "+i"
	}
	command(t, "chattr", append([]string{flag}, files...)...)
}

// Freeze holds every write to a disk up; the returned function, which the test must defer, lets them go on.
func Freeze(t testing.TB, dir string) (thaw func()) {
	t.Helper()
	command(t, "fsfreeze", "--freeze", dir)
	frozen := true
	return func() {
		if frozen {
			frozen = false
			command(t, "fsfreeze", "--unfreeze", dir)
		}
	}
}

func command(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
}

// onDisk puts the ledger on a disk of its own for each version.
func onDisk(disk func(t *testing.T) string) func(*testing.T, *Lab) DaemonOptions {
	return func(t *testing.T, _ *Lab) DaemonOptions {
		return DaemonOptions{Change: func(c *config.Config) { ledgerOn(disk(t))(c) }}
	}
}

// failure is one way in which a ledger cannot be written, and back.
type failure struct {
	why    toll.Reason // of the refusals that it causes
	later  toll.Reason // of those after commits have failed, if it is another
	begin  func(t *testing.T, d *Daemon) (end func())
	failed bool // commits fail, rather than take long
}

// survives shows what must be seen with every failure: a call that was live is settled and remembered, the locked
// caller is refused by name, home goes out, abroad is refused with the cause, the log says so once, and everything
// goes on without a restart, with what happened meanwhile in the ledger.
func (f failure) survives(t *testing.T, l *Lab, d *Daemon) {
	carrier := l.Carrier(t)
	one, two, locked := l.Phone(t, "1001"), l.Phone(t, "1002"), l.Phone(t, "1005")
	d.Lock(t, "1005")
	live := one.Dial(london)
	live.WaitAnswered(t, 5*time.Second)
	lease := d.WaitLease(t, e164(london), "is answered", 5*time.Second, answered)

	end := f.begin(t, d)
	defer end()
	const tries = 5
	var longest time.Duration
	for range tries {
		call := two.Dial(sierraLeone)
		refusedFor(t, call, f.why)
		longest = max(longest, call.Outcome().Ended.Sub(call.Outcome().Begun))
	}
	t.Logf("measured: a call abroad is refused after %v at most", longest.Round(time.Millisecond))
	f.refused(t, d.DecisionLines(t, "refused", "caller=extension:1002"), tries)
	refusedFor(t, locked.Dial(homeNumber), toll.ReasonLocked)
	home := two.Dial(homeNumber)
	_, after := reaches(t, carrier, 2, home, homeNumber)
	t.Logf("measured: a home call is at the carrier after %v", after.Round(time.Millisecond))
	live.StaysUp(t, 0)
	live.Hangup()
	talk := trunkCall(t, carrier, london).WaitEnded(t, 5*time.Second).Talk
	d.WaitLive(t, 1, 5*time.Second) // the home call
	if f.failed {
		d.WaitLogged(t, 5*time.Second, "level=ERROR", "the failure policy answers until it can")
	}

	end()
	began := time.Now()
	Eventually(t, 10*time.Second, "abroad goes out again", func() bool {
		call := two.Dial(sierraLeone)
		<-either(call)
		up := call.Up()
		call.Hangup()
		return up
	})
	t.Logf("measured: abroad goes out again %v after the end of the failure", time.Since(began).Round(time.Millisecond))
	home.StaysUp(t, time.Second)
	home.Hangup()
	homeTalk := trunkCall(t, carrier, homeNumber).WaitEnded(t, 5*time.Second).Talk
	d.WaitLive(t, 0, 5*time.Second)
	f.said(t, d)
	f.remembered(t, d, lease, talk, homeTalk)
	d.Kill(t)
	d.Start(t)
	f.remembered(t, d, lease, talk, homeTalk)
	if live := d.Live(t); len(live) != 0 {
		t.Errorf("live after a new start: %+v", live)
	}
}

// refused shows that the decision log has each refusal with its cause.
func (f failure) refused(t *testing.T, lines []string, tries int) {
	t.Helper()
	if len(lines) != tries || !strings.Contains(lines[0], "reason="+string(f.why)) {
		t.Fatalf("want %d refusals for %s, have %q", tries, f.why, lines)
	}
	for _, line := range lines {
		if fields := strings.Fields(line); !slices.Contains(fields, "reason="+string(f.why)) && !slices.Contains(fields, "reason="+string(f.later)) {
			t.Errorf("refused for neither %s nor %q: %s", f.why, f.later, line)
		}
	}
}

// either is closed when the call is answered or over.
func either(c *Call) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		select {
		case <-c.answered:
		case <-c.ended:
		}
		close(done)
	}()
	return done
}

// said shows that the log of the process has one line for the failure and one for its end, not one for each call.
func (f failure) said(t *testing.T, d *Daemon) {
	t.Helper()
	if f.failed {
		if down, up := d.Logged(t, "the failure policy answers until it can"), d.Logged(t, "the ledger can be written again"); down != 1 || up != 1 {
			t.Errorf("%d lines say that the ledger cannot be written, %d that it can again", down, up)
		}
	}
	if begun, over := d.Logged(t, "level=ERROR", "the failure policy decides"), d.Logged(t, "the ledger decides again"); begun != 1 || over != 1 {
		t.Errorf("%d lines say that the failure policy decides, %d that the ledger does again", begun, over)
	}
}

// remembered shows that the ledger has what was narrowed while it could not be written.
func (f failure) remembered(t *testing.T, d *Daemon, lease toll.Lease, talk, homeTalk time.Duration) {
	t.Helper()
	settledOnce(t, d, lease.ID, talk)
	if home := d.WaitEnded(t, "+49"+homeNumber[1:], 1, 5*time.Second)[0]; !near(home.Talked, homeTalk, time.Second) {
		t.Errorf("the home call talked %v in the ledger, %v at the carrier: %+v", home.Talked, homeTalk, home)
	}
	Eventually(t, 5*time.Second, "the refusal of the locked caller is in the ledger", func() bool {
		for _, e := range d.Replayed(t) {
			if e.Kind == toll.EntryRefused && e.Lease.Caller.ID == "1005" && e.Lease.Why == toll.ReasonLocked {
				return true
			}
		}
		return false
	})
}

func TestDiskFull(t *testing.T) {
	disk := onDisk(func(t *testing.T) string { return SmallDisk(t, 4<<20) })
	f := failure{why: toll.ReasonLedgerDown, failed: true, begin: func(t *testing.T, d *Daemon) func() {
		return FillDisk(t, filepath.Dir(d.Config.Ledger.Path))
	}}
	forEachVersionWith(t, disk, f.survives)
}

func TestDiskReadOnly(t *testing.T) {
	f := failure{why: toll.ReasonLedgerDown, failed: true, begin: func(t *testing.T, d *Daemon) func() {
		db := d.Config.Ledger.Path
		SetImmutable(t, true, db, db+"-wal")
		undone := false
		return func() {
			if !undone {
				undone = true
				SetImmutable(t, false, db, db+"-wal")
			}
		}
	}}
	forEachVersionWith(t, onDisk(func(t *testing.T) string { return Ext4Disk(t) }), f.survives)
}

func TestDiskSlow(t *testing.T) {
	f := failure{why: toll.ReasonLedgerSlow, begin: func(t *testing.T, d *Daemon) func() {
		return Freeze(t, filepath.Dir(d.Config.Ledger.Path))
	}}
	forEachVersionWith(t, onDisk(func(t *testing.T) string { return Ext4Disk(t) }), f.survives)
}

// Somebody with an SQL tool holds the ledger for a few seconds. Who asks first waits in vain; once two commits have
// failed nobody waits any more.
func TestLedgerHeldBySomebodyElse(t *testing.T) {
	f := failure{why: toll.ReasonLedgerSlow, later: toll.ReasonLedgerDown, failed: true, begin: holdWrites}
	forEachVersionWith(t, onDisk(func(t *testing.T) string { return t.TempDir() }), f.survives)
}
