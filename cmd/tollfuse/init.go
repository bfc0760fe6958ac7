package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// choices are what init is told.
type choices struct {
	country, timezone, currency string
	countries                   []string
	size                        int
	hours                       []string
	pbx                         string
	amiAddress, amiUser         string
	amiSecret                   string
	trunks                      []string
	accessCodes, extensions     []string
	emergency                   []string
	failHome                    string
	mail                        mailChoices
	dir, dialplanDir, ledger    string
	socket, logDir              string
	asking, force               bool
}

// mailChoices are those about who is told, and how.
type mailChoices struct {
	to                     []string
	from, server, security string
	user, passwordFile     string
	password               string // typed; it is written into a file of its own
	emergency              bool
}

func (p program) initCommand(o *options) *cobra.Command { return p.initOn(o, thisMachine()) }

// initOn is the command with the machine that it looks at for proposals.
func (p program) initOn(o *options, m machine) *cobra.Command {
	var c choices
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration, a ledger and the dialplan files",
		Long: withExits(`Write what a site needs to begin: the configuration, a ledger with limits that
protect from the first minute, and the files for Asterisk. Nothing that exists
is changed without --force, and a ledger never loses anything.

On a terminal it asks for what the flags do not say, proposes what it finds on
this machine, and writes nothing before you have seen all of it; elsewhere only
--country and --trunk are needed. --ask=false asks nothing, --ask asks whatever
the input is.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse init\n" +
			"  tollfuse init --country DE --countries AT,CH --timezone Europe/Berlin --currency EUR \\\n" +
			"      --size 25 --trunk carrier=203.0.113.7 --extension 1XXX --mail-to admin@example.com",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.initialize(cmd, o, m, c) },
	}
	c.define(cmd)
	return cmd
}

func (c *choices) define(cmd *cobra.Command) {
	f := cmd.Flags()
	usual := config.Default()
	f.StringVar(&c.country, "country", "", "country of the site, such as DE (ISO 3166-1)")
	f.StringSliceVar(&c.countries, "countries", nil, "countries where the site calls, such as AT,CH")
	f.StringVar(&c.timezone, "timezone", usual.Site.Timezone, "time zone of the site, such as Europe/Berlin")
	f.StringVar(&c.currency, "currency", "", "currency of all amounts (ISO 4217; without it that of the country)")
	f.IntVar(&c.size, "size", usual.Site.Size, "number of extensions, by which the limits scale")
	f.StringArrayVar(&c.hours, "hours", nil, "when the site works, such as 'mon-fri 09:00-17:00'; "+admin.Around+" for a hotel; repeatable\n(without it '"+admin.UsualHours+"' but for public holidays)")
	f.StringVar(&c.pbx, "pbx", "pbx", "name of the Asterisk; it stands in every record")
	f.StringVar(&c.amiAddress, "ami-address", usualManager, "address of its manager interface")
	f.StringVar(&c.amiUser, "ami-user", "tollfuse", "user there; the files for Asterisk define it")
	f.StringVar(&c.amiSecret, "ami-secret", "", "its secret; without it one is made up")
	f.StringArrayVar(&c.trunks, "trunk", nil, "a trunk's endpoint and the carrier's addresses, name=address,address; repeatable")
	f.StringArrayVar(&c.accessCodes, "access-code", nil, "what people dial before an outside number, such as 9; repeatable")
	f.StringArrayVar(&c.extensions, "extension", nil, "numbers inside the site, such as 1XXX; repeatable")
	f.StringArrayVar(&c.emergency, "emergency", nil, "an emergency number beside the country's own; repeatable")
	f.StringVar(&c.failHome, "fail-home", string(usual.Failure.Home), "ordinary home calls while no daemon answers: allow or deny")
	f.StringSliceVar(&c.mail.to, "mail-to", nil, "mail addresses of those who are told of incidents")
	f.StringVar(&c.mail.from, "mail-from", "", "sender of these mails (default tollfuse@ and the name of this machine)")
	f.StringVar(&c.mail.server, "mail-server", "", "mail server, host:port; without it the local sendmail")
	f.StringVar(&c.mail.security, "mail-security", "", "starttls, tls or none (default by the port; none on this machine)")
	f.StringVar(&c.mail.user, "mail-user", "", "user at the mail server, if it wants one")
	f.StringVar(&c.mail.passwordFile, "mail-password-file", "", "file that holds the password of that user and nothing else")
	f.BoolVar(&c.mail.emergency, "mail-emergency", false, "a mail for each emergency call too")
	f.StringVar(&c.dir, "dir", "/etc/tollfuse", "folder of the configuration")
	f.StringVar(&c.dialplanDir, "dialplan-dir", usualAsterisk, "folder of Asterisk's configuration")
	f.StringVar(&c.ledger, "ledger", usual.Ledger.Path, "path of the ledger")
	f.StringVar(&c.socket, "socket", usual.Control.Socket, "path of the control socket")
	f.StringVar(&c.logDir, "log-dir", "/var/log/tollfuse", "folder of the decision log; empty: none is written")
	f.BoolVar(&c.asking, "ask", false, "ask for what the flags do not say (default on a terminal)")
	f.BoolVar(&c.force, "force", false, "replace files that exist; each is kept with .old at its end")
}

// initialize writes nothing before everything that can be wrong with the
// choices has been found.
func (p program) initialize(cmd *cobra.Command, o *options, m machine, c choices) error {
	path := filepath.Join(c.dir, filepath.Base(config.DefaultPath))
	if cmd.Flags().Changed("config") {
		path = o.config
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("--dir: %w", err)
	}
	if c.asks(cmd, o) {
		if err := refuseExisting(c.paths(path), c.force); err != nil {
			return err
		}
		out := cmd.OutOrStdout()
		if o.json {
			out = cmd.ErrOrStderr() // what a program reads is JSON alone
		}
		if err := c.askAll(cmd, m, path, out); err != nil {
			return err
		}
	}
	if c.country == "" || len(c.trunks) == 0 {
		return badUsage(cmd, "the country (--country) and at least one trunk (--trunk name=address) are needed")
	}
	s, err := c.settings()
	if err != nil {
		return err
	}
	begin, err := c.defaults()
	if err != nil {
		return badUsage(cmd, "--hours: %v", err)
	}
	files, err := c.files(path, s)
	if err != nil {
		return &misuse{cmd.CommandPath(), err}
	}
	if err := refuseExisting(files, c.force); err != nil {
		return err
	}
	if s.Log.Decisions != "" && makeFolder(c.logDir, giveToDaemon) != nil {
		s.Log.Decisions = "" // the daemon could not write there either
		if files, err = c.files(path, s); err != nil {
			return err
		}
	}
	if err := writeAll(files, c.force); err != nil {
		return err
	}
	limits, err := p.fillLedger(cmd.Context(), s, begin)
	if err != nil {
		return fmt.Errorf("the files are written, the ledger is not: %w", err)
	}
	done := outcome{Config: path, Ledger: s.Ledger.Path, Limits: limits, Next: c.nextSteps(m, path)}
	for _, f := range files {
		done.Files = append(done.Files, f.path)
	}
	if o.json {
		return printJSON(cmd.OutOrStdout(), done)
	}
	return done.print(cmd.OutOrStdout())
}

// asks tells whether there is a person to ask. Between JSON nobody is asked.
func (c choices) asks(cmd *cobra.Command, o *options) bool {
	if cmd.Flags().Changed("ask") {
		return c.asking
	}
	_, there := terminalOf(cmd.InOrStdin())
	return there && !o.json
}

// settings are the choices as a configuration.
func (c choices) settings() (config.Config, error) {
	s := config.Default()
	s.Site = config.Site{Country: c.country, Countries: trimmed(c.countries), Timezone: c.timezone, Currency: c.currency, Size: c.size}
	if c.currency == "" {
		s.Site.Currency = cmp.Or(currencyOf(c.country), config.Default().Site.Currency)
	}
	s.Numbering.AccessCodes, s.Numbering.Extensions, s.Numbering.Emergency = trimmed(c.accessCodes), trimmed(c.extensions), trimmed(c.emergency)
	s.Failure.Home = config.Answer(c.failHome)
	ledger, err := filepath.Abs(c.ledger)
	if err != nil {
		return s, fmt.Errorf("--ledger: %w", err)
	}
	s.Ledger.Path, s.Control.Socket = ledger, c.socket
	if c.logDir != "" {
		s.Log.Decisions = filepath.Join(c.logDir, "decisions.log")
	}
	secret := config.Secret(c.amiSecret)
	if secret == "" {
		secret = config.Secret(rand.Text())
	}
	a := config.Asterisk{Name: c.pbx, AMI: config.AMI{Address: c.amiAddress, User: c.amiUser, Secret: secret}}
	for _, text := range trimmed(c.trunks) {
		name, addresses, _ := strings.Cut(text, "=")
		a.Trunks = append(a.Trunks, config.Trunk{Name: strings.TrimSpace(name), Addresses: trimmed(strings.Split(addresses, ","))})
	}
	s.Asterisk = []config.Asterisk{a}
	s.Alerts.Emergency = c.mail.emergency
	s.Mail = c.mail.settings(s.Mail)
	return s, nil
}

// settings are the choices about mail, over what is usual.
func (m mailChoices) settings(s config.Mail) config.Mail {
	s.To, s.From, s.Server, s.User, s.PasswordFile = trimmed(m.to), m.from, m.server, m.user, m.passwordFile
	s.Password = config.Secret(m.password)
	s.Security = config.Security(cmp.Or(m.security, usualSecurity(m.server)))
	return s
}

// usualSecurity is what a mail server at that address can be expected to want.
func usualSecurity(server string) string {
	host, port, _ := net.SplitHostPort(server)
	ip, err := netip.ParseAddr(host)
	switch {
	case port == "465": // RFC 8314, section 3.3
		return string(config.TLS)
	case host == "localhost", err == nil && ip.IsLoopback():
		return string(config.Plain)
	}
	return string(config.StartTLS)
}

// trimmed is a list without blanks around its items, and without empty ones.
func trimmed(list []string) []string {
	var all []string
	for _, item := range list {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}

// defaults are what the ledger of such a site begins with.
func (c choices) defaults() ([]toll.Setting, error) {
	return admin.DefaultsOpen(c.size, strings.ToUpper(c.country), trimmed(c.hours))
}

// fillLedger makes the ledger and gives it the settings that protect the site,
// unless the owner has some there already. It tells how many limits it gave.
func (p program) fillLedger(ctx context.Context, c config.Config, begin []toll.Setting) (int, error) {
	if err := makeFolder(filepath.Dir(c.Ledger.Path), giveToDaemon); err != nil {
		return 0, err
	}
	s, err := p.openLedger(ctx, c)
	if err != nil {
		return 0, err
	}
	limits, err := addDefaults(ctx, s, begin)
	if err := errors.Join(err, s.close()); err != nil {
		return 0, err
	}
	for _, ending := range []string{"", ".lock", "-wal", "-shm"} {
		if err := giveToDaemon(c.Ledger.Path + ending); err != nil {
			return 0, err
		}
	}
	return limits, nil
}

func addDefaults(ctx context.Context, s admin.Service, begin []toll.Setting) (int, error) {
	there, err := s.Settings(ctx)
	if err != nil || len(there) > 0 {
		return 0, err
	}
	for _, setting := range begin {
		if _, err := s.Change(ctx, setting); err != nil {
			return 0, err
		}
	}
	return limitsIn(begin), nil
}

// limitsIn counts the limits among settings.
func limitsIn(settings []toll.Setting) (n int) {
	for _, s := range settings {
		if s.Limit != nil {
			n++
		}
	}
	return n
}
