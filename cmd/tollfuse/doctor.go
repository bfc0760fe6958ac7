package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/app"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/control"
	"github.com/tollfuse/tollfuse/pkg/doctor"
	"github.com/tollfuse/tollfuse/pkg/shell"
)

// exitCode is how a command ends that has said everything itself.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// examination is what doctor was told.
type examination struct {
	plan            // whose files, where they are, and how that Asterisk reaches the daemon
	asterisk string // the program, for its console
	nagios   bool
	verbose  bool
}

func (p program) doctorCommand(o *options) *cobra.Command {
	var e examination
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the site, and say how to mend what is wrong",
		Long: withExits(`Check Asterisk's files, its dialplan as it is loaded, its manager interface, the
machine, the mail server and the daemon, and say how to mend what is wrong. It
calls nobody, sends nothing and changes nothing. Run it as root: what it may not
read it lists as not checked.

For an Asterisk on another machine copy its configuration here, and name the
folder: --pbx branch --dialplan-dir ./branch.

With --nagios it prints one line for a monitor, within five seconds, and the exit
codes are those of a monitoring plugin, not those below: 0 OK, 1 WARNING,
2 CRITICAL, 3 UNKNOWN.

Code 1 means that there is a warning or worse; notes alone are no fault.`, exitDone, exitFailed, exitUsage),
		Example: "  tollfuse doctor\n  tollfuse doctor --verbose\n  tollfuse doctor --nagios",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.doctor(cmd, o, e) },
	}
	f := cmd.Flags()
	f.BoolVar(&e.nagios, "nagios", false, "one line for a monitor, with its exit codes")
	f.BoolVarP(&e.verbose, "verbose", "v", false, "list what is fine too")
	f.StringVar(&e.dir, "dialplan-dir", usualAsterisk, "folder of Asterisk's configuration")
	f.StringVar(&e.pbx, "pbx", "", "name of the Asterisk whose folder that is, where there are several")
	f.StringVar(&e.agi, "agi", "", "address of the daemon as that Asterisk sees it, if it is not fastagi.listen")
	f.StringVar(&e.asterisk, "asterisk", "asterisk", "program whose console is asked; empty: the files alone are read")
	return cmd
}

func (p program) doctor(cmd *cobra.Command, o *options, e examination) error {
	socket, c, err := o.socket()
	if err != nil {
		if !e.nagios {
			return err
		}
		line, code := doctor.NagiosFailure(clean(err.Error()))
		fmt.Fprintln(cmd.OutOrStdout(), line)
		return exitCode(code)
	}
	client := control.NewClient(socket)
	defer client.Close()
	if e.nagios {
		line, code := doctor.Nagios(doctor.GatherQuickly(cmd.Context(), doctor.Sources{Version: p.version, Config: c, Status: client.Status}))
		fmt.Fprintln(cmd.OutOrStdout(), clean(line))
		return ended(code)
	}
	if e.pbx != "" {
		if _, err := e.plan.asterisk(cmd, c); err != nil {
			return err
		}
	}
	s, err := e.sources(c, client.Status)
	if err != nil {
		return err
	}
	s.Version = p.version
	facts := doctor.Gather(cmd.Context(), s)
	all := doctor.Examine(facts)
	e.repeat(all, facts)
	return examined(cmd.OutOrStdout(), o, e.verbose, all)
}

// repeat puts what the owner has told into the commands that are proposed, so that
// they are about the same Asterisk.
func (e examination) repeat(all []doctor.Finding, facts doctor.Facts) {
	for i := range all {
		f := &all[i]
		for j, line := range f.Mend {
			if e.pbx == "" || f.PBX == "" || f.PBX == e.pbx {
				line = strings.Replace(line, "tollfuse dialplan", "tollfuse dialplan"+e.flags(f.PBX, facts), 1)
			}
			if asked := slices.ContainsFunc(facts.PBXs, func(p doctor.PBX) bool { return p.Asterisk.Name == f.PBX && p.Console.Missing == "" }); asked {
				line = strings.Replace(line, "asterisk -rx", e.console(), 1)
			}
			f.Mend[j] = line
		}
	}
}

// flags say which files are meant; a command for one of several Asterisks has to
// name it.
func (e examination) flags(pbx string, facts doctor.Facts) string {
	flags := ""
	if name := cmp.Or(e.pbx, pbx); name != "" && (e.pbx != "" || len(facts.PBXs) > 1) {
		flags += " --pbx " + shell.Quote(name)
	}
	if dir, err := filepath.Abs(e.dir); err == nil && dir != usualAsterisk {
		flags += " --dialplan-dir " + shell.Quote(dir)
	}
	if e.agi != "" {
		flags += " --agi " + shell.Quote(e.agi)
	}
	return flags
}

// console is how the console was asked.
func (e examination) console() string {
	command := shell.Quote(e.asterisk)
	if dir, err := filepath.Abs(e.dir); err == nil && dir != usualAsterisk {
		command += " -C " + shell.Quote(filepath.Join(dir, "asterisk.conf"))
	}
	return command + " -rx"
}

// ended is how a command ends with a code.
func ended(code int) error {
	if code == exitDone {
		return nil
	}
	return exitCode(code)
}

func (e examination) sources(c config.Config, status func(context.Context) (admin.Status, error)) (doctor.Sources, error) {
	s := doctor.Sources{Config: c, Status: status, PBX: e.pbx, Asterisk: e.asterisk}
	resolver, err := app.Resolver(c)
	if err != nil {
		return s, err
	}
	dialled := resolver.Dialplan()
	s.Emergency, s.Home = dialled.Emergency, dialled.Home
	bare := c
	bare.Numbering.AccessCodes = nil
	if resolver, err = app.Resolver(bare); err != nil {
		return s, err
	}
	s.Plain = resolver.Dialplan().Emergency
	if s.Dir, err = filepath.Abs(e.dir); err != nil {
		return s, fmt.Errorf("--dialplan-dir: %w", err)
	}
	s.Wanted = func(a config.Asterisk) (string, error) {
		files, err := e.files(c, a)
		if err != nil {
			return "", err
		}
		for _, f := range files {
			if filepath.Base(f.path) == dialplan.SubroutineFile {
				return string(f.text), nil
			}
		}
		return "", fmt.Errorf("nothing is generated for %s", a.Name)
	}
	return s, nil
}

// examined prints the findings, and ends with 1 where something is wrong.
func examined(w io.Writer, o *options, verbose bool, all []doctor.Finding) error {
	code := exitDone
	if doctor.Worst(all).Wrong() {
		code = exitFailed
	}
	if o.json {
		if err := printJSON(w, all); err != nil {
			return err
		}
		return ended(code)
	}
	var b strings.Builder
	fineOnes, heading := 0, ""
	for _, f := range all {
		if f.Level == doctor.OK && !verbose {
			fineOnes++
			continue
		}
		if next := headingOf(f); next != heading {
			heading = next
			fmt.Fprintf(&b, "%s\n", paints(w).paint(bold, heading))
		}
		printFinding(&b, paints(w), o, f)
	}
	if fineOnes > 0 {
		fmt.Fprintf(&b, "%d checks found nothing wrong; --verbose lists them.\n", fineOnes)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return err
	}
	return ended(code)
}

// headingOf says what a finding is about.
func headingOf(f doctor.Finding) string {
	if f.PBX == "" {
		return f.Group()
	}
	return clean(f.PBX) + ": " + f.Group()
}

// printFinding writes one finding: what, why, where, and how to mend it. Lines to
// type or to write are never broken, and begin far to the left, so that most fit.
func printFinding(b *strings.Builder, colours painter, o *options, f doctor.Finding) {
	look := map[doctor.Level]tone{doctor.Critical: badTone, doctor.Warning: warnTone}[f.Level]
	word := string(f.Level)
	if f.Level == doctor.Unchecked {
		word = "unknown"
	}
	const indent = "           "
	for i, line := range wrap(clean(f.Title), narrowest-len(indent)) {
		if i == 0 {
			fmt.Fprintf(b, "  %s%s\n", colours.paint(look, fmt.Sprintf("%-9s", word)), line)
		} else {
			b.WriteString(indent + line + "\n")
		}
	}
	if f.Level == doctor.OK {
		return
	}
	if f.Detail != "" {
		for _, line := range wrap(clean(f.Detail), narrowest-len(indent)) {
			b.WriteString(indent + line + "\n")
		}
	}
	if len(f.Where) > 0 {
		for _, line := range wrap("at "+clean(places(f.Where)), narrowest-len(indent)) {
			b.WriteString(indent + line + "\n")
		}
	}
	for _, line := range f.Mend {
		b.WriteString("    " + clean(o.pasteable(line)) + "\n")
	}
}

// places are the first few, with how many more there are.
func places(all []doctor.Place) string {
	const shown = 6
	var list []string
	for _, p := range all {
		if p.File != "" {
			list = append(list, p.String())
		}
	}
	if len(list) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:shown], ", "), len(list)-shown)
	}
	return strings.Join(list, ", ")
}
