package main

import (
	"context"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/shell"
)

// program is the command line with what it calls.
type program struct {
	version string
	// serve is the daemon; it returns when the context ends.
	serve func(ctx context.Context, c config.Config) error
	// openAdmin is the service of a running daemon, or one on the ledger itself.
	openAdmin func(ctx context.Context, c config.Config, version string) (admin.Service, io.Closer, error)
	// backup copies the ledger into a new file; restore puts such a copy in its
	// place, and needs the daemon stopped.
	backup  func(ctx context.Context, c config.Config, file string) error
	restore func(ctx context.Context, c config.Config, file string) (app.Restored, error)
	// every is how often what is watched is drawn again; a second if zero.
	every time.Duration
	// demo shows an attack in fast motion; without it there is no such command.
	demo func(ctx context.Context, out io.Writer) error
}

// options are the flags that every command has.
type options struct {
	config string
	json   bool
	errOut io.Writer // for what is worth knowing beside the answer

	commands []string // those that read a configuration
}

// pasteable names the configuration in the commands that a sentence proposes,
// where it is not the usual one, so that they work as they stand.
func (o *options) pasteable(text string) string {
	if o.config == config.DefaultPath || len(o.commands) == 0 {
		return text
	}
	commands := regexp.MustCompile(`\btollfuse (` + strings.Join(o.commands, "|") + `)\b`)
	return commands.ReplaceAllStringFunc(text, func(command string) string {
		return "tollfuse --config " + shell.Quote(o.configPath()) + strings.TrimPrefix(command, "tollfuse")
	})
}

// configPath is where the configuration is, from whichever folder.
func (o *options) configPath() string {
	if path, err := filepath.Abs(o.config); err == nil {
		return path
	}
	return o.config
}

// command is one of ours as it is typed.
func (o *options) command(words string) string {
	name, _, _ := strings.Cut(words, " ")
	if o.config == config.DefaultPath || !slices.Contains(o.commands, name) {
		return "tollfuse " + words
	}
	return commandFor(o.configPath(), words)
}

// run is the whole program but for the process around it. It returns the exit
// code.
func (p program) run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	o := &options{errOut: errOut}
	root := p.rootWith(o)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	began := false
	noteBeginning(root, &began)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !began {
		err = &misuse{cmd.CommandPath(), err}
	}
	return o.report(errOut, err)
}

// noteBeginning tells the errors of a command from those of its arguments,
// which cobra finds before the command begins.
func noteBeginning(c *cobra.Command, began *bool) {
	if run := c.RunE; run != nil {
		c.RunE = func(cmd *cobra.Command, args []string) error {
			*began = true
			return run(cmd, args)
		}
	}
	for _, child := range c.Commands() {
		noteBeginning(child, began)
	}
}

func (p program) root() *cobra.Command { return p.rootWith(&options{errOut: io.Discard}) }

func (p program) rootWith(o *options) *cobra.Command {
	root := &cobra.Command{
		Use:   "tollfuse",
		Short: "A toll-fraud fuse for Asterisk",
		Long: withExits(`Tollfuse decides, before Asterisk dials, whether an outbound call may go out and
for how long, watches every live call, and cuts what turns out to be fraud.

Commands ask the daemon through its control socket, or work on the ledger
themselves where no daemon runs.`, exitDone, exitFailed, exitUsage, exitDenied, exitUnreachable),
		Example:           "  tollfuse explain --from 1001 --to 0023222123456",
		Args:              cobra.NoArgs,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&o.config, "config", config.DefaultPath, "configuration file")
	root.PersistentFlags().BoolVar(&o.json, "json", false, "print JSON")
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true}) // --help does it
	root.AddCommand(p.serveCommand(o), p.initCommand(o), p.dialplanCommand(o), p.explainCommand(o), p.numberCommand(o), p.ratesCommand(o), p.lockCommand(o), p.limitCommand(o),
		p.ruleCommand(o), p.scheduleCommand(o), p.pinCommand(o), p.policyCommand(o), p.simulateCommand(o), p.backtestCommand(o), p.cdrCommand(o),
		p.changesCommand(o), p.callsCommand(o), p.hangupCommand(o), p.incidentsCommand(o), p.alertCommand(o),
		p.fuseCommand(o), p.statusCommand(o), p.doctorCommand(o), p.backupCommand(o), p.completionCommand(), p.versionCommand(o))
	for _, c := range root.Commands() {
		if c.Name() != "init" { // which writes one, wherever it is told to
			o.commands = append(o.commands, c.Name())
		}
	}
	if p.demo != nil {
		root.AddCommand(p.demoCommand())
	}
	return root
}
