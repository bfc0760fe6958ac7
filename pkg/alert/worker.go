package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
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
	longestPause  = 10 * time.Minute
	refusedPause  = time.Hour
	giveUpAfter   = 72 * time.Hour
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
	seen    map[string]bool            // notices that were found waiting before
	settled map[string]bool            // dealt with, though the outbox could not note it
	reached map[string]map[string]bool // by notice: the recipients who have it while others have not
	down    int                        // tries in a row that the server failed
	paused  time.Time                  // not before then is the server tried again, unless something new waits

	mu      sync.Mutex
	waiting int
	oldest  time.Time
	failed  string
}

// NewWorker makes a worker.
func NewWorker(o Options) *Worker {
	return &Worker{options: o, seen: make(map[string]bool), settled: make(map[string]bool), reached: make(map[string]map[string]bool)}
}

// State is how many notices wait, since when the oldest of them does, and what
// the newest try failed with; zero values when nothing waits or has failed.
func (w *Worker) State() (waiting int, oldest time.Time, lastError string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.waiting, w.oldest, w.failed
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
	keep(w.reached, notices)
	keep(w.seen, notices)
	notices = slices.DeleteFunc(slices.Clone(notices), func(n toll.Notice) bool { return !n.Waits() || w.settled[n.ID] })
	slices.SortFunc(notices, func(a, b toll.Notice) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting, w.oldest = len(notices), time.Time{}
	if len(notices) > 0 {
		w.oldest = notices[0].At
	}
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

// try sends one notice to those who have not got it, and notes the outcome. It
// tells whether the server failed, so that others need not be tried.
func (w *Worker) try(ctx context.Context, n *toll.Notice) (server bool) {
	message, err := Render(*n, w.options.Site)
	if err != nil { // the built-in templates are tested with all there is; still, a bare mail is better than none
		w.options.Log.Error("render a notice", "notice", n.ID, "err", err)
		message = bare(n)
	}
	for _, warning := range message.Warnings {
		w.options.Log.Warn("a template of yours was not used", "problem", warning)
	}
	to := slices.DeleteFunc(slices.Clone(w.options.To), func(a string) bool { return w.reached[n.ID][a] })
	mail := NewMail(n, message, w.options.From, w.options.Site.Name, time.Now())
	sending, done := outlast(ctx, lastWords)
	errs := w.options.Sender.Send(sending, mail, to)
	done()
	if ctx.Err() != nil && errors.Join(errs...) != nil {
		return false // we were stopped, which says nothing about the server
	}
	server = w.outcome(n, to, errs)
	w.note(ctx, n)
	return server
}

// lastWords is how long a mail that is on its way may still take when the daemon
// is stopped: given up between the mail and the server's answer, it would be
// sent again.
const lastWords = 4 * time.Second

// outlast is a context that ends that much later than the one it is made of.
func outlast(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(by)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// outcome writes into the notice what became of the try.
func (w *Worker) outcome(n *toll.Notice, to []string, errs []error) (server bool) {
	n.Tries++
	n.Error = ""
	reached := w.reached[n.ID]
	if reached == nil {
		reached = make(map[string]bool)
		w.reached[n.ID] = reached
	}
	again, refused := false, 0
	for i, err := range errs {
		if err == nil {
			reached[to[i]] = true
			continue
		}
		n.Error = err.Error() // the last one stands for all
		var f *Failure
		switch {
		case errors.As(err, &f) && f.Permanent && !f.Server:
			refused++
		default:
			again = true
		}
		server = server || f != nil && f.Server
		w.options.Log.Warn("a notice did not reach a recipient", "notice", n.ID, "incident", n.Incident.ID, "to", to[i], "try", n.Tries, "err", err, "advice", Advice(err))
	}
	now := time.Now()
	switch {
	case !again && len(reached) > 0:
		n.Sent, n.Next = now, time.Time{}
	case now.Sub(n.At) >= giveUpAfter:
		n.GivenUp, n.Next = true, time.Time{}
	case !again && refused > 0:
		n.Next = now.Add(jitter(refusedPause))
	default:
		n.Next = now.Add(pause(n.Tries))
	}
	w.serverIs(server, now, n)
	return server
}

// serverIs notes whether the server could be reached.
func (w *Worker) serverIs(failing bool, now time.Time, n *toll.Notice) {
	if failing {
		w.down++
		w.paused = now.Add(pause(w.down))
		if n.Waits() {
			n.Next = w.paused
		}
	} else {
		w.down = 0
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = n.Error
	if !n.Waits() {
		w.waiting--
	}
}

// note brings the outcome into the outbox, and says it in the log.
func (w *Worker) note(ctx context.Context, n *toll.Notice) {
	log := w.options.Log.With("notice", n.ID, "incident", n.Incident.ID, "tries", n.Tries)
	switch {
	case n.GivenUp:
		log.Error("a notice was given up: it could not be sent for three days", "err", n.Error)
	case !n.Sent.IsZero():
		log.Info("a notice was sent", "server", w.options.Sender.Server())
	}
	if !n.Waits() {
		w.settled[n.ID] = true // even if the outbox forgets: nobody is told twice
	}
	// The mail has left: a daemon that is being stopped still says so.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestNote)
	defer cancel()
	if err := w.options.Outbox.Tried(ctx, *n); err != nil {
		log.Error("note that a notice was tried", "err", err)
	}
}

// longestNote is how long noting an outcome may take.
const longestNote = 10 * time.Second

// pause is how long to wait after so many failed tries.
func pause(tries int) time.Duration {
	d := firstPause
	for range min(tries-1, 10) {
		d *= 2
	}
	return jitter(min(d, longestPause))
}

// jitter makes a pause up to a tenth shorter, so that many daemons behind one
// server do not come all at once.
func jitter(d time.Duration) time.Duration {
	return d - rand.N(d/10+1) //nolint:gosec // chance is enough here
}

// until is how long it is until then, and not below zero.
func (w *Worker) until(t time.Time) time.Duration { return max(time.Until(t), 0) }

// bare is what is said when a notice cannot be rendered.
func bare(n *toll.Notice) Message {
	text := fmt.Sprintf("An incident of the kind %s, %s. It could not be described; see: tollfuse incidents show %s",
		word(string(n.Incident.Kind)), word(string(n.Kind)), word(n.Incident.ID))
	return Message{Subject: "Incident " + word(n.Incident.ID) + " - Tollfuse", Text: text}
}
