//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/replay"
)

// atHome is a cheap number.
func atHome(n int) string { return berlin + string(rune('0'+n)) }

// plannedTransfers are answered cheap calls that are sent on to where it is dear, blind and announced, and one to where
// nobody may call.
func plannedTransfers() []planned {
	return []planned{
		{from: "1001", via: atHome(1), number: inFreetown(1), talk: 9300 * time.Millisecond},
		{from: "1002", via: atHome(2), number: "0017675551234"},
		{from: "1003", via: atHome(3), number: inFreetown(3), announced: true}, // until all is spent
	}
}

// sendOn makes such a call, and returns when it is over. The phone sends on, and joins, when the simulator's does: five
// seconds after an answer.
func (p planned) sendOn(t *testing.T, carrier *Carrier, phone *Phone) {
	t.Helper()
	const announced = 5 * time.Second
	call := phone.Dial(p.via)
	call.WaitAnswered(t, 5*time.Second)
	call.StaysUp(t, announced)
	status, before := 0, len(carrier.Calls())
	if p.announced {
		other := phone.Dial(p.number)
		other.WaitAnswered(t, 5*time.Second)
		other.StaysUp(t, announced)
		status = call.ReferTo(t, other, 5*time.Second)
	} else {
		status = call.Refer(t, p.number, 5*time.Second)
	}
	t.Logf("measured: the transfer to %s comes to %d", p.number, status) // 503 where the dialplan hangs up
	if p.talk > 0 {
		far := carrier.WaitCalls(t, before+1, 5*time.Second)[before]
		far.WaitAnswered(t, 5*time.Second)
		far.StaysUp(t, p.talk)
		far.Hangup()
	}
	trunkCall(t, carrier, p.via).WaitEnded(t, time.Minute)
}

// Transfers of calls that the phone has made itself are the same on a real Asterisk and in the simulator, too: who is
// accountable, what is renewed and cut, and what both legs cost.
func TestTransfersBothWays(t *testing.T) {
	words := []string{"extension:1001", "transfer:1001", "transfer:1002 denied_rule", "extension:1003", "spent budget", "renewed"}
	bothWays(t, plannedTransfers(), words, func(*testing.T, *Daemon, story, *replay.Scenario) {})
}
