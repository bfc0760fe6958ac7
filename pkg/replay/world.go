package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
	"github.com/tollfuse/tollfuse/pkg/watch"
)

// world is everything that a story is played in.
type world struct {
	scenario    *Scenario
	site        *Site
	clock       *clock
	asterisk    *asterisk
	store       *memory
	rates       watch.Rates // as the daemon has them
	tally       *tally
	unprotected bool
	seen        []toll.Seen // where phones were, as far as that is written down
	daemon      *daemon     // nil while it is dead
	cut         bool        // the link is
	smtpDown    bool
	err         error
}

// longestAfter is for how long calls may go on when no more begin.
const longestAfter = 24 * time.Hour

// Run plays a scenario twice: as it is, and without Tollfuse.
func Run(ctx context.Context, s *Scenario, site *Site) (Result, error) {
	protected, err := play(ctx, s, site, false)
	if err != nil {
		return Result{}, err
	}
	bare, err := play(ctx, s, site, true)
	if err != nil {
		return Result{}, err
	}
	protected.UnprotectedCost = bare.LeakedCost
	return protected, nil
}

func play(ctx context.Context, s *Scenario, site *Site, unprotected bool) (Result, error) {
	c := &clock{begin: s.Starts}
	w := &world{
		scenario: s, site: site, clock: c, asterisk: newAsterisk(c), rates: site.Rates(c.Now),
		tally: newTally(site.Settings), unprotected: unprotected, store: newMemory(!s.kills()),
	}
	w.seen = s.settled(site.PBX)
	if !unprotected {
		if err := w.startDaemon(ctx, true); err != nil {
			return Result{}, err
		}
		for _, f := range s.Faults {
			w.plan(ctx, f)
		}
	}
	holiday := s.holidays()
	for n := range s.Traffic {
		if unprotected && s.Traffic[n].Label != Attack {
			continue // what honest calls cost is not asked
		}
		src := newSource(s, n, s.Starts.Location(), holiday)
		src.dial = site.Numbering.Dial
		w.flow(ctx, &s.Traffic[n], src)
	}
	w.live(ctx)
	if w.daemon != nil {
		w.daemon.ledger.Close()
	}
	if w.err == nil {
		w.err = ctx.Err()
	}
	if w.err != nil {
		return Result{}, fmt.Errorf("play %s: %w", s.Name, w.err)
	}
	r := w.tally.done()
	r.Name, r.Site = s.Name, s.Site.Country
	return r, nil
}

func (s *Scenario) kills() bool {
	for _, f := range s.Faults {
		if f.Kind == DaemonKilled {
			return true
		}
	}
	return false
}

// live lets time go by until nobody calls any more.
func (w *world) live(ctx context.Context) {
	for steps := 0; w.err == nil; steps++ {
		if steps%1024 == 0 && ctx.Err() != nil {
			return
		}
		next, any := w.clock.next()
		if !any || next > w.scenario.Lasts+longestAfter {
			return
		}
		if w.daemon != nil {
			if due, any := w.daemon.ledger.Next(); any {
				// The ledger's clock runs as ours, but may have begun elsewhere.
				next = min(next, w.clock.elapsed+due.Sub(w.daemon.ledger.Now()))
			}
		}
		w.clock.elapsed = max(w.clock.elapsed, next)
		w.happen()
		if w.daemon != nil {
			w.daemon.step(ctx)
			w.post(ctx)
		}
	}
}

// happen does what is planned for now.
func (w *world) happen() {
	for {
		at, any := w.clock.next()
		if !any || at > w.clock.elapsed {
			return
		}
		e := w.clock.queue[0]
		do := e.do
		e.do = nil
		do()
	}
}

// flow begins one kind of traffic.
func (w *world) flow(ctx context.Context, t *Traffic, s *source) {
	if t.Concurrent > 0 {
		for n := range t.Concurrent {
			l := &lane{traffic: t, source: s}
			w.clock.at(t.After+time.Duration(n)*time.Second, func() { w.keepBusy(ctx, l) })
		}
		return
	}
	var wait func(after time.Duration)
	wait = func(after time.Duration) {
		at, more := s.next(after, w.clock.begin, w.scenario.Lasts)
		if !more {
			return
		}
		w.clock.at(at, func() {
			if one, free := s.draw(at); free {
				w.place(ctx, t, one, func(bool) {})
			}
			wait(at)
		})
	}
	wait(-1)
}

// How long whoever keeps a line busy waits before he dials again.
const (
	dialsAgain   = 2 * time.Second
	dialsRefused = 5 * time.Second // after a refusal
	givesUp      = 60              // refusals in a row, after which he tries each minute only
	looksAgain   = time.Minute     // then, and while his time has not come
)

// lane is one of the lines that are kept busy.
type lane struct {
	traffic *Traffic
	source  *source
	refused int // in a row
}

// pause is how long a lane waits after a call.
func (l *lane) pause(refused bool) time.Duration {
	if !refused {
		l.refused = 0
		return dialsAgain
	}
	if l.refused++; l.refused < givesUp {
		return dialsRefused
	}
	return looksAgain
}

// keepBusy places the next call of a lane.
func (w *world) keepBusy(ctx context.Context, l *lane) {
	t, s := l.traffic, l.source
	end := w.scenario.Lasts
	if t.Until > 0 {
		end = min(end, t.Until)
	}
	if w.clock.elapsed >= end || t.Calls > 0 && s.turn >= t.Calls {
		return
	}
	if !s.within(w.clock.Now()) {
		w.clock.after(looksAgain, func() { w.keepBusy(ctx, l) })
		return
	}
	one, _ := s.draw(w.clock.elapsed)
	w.place(ctx, t, one, func(refused bool) {
		w.clock.after(l.pause(refused), func() { w.keepBusy(ctx, l) })
	})
}

// post brings the mails that wait to the server.
func (w *world) post(ctx context.Context) {
	select {
	case <-w.daemon.ledger.Noticed():
	default:
		return
	}
	w.send(ctx)
}

// mailAgain is after which time a mail server that was down is tried again.
const mailAgain = 2 * time.Minute

func (w *world) send(ctx context.Context) {
	if w.daemon == nil {
		return
	}
	if w.smtpDown {
		w.clock.after(mailAgain, func() { w.send(ctx) })
		return
	}
	notices, err := w.daemon.ledger.Waiting(ctx)
	if err != nil {
		w.err = err
		return
	}
	slices.SortFunc(notices, func(a, b toll.Notice) int { // as the daemon sends them
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	for _, n := range notices {
		if !n.Waits() {
			continue
		}
		n.Tries++
		n.First, n.Sent = w.clock.Wall(), w.clock.Wall()
		w.tally.mail(w.clock.Now(), w.clock.elapsed, &n)
		_ = w.daemon.ledger.Tried(ctx, n) // with a full disk it is settled in memory
	}
}

// cutBy says why a call was cut. Its lease may be settled by now, and with a full
// disk it is not written down.
func (w *world) cutBy(c *call) (why toll.Reason, by string) {
	if w.daemon == nil || c.question == nil {
		return toll.ReasonBypass, ""
	}
	l, found, err := w.daemon.ledger.Find(context.Background(), c.question.Key)
	if err != nil || !found {
		l = w.store.ended
	}
	if l.Key != c.question.Key || l.Cut == "" {
		return "timer", ""
	}
	return l.Cut, l.By
}
