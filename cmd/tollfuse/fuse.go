package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
)

func (p program) fuseCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fuse",
		Short: "Show, test and reset the main fuse",
		Long: withExits(`Show how the main fuse stands: a command of the owner's that shuts the way out, for
when to cut single calls is not enough. It blows as fuse in the configuration says,
once, and stays blown until it is reset.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse fuse\n  tollfuse fuse test\n  tollfuse fuse reset",
		Args:    cobra.NoArgs,
		RunE:    p.showFuse(o),
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:     "status",
			Short:   "Show how the main fuse stands",
			Long:    withExits("Show how the main fuse stands, as tollfuse fuse does.", exitDone, exitFailed, exitUsage, exitUnreachable),
			Example: "  tollfuse fuse status --json",
			Args:    cobra.NoArgs,
			RunE:    p.showFuse(o),
		},
		p.runFuse(o, "test", `Run the main fuse's command with the word "test" in place of "blow", and show what
it prints. What the command does then is the owner's to say.`, "the command ran",
			func(cmd *cobra.Command, s *session) (admin.FuseRun, error) { return s.TestFuse(cmd.Context()) }),
		p.runFuse(o, "reset", `Run the main fuse's command with the word "reset", which opens the way out again.
When that went well, the fuse counts as whole and can blow anew.`, "the main fuse is whole",
			func(cmd *cobra.Command, s *session) (admin.FuseRun, error) { return s.ResetFuse(cmd.Context()) }),
	)
	return cmd
}

// showFuse prints how the main fuse stands.
func (p program) showFuse(o *options) func(cmd *cobra.Command, _ []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), o, func(s *session) error {
			f := s.status.Fuse
			if o.json {
				return printJSON(cmd.OutOrStdout(), f)
			}
			text, look := fuseOf(s, o)
			_, err := fmt.Fprintln(cmd.OutOrStdout(), paints(cmd.OutOrStdout()).paint(look, clean(text)))
			return err
		})
	}
}

// fuseOf is how the main fuse stands, in a sentence.
func fuseOf(s *session, o *options) (string, tone) {
	f := s.status.Fuse
	switch {
	case f.Blown == nil && f.Configured:
		return "whole", plainTone
	case f.Blown == nil:
		return "whole, but without a command: fuse.command in the configuration names one", plainTone
	}
	text := "BLOWN since " + s.show(f.Blown.Blown) + ": " + f.Blown.Why
	switch {
	case f.Blown.Error != "":
		text += "; its command failed: " + f.Blown.Error
	case !f.Configured:
		text += "; there is no command that would have shut the way out"
	case f.Blown.Ran.IsZero():
		text += "; its command has not ended yet"
	default:
		text += "; its command ended well at " + s.show(f.Blown.Ran)
	}
	return text + "; once the cause is gone: " + o.command("fuse reset"), badTone
}

// runFuse is a command that runs the owner's.
func (p program) runFuse(o *options, word, long, done string, run func(*cobra.Command, *session) (admin.FuseRun, error)) *cobra.Command {
	return &cobra.Command{
		Use:     word,
		Short:   fmt.Sprintf("Run the main fuse's command with the word %q", word),
		Long:    withExits(long, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: fmt.Sprintf("  tollfuse fuse %s", word),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				ran, err := run(cmd, s)
				if err != nil {
					return err
				}
				if o.json {
					return printJSON(cmd.OutOrStdout(), ran)
				}
				text := done
				if len(ran.Command) > 0 {
					text += fmt.Sprintf(": %s, %s", strings.Join(ran.Command, " "), brieflyTook(ran.Took))
				}
				out := cmd.OutOrStdout()
				fmt.Fprintln(out, clean(text))
				for line := range strings.Lines(ran.Output) {
					fmt.Fprintln(out, "  "+clean(strings.TrimRight(line, "\r\n")))
				}
				return nil
			})
		},
	}
}
