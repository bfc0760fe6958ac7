package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
)

// unsynchronized is STA_UNSYNC of adjtimex(2).
const unsynchronized = 0x0040

// machine asks the kernel about the clock.
func machine() Machine {
	var t syscall.Timex
	if _, err := syscall.Adjtimex(&t); err != nil {
		return Machine{ClockMissing: "the kernel does not say: " + err.Error()}
	}
	return Machine{Synchronized: t.Status&unsynchronized == 0, ClockError: time.Duration(t.Maxerror) * time.Microsecond}
}

// space looks at the ledger's disk.
func space(path string) Ledger {
	var l Ledger
	_, err := os.Stat(path)
	l.Exists = !errors.Is(err, fs.ErrNotExist)
	var disk syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &disk); err != nil {
		l.SpaceMissing = "the system does not say: " + reason(err)
		return l
	}
	l.FreeMB = int64(disk.Bavail) * disk.Bsize >> 20
	return l
}

// The writes that are timed: few enough to disturb nobody.
const (
	timedWrites = 9
	writtenPage = 4096
)

// syncs times a few small writes, each synced, into a file of its own beside
// the ledger.
func syncs(l *Ledger, dir string) {
	if !l.Exists {
		return
	}
	f, err := os.CreateTemp(dir, ".tollfuse-doctor-*")
	if err != nil {
		l.SyncMissing = "no file can be made beside it: " + reason(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var took []time.Duration
	for range timedWrites {
		began := time.Now()
		_, err := f.Write(make([]byte, writtenPage))
		if err = errors.Join(err, syscall.Fdatasync(int(f.Fd()))); err != nil {
			l.SyncMissing = reason(err)
			return
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	l.Sync, l.Slowest = took[len(took)/2], took[len(took)-1]
}

// integrity lets SQLite read the whole ledger, beside the daemon.
func integrity(ctx context.Context, l *Ledger, path string) {
	if !l.Exists {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, integrityTime)
	defer cancel()
	r, err := sqlite.OpenReadOnly(path)
	switch {
	case sqlite.IsDamage(err), errors.Is(err, sqlite.ErrNotLedger):
		l.Damage = err.Error()
		return
	case err != nil:
		l.DamageMissing = err.Error()
		return
	}
	defer r.Close()
	switch err := r.Check(ctx); {
	case ctx.Err() != nil:
		l.DamageMissing = "it is too large to be read in " + integrityTime.String()
	case err != nil:
		l.Damage = err.Error()
	}
}

// fuse looks at the main fuse's command without running it.
func fuse(f config.Fuse) Fuse {
	if len(f.Command) == 0 {
		return Fuse{}
	}
	info, err := os.Stat(f.Command[0])
	switch {
	case err != nil:
		return Fuse{Error: f.Command[0] + ": " + reason(err)}
	case !info.Mode().IsRegular():
		return Fuse{Error: f.Command[0] + " is no file"}
	case info.Mode().Perm()&0o111 == 0:
		return Fuse{Error: f.Command[0] + " is not executable"}
	case info.Mode().Perm()&0o002 != 0:
		return Fuse{Loose: "everybody"}
	case info.Mode().Perm()&0o020 != 0:
		return Fuse{Loose: "its group"}
	}
	return Fuse{}
}

// decisionLog tells whether whoever owns the ledger, who is the daemon, can
// write the decision log.
func decisionLog(c config.Config) DecisionLog {
	if c.Log.Decisions == "" {
		return DecisionLog{}
	}
	daemon, err := owner(c.Ledger.Path)
	if err != nil {
		return DecisionLog{Missing: "who the daemon is cannot be told: " + reason(err)}
	}
	path := c.Log.Decisions
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		path = filepath.Dir(path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return DecisionLog{Error: path + ": " + reason(err)}
	}
	whose, err := owner(path)
	if err != nil || daemon == 0 || info.Mode().Perm()&0o002 != 0 || whose == daemon && info.Mode().Perm()&0o200 != 0 {
		return DecisionLog{}
	}
	if info.Mode().Perm()&0o020 != 0 {
		return DecisionLog{Missing: path + " is for its group to write; whether the daemon is in it was not looked up"}
	}
	return DecisionLog{Error: path + " is not the daemon's to write"}
}

// owner is the user that a file belongs to.
func owner(path string) (uint32, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Uid, nil
	}
	return 0, errors.ErrUnsupported
}
