package config

import (
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Default is what a file means that says nothing. It is no whole
// configuration: the country and the PBXs are the owner's to name.
func Default() Config {
	return Config{
		Site:   Site{Timezone: "Local", Currency: "USD", Size: 10},
		Ledger: Ledger{Path: "/var/lib/tollfuse/ledger.db"},
		FastAGI: FastAGI{
			Listen:         "127.0.0.1:4573",
			Allow:          []string{"127.0.0.0/8", "::1"},
			MaxConnections: 1024,
			Deadline:       500 * time.Millisecond,
		},
		Control: Control{Socket: "/run/tollfuse/control.sock"},
		Prices: Prices{
			Home:       20_000,
			SharedCost: 300_000,
			Allowed:    300_000,
			Moderate:   300_000,
			Other:      1_500_000,
			Premium:    10 * toll.Unit,
		},
		Calls: Calls{
			Max:      2 * time.Hour,
			MaxHome:  4 * time.Hour,
			MinSlice: time.Minute,
			MaxSlice: 10 * time.Minute,
			Share:    4,
		},
		Failure: Failure{Home: Allow},
		Bypass:  BypassCut,
		Alerts: Alerts{
			Refusals: 5,
			Gather:   5 * time.Second,
			Quiet:    30 * time.Minute,
			LinkDown: time.Minute,
			DiskFree: 500,
		},
		Mail: Mail{Security: StartTLS, Sendmail: "/usr/sbin/sendmail"},
		Fuse: Fuse{Bypasses: 5, Cuts: 30, Within: 10 * time.Minute, Blind: 5 * time.Minute, Timeout: 10 * time.Second},
		Log:  Log{Level: "info", Format: "text"},
	}
}

// preset gives a PBX in the list its defaults.
func (a *Asterisk) preset() {
	a.AMI = AMI{Address: "127.0.0.1:5038", User: "tollfuse"}
}
