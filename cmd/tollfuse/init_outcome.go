package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	dialplan "github.com/tollfuse/tollfuse/dialplan-snippets"
	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/doctor"
	"github.com/tollfuse/tollfuse/pkg/shell"
)

// outcome is what init has done.
type outcome struct {
	Config string       `json:"config"`
	Ledger string       `json:"ledger"`
	Limits int          `json:"limits"` // that were set; 0 where the ledger had settings
	Files  []string     `json:"files"`
	Next   []admin.Hint `json:"next"`
}

func (d outcome) print(w io.Writer) error {
	var b strings.Builder
	b.WriteString(wrote(d.Files))
	if d.Limits > 0 {
		fmt.Fprintf(&b, "wrote %s with %d limits\n", clean(d.Ledger), d.Limits)
	} else {
		fmt.Fprintf(&b, "kept  %s with the settings it had\n", clean(d.Ledger))
	}
	b.WriteString("\nNext:\n")
	for i, step := range d.Next {
		fmt.Fprintf(&b, "%d. %s:\n", i+1, strings.Join(wrap(clean(step.Text), narrowest-4), "\n   "))
		for command := range strings.SplitSeq(step.Command, "\n") {
			fmt.Fprintf(&b, "     %s\n", clean(command))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// nextSteps are what only the owner can do. Each command works when it is
// pasted; what is done already is left out.
func (c choices) nextSteps(m machine, path string) []admin.Hint {
	look := []string{commandFor(path, "doctor"), commandFor(path, "explain") + " --from 1001 --to NUMBER"}
	if len(c.mail.to) > 0 {
		look = append(look, commandFor(path, "alert test"))
	}
	steps := []admin.Hint{c.letAsteriskRead(), c.start(path), {
		Text:    "See whether everything fits, and what it decides and why",
		Command: strings.Join(look, "\n"),
	}, {
		Text:    "Give it your carrier's price list; until then prices are assumed, and rather high than low",
		Command: commandFor(path, "rates import") + " FILE --trunk " + c.firstTrunk(),
	}}
	if m.getenv("SUDO_USER") == "" {
		return steps
	}
	for i, s := range steps {
		s.Command = "sudo " + strings.ReplaceAll(s.Command, "\n", "\nsudo ")
		steps[i].Command = strings.NewReplacer("sudo echo", "echo", "| tee", "| sudo tee").Replace(s.Command)
	}
	return steps
}

// firstTrunk is a trunk as a command takes it.
func (c choices) firstTrunk() string {
	if len(c.trunks) == 0 {
		return "NAME"
	}
	name, _, _ := strings.Cut(c.trunks[0], "=")
	return shell.Quote(name)
}

func (c choices) letAsteriskRead() admin.Hint {
	extensions, manager := filepath.Join(c.dialplanDir, "extensions.conf"), filepath.Join(c.dialplanDir, "manager.conf")
	step := admin.Hint{Text: "Dial your trunks as " + filepath.Join(c.dialplanDir, dialplan.ExampleFile) + " does, and let Asterisk read what was written"}
	var commands []string
	if !includes(extensions, dialplan.SubroutineFile) {
		commands = append(commands, "echo '#include "+dialplan.SubroutineFile+"' | tee -a "+shell.Quote(extensions))
	}
	if !includes(manager, "manager.d/*.conf", dialplan.ManagerFile) {
		commands = append(commands, "echo '#include manager.d/*.conf' | tee -a "+shell.Quote(manager))
	}
	if !doctor.Look(c.dialplanDir).ManagerOn {
		step.Text = "Set enabled = yes and bindaddr = 127.0.0.1 under [general] in " + manager + ", dial" + strings.TrimPrefix(step.Text, "Dial")
	}
	step.Command = strings.Join(append(commands, "asterisk -rx 'core reload'"), "\n")
	return step
}

func (c choices) start(path string) admin.Hint {
	step := admin.Hint{Text: "Start the daemon", Command: "systemctl enable --now tollfuse"}
	if path != config.DefaultPath {
		step.Command = commandFor(path, "serve") // the unit reads another file
	}
	if len(c.extensions) == 0 {
		step.Text = "Name the numbers inside your site (numbering.extensions) in " + path + ", and start the daemon"
	}
	return step
}

// commandFor is a command line that works on that configuration.
func commandFor(path, command string) string {
	if path == config.DefaultPath {
		return "tollfuse " + command
	}
	return "tollfuse " + command + " --config " + shell.Quote(path)
}
