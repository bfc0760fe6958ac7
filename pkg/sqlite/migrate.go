package sqlite

import (
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// applicationID marks a ledger among SQLite files; the first migration sets it.
const applicationID = 0x546F6C6C

// ErrNewer says that a newer version of Tollfuse has written the ledger.
var ErrNewer = errors.New("ledger was written by a newer version of tollfuse")

// ErrNotLedger says that the file is some other program's.
var ErrNotLedger = errors.New("file is not a ledger of tollfuse")

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations lists the steps of the schema in order: file number n leads from
// version n-1 to n.
func migrations(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	for i, name := range names {
		digits, _, _ := strings.Cut(path.Base(name), "_")
		if n, err := strconv.Atoi(digits); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s stands at place %d", name, i+1)
		}
	}
	return names, nil
}

// migrate brings the file to the newest version, each step in a transaction of
// its own: whatever fails, the ledger stands at a whole version.
func migrate(conn *sqlite3.SQLiteConn, files fs.FS) error {
	names, err := migrations(files)
	if err != nil {
		return err
	}
	version, err := checkVersion(conn, len(names))
	if err != nil {
		return err
	}
	for ; version < len(names); version++ {
		if err := step(conn, files, names[version], version+1); err != nil {
			return fmt.Errorf("migrate ledger to version %d: %w", version+1, err)
		}
	}
	return nil
}

// checkVersion is the version of the schema, 0 for an empty file. It refuses
// what this program must not touch.
func checkVersion(conn *sqlite3.SQLiteConn, newest int) (int, error) {
	id, err := integer(conn, "PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	version, err := integer(conn, "PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	tables, err := integer(conn, "SELECT count(*) FROM sqlite_schema")
	switch {
	case err != nil:
		return 0, err
	case id != applicationID && (id != 0 || version != 0 || tables != 0):
		return 0, ErrNotLedger
	case version > int64(newest):
		return 0, fmt.Errorf("%w: it has version %d, this one knows %d; install the newer tollfuse, or restore a backup",
			ErrNewer, version, newest)
	}
	return int(version), nil
}

func step(conn *sqlite3.SQLiteConn, files fs.FS, name string, version int) error {
	script, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	if _, err := conn.Exec("BEGIN IMMEDIATE", nil); err != nil {
		return err
	}
	for _, text := range []string{string(script), fmt.Sprintf("PRAGMA user_version = %d", version), "COMMIT"} {
		if _, err := conn.Exec(text, nil); err != nil {
			return errors.Join(err, rollback(conn))
		}
	}
	return nil
}

// rollback ends the transaction that is open, if SQLite has not done so.
func rollback(conn *sqlite3.SQLiteConn) error {
	if conn.AutoCommit() {
		return nil
	}
	_, err := conn.Exec("ROLLBACK", nil)
	return err
}

// integer is the answer to a query for one number; 0 where there is no row or
// NULL.
func integer(conn *sqlite3.SQLiteConn, query string) (int64, error) {
	rows, err := conn.Query(query, nil)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	v, _ := row[0].(int64)
	return v, nil
}
