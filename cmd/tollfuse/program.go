package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
)

// program is the command line with what it calls.
type program struct {
	version string
	// serve is the daemon; it returns when the context ends.
	serve func(ctx context.Context, c config.Config) error
	// openAdmin is the service of a running daemon, or one on the ledger itself.
	openAdmin func(ctx context.Context, c config.Config, version string) (admin.Service, io.Closer, error)
	// demo shows an attack in fast motion; without it there is no such command.
	demo func(ctx context.Context, out io.Writer) error
}

// options are the flags that every command has.
type options struct {
	config string
	json   bool
}

// run is the whole program but for the process around it. It returns the exit
// code.
func (p program) run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := p.root()
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
	return report(errOut, err)
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

func (p program) root() *cobra.Command {
	o := &options{}
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
	root.AddCommand(p.serveCommand(o), p.initCommand(o), p.dialplanCommand(o), p.explainCommand(o), p.lockCommand(o), p.limitCommand(o),
		p.ruleCommand(o), p.versionCommand(o))
	if p.demo != nil {
		root.AddCommand(p.demoCommand())
	}
	return root
}
