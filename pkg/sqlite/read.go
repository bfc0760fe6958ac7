package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/mattn/go-sqlite3"
)

// Reader is a ledger that is open for reading, which works beside the daemon
// that writes it. Its methods may be called from several goroutines.
type Reader struct {
	db   *sql.DB
	path string
}

// OpenReadOnly opens a ledger that exists, whether or not a daemon has it. The
// caller needs write access to the folder all the same: SQLite keeps what
// readers and writer share in a file there.
func OpenReadOnly(path string) (*Reader, error) {
	path, err := realPath(path)
	if err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	// SQLite says no more than that it cannot open it.
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	r, err := openReader(path)
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	if err := r.checkVersion(); err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, errors.Join(err, r.Close()))
	}
	return r, nil
}

// readers bounds the connections that read, each with a page cache of its own.
const readers = 4

func openReader(path string) (*Reader, error) {
	db, err := sql.Open("sqlite3", dsn(path, url.Values{
		"mode":          {"ro"},
		"_query_only":   {"on"},
		"_busy_timeout": {"1000"},
	}))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	return &Reader{db: db, path: path}, nil
}

// checkVersion refuses a schema that this program does not know, or no more.
func (r *Reader) checkVersion() error {
	names, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	return r.raw(context.Background(), func(conn *sqlite3.SQLiteConn) error {
		version, err := checkVersion(conn, len(names))
		switch {
		case err != nil:
			return err
		case version == 0:
			return ErrNotLedger
		case version < len(names):
			return fmt.Errorf("it has version %d of the schema and waits for the daemon to bring it to %d", version, len(names))
		}
		return nil
	})
}

// raw lends a connection of the driver's.
func (r *Reader) raw(ctx context.Context, f func(*sqlite3.SQLiteConn) error) error {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(c any) error { return f(c.(*sqlite3.SQLiteConn)) })
}

// Close waits for queries that run and closes the file.
func (r *Reader) Close() error { return r.db.Close() }

// Last is the number and the time of the newest entry; zero for an empty
// ledger. The ledger's clock goes on from this time, never from before it.
func (r *Reader) Last(ctx context.Context) (seq int64, at time.Time, err error) {
	seq, ns, err := r.last(ctx)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("read the newest entry: %w", err)
	}
	if seq != 0 {
		at = time.Unix(0, ns).UTC()
	}
	return seq, at, nil
}

func (r *Reader) last(ctx context.Context) (seq, at int64, err error) {
	err = r.db.QueryRowContext(ctx, "SELECT seq, at FROM entry ORDER BY seq DESC LIMIT 1").Scan(&seq, &at)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return seq, at, err
}

// querier is a connection pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// firstSince is the number of the first row of entry or call at or after the
// time, or the one after the newest. Time rises with the number there, so that
// halving finds it without an index to keep. Numbers can be missing.
func firstSince[T int64 | string](ctx context.Context, q querier, table string, since T) (int64, error) {
	var low, high int64
	err := q.QueryRowContext(ctx, selectEnds(table)).Scan(&low, &high)
	for err == nil && low < high {
		middle := low + (high-low)/2
		var seq int64
		var at T
		err = q.QueryRowContext(ctx, "SELECT seq, at FROM "+table+" WHERE seq >= ? ORDER BY seq LIMIT 1", middle).Scan(&seq, &at)
		if at < since {
			low = seq + 1
		} else {
			high = middle
		}
	}
	return low, err
}

// selectEnds is the first number of a table and the one after its last. Each is a
// query of its own: only so does SQLite go straight to that end of the tree; asked
// for both at once it reads all of it.
func selectEnds(table string) string {
	return "SELECT coalesce((SELECT min(seq) FROM " + table + "), 1), coalesce((SELECT max(seq) FROM " + table + "), 0) + 1"
}
