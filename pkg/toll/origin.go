package toll

import (
	"net/netip"
	"time"
)

// Origin is a fact about where a caller is seen from, which rules can ask for.
type Origin string

// The origins.
const (
	NewNetwork    Origin = "new-network"    // the call, or a registration of the last hour, is from a network that is new for the caller
	ManyNetworks  Origin = "many-networks"  // the caller was seen from more than one network within the hour
	Foreign       Origin = "foreign"        // the caller was seen within the hour at an address in a country that is neither home nor one of the site's
	AfterFailures Origin = "after-failures" // within an hour somebody tried wrong passwords in the caller's name
)

// Origins are all of them, the one that says most first.
func Origins() [4]Origin { return [...]Origin{Foreign, NewNetwork, ManyNetworks, AfterFailures} }

// From tells whether the fact held when the call began.
func (q *Question) From(o Origin) bool { return names(q.Origin, string(o)) }

// Seen says that an account has shown its password in a network.
type Seen struct {
	PBX, Account string       // the Asterisk, and the endpoint on it
	Network      netip.Prefix // an IPv4 /24 or an IPv6 /48
	First, Last  time.Time    // Last is up to a day old
	Gone         bool         // another network has taken its place
}
