package replay

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/health"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/toll"
	"github.com/tollfuse/tollfuse/pkg/watch"
)

// Numbering is the site's number plan, as the dialplan and the daemon see it.
type Numbering interface {
	Resolve(dialled string) toll.Destination
	ResolveTrunk(number, prefix string) toll.Destination
	Dial(e164 string) string
}

// Site is what a daemon is made of, but for what is played here.
type Site struct {
	PBX       string
	Trunk     string // the endpoint of its one trunk
	Callers   caller.Site
	Numbering Numbering
	Rates     func(now func() time.Time) watch.Rates // that have the story's time
	Judge     ledger.Judge                           // without rules and limits
	Settings  []toll.Setting                         // the policy
	Book      ledger.Options
	Health    health.Options
	FailOpen  bool // ordinary home numbers go out when nobody decides
	MaxHome   time.Duration
	Observe   bool
	Journal   ledger.Journal // hears what is decided; may be nil

	CutBypass, LockBypass, FuseBypass bool
}

// daemon is one life of the daemon.
type daemon struct {
	ledger  *ledger.Stepped
	handler *authorize.Handler
	watcher *watch.Watcher
	seen    *sightings
	health  *health.Watch
}

// start starts a daemon on the store.
func (s *Site) start(ctx context.Context, c *clock, store ledger.Store, a *asterisk) (*daemon, error) {
	log := slog.New(slog.DiscardHandler)
	l, err := ledger.OpenStepped(ctx, store, s.Judge, ledger.Config{Book: s.Book, Time: c, Log: log, Journal: s.Journal})
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	rates, seen := s.Rates(c.Wall), newSightings(c)
	return &daemon{
		ledger: l, seen: seen, health: health.New(s.Health),
		handler: authorize.New(l, authorize.Options{
			Sites:    map[string]authorize.Site{s.PBX: {Numbering: s.Numbering, Rates: rates, Callers: s.Callers}},
			Deadline: time.Hour, // of a real clock, which a simulation has no use for
			FailOpen: s.FailOpen, MaxHome: s.MaxHome, Observe: s.Observe, Origins: seen, Log: log,
		}),
		watcher: watch.NewStepped(a, l, watch.Options{
			PBX: s.PBX, Trunks: []watch.Trunk{{Name: s.Trunk}}, Callers: s.Callers, Numbering: s.Numbering, Rates: rates,
			CutBypass: s.CutBypass, LockBypass: s.LockBypass, FuseBypass: s.FuseBypass, Origins: seen, Wall: c.Wall, Log: log,
		}),
	}, nil
}

// instruct gives a new ledger its policy.
func (s *Site) instruct(ctx context.Context, l *ledger.Stepped) error {
	all := make([]toll.Setting, len(s.Settings))
	for i, setting := range s.Settings {
		setting.Revision, setting.At = 0, l.Now()
		all[i] = setting
	}
	v, err := l.View(ctx)
	if err != nil {
		return err
	}
	if err := l.ChangeAll(ctx, v.Revision, all); err != nil {
		return fmt.Errorf("the policy: %w", err)
	}
	return nil
}

// link connects the daemon with Asterisk, or cuts the link.
func (d *daemon) link(ctx context.Context, a *asterisk, linked bool) {
	now := a.clock.Wall()
	if !linked {
		a.tell = nil
		d.watcher.Take(ctx, ami.Notice{Kind: ami.Down, Received: now, Err: errNoLink})
		return
	}
	a.tell = func(n ami.Notice) { d.watcher.Take(ctx, n) }
	d.watcher.Take(ctx, ami.Notice{Kind: ami.Up, Received: now})
}

// step does what is due and carries out what is ordered.
func (d *daemon) step(ctx context.Context) {
	d.ledger.Step()
	d.obey(ctx)
	d.watcher.TakeLatePicture(ctx)
}

// lookAfter lets the daemon see whether it is well itself, as it does each second, and
// tell the owner what is not. What cannot be written he hears of all the same.
func (d *daemon) lookAfter(ctx context.Context, v health.Vitals) error {
	v.Failing = d.ledger.Failing()
	waiting, err := d.ledger.Waiting(ctx)
	if err != nil {
		return err
	}
	v.Note(waiting)
	for _, e := range d.health.Look(d.ledger.Now(), v) {
		_ = d.ledger.Record(ctx, e)
	}
	return nil
}

func (d *daemon) obey(ctx context.Context) {
	for {
		orders := d.ledger.TakeOrders()
		if len(orders) == 0 {
			return
		}
		for _, o := range orders {
			d.watcher.CarryOut(ctx, o)
		}
	}
}
