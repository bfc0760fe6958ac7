package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/alert"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/fuse"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// owner is by what the owner is reached, and what acts for him.
type owner struct {
	mail *alert.Tester // nil where nobody is told
	fuse *fuse.Runner  // nil where the main fuse has no command
}

func newOwner(c config.Config, log *slog.Logger) (owner, error) {
	var o owner
	if f := c.Fuse; len(f.Command) > 0 {
		o.fuse = &fuse.Runner{Command: f.Command, Timeout: f.Timeout, Log: log}
	}
	if len(c.Mail.To) == 0 {
		return o, nil
	}
	zone, err := c.Site.Location()
	if err != nil {
		return owner{}, fmt.Errorf("time zone of the site: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	sender, err := newSender(c.Mail, host)
	if err != nil {
		return owner{}, err
	}
	o.mail = &alert.Tester{
		Sender: sender, To: c.Mail.To, From: c.Mail.Sender(host),
		Site: alert.Site{Name: host, Currency: c.Site.Currency, Zone: zone, Templates: c.Mail.Templates, Several: len(c.Asterisk) > 1},
	}
	return o, nil
}

// newSender is the mail server, or the local sendmail where none is named.
func newSender(m config.Mail, host string) (alert.Sender, error) {
	if m.Server == "" {
		return alert.NewSendmail(alert.SendmailOptions{Path: m.Sendmail}), nil
	}
	return alert.NewSMTP(alert.SMTPOptions{
		Address: m.Server, Security: alert.Security(m.Security), User: m.User, Password: m.Password.Reveal(),
		CA: m.CA, ServerName: m.ServerName, Hostname: host,
	})
}

// startOwner lets notices leave, and the main fuse's command run when it has
// blown.
func (d *daemon) startOwner() (err error) {
	if d.owner, err = newOwner(d.config, d.log); err != nil {
		return err
	}
	if m := d.owner.mail; m != nil {
		worker := alert.NewWorker(alert.Options{Outbox: d.ledger, Sender: m.Sender, To: m.To, From: m.From, Site: m.Site, Log: d.log})
		d.parts.run("mail", func(ctx context.Context) error {
			worker.Run(ctx)
			return ctx.Err()
		})
	}
	if d.owner.fuse != nil && !d.config.Observe { // one that blew before is let be
		keeper := &fuse.Keeper{Ledger: d.ledger, Runner: d.owner.fuse, Log: d.log}
		d.parts.run("main fuse", keeper.Run)
	}
	return nil
}

// alerts is how mail is tried out; nil where nobody is told.
func (o owner) alerts() admin.Alerts {
	if o.mail == nil {
		return nil
	}
	return mailTest{o.mail}
}

type mailTest struct{ *alert.Tester }

// Test sends a mail at once to everybody who is told.
func (m mailTest) Test(ctx context.Context) (admin.AlertTest, error) {
	server, took, err := m.Tester.Test(ctx)
	test := admin.AlertTest{To: m.To, Server: server, Took: took}
	if err != nil {
		return test, admin.Errorf(admin.Internal, alert.Advice(err), "%w", err)
	}
	return test, nil
}

// fuseCommand is the main fuse's command; nil where there is none.
func (o owner) fuseCommand() admin.Fuse {
	if o.fuse == nil {
		return nil
	}
	return fuseCommand{o.fuse}
}

type fuseCommand struct{ *fuse.Runner }

// Run runs the command with one more word.
func (f fuseCommand) Run(ctx context.Context, word string) (admin.FuseRun, error) {
	done, err := f.Runner.Run(ctx, word, toll.Fuse{Why: "the owner has asked for it"})
	run := admin.FuseRun{Command: f.Command, Output: done.Output, Took: done.Took}
	if err != nil {
		return run, admin.Errorf(admin.Internal, "look at fuse.command in the configuration; the daemon runs it with its own rights, which are few", "%w", err)
	}
	return run, nil
}
