//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// Carrier is the far end of a trunk. It keeps every call it was sent, which is what would be on the
// bill: Calls, with the number and the talk time of each.
type Carrier struct{ *agent }

// Carrier opens the carrier behind the trunk "carrier" until the test ends.
func (l *Lab) Carrier(t testing.TB) *Carrier {
	t.Helper()
	return &Carrier{newAgent(t, carrierHost, l.SIP, l.SIP)}
}

// SecondCarrier opens the carrier behind the trunk "carrier2".
func (l *Lab) SecondCarrier(t testing.TB) *Carrier {
	t.Helper()
	return &Carrier{newAgent(t, secondCarrierHost, l.SIP, l.SIP)}
}

// Dial calls into the PBX over the trunk, as somebody outside does.
func (c *Carrier) Dial(number, from string) *Call {
	return c.dial("", "", number, Dialling{User: from})
}

// Numbers returns the numbers that were dialled, in order.
func (c *Carrier) Numbers() []string {
	var numbers []string
	for _, call := range c.Calls() {
		numbers = append(numbers, call.Number)
	}
	return numbers
}

// Talk returns the talk time of all calls together; a call that is still up counts until now.
func (c *Carrier) Talk() time.Duration {
	var total time.Duration
	for _, call := range c.Calls() {
		switch o := call.Outcome(); {
		case o.Answered.IsZero():
		case o.Ended.IsZero():
			total += time.Since(o.Answered)
		default:
			total += o.Talk
		}
	}
	return total
}

// Up returns how many calls are answered and not over.
func (c *Carrier) Up() int {
	n := 0
	for _, call := range c.Calls() {
		if call.Up() {
			n++
		}
	}
	return n
}
