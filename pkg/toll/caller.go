package toll

// CallerKind says by which way somebody became accountable for a call.
type CallerKind string

// The ways a call can leave a PBX.
const (
	Extension   CallerKind = "extension"  // a phone dialled it
	Forward     CallerKind = "forward"    // a phone or the dialplan forwarded a call
	Transfer    CallerKind = "transfer"   // a party of an answered call sent it on
	FromTrunk   CallerKind = "trunk"      // a call from outside was sent out again
	Originated  CallerKind = "originated" // AMI, ARI, a call file or the console started it
	GatewayUser CallerKind = "gateway"    // a user behind an endpoint that carries many
	Unknown     CallerKind = "unknown"    // the facts name nobody
)

// Caller is who is accountable for a call. It comes from facts that nobody
// outside can forge, never from the caller ID.
type Caller struct {
	Kind  CallerKind `json:"kind"`
	ID    string     `json:"id"`              // the endpoint: "1001", "carrier"
	Group string     `json:"group,omitempty"` // the group that the site put it in
}

// String writes the caller as rules and commands name it: "extension:1001".
func (c Caller) String() string { return string(c.Kind) + ":" + c.ID }
