package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/policyfile"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

func (p program) policyCommand(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Keep rules, limits and schedules in a file",
		Long: withExits(`Write schedules, rules and limits as YAML, say what a file would change, and make
the ledger say what a file says: for those who keep them under version control.
PINs, rate decks and the main fuse are no part of it, and locks only if asked for.`,
			exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse policy export policy.yaml\n  tollfuse policy diff policy.yaml\n  tollfuse policy import policy.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.policyExportCommand(o), p.policyImportCommand(o), p.policyDiffCommand(o), p.policyCheckCommand(o))
	return cmd
}

func (p program) policyExportCommand(o *options) *cobra.Command {
	var locks, defaults bool
	var size int
	var hours []string
	var country string
	cmd := &cobra.Command{
		Use:   "export [FILE]",
		Short: "Write schedules, rules and limits as YAML",
		Long: withExits(`Write what stands to a file, which is written over, or to standard output. Names
and values are those of the command line, in an order that does not change.

With --default it is what "tollfuse init" writes for so many extensions, such
hours and the public holidays of that country, and neither daemon nor ledger is
asked.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse policy export policy.yaml\n  tollfuse policy export --locks\n  tollfuse policy export --default --size 12 --country DE --hours always",
		Args:    atMost("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch sized := cmd.Flags().Changed("size"); {
			case sized != defaults:
				return badUsage(cmd, "--default and --size belong together")
			case defaults && (locks || size < 1):
				return badUsage(cmd, "--default has no locks, and --size is 1 or more")
			case defaults:
				settings, err := admin.DefaultsOpen(size, strings.ToUpper(country), hours)
				if err != nil {
					return badUsage(cmd, "--hours: %v", err)
				}
				return o.export(cmd, args, settings, false)
			case len(hours) > 0 || country != "":
				return badUsage(cmd, "--hours and --country belong to --default")
			}
			return p.with(cmd.Context(), o, func(s *session) error {
				settings, err := s.Settings(cmd.Context())
				if err != nil {
					return err
				}
				return o.export(cmd, args, settings, locks)
			})
		},
	}
	cmd.Flags().BoolVar(&locks, "locks", false, "locks too")
	cmd.Flags().BoolVar(&defaults, "default", false, "what a new site begins with, instead of what stands")
	cmd.Flags().IntVar(&size, "size", 0, "for --default: how many extensions the site has")
	cmd.Flags().StringArrayVar(&hours, "hours", nil, "for --default: opening hours, such as '"+admin.UsualHours+"', or "+admin.Around+"; repeatable")
	cmd.Flags().StringVar(&country, "country", "", "for --default: country whose public holidays count (ISO 3166-1)")
	return cmd
}

// export writes the settings where they are wanted.
func (o *options) export(cmd *cobra.Command, args []string, settings []toll.Setting, locks bool) error {
	out := cmd.OutOrStdout()
	if o.json {
		kept := []toll.Setting{}
		for _, s := range settings {
			if s.Rule != nil || s.Limit != nil || s.Schedule != nil || s.Lock != nil && locks {
				kept = append(kept, s)
			}
		}
		if len(args) > 0 {
			return badUsage(cmd, "--json goes to standard output; leave out FILE, or --json")
		}
		return printJSON(out, kept)
	}
	text := policyfile.Write(settings, locks)
	if len(args) == 0 {
		_, err := out.Write(text)
		return err
	}
	if err := os.WriteFile(args[0], text, 0o644); err != nil { //nolint:gosec // it holds no secrets, and goes into a repository
		return fmt.Errorf("export the policy: %w", err)
	}
	_, err := fmt.Fprintf(out, "%s is written\n", clean(args[0]))
	return err
}

// policyFlags say what a file is meant to be.
type policyFlags struct{ locks, keep bool }

func (f *policyFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.locks, "locks", false, "locks too, which the file must have then")
	cmd.Flags().BoolVar(&f.keep, "keep", false, "leave alone what the file does not name")
}

func (p program) policyImportCommand(o *options) *cobra.Command {
	var f policyFlags
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make the ledger say what a file says",
		Long: withExits(`Make the schedules, rules and limits of the ledger those of the file: what it
does not name is removed. Either all of it stands or nothing is changed. Live
calls are judged anew once. A second import changes nothing. FILE - is standard
input.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse policy import policy.yaml\n  tollfuse policy import --dry-run policy.yaml\n  tollfuse policy import --keep more-rules.yaml",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := p.importPolicy(cmd, o, f, args[0], dryRun)
			return err
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be changed")
	return cmd
}

func (p program) policyDiffCommand(o *options) *cobra.Command {
	var f policyFlags
	cmd := &cobra.Command{
		Use:   "diff FILE",
		Short: "Say what an import of a file would change",
		Long: withExits(`Say what an import of the file would add (+), change (~) and remove (-). FILE - is
standard input.

Code 1 means that there is a difference, or that it could not be found out.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse policy diff policy.yaml\n  tollfuse policy diff --keep --json more-rules.yaml",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := p.importPolicy(cmd, o, f, args[0], true)
			if err == nil && len(r.Changes) > 0 {
				return exitCode(exitFailed)
			}
			return err
		},
	}
	f.add(cmd)
	return cmd
}

func (p program) policyCheckCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Say what is wrong in a file",
		Long: withExits(`Read a file as an import would, and say what is wrong in it and where. It needs the
configuration, and neither daemon nor ledger. FILE - is standard input.`, exitDone, exitFailed, exitUsage),
		Example: "  tollfuse policy check policy.yaml",
		Args:    exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := readPolicy(cmd, args[0])
			if err != nil {
				return err
			}
			c, err := o.load()
			if err != nil {
				return err
			}
			wrong, err := app.CheckPolicy(c, file.Settings)
			if err == nil {
				err = faults(args[0], file, wrong)
			}
			if err != nil {
				return err
			}
			if o.json {
				return printJSON(cmd.OutOrStdout(), append([]toll.Setting{}, file.Settings...))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is right: %d schedules, rules, limits and locks\n", clean(args[0]), len(file.Settings))
			return err
		},
	}
}

// importPolicy imports a file, or only looks, and prints what that changes.
func (p program) importPolicy(cmd *cobra.Command, o *options, f policyFlags, path string, dryRun bool) (r admin.PolicyReport, err error) {
	file, err := readPolicy(cmd, path)
	if err != nil {
		return r, err
	}
	if err := f.whole(cmd, file); err != nil {
		return r, err
	}
	err = p.with(cmd.Context(), o, func(s *session) error {
		in := admin.PolicyImport{Settings: file.Settings, Locks: f.locks, Keep: f.keep, DryRun: dryRun}
		if r, err = s.ImportPolicy(cmd.Context(), in); err != nil {
			return err
		}
		if err := faults(path, file, r.Wrong); err != nil {
			return err
		}
		if o.json {
			return printJSON(cmd.OutOrStdout(), r)
		}
		return printPolicyReport(cmd.OutOrStdout(), r)
	})
	return r, err
}

// whole wants each section that is meant, be it empty: a file that was cut short
// must not take every limit away.
func (f policyFlags) whole(cmd *cobra.Command, file policyfile.Policy) error {
	for _, section := range policyfile.Sections() {
		has, locks := file.Has(section), section == policyfile.SectionLocks
		switch {
		case locks && has && !f.locks:
			return badUsage(cmd, "the file has the section locks: add --locks, or take the section out")
		case !has && !f.keep && (f.locks || !locks):
			return badUsage(cmd, "the file has no section %s: write \"%s: {}\" if there shall be none, or add --keep to leave them alone", section, section)
		}
	}
	return nil
}

// readPolicy reads a file, or standard input for "-".
func readPolicy(cmd *cobra.Command, path string) (policyfile.Policy, error) {
	var (
		text []byte
		err  error
		name = path
	)
	if path == "-" {
		name = "standard input"
		text, err = readSmall(cmd.InOrStdin(), policyfile.Largest)
	} else {
		text, err = readSmallFile(path, policyfile.Largest)
	}
	if err != nil {
		return policyfile.Policy{}, fmt.Errorf("read the policy: %w", err)
	}
	return policyfile.Parse(name, text)
}

// readSmallFile reads a file that may have so many bytes.
func readSmallFile(path string, largest int64) ([]byte, error) {
	f, err := os.Open(path) // whoever runs the command, or wrote the scenario, names a file of his
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSmall(f, largest)
}

// readSmall reads one byte more than there may be, so that what is longer shows: a
// device, or a file by mistake, may be without end.
func readSmall(in io.Reader, largest int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(in, largest+1))
}
