package doctor

import (
	"fmt"
	"strings"
	"time"
)

// slowSync is a synced write that callers hear; twice that many a call wait for.
const slowSync = 20 * time.Millisecond

// machineChecks judges clock, disk, ledger and decision log.
func machineChecks(f *Facts) []Finding {
	all := []Finding{clock(f.Machine)}
	all = append(all, disk(f)...)
	if f.Log.Missing != "" {
		all = append(all, notChecked("system.decisions", "the decision log", f.Log.Missing))
	} else if f.Log.Error != "" {
		all = append(all, Finding{ID: "system.decisions", Level: Warning, Title: "the decision log cannot be written", Detail: f.Log.Error,
			Mend: []string{"install -d -o tollfuse -g tollfuse -m 750 /var/log/tollfuse", "# log.decisions: /var/log/tollfuse/decisions.log"}})
	}
	return all
}

func clock(m Machine) Finding {
	switch {
	case m.ClockMissing != "":
		return notChecked("system.clock", "the clock", m.ClockMissing)
	case !m.Synchronized:
		return Finding{ID: "system.clock", Level: Warning, Title: "the clock is not synchronized",
			Detail: "Asterisk's timers follow the wall clock: when that is set back, calls last longer than they may.",
			Mend:   []string{"apt install chrony   # or: timedatectl set-ntp true"}}
	}
	return fine("system.clock", "the clock is synchronized")
}

func disk(f *Facts) []Finding {
	l, path := f.Ledger, f.Config.Ledger.Path
	if !l.Exists {
		return []Finding{{ID: "system.ledger", Level: Critical, Title: "there is no ledger at " + path, Mend: []string{"tollfuse init", "systemctl start tollfuse"}}}
	}
	var all []Finding
	switch least := f.Config.Alerts.DiskFree; {
	case l.SpaceMissing != "":
		all = append(all, notChecked("system.disk-space", "the space on the ledger's disk", l.SpaceMissing))
	case l.FreeMB < least:
		all = append(all, Finding{ID: "system.disk-space", Level: Critical, Title: fmt.Sprintf("the ledger's disk has %d MB left", l.FreeMB),
			Detail: "When it is full, calls abroad are refused.", Mend: []string{"df -h " + path + "   # and make room"}})
	default:
		all = append(all, fine("system.disk-space", "the ledger's disk has %d MB left", l.FreeMB))
	}
	switch {
	case l.SyncMissing != "":
		all = append(all, notChecked("system.disk-sync", "the speed of the ledger's disk", l.SyncMissing))
	case l.Sync > slowSync:
		all = append(all, Finding{ID: "system.disk-sync", Level: Warning, Title: fmt.Sprintf("a synced write beside the ledger takes %v (the slowest %v)", round(l.Sync), round(l.Slowest)),
			Detail: "Each decision waits for one: callers hear it, and a burst runs into the deadline.",
			Mend:   []string{"# put ledger.path on a local disk, not on NFS or a memory card"}})
	default:
		all = append(all, fine("system.disk-sync", "a synced write beside the ledger takes %v (the slowest %v)", round(l.Sync), round(l.Slowest)))
	}
	switch {
	case l.DamageMissing != "":
		all = append(all, notChecked("system.ledger-integrity", "the ledger's integrity", l.DamageMissing))
	case l.Damage != "":
		all = append(all, Finding{ID: "system.ledger-integrity", Level: Critical, Title: "the ledger is damaged", Detail: l.Damage,
			Mend: []string{"systemctl stop tollfuse", "tollfuse backup --restore FILE", "systemctl start tollfuse"}})
	default:
		all = append(all, fine("system.ledger-integrity", "the ledger is whole"))
	}
	return all
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// mailChecks judges the way out for notices.
func mailChecks(f *Facts) []Finding {
	m := f.Config.Mail
	switch {
	case len(m.To) == 0:
		return []Finding{{ID: "system.mail-nobody", Level: Warning, Title: "nobody is told of an attack", Detail: "mail.to is empty.",
			Mend: []string{"# tollfuse.yaml", "mail:", "  to: [you@example.com]"}}}
	case f.Mail.Missing != "":
		return []Finding{notChecked("system.mail-server", "the mail server", f.Mail.Missing)}
	case f.Mail.Error != "":
		return []Finding{{ID: "system.mail-server", Level: Critical, Title: "mail cannot leave by " + mailWay(f), Detail: f.Mail.Error, Mend: []string{f.Mail.Mend, "tollfuse alert test"}}}
	}
	return []Finding{fine("system.mail-server", "%s would take mail", mailWay(f))}
}

func mailWay(f *Facts) string {
	if f.Config.Mail.Server != "" {
		return f.Config.Mail.Server
	}
	return f.Config.Mail.Sendmail
}

// fuseChecks judges the main fuse's command.
func fuseChecks(f *Facts) []Finding {
	command := f.Config.Fuse.Command
	switch {
	case len(command) == 0:
		return []Finding{fine("system.fuse-command", "there is no main fuse (fuse.command); single calls are cut")}
	case f.Fuse.Error != "":
		return []Finding{{ID: "system.fuse-command", Level: Critical, Title: "the main fuse cannot blow: " + f.Fuse.Error, Mend: []string{"ls -l " + command[0], "tollfuse fuse test"}}}
	case f.Fuse.Loose != "":
		return []Finding{{ID: "system.fuse-owner", Level: Warning, Title: "the main fuse's command can be changed by " + f.Fuse.Loose,
			Detail: "Whoever can write it runs what he likes as the daemon's user.", Mend: []string{"chown root:root " + command[0], "chmod 755 " + command[0]}}}
	}
	return []Finding{fine("system.fuse-command", "the main fuse's command can be run")}
}

// configChecks repeats what Tollfuse's own configuration was warned of.
func configChecks(f *Facts) []Finding {
	var all []Finding
	for _, warning := range f.Config.Warnings {
		level := Warning
		switch key, _, _ := strings.Cut(warning, ":"); key {
		case "mail.to":
			continue // said by another check, with its mend
		case "observe":
			level = Note
		}
		all = append(all, Finding{ID: "config.warning", Level: level, Title: warning})
	}
	return all
}
