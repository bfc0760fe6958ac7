package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// backupPages is how much is copied between two looks at the context: 4 MB.
const backupPages = 1000

// Backup copies the ledger as it stands at this moment into a new file (mode
// 0600), also while the daemon writes. The copy is a ledger of its own. A file
// that exists is never overwritten, and path does not appear until the copy is
// whole and on the disk.
func (r *Reader) Backup(ctx context.Context, path string) error {
	if err := r.backup(ctx, path); err != nil {
		return fmt.Errorf("back up the ledger to %s: %w", path, err)
	}
	return nil
}

func (r *Reader) backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return errors.Join(os.ErrExist, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".partial-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // in vain once it has its real name
	defer f.Close()
	err = r.raw(ctx, func(from *sqlite3.SQLiteConn) error { return copyPages(ctx, from, f.Name()) })
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// copyPages copies inside one reading transaction: the copy is of one moment,
// and no write of the daemon's makes it begin again.
func copyPages(ctx context.Context, from *sqlite3.SQLiteConn, path string) (err error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	opened, err := (&sqlite3.SQLiteDriver{}).Open(dsn(abs, url.Values{"mode": {"rw"}, "_journal_mode": {"OFF"}}))
	if err != nil {
		return err
	}
	to := opened.(*sqlite3.SQLiteConn)
	defer func() { err = errors.Join(err, to.Close()) }()
	if _, err := from.Exec("BEGIN", nil); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rollback(from)) }()
	// The transaction takes its moment when it first reads.
	if _, err := integer(from, "SELECT epoch FROM leader"); err != nil {
		return err
	}
	b, err := to.Backup("main", from, "main")
	if err != nil {
		return err
	}
	for done := false; !done && err == nil; {
		if err = ctx.Err(); err == nil {
			done, err = b.Step(backupPages)
		}
	}
	if finished := b.Finish(); err == nil {
		err = finished // it says again what Step has said
	}
	return err
}

// syncFolder makes a new name durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
