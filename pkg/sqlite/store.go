package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/mattn/go-sqlite3"
)

// ErrFull says that the disk is full. The ledger is whole; appending works
// again once there is room.
var ErrFull = errors.New("no room for the ledger")

// ErrClosed says that the store has been closed.
var ErrClosed = errors.New("ledger is closed")

// Options are what can be set when a ledger is opened. Zero values are the
// defaults.
type Options struct {
	// BusyTimeout is how long a write waits for somebody else's, such as a
	// person with an SQL tool; a second if zero. Nothing else bounds a write.
	BusyTimeout time.Duration
}

// Store is a ledger that is open for writing. Its methods may be called from
// several goroutines; writes take turns.
type Store struct {
	*Reader
	path        string
	busyTimeout time.Duration

	mu     sync.Mutex
	w      *writer  // nil while there is none: closed, or to be opened again
	locked *os.File // nil once closed
	newest mark
	staged map[int64]bool // decks that are being written, or are to count in a moment

	checkpoints *checkpointer // nil once closed
}

// mark is the place of the newest entry.
type mark struct {
	seq int64
	at  int64 // never falls, see Append
}

// Open opens the ledger for the one daemon that writes it, creates it (mode
// 0600, in a folder that exists) and brings it to this version's schema. It
// fails with ErrInUse, ErrNewer or ErrNotLedger where it must not be touched.
func Open(path string, o Options) (*Store, error) {
	s := &Store{busyTimeout: o.BusyTimeout, staged: make(map[int64]bool)}
	if s.busyTimeout == 0 {
		s.busyTimeout = time.Second
	}
	if err := s.open(path); err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, errors.Join(err, s.Close()))
	}
	return s, nil
}

func (s *Store) open(path string) (err error) {
	if s.path, err = realPath(path); err != nil {
		return err
	}
	if s.locked, err = lock(s.path + ".lock"); err != nil {
		return err
	}
	if err := create(s.path); err != nil {
		return err
	}
	if s.w, err = openWriter(s.path, s.busyTimeout); err != nil {
		return err
	}
	if s.Reader, err = openReader(s.path); err != nil {
		return err
	}
	if s.checkpoints, err = openCheckpointer(s.path, &s.mu); err != nil {
		return err
	}
	seq, at, err := s.last(context.Background())
	s.newest = mark{seq, at}
	return err
}

// Close writes back what SQLite still keeps beside the file and gives the
// ledger free. Closing twice is harmless.
func (s *Store) Close() error {
	var failed []error
	if c := s.takeCheckpointer(); c != nil {
		failed = append(failed, c.close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// The last connection to close writes the WAL back, and readers may not.
	if s.Reader != nil {
		failed = append(failed, s.Reader.Close())
	}
	if s.w != nil {
		failed = append(failed, s.w.close())
		s.w = nil
	}
	if s.locked != nil {
		failed = append(failed, s.locked.Close())
		s.locked = nil
	}
	return errors.Join(failed...)
}

// takeCheckpointer gives the checkpointer to whoever closes it; nil but for the
// first.
func (s *Store) takeCheckpointer() *checkpointer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.checkpoints
	s.checkpoints = nil
	return c
}

// write runs f in a transaction that is durable when write returns without an
// error, and undone when it returns one. Whatever went wrong, the next write
// begins afresh.
func (s *Store) write(f func(*writer) error) error {
	if s.locked == nil {
		return ErrClosed
	}
	if s.w == nil {
		w, err := openWriter(s.path, s.busyTimeout)
		if err != nil {
			return explain(err)
		}
		s.w = w
	}
	err := s.w.transaction(f)
	if err == nil {
		s.checkpoints.wrote(s.w)
		return nil
	}
	if undo := rollback(s.w.conn); undo != nil {
		// A connection that cannot even roll back is of no more use.
		err = errors.Join(err, undo, s.w.close())
		s.w = nil
	}
	return explain(err)
}

// explain adds ErrFull to SQLite's own word for it.
func explain(err error) error {
	var code sqlite3.Error
	if errors.As(err, &code) && code.Code == sqlite3.ErrFull {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}

// realPath is one name for the file, whichever link leads to it, so that two
// daemons meet at one lock.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	whole, err := filepath.EvalSymlinks(abs)
	if !errors.Is(err, os.ErrNotExist) {
		return whole, err
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(abs))
	return filepath.Join(folder, filepath.Base(abs)), err
}

// create makes an empty file that only its owner can read, unless there is one.
// SQLite gives the files beside it the same mode and owner.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(giveToFolderOwner(f), f.Close())
}

// giveToFolderOwner lets the daemon, which runs as a user of its own, open what
// root was the first to open from the command line.
func giveToFolderOwner(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	folder, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	if owner, ok := folder.Sys().(*syscall.Stat_t); ok {
		return f.Chown(int(owner.Uid), int(owner.Gid))
	}
	return nil
}
