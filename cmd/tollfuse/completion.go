package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands in a shell",
		Long: withExits(`Print a script that lets a shell complete commands and flags, and with a running
daemon the names of rules, limits, locks, rate decks, live calls and open incidents.
SHELL is bash, zsh or fish; bash needs the package bash-completion.`, exitDone, exitFailed, exitUsage),
		Example: "  tollfuse completion bash > /etc/bash_completion.d/tollfuse\n" +
			"  tollfuse completion zsh > /usr/local/share/zsh/site-functions/_tollfuse\n" +
			"  tollfuse completion fish > /etc/fish/completions/tollfuse.fish",
		Args:      cobra.MatchAll(exactly("SHELL"), cobra.OnlyValidArgs),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(out, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(out)
			}
			return cmd.Root().GenFishCompletion(out, true)
		},
	}
}

// completesWithin is how long a person who pressed Tab is kept waiting.
const completesWithin = time.Second

// complete proposes what a running daemon knows. Without one it proposes
// nothing: to open the ledger for a Tab would be in the way of others.
func (o *options) complete(names func(context.Context, admin.Service) ([]string, error)) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		path, _, _ := o.socket()
		if path == "" {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		client := control.NewClient(path)
		defer client.Close()
		ctx, cancel := context.WithTimeout(cmd.Context(), completesWithin)
		defer cancel()
		all, err := names(ctx, client)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// proposal is a word and what it means, harmless both: a shell shows them.
func proposal(word, meaning string) string {
	return cobra.CompletionWithDesc(clean(word), clean(meaning))
}

// liveLeases are the leases of live calls, each with who calls whom.
func liveLeases(ctx context.Context, s admin.Service) (names []string, err error) {
	live, err := s.Live(ctx)
	for i := range live {
		l := &live[i]
		names = append(names, proposal(l.ID, callerOf(l.Caller)+" to "+l.To.Number()))
	}
	return names, err
}

// incidentIDs are the open incidents.
func incidentIDs(ctx context.Context, s admin.Service) (names []string, err error) {
	open, err := s.Incidents(ctx, admin.IncidentQuery{Open: true})
	for i := range open {
		names = append(names, proposal(open[i].ID, aboutIncident(&open[i])))
	}
	return names, err
}

// settingNames are the names of the settings of one kind.
func settingNames(kind string) func(context.Context, admin.Service) ([]string, error) {
	return func(ctx context.Context, s admin.Service) (names []string, err error) {
		all, err := s.Settings(ctx)
		for _, setting := range all {
			if setting.Kind() == kind {
				names = append(names, clean(nameOf(setting)))
			}
		}
		return names, err
	}
}

// deckNames are the rate decks, and the trunks that they price.
func deckNames(ctx context.Context, s admin.Service) (names []string, err error) {
	decks, err := s.Decks(ctx)
	for _, d := range decks {
		names = append(names, clean(d.Deck.Name()))
		for _, trunk := range d.Trunks {
			names = append(names, clean(trunk))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// nameOf is a setting as a command takes it.
func nameOf(s toll.Setting) string {
	if s.Lock != nil {
		return subjectOf(*s.Lock)
	}
	return s.ID()
}
