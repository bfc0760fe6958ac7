package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse says that another daemon has the ledger.
var ErrInUse = errors.New("ledger is in use")

// lock takes the file beside the ledger that says who writes it. It is a file
// of its own because SQLite's own locks, which readers share, would vanish
// whenever this process closed another descriptor of the database (fcntl(2)).
// The kernel lets go of it with the process, however that dies; the file is
// never removed, as two daemons could then each hold one.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := giveToFolderOwner(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w by another daemon%s", ErrInUse, holder(f))
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// Who holds it is a help for people; the lock itself does not need it.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return f, nil
}

// holder names the process that wrote itself into the lock file, as far as that
// can be read.
func holder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 16))
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}
