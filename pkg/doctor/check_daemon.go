package doctor

import (
	"fmt"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// oldNotice is how long a notice may wait before somebody has to look.
const oldNotice = time.Hour

// daemonChecks judges the daemon by what it says of itself.
func daemonChecks(f *Facts) []Finding {
	d, s := f.Daemon, f.Daemon.Status
	switch {
	case d.Missing != "":
		return []Finding{notChecked("daemon.running", "the daemon", d.Missing)}
	case d.Error != "":
		return []Finding{{ID: "daemon.running", Level: Critical, Title: "the daemon does not answer", Detail: d.Error,
			Mend: []string{"systemctl restart tollfuse", "journalctl -u tollfuse -n 50"}}}
	}
	var all []Finding
	wrong := func(id string, level Level, title, detail string, mend ...string) {
		all = append(all, Finding{ID: id, Level: level, Title: title, Detail: detail, Mend: mend})
	}
	if s.Process.Version != f.Version {
		wrong("daemon.version", Warning, fmt.Sprintf("the daemon is %s, this program %s", s.Process.Version, f.Version), "", "systemctl restart tollfuse")
	}
	if s.Failing {
		wrong("daemon.ledger", Critical, "the ledger cannot be written", "Calls abroad are refused, and home calls go out undecided.", "journalctl -u tollfuse -n 50", "df -h "+f.Config.Ledger.Path)
	}
	for _, link := range s.Process.Links {
		if !link.Up {
			all = append(all, Finding{ID: "daemon.link", Level: Critical, PBX: link.PBX, Title: "the daemon has no link to Asterisk",
				Detail: "Calls are decided, but not watched and not cut. " + link.Error, Mend: []string{"asterisk -rx 'manager show connected'"}})
		}
	}
	if !d.Changed.IsZero() && d.Changed.After(s.Process.Since) && !s.Process.Since.IsZero() {
		wrong("daemon.config", Warning, "the configuration has changed since the daemon began", "It is read only when the daemon starts.", "systemctl restart tollfuse")
	}
	if age := f.Now.Sub(s.Mail.Oldest); s.Mail.Waiting > 0 && !s.Mail.Oldest.IsZero() && age > oldNotice {
		wrong("daemon.notices", Critical, fmt.Sprintf("%d notices have not left, the oldest for %v", s.Mail.Waiting, age.Round(time.Minute)), s.Mail.Error, "tollfuse alert test")
	}
	if s.Fuse.Blown != nil {
		wrong("daemon.fuse", Critical, "the main fuse has blown", blown(*s.Fuse.Blown), "tollfuse incidents list", "tollfuse fuse reset")
	}
	if s.Incidents > 0 {
		wrong("daemon.incidents", Note, fmt.Sprintf("%d incidents are open", s.Incidents), "", "tollfuse incidents list")
	}
	if Worst(all) == OK || Worst(all) == Note {
		all = append(all, fine("daemon.running", "the daemon runs, version %s, with %d live calls", s.Process.Version, s.Live))
	}
	return all
}

// blown says what became of the owner's command. Only he knows what it shuts.
func blown(f toll.Fuse) string {
	switch {
	case f.Ran.IsZero():
		return "Your command has not ended yet: it is run to shut the way out."
	case f.Error != "":
		return "Your command was run to shut the way out, and failed: " + f.Error
	}
	return "Your command was run to shut the way out."
}
