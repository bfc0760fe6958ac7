package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// The codes of a monitoring plugin (the guidelines of the Monitoring Plugins
// project), by which Nagios, Icinga and their like know a result.
const (
	NagiosOK       = 0
	NagiosWarning  = 1
	NagiosCritical = 2
	NagiosUnknown  = 3
)

// watched are the checks that a monitor is told of: what can go wrong at night.
var watched = []string{
	"daemon.running", "daemon.link", "daemon.ledger", "daemon.notices", "daemon.fuse", "daemon.incidents",
	"system.ledger", "system.disk-space", "system.mail-server", "system.fuse-command",
}

// Nagios judges what GatherQuickly has gathered. The line has the form of a
// monitoring plugin, the result, a text and figures; the code is that of its exit.
func Nagios(f Facts) (line string, code int) {
	all := append(daemonChecks(&f), disk(&f)...)
	all = append(append(all, mailChecks(&f)...), fuseChecks(&f)...)
	all = slices.DeleteFunc(all, func(found Finding) bool { return !slices.Contains(watched, found.ID) })
	for i := range all {
		if all[i].ID == "daemon.incidents" {
			all[i].Level = Warning // of no harm by itself, and somebody has to look
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return b.Level.rank() - a.Level.rank() })
	var said []string
	for _, found := range all {
		if found.Level != OK {
			said = append(said, found.Title)
		}
	}
	if len(said) == 0 {
		said = []string{fmt.Sprintf("version %s, %d live calls", f.Daemon.Status.Process.Version, f.Daemon.Status.Live)}
	}
	word, code := "OK", NagiosOK
	switch Worst(all) {
	case Critical:
		word, code = "CRITICAL", NagiosCritical
	case Warning:
		word, code = "WARNING", NagiosWarning
	case Unchecked:
		word, code = "UNKNOWN", NagiosUnknown
	}
	return nagiosLine(word, strings.Join(said, "; ")) + "|" + figures(f), code
}

// NagiosFailure is the line for a check that could not be made.
func NagiosFailure(why string) (line string, code int) {
	return nagiosLine("UNKNOWN", why), NagiosUnknown
}

// nagiosLine keeps a text from ending the line, or from beginning the figures.
func nagiosLine(word, text string) string {
	return "TOLLFUSE " + word + " - " + strings.NewReplacer("|", "/", "\n", " ", "\r", " ").Replace(text)
}

// figures are for graphs: 'label'=value[unit];[warn];[crit];[min].
func figures(f Facts) string {
	var all []string
	if f.Daemon.Error == "" && f.Daemon.Missing == "" {
		s := f.Daemon.Status
		all = append(all, fmt.Sprintf("live=%d;;;0", s.Live), fmt.Sprintf("incidents=%d;;;0", s.Incidents), fmt.Sprintf("waiting=%d;;;0", s.Mail.Waiting))
	}
	if f.Ledger.SpaceMissing == "" {
		all = append(all, fmt.Sprintf("disk_free=%dMB;;%d:;0", f.Ledger.FreeMB, f.Config.Alerts.DiskFree))
	}
	return strings.Join(all, " ")
}
