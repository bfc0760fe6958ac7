package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/mattn/go-sqlite3"
)

// writer is the one connection that writes, with its statements. It goes to the
// driver without database/sql and without a context: a context that can be
// cancelled costs a goroutine for each statement, and cancelling it could
// interrupt a transaction that others share.
type writer struct {
	conn                  *sqlite3.SQLiteConn
	begin, commit         *sqlite3.SQLiteStmt
	epoch, lead           *sqlite3.SQLiteStmt
	entry, call           *sqlite3.SQLiteStmt
	live, dead            *sqlite3.SQLiteStmt
	setting, unset        *sqlite3.SQLiteStmt
	incident, notice      *sqlite3.SQLiteStmt
	pruneEntry, pruneCall *sqlite3.SQLiteStmt
	pruneIncident         *sqlite3.SQLiteStmt
	pruneNotice           *sqlite3.SQLiteStmt
	newDeck, wholeDeck    *sqlite3.SQLiteStmt
	rate, isWhole         *sqlite3.SQLiteStmt
	gone, called          *sqlite3.SQLiteStmt
	seen, unseen          *sqlite3.SQLiteStmt
	sweepRate, sweepDeck  *sqlite3.SQLiteStmt
	body                  []byte              // of the entry that is written
	args                  []driver.NamedValue // of the statement that runs
	ran                   int                 // statements since the WAL was to be written back
}

// openWriter connects, migrates where that is due, and prepares the statements.
func openWriter(path string, busyTimeout time.Duration) (*writer, error) {
	conn, err := (&sqlite3.SQLiteDriver{}).Open(dsn(path, url.Values{
		"mode":          {"rw"},
		"_busy_timeout": {strconv.FormatInt(busyTimeout.Milliseconds(), 10)},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"}, // a commit is on the disk before it is spoken
	}))
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn.(*sqlite3.SQLiteConn)}
	// The driver knows no names for these. While somebody reads for long, as a
	// backup does, the WAL grows; afterwards it is cut back.
	for _, pragma := range []string{"journal_size_limit = 33554432", "wal_autocheckpoint = " + checkpointAtMost} {
		if _, err := w.conn.Exec("PRAGMA "+pragma, nil); err != nil {
			return nil, errors.Join(err, w.conn.Close())
		}
	}
	if err := migrate(w.conn, migrationFiles); err != nil {
		return nil, errors.Join(err, w.conn.Close())
	}
	if err := w.prepare(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// dsn names the file for the driver. Pragmas are in it so that every connection
// has them, the later ones of a pool too.
func dsn(path string, pragmas url.Values) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas.Encode()
}

func (w *writer) prepare() error {
	for _, s := range []struct {
		place **sqlite3.SQLiteStmt
		text  string
	}{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commit, "COMMIT"},
		{&w.epoch, "SELECT epoch FROM leader"},
		{&w.lead, "UPDATE leader SET epoch = epoch + 1"},
		{&w.entry, "INSERT INTO entry (seq, epoch, at, kind, body) VALUES (?, ?, ?, ?, ?)"},
		{&w.live, "INSERT INTO live (lease, seq) VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq"},
		{&w.dead, "DELETE FROM live WHERE lease = ?"},
		{&w.setting, "REPLACE INTO setting (kind, id, revision, at, author, body) VALUES (?, ?, ?, ?, ?, ?)"},
		{&w.unset, "DELETE FROM setting WHERE kind = ? AND id = ?"},
		{&w.call, insertCall},
		{&w.incident, replaceIncident},
		{&w.notice, replaceNotice},
		{&w.pruneEntry, pruneEntry},
		{&w.pruneCall, pruneCall},
		{&w.pruneIncident, pruneIncident},
		{&w.pruneNotice, pruneNotice},
		{&w.newDeck, "INSERT INTO deck (rows) VALUES (NULL)"},
		{&w.wholeDeck, "UPDATE deck SET rows = ? WHERE id = ?"},
		{&w.rate, insertRate},
		{&w.isWhole, "SELECT id FROM deck WHERE id = ? AND rows = ?"},
		{&w.gone, selectGone},
		{&w.called, insertCalled},
		{&w.seen, insertSeen},
		{&w.unseen, deleteSeen},
		{&w.sweepRate, sweepRate},
		{&w.sweepDeck, "DELETE FROM deck WHERE id = ?"},
	} {
		stmt, err := w.conn.Prepare(s.text)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", s.text, err)
		}
		*s.place = stmt.(*sqlite3.SQLiteStmt)
	}
	return nil
}

// exec runs a statement and tells how many rows it changed.
func (w *writer) exec(s *sqlite3.SQLiteStmt, args ...driver.Value) (int64, error) {
	w.ran++
	w.args = w.args[:0]
	for i, v := range args {
		w.args = append(w.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	result, err := s.ExecContext(context.Background(), w.args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// integers is the first column of what a query finds.
func (w *writer) integers(s *sqlite3.SQLiteStmt, args ...driver.Value) (found []int64, err error) {
	rows, err := s.Query(args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for row := make([]driver.Value, len(rows.Columns())); ; {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		v, _ := row[0].(int64)
		found = append(found, v)
	}
}

func (w *writer) transaction(f func(*writer) error) error {
	if _, err := w.exec(w.begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(w); err != nil {
		return err
	}
	if _, err := w.exec(w.commit); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// close closes the statements with the connection.
func (w *writer) close() error {
	var failed []error
	for _, s := range []*sqlite3.SQLiteStmt{w.begin, w.commit, w.epoch, w.lead, w.entry, w.call, w.live, w.dead,
		w.setting, w.unset, w.incident, w.notice, w.pruneEntry, w.pruneCall, w.pruneIncident, w.pruneNotice,
		w.newDeck, w.wholeDeck, w.rate, w.isWhole, w.gone, w.called, w.seen, w.unseen, w.sweepRate, w.sweepDeck} {
		if s != nil {
			failed = append(failed, s.Close())
		}
	}
	return errors.Join(append(failed, w.conn.Close())...)
}
