package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (p program) statusCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show how things stand",
		Long: withExits(`Show how things stand: the daemon, its links to Asterisk, the ledger, live calls,
incidents, mail and the main fuse. For a check by a program, doctor has --nagios.`, exitDone, exitFailed, exitUsage, exitUnreachable),
		Example: "  tollfuse status\n  tollfuse status --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd.Context(), o, func(s *session) error {
				if o.json {
					return printJSON(cmd.OutOrStdout(), s.status)
				}
				return printStatus(cmd.OutOrStdout(), s, o)
			})
		},
	}
}

// standing is one line of the status.
type standing struct {
	label, text string
	tone        tone
}

func printStatus(w io.Writer, s *session, o *options) error {
	lines := []standing{daemonOf(s), siteOf(s), ledgerOf(s)}
	for i := range s.status.Process.Links {
		lines = append(lines, linkOf(s, i))
	}
	lines = append(lines, timesOf(s)...)
	lines = append(lines, decksOf(s)...)
	lines = append(lines, callsOf(s), incidentsOf(s, o), mailOf(s))
	fuse := standing{label: "main fuse"}
	fuse.text, fuse.tone = fuseOf(s, o)
	lines = append(lines, fuse)
	rows := make([][]string, len(lines))
	for i, line := range lines {
		rows[i] = []string{line.label, line.text}
	}
	return toned(w, rows, func(row, column int) tone {
		if column == 1 {
			return lines[row].tone
		}
		return plainTone
	})
}

func daemonOf(s *session) standing {
	p := s.status.Process
	if !p.Daemon {
		return standing{"daemon", "does not run; this was read from the ledger", badTone}
	}
	return standing{"daemon", fmt.Sprintf("runs since %s, version %s, process %d", s.show(p.Since), p.Version, p.PID), plainTone}
}

func siteOf(s *session) standing {
	site := s.status.Site
	text := strings.Join(nonEmpty(site.Country, site.Currency, site.Timezone), ", ")
	if site.Observe {
		return standing{"site", text + "; only observes: NOTHING IS BLOCKED", warnTone}
	}
	return standing{"site", text, plainTone}
}

func ledgerOf(s *session) standing {
	if s.status.Failing {
		return standing{"ledger", "CANNOT BE WRITTEN: the failure policy answers", badTone}
	}
	return standing{"ledger", fmt.Sprintf("%d rules, %d limits, %d locks; policy revision %d",
		s.status.Rules, s.status.Limits, s.status.Locks, s.status.Revision), plainTone}
}

// decksOf is a line for each rate deck that counts.
func decksOf(s *session) []standing {
	if len(s.status.Decks) == 0 {
		return []standing{{"prices", "assumed: no carrier's price list was imported", plainTone}}
	}
	var lines []standing
	for i, d := range s.status.Decks {
		line := standing{label: first(i, "prices"), tone: plainTone}
		line.text = fmt.Sprintf("deck of %s: %s, imported %s; for calls by %s", d.Deck.Name(), rowsOf(d.Deck.Rows), s.show(d.Imported), pricedBy(d))
		if d.Error != "" {
			line.tone = badTone
		}
		lines = append(lines, line)
	}
	return lines
}

func linkOf(s *session, i int) standing {
	link := s.status.Process.Links[i]
	switch {
	case link.Up:
		return standing{"asterisk", fmt.Sprintf("%s is seen since %s, %d channels", link.PBX, s.show(link.Since), link.Channels), plainTone}
	case link.Since.IsZero():
		return standing{"asterisk", fmt.Sprintf("%s is OUT OF SIGHT: the daemon has only begun", link.PBX), badTone}
	}
	return standing{"asterisk", fmt.Sprintf("%s is OUT OF SIGHT since %s: %s", link.PBX, s.show(link.Since), link.Error), badTone}
}

func callsOf(s *session) standing {
	return standing{"calls", fmt.Sprintf("%d live", s.status.Live), plainTone}
}

func incidentsOf(s *session, o *options) standing {
	if s.status.Incidents == 0 {
		return standing{"incidents", "none is open", plainTone}
	}
	return standing{"incidents", fmt.Sprintf("%d open: %s", s.status.Incidents, o.command("incidents list --open")), badTone}
}

// late is for how long a mail may wait before that is worth a colour.
const late = 10 * time.Minute

func mailOf(s *session) standing {
	m := s.status.Mail
	switch {
	case !m.Configured:
		return standing{"mail", "nobody is told: mail.to in the configuration is empty", warnTone}
	case m.Waiting == 0:
		return standing{"mail", "none waits", plainTone}
	}
	line := standing{"mail", fmt.Sprintf("%d wait, the oldest since %s", m.Waiting, s.show(m.Oldest)), plainTone}
	if m.Error != "" {
		line.text += ": " + m.Error
	}
	if s.status.At.Sub(m.Oldest) > late {
		line.tone = warnTone
	}
	return line
}
