//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/config"
)

// american is a site that dials 9 for a line.
func american(c *config.Config) { numberSite{"US", "9", "212"}.configure(c) }

// dialsWhole dials numbers with the access code, which the dialplan does not take off, and sees the call go on, or
// cut as one to another number.
func dialsWhole(t *testing.T, l *Lab, d *Daemon, cutAs map[string]string) {
	t.Helper()
	l.WriteConfig(t, "extensions.conf", takesAnything)
	l.Reload(t)
	carrier, phone := l.Carrier(t), l.Phone(t, "1001")
	cuts := 0
	for number, other := range cutAs {
		call := phone.Dial(number)
		if other == "" {
			call.WaitAnswered(t, 5*time.Second)
			d.WaitAnswered(t, 1)
			call.StaysUp(t, 100*time.Millisecond)
			call.Hangup()
		} else {
			cuts++
			d.WaitDecision(t, "cutting", "number="+other, "reason=bypass")
		}
		if o := call.WaitEnded(t, 5*time.Second); other != "" && o.EndedBy != ByPBX {
			t.Errorf("%s: %+v", number, o)
		}
		if got := carrier.Numbers(); got[len(got)-1] != number {
			t.Errorf("%s: the carrier got %s", number, got[len(got)-1])
		}
		d.WaitLive(t, 0, 5*time.Second)
	}
	if found := d.DecisionLines(t, "adopted", "reason=bypass"); len(found) != cuts {
		t.Errorf("bypasses: %q", found)
	}
}

// A dialplan that does not take the access code off sends the carrier digits that can be another number. The
// daemon judges those, too: 9011… is nothing else and goes on, but 9-1-212… is +91 212… to a carrier that takes
// E.164 without a +, and is cut.
func TestAccessCodeLeftOn(t *testing.T) {
	forEachVersion(t, DaemonOptions{Change: american}, func(t *testing.T, l *Lab, d *Daemon) {
		dialsWhole(t, l, d, map[string]string{
			"9011442039967796": "", "90112203123456": "", // the United Kingdom, the Gambia
			"9175551234": "", // area code 917, without an access code
			"9911":       "", "9411": "",
			"912125551234": "+912125551234", "918005551234": "+918005551234", // India
		})
	})
}

// A trunk that wants the 9, as one to another PBX does, says so in the configuration.
func TestTrunkThatWantsTheAccessCode(t *testing.T) {
	wants := func(c *config.Config) {
		american(c)
		c.Asterisk[0].Trunks[0].Prefix = "9"
	}
	forEachVersion(t, DaemonOptions{Change: wants}, func(t *testing.T, l *Lab, d *Daemon) {
		dialsWhole(t, l, d, map[string]string{"9011442039967796": "", "912125551234": "", "92125551234": "", "918005551234": "", "9911": "", "9411": ""})
	})
}
