package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
)

// choices are what init is told.
type choices struct {
	country, timezone, currency string
	countries                   []string
	size                        int
	pbx                         string
	amiAddress, amiUser         string
	amiSecret                   string
	trunks                      []string
	accessCodes, extensions     []string
	emergency                   []string
	failHome                    string
	dir, dialplanDir, ledger    string
	socket                      string
	force                       bool
}

func (p program) initCommand(o *options) *cobra.Command {
	var c choices
	usual := config.Default()
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration, a ledger and the dialplan files",
		Long: withExits(`Write what a site needs to begin: the configuration, a ledger with limits that
protect from the first minute, and the files for Asterisk. Nothing that exists
is changed without --force, and a ledger never loses anything.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse init --country DE --countries AT,CH --timezone Europe/Berlin --currency EUR \\\n" +
			"      --size 25 --trunk carrier=203.0.113.7 --extension 1XXX",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.country == "" || len(c.trunks) == 0 {
				return badUsage(cmd, "the country (--country) and at least one trunk (--trunk name=address) are needed")
			}
			return p.initialize(cmd, o, c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.country, "country", "", "country of the site, such as DE (ISO 3166-1)")
	f.StringSliceVar(&c.countries, "countries", nil, "countries where the site calls, such as AT,CH")
	f.StringVar(&c.timezone, "timezone", usual.Site.Timezone, "time zone of the site, such as Europe/Berlin")
	f.StringVar(&c.currency, "currency", usual.Site.Currency, "currency of all amounts (ISO 4217)")
	f.IntVar(&c.size, "size", usual.Site.Size, "number of extensions, by which the limits scale")
	f.StringVar(&c.pbx, "pbx", "pbx", "name of the Asterisk; it stands in every record")
	f.StringVar(&c.amiAddress, "ami-address", "127.0.0.1:5038", "address of its manager interface")
	f.StringVar(&c.amiUser, "ami-user", "tollfuse", "user there; the files for Asterisk define it")
	f.StringVar(&c.amiSecret, "ami-secret", "", "its secret; without it one is made up")
	f.StringArrayVar(&c.trunks, "trunk", nil, "a trunk's endpoint and the carrier's address, name=address; repeatable")
	f.StringArrayVar(&c.accessCodes, "access-code", nil, "what people dial before an outside number, such as 9; repeatable")
	f.StringArrayVar(&c.extensions, "extension", nil, "numbers inside the site, such as 1XXX; repeatable")
	f.StringArrayVar(&c.emergency, "emergency", nil, "an emergency number beside the country's own; repeatable")
	f.StringVar(&c.failHome, "fail-home", string(usual.Failure.Home), "ordinary home calls while no daemon answers: allow or deny")
	f.StringVar(&c.dir, "dir", "/etc/tollfuse", "folder of the configuration")
	f.StringVar(&c.dialplanDir, "dialplan-dir", usualAsterisk, "folder of Asterisk's configuration")
	f.StringVar(&c.ledger, "ledger", usual.Ledger.Path, "path of the ledger")
	f.StringVar(&c.socket, "socket", usual.Control.Socket, "path of the control socket")
	f.BoolVar(&c.force, "force", false, "replace files that exist; each is kept with .old at its end")
	return cmd
}

// initialize writes nothing before everything that can be wrong with the
// choices has been found.
func (p program) initialize(cmd *cobra.Command, o *options, c choices) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	path := filepath.Join(c.dir, filepath.Base(config.DefaultPath))
	if cmd.Flags().Changed("config") {
		path = o.config
	}
	files, err := c.files(path, s)
	if err != nil {
		return err
	}
	if err := writeAll(files, c.force); err != nil {
		return err
	}
	limits, err := p.fillLedger(cmd.Context(), s)
	if err != nil {
		return fmt.Errorf("the files are written, the ledger is not: %w", err)
	}
	done := outcome{Config: path, Ledger: s.Ledger.Path, Limits: limits}
	for _, f := range files {
		done.Files = append(done.Files, f.path)
	}
	done.Next = nextSteps(c, path)
	if o.json {
		return printJSON(cmd.OutOrStdout(), done)
	}
	return done.print(cmd.OutOrStdout())
}

// settings are the choices as a configuration.
func (c choices) settings() (config.Config, error) {
	s := config.Default()
	s.Site = config.Site{Country: c.country, Countries: c.countries, Timezone: c.timezone, Currency: c.currency, Size: c.size}
	s.Numbering.AccessCodes, s.Numbering.Extensions, s.Numbering.Emergency = c.accessCodes, c.extensions, c.emergency
	s.Failure.Home = config.Answer(c.failHome)
	ledger, err := filepath.Abs(c.ledger)
	if err != nil {
		return s, fmt.Errorf("--ledger: %w", err)
	}
	s.Ledger.Path, s.Control.Socket = ledger, c.socket
	secret := config.Secret(c.amiSecret)
	if secret == "" {
		secret = config.Secret(rand.Text())
	}
	a := config.Asterisk{Name: c.pbx, AMI: config.AMI{Address: c.amiAddress, User: c.amiUser, Secret: secret}}
	for _, text := range c.trunks {
		name, address, _ := strings.Cut(text, "=")
		trunk := config.Trunk{Name: name}
		if address != "" {
			trunk.Addresses = strings.Split(address, ",")
		}
		a.Trunks = append(a.Trunks, trunk)
	}
	s.Asterisk = []config.Asterisk{a}
	return s, nil
}

// fillLedger makes the ledger and gives it the limits that protect a site of
// that size, unless the owner has settings there already.
func (p program) fillLedger(ctx context.Context, c config.Config) (int, error) {
	if err := makeFolder(filepath.Dir(c.Ledger.Path), giveToDaemon); err != nil {
		return 0, err
	}
	s, err := p.openLedger(ctx, c)
	if err != nil {
		return 0, err
	}
	limits, err := addDefaults(ctx, s, c.Site.Size)
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

func addDefaults(ctx context.Context, s admin.Service, size int) (int, error) {
	there, err := s.Settings(ctx)
	if err != nil || len(there) > 0 {
		return 0, err
	}
	limits := admin.Defaults(size)
	for _, setting := range limits {
		if _, err := s.Change(ctx, setting); err != nil {
			return 0, err
		}
	}
	return len(limits), nil
}

// outcome is what init has done.
type outcome struct {
	Config string       `json:"config"`
	Ledger string       `json:"ledger"`
	Limits int          `json:"limits"` // that were set; 0 where the ledger had settings
	Files  []string     `json:"files"`
	Next   []admin.Hint `json:"next"`
}

func (d outcome) print(w io.Writer) error {
	var b strings.Builder
	b.WriteString(wrote(d.Files))
	if d.Limits > 0 {
		fmt.Fprintf(&b, "wrote %s with %d limits; tollfuse limit list shows them\n", clean(d.Ledger), d.Limits)
	} else {
		fmt.Fprintf(&b, "kept  %s with the settings it had\n", clean(d.Ledger))
	}
	b.WriteString("\nNext:\n")
	for i, step := range d.Next {
		fmt.Fprintf(&b, "%d. %s:\n     %s\n", i+1, strings.Join(wrap(clean(step.Text), narrowest-4), "\n   "), clean(step.Command))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// nextSteps are what only the owner can do.
func nextSteps(c choices, path string) []admin.Hint {
	extensions := filepath.Join(c.dialplanDir, "extensions.conf")
	start := "Start the daemon"
	if len(c.extensions) == 0 {
		start = "Name the numbers inside your site (numbering.extensions) in " + path + ", and start the daemon"
	}
	return []admin.Hint{
		{
			Text: "Dial your trunks as " + filepath.Join(c.dialplanDir, dialplan.ExampleFile) + " does, see that manager.conf has \"enabled = yes\"" +
				" and includes manager.d/*.conf, and let Asterisk read what was written",
			Command: "echo '#include " + dialplan.SubroutineFile + "' >> " + extensions + " && asterisk -rx 'core reload'",
		},
		{Text: start, Command: "systemctl enable --now tollfuse"},
		{
			Text:    "See what it decides, and why",
			Command: "tollfuse explain --from 1001 --to NUMBER",
		},
	}
}
