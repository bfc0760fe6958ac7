package main

import "github.com/spf13/cobra"

func (p program) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Watch a weekend's attack in half a minute",
		Long: withExits(`Run the real daemon on a ledger of its own against a simulated Asterisk, and a
weekend's attack against both. Nothing is installed and nothing is kept.`, exitDone, exitFailed),
		Example: "  tollfuse demo",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.demo(cmd.Context(), cmd.OutOrStdout()) },
	}
}
