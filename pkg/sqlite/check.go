package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// ErrDamaged says that a file is not whole.
var ErrDamaged = errors.New("the file is damaged")

// Check reads the whole ledger and tells whether it is damaged (PRAGMA
// quick_check: everything but whether indexes agree with their tables). It works
// beside the daemon, and the context ends it.
func (r *Reader) Check(ctx context.Context) error {
	if err := findDamage(ctx, r.db, "PRAGMA quick_check(5)"); err != nil {
		return fmt.Errorf("check the ledger: %w", err)
	}
	return nil
}

// findDamage asks SQLite to look at every page; the pragma says how closely, and
// how many faults are enough.
func findDamage(ctx context.Context, db *sql.DB, pragma string) error {
	rows, err := db.QueryContext(ctx, pragma)
	if err != nil {
		return whole(err)
	}
	defer rows.Close()
	var wrong []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return whole(err)
		}
		if line != "ok" {
			wrong = append(wrong, line)
		}
	}
	if err := rows.Err(); err != nil {
		return whole(err)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w: %s", ErrDamaged, strings.Join(wrong, "; "))
	}
	return nil
}

// whole adds ErrDamaged to SQLite's own word for it.
func whole(err error) error {
	if IsDamage(err) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// IsDamage tells whether an error of this package means that the file is
// damaged, or no longer a database, rather than that it cannot be had.
func IsDamage(err error) bool {
	var code sqlite3.Error
	return errors.As(err, &code) && (code.Code == sqlite3.ErrCorrupt || code.Code == sqlite3.ErrNotADB)
}
