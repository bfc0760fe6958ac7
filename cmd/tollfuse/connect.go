package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/strictyaml"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// errNoConfig and errUnreadable say that there is no configuration to work
// with, and that it is not for the eyes of whoever runs the command.
var (
	errNoConfig   = errors.New("no configuration")
	errUnreadable = errors.New("the configuration may not be read by you")
)

// load reads the configuration file.
func (o *options) load() (config.Config, error) {
	c, err := config.Load(o.config)
	var wrong *strictyaml.Problem
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return c, &hinted{fmt.Errorf("%w at %s", errNoConfig, o.config), "write one with: tollfuse init, or name it with --config"}
	case errors.Is(err, fs.ErrPermission):
		return c, &hinted{fmt.Errorf("%w: %s", errUnreadable, o.config), "run the command as root"}
	case errors.As(err, &wrong):
		return c, &hinted{err, "correct the configuration and try again"}
	}
	return c, err
}

// socket is where the daemon listens. A member of the control group may use the
// socket and cannot read the configuration, which holds a secret; then the
// socket is where it always is. Nor does a mistake elsewhere in the file matter
// to a daemon that runs.
func (o *options) socket() (string, config.Config, error) {
	c, err := o.load()
	switch {
	case errors.Is(err, errNoConfig):
		return "", c, err
	case err != nil:
		return config.Socket(o.config), c, err
	}
	return c.Control.Socket, c, nil
}

// warn says something beside the answer.
func (o *options) warn(err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(o.errOut, "warning: %s\n", clean(line))
	}
}

// daemonVersion is empty where no daemon answers.
func daemonVersion(ctx context.Context, o *options) string {
	path, _, _ := o.socket()
	if path == "" {
		return ""
	}
	client := control.NewClient(path)
	defer client.Close()
	status, err := promptStatus(ctx, client)
	if err != nil {
		return ""
	}
	return status.Process.Version
}

// promptly is how soon a daemon that works says how it is. One that hangs, or
// that was stopped by a signal, shall not keep the person waiting who wants to
// know why.
const promptly = 3 * time.Second

func promptStatus(ctx context.Context, s admin.Service) (admin.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, promptly)
	defer cancel()
	return s.Status(ctx)
}

// session is a command at work: the service, and how to show what it says.
type session struct {
	admin.Service
	status admin.Status
	zone   *time.Location
	close  func() error
}

// open connects to the daemon, or opens the ledger where no daemon runs.
func (p program) open(ctx context.Context, o *options) (*session, error) {
	path, c, configErr := o.socket()
	if path == "" {
		return nil, configErr
	}
	client := control.NewClient(path)
	status, err := promptStatus(ctx, client)
	if err == nil {
		if configErr != nil && !errors.Is(configErr, errUnreadable) {
			o.warn(fmt.Errorf("the daemon goes on with what it has read before, and would not start again: %w", configErr))
		}
		return newSession(client, status, client.Close), nil
	}
	if err := client.Close(); err != nil {
		return nil, err
	}
	switch {
	case !errors.Is(err, control.ErrNobody):
		return nil, err
	case configErr != nil:
		return nil, configErr
	}
	if _, err := os.Stat(c.Ledger.Path); err != nil {
		return nil, &hinted{fmt.Errorf("no daemon runs, and the ledger cannot be opened: %w", err), "start the daemon: systemctl start tollfuse, or begin with: tollfuse init"}
	}
	return p.openLedger(ctx, c)
}

// openLedger is open without a look at the daemon first.
func (p program) openLedger(ctx context.Context, c config.Config) (*session, error) {
	service, closer, err := p.openAdmin(ctx, c, p.version)
	if err != nil {
		return nil, err
	}
	status, err := service.Status(ctx)
	if err != nil {
		return nil, errors.Join(err, closer.Close())
	}
	return newSession(service, status, closer.Close), nil
}

func newSession(service admin.Service, status admin.Status, done func() error) *session {
	return &session{Service: service, status: status, zone: zoneOf(status.Site.Timezone), close: done}
}

// zoneOf is the zone of that name, or this machine's where only the daemon's
// knows it.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.Local
	}
	return zone
}

// inZone writes a moment in the zone of that name.
func inZone(name string, t time.Time) string { return t.In(zoneOf(name)).Format(momentLayout) }

// momentLayout is how moments are written.
const momentLayout = "2006-01-02 15:04:05 MST"

// with runs a command's work in a session and closes that afterwards.
func (p program) with(ctx context.Context, o *options, work func(*session) error) error {
	s, err := p.open(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(work(s), s.close())
}

// brief writes a moment for a table: of today the time, else the day too.
func (s *session) brief(t time.Time) string {
	t, now := t.In(s.zone), s.status.At.In(s.zone)
	switch {
	case t.IsZero():
		return "-"
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Format("15:04:05")
	case now.Sub(t) < 300*24*time.Hour:
		return t.Format("01-02 15:04")
	}
	return t.Format(time.DateOnly)
}

// ago is the moment that lies so far back, on the ledger's clock.
func (s *session) ago(l length) (time.Time, error) {
	if l < 0 {
		return time.Time{}, fmt.Errorf("--since %s: want a length above zero", &l)
	}
	return s.status.At.Add(-time.Duration(l)), nil
}

// brieflyTook writes how long something took.
func brieflyTook(d time.Duration) string {
	if d >= time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}

// money writes an amount with its currency.
func (s *session) money(m toll.Money) string { return m.String() + " " + s.status.Site.Currency }

// cents writes what something cost: exact amounts are for programs, and what a
// minute costs can be less than a cent.
func cents(m toll.Money) string {
	const cent = toll.Unit / 100
	if rest := m % cent; rest > 0 && m <= 1<<60 {
		m += cent - rest
	}
	return m.String()
}

// cost writes what something cost, with its currency.
func (s *session) cost(m toll.Money) string { return cents(m) + " " + s.status.Site.Currency }

// costAt is what a call at that price cost, which is a guess where the price is.
func costAt(p toll.Price, m toll.Money) string {
	if p.Assumed && m > 0 {
		return cents(m) + " assumed"
	}
	return cents(m)
}

// basis is what amounts rest on that belong to many calls.
func (s *session) basis() string {
	if len(s.status.Decks) == 0 {
		return "at assumed prices"
	}
	return "at the prices of the rate decks, assumed ones where they have none"
}

// talk writes a length as a clock does: 3:12 or 1:03:12.
func talk(d time.Duration) string {
	seconds := int64(max(d, 0).Round(time.Second) / time.Second)
	if seconds < 3600 {
		return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

// show writes a moment in the site's zone.
func (s *session) show(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(s.zone).Format(momentLayout)
}

// zoned shows the moments in a text that is made for programs too, which are in
// UTC as RFC 3339 writes them, in the site's zone.
func (s *session) zoned(text string) string {
	instant := regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	return instant.ReplaceAllStringFunc(text, func(found string) string {
		t, err := time.Parse(time.RFC3339, found)
		if err != nil {
			return found
		}
		return s.show(t)
	})
}
