package alert

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Outbox is where notices wait; the ledger is one.
type Outbox interface {
	// Waiting are the notices that have not left, in any order.
	Waiting(ctx context.Context) ([]toll.Notice, error)
	// Noticed gets a value when something new may wait.
	Noticed() <-chan struct{}
	// Tried notes the outcome of a try, and returns when that is durable.
	Tried(ctx context.Context, n toll.Notice) error
}

// How often a notice is tried. A server that cannot be reached, and a mail that
// it cannot take now, are tried again soon; a mail that it refuses to everybody
// rarely, but it is: what is wrong may be the configuration, and the owner mends it.
const (
	firstPause    = 15 * time.Second
	longestPause  = 2 * time.Minute // the owner waits no longer than that once the server is back
	refusedPause  = time.Hour
	giveUpAfter   = 72 * time.Hour   // since the first try, and then only
	leastTries    = 20               // after so many: the clock may have been set
	unreadOutbox  = 15 * time.Second // when the outbox could not be read
	longestUnread = time.Minute      // between two looks into it while something waits
)

// Options say what a worker needs.
type Options struct {
	Outbox Outbox
	Sender Sender
	To     []string // who is told
	From   string
	Site   Site
	Log    *slog.Logger
}

// Worker empties the outbox. Only [Worker.Run] may use it, and one at a time;
// [Worker.State] may be called by anybody.
//
// A notice leaves once for each recipient. It is sent first and marked as sent
// then, so a daemon that is killed between the server's answer and the mark
// sends that one notice again, under the same Message-ID; so does one whose
// connection breaks before the answer has come. The other order would lose it.
type Worker struct {
	options Options
	seen    map[string]bool // notices that were found waiting before
	settled map[string]bool // dealt with, though the outbox could not note it
	down    int             // tries in a row that the server failed
	paused  time.Time       // not before then is the server tried again, unless something new waits
}

// NewWorker makes a worker.
func NewWorker(o Options) *Worker {
	return &Worker{options: o, seen: make(map[string]bool), settled: make(map[string]bool)}
}

// Run empties the outbox until the context ends. What waited when it began is
// tried at once: the owner may have mended what was wrong and restarted.
func (w *Worker) Run(ctx context.Context) {
	for all := true; ctx.Err() == nil; all = false {
		timer := time.NewTimer(w.round(ctx, all))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.options.Outbox.Noticed():
		}
		timer.Stop()
	}
}

// round tries what is due, the oldest first, and says when to look again.
func (w *Worker) round(ctx context.Context, all bool) time.Duration {
	notices, err := w.look(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.options.Log.Error("read the notices that wait", "err", err)
		}
		return unreadOutbox
	}
	// A server that was down is tried again when its pause is over, or when
	// there is something new to tell; then everything goes, in its order.
	all = all || w.down > 0
	if w.down > 0 && time.Now().Before(w.paused) && !w.anyNew(notices) {
		return w.until(w.paused)
	}
	w.remember(notices)
	next := longestUnread
	if len(notices) == 0 {
		next = giveUpAfter // the outbox wakes us
	}
	for i := range notices {
		n := &notices[i]
		if wait := w.until(n.Next); !all && wait > 0 {
			next = min(next, wait)
			continue
		}
		server := w.try(ctx, n)
		if ctx.Err() != nil {
			return 0
		}
		if server {
			return w.until(w.paused)
		}
		if n.Waits() {
			next = min(next, w.until(n.Next))
		}
	}
	return next
}

// look reads the outbox: what is not dealt with, the oldest first.
func (w *Worker) look(ctx context.Context) ([]toll.Notice, error) {
	notices, err := w.options.Outbox.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	keep(w.settled, notices)
	keep(w.seen, notices)
	notices = slices.DeleteFunc(slices.Clone(notices), func(n toll.Notice) bool { return !n.Waits() || w.settled[n.ID] })
	slices.SortFunc(notices, func(a, b toll.Notice) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	return notices, nil
}

// keep forgets what is known of notices that wait no more.
func keep[V any](known map[string]V, notices []toll.Notice) {
	for id := range known {
		if !slices.ContainsFunc(notices, func(n toll.Notice) bool { return n.ID == id }) {
			delete(known, id)
		}
	}
}

func (w *Worker) anyNew(notices []toll.Notice) bool {
	return slices.ContainsFunc(notices, func(n toll.Notice) bool { return !w.seen[n.ID] })
}

func (w *Worker) remember(notices []toll.Notice) {
	for i := range notices {
		w.seen[notices[i].ID] = true
	}
}

// until is how long it is until then, and not below zero.
func (w *Worker) until(t time.Time) time.Duration { return max(time.Until(t), 0) }
