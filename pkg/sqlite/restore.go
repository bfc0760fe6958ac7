package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Restored is what was put in the place of a ledger.
type Restored struct {
	Kept     string // where the ledger before is now; empty where there was none
	Newest   time.Time
	Settings []toll.Setting // that stand
}

// Restore puts a copy of a file in the place of the ledger at path, which it
// keeps beside it. It does so only once the copy is known to be whole, a ledger
// of a version that this program knows (an older one is brought to this one's),
// and readable to its end; until then nothing has changed. With ErrInUse a
// daemon has the ledger.
func Restore(ctx context.Context, path, file string) (Restored, error) {
	r, err := restore(ctx, path, file)
	if err != nil {
		return Restored{}, fmt.Errorf("restore the ledger from %s: %w", file, err)
	}
	return r, nil
}

func restore(ctx context.Context, path, file string) (r Restored, err error) {
	if path, err = realPath(path); err != nil {
		return r, err
	}
	if file, err = realPath(file); err != nil {
		return r, err
	}
	if file == path {
		return r, errors.New("that is the ledger itself")
	}
	locked, err := lock(path + ".lock")
	if err != nil {
		return r, err
	}
	defer locked.Close()
	folder, err := os.MkdirTemp(filepath.Dir(path), filepath.Base(path)+".restore-*")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(folder)
	copied := filepath.Join(folder, "ledger.db")
	if err := copyLedger(ctx, file, copied); err != nil {
		return r, err
	}
	for _, name := range []string{folder, copied} {
		if err := giveToOwner(name); err != nil {
			return r, err
		}
	}
	if r, err = examine(ctx, copied); err != nil {
		return r, err
	}
	if r.Kept, err = setAside(path); err != nil {
		return r, err
	}
	if err := os.Rename(copied, path); err != nil {
		return r, err
	}
	return r, syncFolder(filepath.Dir(path))
}

// giveToOwner gives a file or folder to whom the folder belongs that it is in.
func giveToOwner(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(giveToFolderOwner(f), f.Close())
}

// copyLedger copies what is in the file, together with what SQLite may still
// keep beside it, if it is a ledger at all.
func copyLedger(ctx context.Context, file, to string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return ErrNotLedger
	}
	from, err := openCopy(file)
	if err != nil {
		return err
	}
	defer from.Close()
	names, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	err = from.raw(ctx, func(conn *sqlite3.SQLiteConn) error {
		version, err := checkVersion(conn, len(names))
		if err == nil && version == 0 {
			return ErrNotLedger
		}
		return err
	})
	if err != nil {
		return whole(err)
	}
	return whole(from.backup(ctx, to))
}

// openCopy opens a file to read it. A backup, beside which SQLite keeps nothing,
// is one that nobody writes: it is taken as it is, so that nothing comes to lie
// beside it, and it may be on a disk that cannot be written.
func openCopy(file string) (*Reader, error) {
	for _, beside := range []string{"-wal", "-journal"} {
		if _, err := os.Lstat(file + beside); !errors.Is(err, fs.ErrNotExist) {
			return openReader(file)
		}
	}
	db, err := sql.Open("sqlite3", dsn(file, url.Values{"mode": {"ro"}, "immutable": {"1"}, "_query_only": {"on"}}))
	if err != nil {
		return nil, err
	}
	return &Reader{db: db, path: file}, nil
}

// examine looks whether a copy is whole and can be read to its end, and what is
// in it.
func examine(ctx context.Context, copied string) (r Restored, err error) {
	s, err := Open(copied, Options{})
	if err != nil {
		return r, whole(err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := findDamage(ctx, s.db, "PRAGMA integrity_check(1)"); err != nil {
		return r, err
	}
	err = s.Replay(ctx, time.Time{}, func(e toll.Entry) error {
		if e.Setting != nil && !e.Setting.Removed && e.Seq == 0 {
			r.Settings = append(r.Settings, *e.Setting)
		}
		return nil
	})
	if err != nil {
		return r, whole(err)
	}
	_, r.Newest, err = s.Last(ctx)
	return r, err
}

// setAside gives the ledger another name, together with what SQLite keeps
// beside it, and returns that name. The file itself stays in its place as well
// until the next one takes it, so that whatever happens there is a ledger.
func setAside(path string) (string, error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	kept, err := freeName(path)
	if err != nil {
		return "", err
	}
	if err := os.Link(path, kept); err != nil {
		return "", err
	}
	// A WAL that was left behind would be taken for that of the next file.
	for _, beside := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+beside, kept+beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return kept, nil
}

// mostKept bounds how many ledgers are kept beside the one that is used.
const mostKept = 1000

// freeName is a name beside the ledger that nothing has.
func freeName(path string) (string, error) {
	for n := 1; n <= mostKept; n++ {
		name := fmt.Sprintf("%s.before-restore-%d", path, n)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
	}
	return "", fmt.Errorf("there are %d ledgers beside it already; take some away", mostKept)
}
