package main

import "github.com/spf13/cobra"

func (p program) serveCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon",
		Long: withExits(`Run the daemon: it answers the dialplan, watches live calls and serves the other
commands, until it is told to stop (SIGTERM or SIGINT).

An Asterisk that cannot be reached does not stop it; it keeps trying.`, exitDone, exitFailed, exitUsage),
		Example: "  tollfuse serve --config /etc/tollfuse/tollfuse.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := o.load()
			if err != nil {
				return err
			}
			return p.serve(cmd.Context(), c)
		},
	}
}
