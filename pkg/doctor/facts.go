package doctor

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
)

// Facts are what the checks judge. Where a source could not be had, its field
// Missing says why.
type Facts struct {
	Now       time.Time
	Version   string // of this program
	Config    config.Config
	Emergency []string // emergency numbers, those behind an access code included
	Plain     []string // emergency numbers as a carrier knows them
	Home      []string // patterns of ordinary numbers at home, as people dial them
	PBXs      []PBX
	Daemon    Daemon
	Machine   Machine
	Ledger    Ledger
	Mail      Mail
	Fuse      Fuse
	Log       DecisionLog
}

// PBX is what is known of one Asterisk.
type PBX struct {
	Asterisk config.Asterisk
	Files    Files
	// AccessCodes are what the people of the site dial before a number; Examine
	// takes them from the configuration.
	AccessCodes []string
	Wanted      *Dialplan // what the configuration would generate now
	NotWanted   string    // why that is not known
	Plan        *Dialplan // as it is loaded, or else as the files have it; nil where nobody knows
	Console     Console
	AMI         AMI

	known []endpoint // of the files; nil before they were looked through
}

// Files are those below Asterisk's configuration directory.
type Files struct {
	Missing string            // why none can be read
	Dir     string            // the directory
	Confs   map[string]*Conf  // by name, such as manager.conf; without those that do not exist
	Failed  map[string]string // those that exist and cannot be read, and why
}

// Console is what Asterisk's console says.
type Console struct {
	Missing   string // why it cannot be asked
	Plan      *Dialplan
	Endpoints []string // of PJSIP, by name
	ChanSIP   bool     // the old SIP driver is loaded
}

// AMI is what the manager interface says to the daemon's own user.
type AMI struct {
	Missing    string // why it was not asked, or not reached
	Refused    bool   // wrong user, secret or address
	Booted     bool   // FullyBooted came, which needs the read class system
	Version    string
	SystemName string
	Actions    map[string][]string // what the user may do, and the write classes each asks for
}

// Daemon is how the daemon is.
type Daemon struct {
	Missing string // it was not asked
	Error   string // it does not answer
	Status  admin.Status
	Changed time.Time // of the configuration file
}

// Machine is what the operating system says.
type Machine struct {
	ClockMissing string
	Synchronized bool
	ClockError   time.Duration // at most, by the kernel
}

// Ledger is the ledger's disk and file.
type Ledger struct {
	Exists        bool
	SpaceMissing  string
	FreeMB        int64
	SyncMissing   string
	Sync          time.Duration // the middle one of a few small synced writes beside the ledger
	Slowest       time.Duration
	DamageMissing string
	Damage        string // what SQLite says of its integrity; empty: it is whole
}

// Mail is the way out for notices.
type Mail struct {
	Missing string
	Error   string // the server, or sendmail, would take none
	Mend    string
}

// Fuse is the main fuse's command.
type Fuse struct {
	Error string
	Loose string // who beside root can change it
}

// DecisionLog is the file for people and fail2ban.
type DecisionLog struct {
	Missing string
	Error   string
}
