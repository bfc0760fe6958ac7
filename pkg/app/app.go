package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/authorize"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/systemd"
	"github.com/tollfuse/tollfuse/pkg/watch"
)

// Options are what the program around the daemon gives it.
type Options struct {
	Log     *slog.Logger
	Version string
	// Ready is called once everything runs, with the address on which the
	// dialplan can ask; nil if nobody wants to know.
	Ready func(fastagi net.Addr)
}

// Run is the daemon: it serves until the context ends, then stops in order. An
// Asterisk that cannot be reached does not stop it; a ledger that cannot be
// opened, or an address that cannot be listened on, does.
func Run(ctx context.Context, c config.Config, o Options) error {
	parts := newLifecycle(o.Log)
	defer parts.stop()
	d := &daemon{config: c, options: o, log: o.Log, parts: parts, begun: time.Now()}
	if err := d.start(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		o.Log.Info("stopping")
		_ = d.notifier.Stopping()
		return nil
	case err := <-parts.failed:
		return err
	}
}

// daemon is what start builds, in this order.
type daemon struct {
	config   config.Config
	options  Options
	log      *slog.Logger
	parts    *lifecycle
	begun    time.Time
	notifier systemd.Notifier
	site     site
	store    *sqlite.Store
	journal  *journal
	ledger   *ledger.Ledger
	decks    *decks
	owner    owner
	origins  *origins
	watchers map[string]*watch.Watcher
}

func (d *daemon) start(ctx context.Context) error {
	var err error
	if d.site, err = newSite(d.config); err != nil {
		return err
	}
	if d.notifier, err = systemd.FromEnvironment(); err != nil {
		d.log.Warn("systemd cannot be told how the daemon is", "error", err)
	}
	if err := d.startLedger(ctx); err != nil {
		return err
	}
	if err := d.startWatchers(ctx); err != nil {
		return err
	}
	if err := d.startOwner(); err != nil {
		return err
	}
	if err := d.startControl(); err != nil {
		return err
	}
	addr, err := d.startFastAGI(ctx)
	if err != nil {
		return err
	}
	d.parts.run("health", d.watchHealth)
	d.startWatchdog()
	if err := d.notifier.Ready(); err != nil {
		d.log.Warn("systemd cannot be told that the daemon is ready", "error", err)
	}
	d.log.Info("ready", "version", d.options.Version, "fastagi", addr, "control", d.config.Control.Socket, "ledger", d.config.Ledger.Path, "observe", d.config.Observe)
	if d.options.Ready != nil {
		d.options.Ready(addr)
	}
	return nil
}

// startLedger opens the ledger, lets it decide, and prices by the decks in it.
func (d *daemon) startLedger(ctx context.Context) error {
	store, err := sqlite.Open(d.config.Ledger.Path, sqlite.Options{})
	if err != nil {
		return ledgerError(err)
	}
	d.store = store
	d.parts.onStop("store", func(context.Context) error { return store.Close() })
	if d.journal, err = openJournal(d.config.Log.Decisions, d.log); err != nil {
		return err
	}
	d.parts.run("decision log", d.journal.run)
	d.ledger, err = ledger.Open(ctx, store, d.site.judge, ledger.Config{Book: d.site.book(), Log: d.log, Journal: d.journal})
	if err != nil {
		return err
	}
	d.parts.run("ledger", d.ledger.Run)
	d.decks = d.site.decks(store, d.ledger, d.log)
	if err := d.decks.load(ctx); err != nil {
		return err
	}
	d.parts.run("rate decks", d.decks.sweep)
	d.parts.run("retention", d.prune)
	return nil
}

// How much of the past is kept: the log for as long as windows reach back, and
// the history of calls for the disputes that follow a bill.
const (
	keepLog     = ledger.LongestWindow + 24*time.Hour
	keepHistory = 2 * 365 * 24 * time.Hour
	pruneEvery  = time.Hour
)

// prune forgets what is too old, from time to time.
func (d *daemon) prune(ctx context.Context) error {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
		d.decks.wake()
		now := d.ledger.Now()
		if _, err := d.store.Prune(ctx, now.Add(-keepLog), now.Add(-keepHistory)); err != nil && ctx.Err() == nil {
			d.log.Error("the ledger's past cannot be pruned", "error", err)
		}
	}
}

// startWatchers follows each Asterisk and carries out what the ledger orders.
func (d *daemon) startWatchers(ctx context.Context) error {
	var err error
	if d.origins, err = newOrigins(ctx, d.store, d.config.Site, d.ledger.Now, d.log); err != nil {
		return err
	}
	d.parts.run("origins", d.origins.run)
	d.watchers = make(map[string]*watch.Watcher, len(d.config.Asterisk))
	for _, a := range d.config.Asterisk {
		w, err := d.site.watcher(a, d.ledger, d.origins, d.log)
		if err != nil {
			return err
		}
		d.watchers[a.Name] = w
		d.parts.run("watcher of "+a.Name, w.Run)
	}
	d.parts.run("orders", func(ctx context.Context) error { return watch.Obey(ctx, d.ledger, d.watchers) })
	return nil
}

// startFastAGI lets the dialplan ask.
func (d *daemon) startFastAGI(ctx context.Context) (net.Addr, error) {
	f := d.config.FastAGI
	server := &agi.Server{
		Handler: authorize.New(d.ledger, authorize.Options{
			Sites: d.site.sites(), Deadline: f.Deadline, FailOpen: d.config.Failure.Home == config.Allow,
			MaxHome: d.config.Calls.MaxHome, Observe: d.config.Observe, Asked: min(50, 1+f.MaxConnections/4), Journal: d.journal, Origins: d.origins, Transfers: transfers(d.watchers), Log: d.log,
		}),
		Logger: d.log, ReadTimeout: 2 * time.Second, DialogueTimeout: f.Deadline + 2*time.Second + authorize.LongestAsking,
		MaxConnections: f.MaxConnections, AllowedNetworks: d.site.networks,
	}
	listen := net.ListenConfig{KeepAlive: -1}
	l, err := listen.Listen(ctx, "tcp", f.Listen)
	if err != nil {
		return nil, listenError(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(l); !errors.Is(err, agi.ErrServerClosed) {
			d.parts.fail(fmt.Errorf("FastAGI ended: %w", err))
		}
	}()
	d.parts.onStop("FastAGI", func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		<-served
		return err
	})
	return l.Addr(), nil
}

// alive is within which time the decider must have moved for the watchdog.
const alive = time.Second

// startWatchdog tells systemd that the decider moves, for as long as it does.
func (d *daemon) startWatchdog() {
	interval, err := systemd.WatchdogInterval()
	if err != nil {
		d.log.Warn("systemd's watchdog is not served", "error", err)
		return
	}
	d.parts.run("watchdog", func(ctx context.Context) error {
		d.notifier.Watchdog(ctx, interval, func() bool { return d.ledger.Alive(alive) }, func(err error) {
			d.log.Error("systemd's watchdog cannot be served", "error", err)
		})
		<-ctx.Done()
		return nil
	})
}

// NewLog makes the log of the process, as the configuration wants it.
func NewLog(c config.Log, out *os.File) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}
