package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/pin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) pinCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pin",
		Short: "Set, clear and list the PINs of callers",
		Long: withExits(`A caller is asked for his PIN in the call where a rule says so: tollfuse rule set
NAME --pin. It has 4 to 10 digits and ends with #. Three wrong ones within an hour
lock the caller for an hour.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse pin set 1001\n  tollfuse rule set far-with-pin --pin --where abroad\n  tollfuse pin list",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.pinSetCommand(o), p.pinClearCommand(o), p.pinListCommand(o))
	return cmd
}

func (p program) pinSetCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "set CALLER",
		Short: "Give a caller a PIN, in place of the one he has",
		Long: withExits(`Give a caller a PIN. It is asked for here, or read as one line from the standard
input, and never taken from the command line, which others can see. Only an
Argon2id hash of it is kept. A new PIN forgets the wrong ones that were entered.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example:           "  tollfuse pin set 1001",
		Args:              exactly("CALLER"),
		ValidArgsFunction: o.complete(settingNames("pin")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				chosen, err := readPIN(cmd, args[0])
				if err != nil {
					return err
				}
				hash, err := pin.Hash(chosen)
				if err != nil {
					return &misuse{cmd.CommandPath(), err}
				}
				return changed(cmd, o, s, toll.Setting{PIN: &toll.PIN{Caller: args[0], Hash: hash}})
			})
		},
	}
}

// readPIN asks for the PIN twice where there is somebody to ask, and takes a line
// where there is not.
func readPIN(cmd *cobra.Command, caller string) (string, error) {
	if _, there := terminalOf(cmd.InOrStdin()); !there {
		line, err := readLine(cmd.Context(), cmd.InOrStdin())
		return strings.TrimRight(line, "\r\n"), err
	}
	var chosen string
	ask := newDialogue(cmd.InOrStdin(), cmd.OutOrStdout())
	defer ask.close()
	first := question{text: "PIN of " + clean(caller), hidden: true, help: "4 to 10 digits; nothing is shown", take: func(text string) error {
		chosen = text
		return pin.Check(text)
	}}
	again := question{text: "The same again", hidden: true, help: "the PIN once more", take: func(text string) error {
		if text != chosen {
			return errors.New("that is another one")
		}
		return nil
	}}
	for _, q := range []question{first, again} {
		if err := ask.ask(cmd.Context(), q); err != nil {
			return "", fmt.Errorf("set no PIN: %w", err)
		}
	}
	return chosen, nil
}

func (p program) pinClearCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "clear CALLER",
		Short: "Take a caller's PIN away",
		Long: withExits(`Take a caller's PIN away. Calls of his for which a rule asks for one are refused
from then on.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example:           "  tollfuse pin clear 1001",
		Args:              exactly("CALLER"),
		ValidArgsFunction: o.complete(settingNames("pin")),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				return changed(cmd, o, s, toll.Setting{PIN: &toll.PIN{Caller: args[0]}, Removed: true})
			})
		},
	}
}

func (p program) pinListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List who has a PIN",
		Long:    withExits("List who has a PIN, since when and from whom. The PINs themselves are known to nobody but their callers.", exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse pin list\n  tollfuse pin list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.list(cmd, o, "pin", []string{"CALLER", "SINCE", "BY"}, func(s *session, setting toll.Setting) []string {
				return []string{setting.PIN.Caller, s.show(setting.At), setting.Author}
			})
		},
	}
}
