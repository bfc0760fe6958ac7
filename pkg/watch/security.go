package watch

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// Origins is told where accounts show their passwords. It must not block.
type Origins interface {
	Accepted(pbx, account string, from netip.Addr)
	Failed(pbx, account string)
}

// securityFields begin every security event, in this order without a gap
// (main/manager_channels.c and main/security_events.c; seen on 16 and 22). Names and
// call IDs in them are text of whoever sent the request. PJSIP names the endpoint as
// the account, and reports a name that it does not know by another event, which
// nobody here wants. To write a whole event of this kind into another one takes more
// bytes than Asterisk leaves of a hostile value.
var securityFields = [...]string{"EventTV", "Severity", "Service", "EventVersion", "AccountID", "SessionID", "LocalAddress", "RemoteAddress"}

// The places of what is read.
const (
	securityService = 2
	securityAccount = 4
	securityRemote  = 7
)

// sighting is what a security event says.
type sighting struct {
	account string
	from    netip.Addr
	right   bool // the password
}

// sight tells who has shown a password from where; false for any other event, and
// for one that is not as Asterisk writes it.
func sight(m ami.Message) (sighting, bool) {
	event := m.Event()
	if !slices.Contains(securityEvents(), event) {
		return sighting{}, false
	}
	var v [len(securityFields)]string
	at, privileged := 0, false
	for name, value := range m.All() {
		switch {
		case at == len(v):
			if slices.Contains(securityFields[:], name) {
				return sighting{}, false // it comes twice
			}
		case name == securityFields[at] && privileged:
			v[at] = value
			at++
		case at > 0:
			return sighting{}, false
		case name == "Privilege":
			privileged = value == "security,all"
		}
	}
	if at < len(v) || v[securityService] != "PJSIP" {
		return sighting{}, false
	}
	from, known := remote(v[securityRemote])
	return sighting{account: v[securityAccount], from: from, right: event == "SuccessfulAuth"}, known
}

// securityEvents are those that say whether a password was right.
func securityEvents() []string {
	return []string{"SuccessfulAuth", "ChallengeResponseFailed", "InvalidPassword"}
}

// remote reads an address as security events have it: IPV4/UDP/192.0.2.1/5060.
func remote(s string) (netip.Addr, bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 4 {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(strings.Trim(parts[2], "[]"))
	return a.Unmap(), err == nil
}

// noteSecurity tells where an account was seen, and whether the event was about that.
func (w *Watcher) noteSecurity(m ami.Message) bool {
	if !slices.Contains(securityEvents(), m.Event()) {
		return false
	}
	s, whole := sight(m)
	switch {
	case !whole || w.options.Origins == nil:
	case s.right:
		w.options.Origins.Accepted(w.options.PBX, s.account, s.from)
	default:
		w.options.Origins.Failed(w.options.PBX, s.account)
	}
	return true
}
