package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// Check reads the whole ledger and tells whether it is damaged (PRAGMA
// quick_check: everything but whether indexes agree with their tables). It works
// beside the daemon, and the context ends it.
func (r *Reader) Check(ctx context.Context) error {
	rows, err := r.db.QueryContext(ctx, "PRAGMA quick_check(5)")
	if err != nil {
		return fmt.Errorf("check the ledger: %w", err)
	}
	defer rows.Close()
	var wrong []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return fmt.Errorf("check the ledger: %w", err)
		}
		if line != "ok" {
			wrong = append(wrong, line)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("check the ledger: %w", err)
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

// IsDamage tells whether an error of this package means that the file is
// damaged, or no longer a database, rather than that it cannot be had.
func IsDamage(err error) bool {
	var code sqlite3.Error
	return errors.As(err, &code) && (code.Code == sqlite3.ErrCorrupt || code.Code == sqlite3.ErrNotADB)
}
