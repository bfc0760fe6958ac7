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
	AfterFailures Origin = "after-failures" // within an hour somebody tried wrong passwords in the caller's name
)

// Origins are all of them, the one that says most first.
func Origins() [3]Origin { return [...]Origin{NewNetwork, ManyNetworks, AfterFailures} }

// From tells whether the fact held when the call began.
func (q *Question) From(o Origin) bool { return names(q.Origin, string(o)) }

// Seen says that an account has shown its password in a network.
type Seen struct {
	PBX, Account string       // the Asterisk, and the endpoint on it
	Network      netip.Prefix // an IPv4 /24 or an IPv6 /48
	First, Last  time.Time    // Last is up to a day old
	Gone         bool         // another network has taken its place
}
