package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (p program) alertCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "alert",
		Short:   "Try whether mails arrive",
		Long:    withExits("Incidents are told by mail, as mail in the configuration says.", exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse alert test",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "test",
		Short: "Send a mail at once to everybody who is told of incidents",
		Long: withExits(`Send a mail at once to everybody in mail.to, in the way that incidents are told,
and say when the mail server has taken it, or why it has not. Then look whether it
arrived, and not among the spam.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse alert test\n  tollfuse alert test --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				test, err := s.TestAlert(cmd.Context())
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), test)
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s took the mail to %s in %s\n",
					clean(test.Server), clean(strings.Join(test.To, ", ")), brieflyTook(test.Took))
				return err
			})
		},
	})
	return cmd
}
