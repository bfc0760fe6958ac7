package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/config"
)

func (p program) backupCommand(o *options) *cobra.Command {
	var restore bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the ledger, or put such a copy in its place",
		Long: withExits(`Copy the ledger into a new file, as it stands at this moment, also while the daemon
writes. Run it as root or as the daemon's user.

With --restore such a copy takes the place of the ledger. The daemon must be
stopped. The copy is checked before anything is replaced: that the file is whole,
is a ledger of a version that this program knows, and can be read to the end. A
ledger has no checksums: keep copies where a bit that tips over in a figure would
be noticed. The ledger that it replaces is kept beside it.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse backup /var/backups/tollfuse.db\n  tollfuse backup --restore /var/backups/tollfuse.db",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := o.load()
			if err != nil {
				return err
			}
			if restore {
				return p.restoreLedger(cmd, o, c, args[0])
			}
			if err := p.backup(cmd.Context(), c, args[0]); err != nil {
				return err
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), map[string]string{"file": args[0]})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "the ledger %s was copied to %s\n", clean(c.Ledger.Path), clean(args[0]))
			return err
		},
	}
	cmd.Flags().BoolVar(&restore, "restore", false, "put the copy in the ledger's place")
	return cmd
}

// restoreLedger restores and says what is there now.
func (p program) restoreLedger(cmd *cobra.Command, o *options, c config.Config, file string) error {
	r, err := p.restore(cmd.Context(), c, file)
	if err != nil {
		return err
	}
	if o.json {
		return printJSON(cmd.OutOrStdout(), r)
	}
	out := cmd.OutOrStdout()
	text := fmt.Sprintf("%s is the ledger now: %d rules, %d limits, %d locks", r.File, r.Rules, r.Limits, r.Locks)
	if !r.Newest.IsZero() {
		text += ", the newest entry of " + inZone(c.Site.Timezone, r.Newest)
	}
	fmt.Fprintln(out, strings.Join(wrap(clean(text), width(out)), "\n"))
	if r.Kept != "" {
		fmt.Fprintf(out, "the one before is kept as %s\n", clean(r.Kept))
	}
	_, err = fmt.Fprintln(out, "start the daemon: systemctl start tollfuse")
	return err
}
