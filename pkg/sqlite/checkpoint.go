package sqlite

import (
	"context"
	"net/url"
	"sync"

	"github.com/mattn/go-sqlite3"
)

const (
	// checkpointAfter is how many statements may run until the WAL is written back
	// into the file. Each of them changes a page at most, so that is 8 MB.
	checkpointAfter = 2000
	// checkpointAtMost is how many pages the WAL may have before the commits
	// themselves write it back, should nobody else come to it.
	checkpointAtMost = "8000"
)

// checkpointer writes the WAL back beside the commits. SQLite would do that
// within the commit that finds the WAL long, and let those wait who wait for it.
//
// See https://www.sqlite.org/wal.html#ckpt.
type checkpointer struct {
	conn *sqlite3.SQLiteConn
	turn sync.Locker   // the store's: who holds it keeps others from writing
	due  chan struct{} // takes one without blocking
	stop context.CancelFunc
	done sync.WaitGroup
}

func openCheckpointer(path string, turn sync.Locker) (*checkpointer, error) {
	conn, err := (&sqlite3.SQLiteDriver{}).Open(dsn(path, url.Values{"mode": {"rw"}, "_busy_timeout": {"0"}, "_synchronous": {"FULL"}}))
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	c := &checkpointer{conn: conn.(*sqlite3.SQLiteConn), turn: turn, due: make(chan struct{}, 1), stop: stop}
	c.done.Go(func() {
		for {
			select {
			case <-c.due:
				c.checkpoint()
			case <-ctx.Done():
				return
			}
		}
	})
	return c, nil
}

// checkpoint writes back what there is while others commit, and then, while
// nobody does, the little that has come meanwhile: only a WAL that is written
// back whole begins anew. What fails is tried again with the next one, and what
// is in the WAL is as safe there as in the file.
func (c *checkpointer) checkpoint() {
	_ = c.run()
	c.turn.Lock()
	defer c.turn.Unlock()
	_ = c.run()
}

func (c *checkpointer) run() error {
	_, err := c.conn.Exec("PRAGMA wal_checkpoint(PASSIVE)", nil)
	return err
}

// wrote lets the WAL be written back once enough has run. A nil one does not.
func (c *checkpointer) wrote(w *writer) {
	if c == nil || w.ran < checkpointAfter {
		return
	}
	w.ran = 0
	select {
	case c.due <- struct{}{}:
	default: // the one that waits will write this back too
	}
}

// close ends the checkpoint that runs. It must be called without the lock of the
// store, which a checkpoint takes.
func (c *checkpointer) close() error {
	c.stop()
	c.done.Wait()
	return c.conn.Close()
}
