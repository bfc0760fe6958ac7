//go:build e2e

package e2e

import "testing"

// Phone is an extension of the PBX, 1001 to 1021. One phone can hold many calls at a time, and listens
// where the PBX expects that extension, so it can be called as well: see OnCall.
type Phone struct {
	*agent
	Extension string
}

// Phone opens the phone of an extension until the test ends. Each can be opened once at a time.
func (l *Lab) Phone(t testing.TB, extension string) *Phone {
	t.Helper()
	return &Phone{newAgent(t, l.phoneHost(t, extension), l.SIP, l.SIP), extension}
}

// Dial calls a number, sent exactly as it is given, and returns at once.
func (p *Phone) Dial(number string) *Call { return p.DialWith(number, Dialling{}) }

// DialWith is Dial with more to say in the INVITE.
func (p *Phone) DialWith(number string, how Dialling) *Call {
	return p.dial(p.Extension, "pw"+p.Extension, number, how)
}
