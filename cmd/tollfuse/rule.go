package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) ruleCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rule",
		Short: "Set, remove and list rules",
		Long: withExits(`Rules say who may call where. The rule that says most about a call decides; where
none speaks, the default of the destination's class does.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse rule list\n  tollfuse rule set no-albania --deny --country AL",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.ruleSetCommand(o), p.ruleListCommand(o), p.removeCommand(o, "rule", func(id string) toll.Setting {
		return toll.Setting{Rule: &toll.Rule{ID: id}}
	}))
	return cmd
}

func (p program) ruleSetCommand(o *options) *cobra.Command {
	var r toll.Rule
	does := make(map[toll.Effect]*bool)
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Set a rule, in place of one of that name",
		Long: withExits(`Set a rule. What is not named means any: without further flags the rule speaks of
every call. Emergency calls go out whatever the rules say. Live calls are judged
anew at once.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse rule set no-albania --deny --country AL\n" +
			"  tollfuse rule set boss-satellite --allow --caller 1001 --where global\n" +
			"  tollfuse rule set new-with-pin --pin --where unlisted\n" +
			"  tollfuse rule set thief-abroad --deny --where abroad --origin new-network\n" +
			"  tollfuse rule set nights --deny --where abroad --when '!open'",
		Args:              exactly("NAME"),
		ValidArgsFunction: o.complete(settingNames("rule")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := stated(cmd, "caller", "group", "kind", "prefix", "country", "where", "when", "origin"); err != nil {
				return err
			}
			r.ID, r.Do = args[0], ""
			for effect, chosen := range does {
				switch {
				case *chosen && r.Do != "":
					return badUsage(cmd, "want only one of --allow, --deny and --pin")
				case *chosen:
					r.Do = effect
				}
			}
			if r.Do == "" {
				return badUsage(cmd, "want --allow, --deny or --pin")
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				return changed(cmd, o, s, toll.Setting{Rule: &r})
			})
		},
	}
	does[toll.Permit] = cmd.Flags().Bool("allow", false, "allow such calls, within the limits")
	does[toll.Forbid] = cmd.Flags().Bool("deny", false, "deny such calls")
	does[toll.AskPIN] = cmd.Flags().Bool("pin", false, "allow such calls, within the limits, once the caller has entered his PIN in the call")
	cmd.Flags().StringVar(&r.Caller, "caller", "", "of this caller, such as 1001")
	cmd.Flags().StringVar(&r.Group, "group", "", "of callers in this group")
	cmd.Flags().StringVar((*string)(&r.Kind), "kind", "", "of this kind: extension, forward, transfer, trunk, originated, gateway, unknown")
	cmd.Flags().StringVar(&r.Prefix, "prefix", "", "to numbers that begin like this, such as +4420")
	cmd.Flags().StringVar(&r.Country, "country", "", "to this country (ISO 3166-1)")
	cmd.Flags().StringVar((*string)(&r.Where), "where", "", "to home, abroad, unlisted, dear, special, or a class such as intl_mobile")
	cmd.Flags().StringVar((*string)(&r.Origin), "origin", "", "of callers seen like this within the hour: foreign, new-network, many-networks, after-failures")
	cmd.Flags().StringVar(&r.When, "when", "", "that begin during a schedule, such as open, or outside of it: '!open'")
	cmd.Flags().BoolVar(&r.Observe, "observe", false, "only record what it would have done")
	cmd.Flags().StringVar(&r.Comment, "comment", "", "why it is there")
	return cmd
}

func (p program) ruleListCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the rules",
		Long:    withExits("List the rules. An empty column means any.", exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse rule list\n  tollfuse rule list --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.list(cmd, o, "rule", []string{"NAME", "DOES", "WHO", "WHERE", "WHEN", "COMMENT"}, func(_ *session, setting toll.Setting) []string {
				r := setting.Rule
				does := string(r.Do)
				if r.Observe {
					does += " (observes)"
				}
				return []string{r.ID, does, whoOf(r), whereTo(r), r.When, r.Comment}
			})
		},
	}
}

// whoOf and whereTo are whom a rule speaks of, and where to.
func whoOf(r *toll.Rule) string {
	return strings.Join(nonEmpty(string(r.Kind), r.Caller, r.Group, string(r.Origin)), " ")
}
func whereTo(r *toll.Rule) string {
	return strings.Join(nonEmpty(r.Prefix, r.Country, string(r.Where)), " ")
}

// removeCommand takes a rule or limit away.
func (p program) removeCommand(o *options, kind string, setting func(id string) toll.Setting) *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove a " + kind,
		Long:    withExits(fmt.Sprintf("Remove a %s.", kind), exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: fmt.Sprintf("  tollfuse %s remove NAME", kind),
		Args:    exactly("NAME"),

		ValidArgsFunction: o.complete(settingNames(kind)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				gone := setting(args[0])
				gone.Removed = true
				return changed(cmd, o, s, gone)
			})
		},
	}
}
