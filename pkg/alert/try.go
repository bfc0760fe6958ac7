package alert

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

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
	to := slices.DeleteFunc(slices.Clone(w.options.To), func(a string) bool { return slices.Contains(n.Reached, a) })
	mail := NewMail(n, message, w.options.From, w.options.Site.Name, time.Now())
	sending, done := outlast(ctx, lastWords)
	errs := w.options.Sender.Send(sending, mail, to)
	done()
	if ctx.Err() != nil && errors.Join(errs...) != nil {
		// We were stopped, which says nothing about the server; but who has it, has it.
		if before := len(n.Reached); len(reach(n, to, errs)) > before {
			w.note(ctx, n)
		}
		return false
	}
	server = w.outcome(n, to, errs)
	w.note(ctx, n)
	return server
}

// reach notes who has got the notice now.
func reach(n *toll.Notice, to []string, errs []error) []string {
	n.Reached = slices.Clone(n.Reached) // the outbox may hold the same list
	for i, err := range errs {
		if err == nil {
			n.Reached = append(n.Reached, to[i])
		}
	}
	return n.Reached
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
	now := time.Now()
	if n.Tries++; n.Tries == 1 {
		n.First = now
	}
	n.Error = ""
	reached := reach(n, to, errs)
	again, refused := false, 0
	for i, err := range errs {
		if err == nil {
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
	switch {
	case !again && len(reached) > 0:
		n.Sent, n.Next = now, time.Time{}
	case now.Sub(n.First) >= giveUpAfter && n.Tries >= leastTries:
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

// bare is what is said when a notice cannot be rendered.
func bare(n *toll.Notice) Message {
	text := fmt.Sprintf("An incident of the kind %s, %s. It could not be described; see: tollfuse incidents show %s",
		word(string(n.Incident.Kind)), word(string(n.Kind)), word(n.Incident.ID))
	return Message{Subject: "Incident " + word(n.Incident.ID) + " - Tollfuse", Text: text}
}
