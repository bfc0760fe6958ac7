package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/caller"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/ledger"
	"github.com/tollfuse/tollfuse/pkg/sqlite"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// adminLedger is the ledger as its owner sees it, with errors of the kinds
// that he must tell apart.
type adminLedger struct {
	*ledger.Ledger
	origins *origins // nil without a daemon, which alone knows who was seen of late
}

// View is what stands now.
func (l adminLedger) View(ctx context.Context) (admin.View, error) {
	v, err := l.Ledger.View(ctx)
	return admin.View{
		At: v.At, Revision: v.Revision, Failing: v.Failing, Leases: v.Leases, Settings: v.Settings,
		Incidents: v.Incidents, Notices: v.Notices,
	}, kinded(err)
}

// Decide answers a question.
func (l adminLedger) Decide(ctx context.Context, q toll.Question) (toll.Verdict, error) {
	if l.origins != nil && q.Purpose == toll.Explain {
		q.Origin = l.origins.Facts(q.Key.PBX, q.Caller.ID, netip.Addr{})
	}
	v, err := l.Ledger.Decide(ctx, q)
	return v, kinded(err)
}

// Change makes a setting stand.
func (l adminLedger) Change(ctx context.Context, s toll.Setting) error {
	return kinded(l.Ledger.Change(ctx, s))
}

// ChangeAll makes settings stand that were made for one policy.
func (l adminLedger) ChangeAll(ctx context.Context, revision int64, all []toll.Setting) error {
	return kinded(l.Ledger.ChangeAll(ctx, revision, all))
}

// Cut hangs a call up.
func (l adminLedger) Cut(ctx context.Context, lease string, why toll.Reason, by string) error {
	return kinded(l.Ledger.Cut(ctx, lease, why, by))
}

// CloseIncident ends an incident.
func (l adminLedger) CloseIncident(ctx context.Context, id, author string) (toll.Incident, error) {
	closed, open, err := l.Ledger.CloseIncident(ctx, id, author)
	if err == nil && !open {
		err = admin.Errorf(admin.NotFound, "", "no incident %q is open", id)
	}
	return closed, kinded(err)
}

// kinded gives an error of ledger or store its kind and its way out.
func kinded(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ledger.ErrDown):
		return admin.Errorf(admin.LedgerDown, "look at the disk that the ledger is on; nothing was changed", "%w", err)
	case errors.Is(err, ledger.ErrNoSetting), errors.Is(err, ledger.ErrNoLease), errors.Is(err, sqlite.ErrNotFound):
		return admin.Errorf(admin.NotFound, "", "%w", err)
	case errors.Is(err, ledger.ErrMeanwhile):
		return admin.ErrMeanwhile
	case errors.Is(err, ledger.ErrClosed):
		return admin.Errorf(admin.Unreachable, "try again in a moment", "%w", err)
	}
	return err
}

// adminHistory is the record of calls, changes and incidents.
type adminHistory struct{ *sqlite.Reader }

// History lists ended and refused calls.
func (h adminHistory) History(ctx context.Context, q admin.HistoryQuery) ([]toll.Entry, error) {
	return h.Reader.History(ctx, sqlite.HistoryQuery(q))
}

// Changes lists the changes of settings.
func (h adminHistory) Changes(ctx context.Context, q admin.ChangesQuery) ([]toll.Entry, error) {
	return h.Reader.Changes(ctx, sqlite.ChangesQuery(q))
}

// Incidents lists incidents.
func (h adminHistory) Incidents(ctx context.Context, q admin.IncidentQuery) ([]toll.Incident, error) {
	return h.Reader.Incidents(ctx, sqlite.IncidentQuery(q))
}

// Incident is one of them, with its notices.
func (h adminHistory) Incident(ctx context.Context, id string) (toll.Incident, []toll.Notice, error) {
	i, notices, err := h.Reader.Incident(ctx, id)
	return i, notices, kinded(err)
}

// Life is all that the record has of one call.
func (h adminHistory) Life(ctx context.Context, lease string) ([]toll.Entry, error) {
	life, err := h.Reader.Life(ctx, lease)
	return life, kinded(err)
}

// adminService is what the owner's commands work with.
func (s site) adminService(l *ledger.Ledger, store *sqlite.Store, decks *decks, seen *origins, process func() admin.Process, o owner) (*admin.Local, error) {
	parts := admin.Parts{
		Ledger: adminLedger{l, seen}, History: adminHistory{store.Reader}, Numbering: s.resolver, Rates: decks, Past: past{store, l},
		Policy: s.judge.Options(), Process: process, Alerts: o.alerts(), Fuse: o.fuseCommand(),
		Site: admin.Site{Country: s.config.Site.Country, Timezone: s.config.Site.Timezone, Currency: s.config.Site.Currency, Observe: s.config.Observe},
	}
	for _, a := range s.config.Asterisk {
		p := admin.PBX{Name: a.Name}
		for _, t := range a.Trunks {
			p.Trunks = append(p.Trunks, t.Name)
		}
		for group := range a.Groups {
			p.Groups = append(p.Groups, group)
		}
		who := callers(a, s.resolver)
		p.Caller = func(endpoint string) toll.Caller {
			return who.Resolve(caller.Facts{Channel: "PJSIP/" + endpoint + "-00000000"})
		}
		parts.PBXs = append(parts.PBXs, p)
	}
	return admin.NewLocal(parts)
}

// CheckPolicy says what is wrong with a policy on this site. It needs no ledger.
func CheckPolicy(c config.Config, settings []toll.Setting) ([]admin.PolicyFault, error) {
	s, err := newSite(c)
	if err != nil {
		return nil, err
	}
	service, err := s.adminService(nil, new(sqlite.Store), nil, nil, nil, owner{})
	if err != nil {
		return nil, err
	}
	return service.CheckPolicy(time.Now(), settings), nil
}

// startControl lets the owner's commands ask and change.
func (d *daemon) startControl() error {
	service, err := d.site.adminService(d.ledger, d.store, d.decks, d.origins, d.process, d.owner)
	if err != nil {
		return err
	}
	server := control.NewServer(func(author string) admin.Service { return service.As(author) }, d.log)
	l, err := control.Listen(d.config.Control.Socket, d.config.Control.Group)
	if err != nil {
		return err
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(l); err != nil {
			d.parts.fail(err)
		}
	}()
	d.parts.onStop("control socket", func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		<-served
		return err
	})
	return nil
}

// answersWithin is how soon a daemon that works says how it is.
const answersWithin = 3 * time.Second

// OpenAdmin is the service behind the owner's commands: the daemon's, where
// one runs, else one of our own on the ledger. Close it when done.
func OpenAdmin(ctx context.Context, c config.Config, version string) (admin.Service, io.Closer, error) {
	client := control.NewClient(c.Control.Socket)
	prompt, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	_, err := client.Status(prompt)
	if err == nil {
		return client, client, nil
	}
	if !errors.Is(err, control.ErrNobody) {
		return nil, nil, errors.Join(err, client.Close())
	}
	local, closer, err := openLocal(ctx, c, version)
	if err != nil {
		return nil, nil, err
	}
	return local.As(localUser()), closer, nil
}

// localUser is who runs the command.
func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}

// process is how the daemon stands.
func (d *daemon) process() admin.Process {
	p := admin.Process{Version: d.options.Version, Daemon: true, PID: os.Getpid(), Since: d.begun}
	for _, a := range d.config.Asterisk {
		s := d.watchers[a.Name].State()
		p.Links = append(p.Links, admin.Link{PBX: a.Name, Up: s.Up, Since: s.Since, Error: s.Error, Channels: s.Channels})
	}
	return p
}

// openLocal opens the ledger for one command, where no daemon runs.
func openLocal(ctx context.Context, c config.Config, version string) (*admin.Local, io.Closer, error) {
	s, err := newSite(c)
	if err != nil {
		return nil, nil, err
	}
	parts := newLifecycle(slog.New(slog.DiscardHandler))
	store, err := openFree(ctx, c.Ledger.Path)
	if err != nil {
		return nil, nil, heldError(err)
	}
	parts.onStop("store", func(context.Context) error { return store.Close() })
	closer := closeFunc(func() error { parts.stop(); return nil })
	l, err := ledger.Open(ctx, store, s.judge, ledger.Config{Log: parts.log, Flush: time.Millisecond, Still: true})
	if err != nil {
		return nil, nil, errors.Join(err, closer.Close())
	}
	parts.run("ledger", l.Run)
	o, err := newOwner(c, parts.log)
	if err != nil {
		return nil, nil, errors.Join(err, closer.Close())
	}
	service, err := s.adminService(l, store, s.decks(store, l, parts.log), nil, func() admin.Process { return admin.Process{Version: version} }, o)
	if err != nil {
		return nil, nil, errors.Join(err, closer.Close())
	}
	return service, closer, nil
}

// heldFor is how long a command waits for another one to let go of the ledger.
const heldFor = 2 * time.Second

// openFree opens the ledger as soon as the command that has it is done.
func openFree(ctx context.Context, path string) (*sqlite.Store, error) {
	limit := time.After(heldFor)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		store, err := sqlite.Open(path, sqlite.Options{})
		if !errors.Is(err, sqlite.ErrInUse) {
			return store, err
		}
		select {
		case <-again.C:
		case <-limit:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// heldError says that somebody has the ledger who does not answer at the control
// socket, so a command can do nothing; any other error is that of opening it.
func heldError(err error) error {
	if !errors.Is(err, sqlite.ErrInUse) {
		return ledgerError(err)
	}
	return admin.Errorf(admin.Unreachable, "the daemon starts or stops, or another command is at work: try again in a moment;"+
		" if it lasts, see to it that daemon and command read the same control.socket", "%w", err)
}

type closeFunc func() error

// Close calls the function.
func (f closeFunc) Close() error { return f() }
