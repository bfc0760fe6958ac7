//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// landings is a dialplan with what transferred calls can meet: 1NNN is an extension, 2002 takes the
// timer of who comes there away, 3002 keeps who comes there after the second Dial.
const landings = `
[internal]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20)
exten => 2002,1,Set(TIMEOUT(absolute)=0)
 same => n,Dial(PJSIP/1002,20)
exten => 3002,1,Dial(PJSIP/1002,20,g)
 same => n,Wait(60)
exten => _0X.,1,Gosub(tollfuse,s,1)
 same => n,GotoIf($["${TOLLFUSE_VERDICT}" = "allow"]?:denied)
 same => n,Dial(PJSIP/${TOLLFUSE_DIAL}@carrier,60,S(${TOLLFUSE_SECONDS}))
 same => n,Hangup()
 same => n(denied),Hangup(${TOLLFUSE_CAUSE})
#include extensions_tollfuse.conf
`

// transferred is a call to London that an extension has transferred.
type transferred struct {
	name      string
	extension string // who transfers
	to        string
	announced bool // he has called there before
}

// transfer makes such a call and transfers it when it is bridged, and returns the carrier's end of it. So many
// channels are bridged before.
func (x transferred) transfer(t *testing.T, l *Lab, carrier *Carrier, bridged int) *Call {
	t.Helper()
	phone, before := l.Phone(t, x.extension), len(carrier.Calls())
	call := phone.Dial(london)
	call.WaitAnswered(t, 10*time.Second)
	trunk := carrier.WaitCalls(t, before+1, 5*time.Second)[before]
	l.WaitBridged(t, bridged+2, 5*time.Second)
	status := 0
	if x.announced {
		other := phone.Dial(x.to)
		other.WaitAnswered(t, 5*time.Second)
		l.WaitBridged(t, bridged+4, 5*time.Second)
		status = call.ReferTo(t, other, 5*time.Second)
	} else {
		status = call.Refer(t, x.to, 5*time.Second)
	}
	if status != 200 {
		t.Errorf("%s: the transfer comes to %d", x.name, status)
	}
	l.WaitBridged(t, bridged+2, 5*time.Second)
	return trunk
}

// A transferred call ends when its lease does, with the daemon killed as well, wherever the transfer leads.
func TestTransferredCallKeepsItsTimer(t *testing.T) {
	const slice = 8 * time.Second
	all := []transferred{
		{"blind to an extension", "1001", "1002", false},
		{"blind to where the timer is taken away", "1003", "2002", false},
		{"blind to where the call goes on", "1005", "3002", false},
		{"blind to the outside", "1006", berlin, false},
		{"announced to an extension", "1007", "1002", true},
		{"announced to the outside", "1008", berlin, true},
	}
	forEachVersion(t, DaemonOptions{Change: shortSlices(slice, time.Hour)}, func(t *testing.T, l *Lab, d *Daemon) {
		l.WriteConfig(t, "extensions.conf", landings)
		l.Reload(t)
		carrier := l.Carrier(t)
		l.Phone(t, "1002")
		var trunks []*Call
		for i, x := range all {
			trunks = append(trunks, x.transfer(t, l, carrier, 2*i))
		}
		granted := map[string]time.Duration{}
		manager := l.Manager(t, nil)
		Eventually(t, 3*time.Second, "every trunk leg has a timer", func() bool {
			_, left := marks(t, manager, "carrier")
			for _, seconds := range left {
				if seconds == 0 {
					return false
				}
			}
			return true
		})
		for _, lease := range d.WaitLive(t, len(all)+2, 5*time.Second) {
			if lease.State != toll.Answered {
				t.Errorf("not answered: %+v", lease)
			}
			granted[lease.Caller.ID] = max(granted[lease.Caller.ID], lease.Covered)
		}
		d.Kill(t)
		for i, x := range all {
			o := trunks[i].WaitEnded(t, 3*slice)
			t.Logf("measured: %s: granted %v, the carrier bills %v", x.name, granted[x.extension], o.Talk)
			cutWithin(t, o, slice, granted[x.extension])
		}
		l.WaitIdle(t, 5*time.Second)
	})
}
