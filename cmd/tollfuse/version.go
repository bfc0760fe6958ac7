package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// versions is what the command prints as JSON.
type versions struct {
	Version string `json:"version"`
	Daemon  string `json:"daemon,omitempty"` // empty where none runs, or none that we may ask
	Go      string `json:"go"`
}

func (p program) versionCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and that of the daemon",
		Long: withExits(`Print the version of this program, and that of the daemon if one runs: after an
upgrade the two differ until the daemon is restarted.`, exitDone),
		Example: "  tollfuse version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{Version: p.version, Go: runtime.Version(), Daemon: daemonVersion(cmd.Context(), o)}
			if o.json {
				return printJSON(cmd.OutOrStdout(), v)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "tollfuse %s (%s)\n", clean(v.Version), v.Go)
			if v.Daemon != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "daemon   %s\n", clean(v.Daemon))
			}
			return nil
		},
	}
}
