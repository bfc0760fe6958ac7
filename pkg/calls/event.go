package calls

// State is how far a channel has come, in the words of Asterisk
// (ChannelStateDesc).
type State string

// The states that matter here. Others (Dialing, Busy, Pre-ring …) are kept as
// they are.
const (
	Down    State = "Down"    // exists, nothing has happened yet
	Ring    State = "Ring"    // it calls us: a phone has dialled
	Ringing State = "Ringing" // we call it, and it rings
	Up      State = "Up"      // answered
)

// Kind says what happened.
type Kind string

// The kinds of events, with the AMI events that tell of them.
const (
	ChannelNew          Kind = "new"               // Newchannel
	ChannelState        Kind = "state"             // Newstate, NewCallerid, NewConnectedLine: how it stands
	ChannelRenamed      Kind = "renamed"           // Rename: Channel.Name is the new name
	DialBegun           Kind = "dial begun"        // DialBegin: Channel dials Dest; Originate has no Channel
	DialEnded           Kind = "dial ended"        // DialEnd: with DialStatus, and Forward if Dest sent the call elsewhere
	Bridged             Kind = "bridged"           // BridgeEnter
	Unbridged           Kind = "unbridged"         // BridgeLeave
	LocalBridged        Kind = "local bridged"     // LocalBridge: Channel is the half ;1, Dest the half ;2
	BlindTransferred    Kind = "blind transfer"    // BlindTransfer that succeeded: Channel sent Dest to Extension
	AttendedTransferred Kind = "attended transfer" // AttendedTransfer that succeeded: Channel joined Dest and Target
	Hungup              Kind = "hung up"           // Hangup, with Cause
)

// Snapshot is what Asterisk says about a channel in every event that concerns
// it. An empty field says nothing; whoever translates leaves out "<unknown>".
type Snapshot struct {
	Uniqueid         string `json:"uniqueid"`
	Linkedid         string `json:"linkedid"` // Uniqueid of the oldest channel of the call
	Name             string `json:"name"`
	State            State  `json:"state"`
	CallerIDNum      string `json:"caller_id_num,omitempty"` // a claim; only for a person to read
	ConnectedLineNum string `json:"connected_line_num,omitempty"`
	Context          string `json:"context,omitempty"`
	Exten            string `json:"exten,omitempty"`
}

// Event is something that happened on the Asterisk.
type Event struct {
	Kind       Kind
	Channel    Snapshot // whom it is about, or who did it
	Dest       Snapshot // to whom it was done: the dialled, the other half, the transferred
	Target     Snapshot // attended transfer: with whom Dest talks now, where that is a channel
	DialString string   // dial begun: what was dialled, without the technology
	DialStatus string   // dial ended: ANSWER, BUSY, CANCEL …
	Forward    string   // dial ended: where the dialled sent the call
	Bridge     string   // bridged, unbridged: BridgeUniqueid
	Extension  string   // blind transfer: where to
	Cause      int      // hung up: Q.850 cause
}
