package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Options are for whoever runs the demo. The zero value is fine.
type Options struct {
	Version string
	Log     *slog.Logger // of the daemon; by default nothing is logged
}

// settle bounds the wait for the last news of calls that have ended.
const settle = 10 * time.Second

// Run plays the demo and writes what happens to out, in colour if that is a terminal. It takes some 20
// seconds, and leaves nothing behind.
func Run(ctx context.Context, out io.Writer, o Options) error {
	_, err := run(ctx, out, o)
	return err
}

// result is what came of it, counted by the simulated Asterisk and its carrier, and by the ledger.
type result struct {
	calls   []played
	bill    pbxsim.Bill
	without pbxsim.Bill
	ledger  sums
	told    []toll.Notice
	budget  int64 // of the firm abroad, a day, in millionths
}

func run(ctx context.Context, out io.Writer, o Options) (result, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := newScreen(out)
	s.opening()
	dir, err := os.MkdirTemp("", "tollfuse-demo-")
	if err != nil {
		return result{}, fmt.Errorf("make a folder for the ledger: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p, err := pbxsim.Start(ctx, pbxOptions())
	if err != nil {
		return result{}, err
	}
	defer p.Close()
	d, err := startDaemon(ctx, siteConfig(dir, p.AMI()), o)
	if err != nil {
		return result{}, err
	}
	return d.play(ctx, p, s)
}

// play plays all scenes, stops the daemon and shows the bill.
func (d *daemon) play(ctx context.Context, p *pbxsim.PBX, s *screen) (result, error) {
	r := result{budget: budget()}
	reader := newReader(s, d.client)
	var reading sync.WaitGroup
	reading.Go(func() { reader.read(ctx, d.decisions) })
	defer reading.Wait()
	defer func() { _ = d.stop() }() // and so the log ends
	p.SetAGI(d.fastagi)
	if err := p.Connected(ctx); err != nil {
		return r, err
	}
	for _, scene := range scenes() {
		s.scene(scene)
		calls, err := playScene(ctx, p, s, scene)
		if err != nil {
			return r, err
		}
		r.calls = append(r.calls, calls...)
		if err := d.settled(ctx, p.Bill()); err != nil {
			return r, err
		}
		reader.summarize()
	}
	why, err := d.client.Explain(ctx, admin.Query{From: stolen, To: "01123276123456"})
	if err != nil {
		return r, fmt.Errorf("ask why: %w", err)
	}
	if r.told, err = mailbox(ctx, d.client); err != nil {
		return r, err
	}
	if err := d.stop(); err != nil {
		return r, err
	}
	reading.Wait()
	reader.summarize()
	r.bill, r.without = p.Bill(), tariff().Unchecked(script(r.calls))
	if r.ledger, err = ledgerSums(ctx, d.ledger); err != nil {
		return r, err
	}
	return r, s.closing(r, why)
}

// daemon is the real one, in this process.
type daemon struct {
	fastagi   string
	ledger    string
	client    *control.Client
	decisions *os.File // its decision log, a pipe
	end       context.CancelFunc
	ended     chan error
	err       error
	stopped   bool
}

// startDaemon gives the site its limits, as "tollfuse init" does, and starts the daemon.
func startDaemon(ctx context.Context, c config.Config, o Options) (*daemon, error) {
	if err := setLimits(ctx, c, o.Version); err != nil {
		return nil, err
	}
	// The decision log is a pipe, so that each line is read as it is written.
	if err := syscall.Mkfifo(c.Log.Decisions, 0o600); err != nil {
		return nil, fmt.Errorf("make a pipe for the decision log: %w", err)
	}
	decisions, err := os.OpenFile(c.Log.Decisions, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open the decision log: %w", err)
	}
	d := &daemon{
		ledger: c.Ledger.Path, client: control.NewClient(c.Control.Socket), decisions: decisions,
		ended: make(chan error, 1),
	}
	ctx, d.end = context.WithCancel(ctx)
	ready := make(chan net.Addr, 1)
	go func() {
		d.ended <- app.Run(ctx, c, app.Options{Log: o.Log, Version: cmp.Or(o.Version, "demo"), Ready: func(a net.Addr) { ready <- a }})
	}()
	select {
	case a := <-ready:
		d.fastagi = a.String()
		return d, nil
	case err := <-d.ended:
		d.end()
		return nil, errors.Join(fmt.Errorf("start the daemon: %w", err), decisions.Close())
	}
}

// stop ends the daemon and waits for it; twice is fine.
func (d *daemon) stop() error {
	if d.stopped {
		return d.err
	}
	d.stopped = true
	d.end()
	d.err = errors.Join(<-d.ended, d.client.Close())
	return d.err
}

// settled waits until the ledger has heard the end of every call, those on the carrier's bill included: a call
// that asked nobody is not live before the watcher has seen it.
func (d *daemon) settled(ctx context.Context, bill pbxsim.Bill) error {
	limit := time.After(settle)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		open, err := d.unsettled(ctx, bill)
		if err != nil {
			return err
		}
		if open == 0 {
			return nil
		}
		select {
		case <-again.C:
		case <-limit:
			return fmt.Errorf("the ledger has not heard the end of %d calls", open)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// unsettled counts the calls that go on, or else those that are billed and not yet in the record.
func (d *daemon) unsettled(ctx context.Context, bill pbxsim.Bill) (int, error) {
	live, err := d.client.Live(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask which calls go on: %w", err)
	}
	if len(live) > 0 {
		return len(live), nil
	}
	done, err := ledgerSums(ctx, d.ledger)
	if err != nil {
		return 0, err
	}
	missing := 0
	for _, charge := range bill {
		if !done.legs[charge.Leg] {
			missing++
		}
	}
	return missing, nil
}

// setLimits writes the first limits into a new ledger.
func setLimits(ctx context.Context, c config.Config, version string) error {
	service, closer, err := app.OpenAdmin(ctx, c, version)
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	for _, s := range admin.Defaults(c.Site.Size) {
		if _, err = service.Change(ctx, s); err != nil {
			err = fmt.Errorf("set the limit %s: %w", s.ID(), err)
			break
		}
	}
	return errors.Join(err, closer.Close())
}

// budget is what all calls abroad may cost in a day.
func budget() int64 {
	for _, s := range admin.Defaults(extensions) {
		if s.ID() == "abroad-site-day" {
			return s.Limit.Act
		}
	}
	return 0
}
