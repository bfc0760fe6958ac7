package authorize

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/tollfuse/tollfuse/agi"
	"github.com/tollfuse/tollfuse/pkg/caller"
)

// Arguments that the snippet passes as key=value. They are filtered there to
// characters that neither commas nor quotes of a hostile value survive, and
// the last one shows that nothing was swallowed.
const (
	argPBX        = "pbx"      // the name of this Asterisk in the configuration
	argNumber     = "number"   // what was dialled, filtered to 0-9*#+
	argTrunk      = "trunk"    // the trunk it would leave by; may be empty
	argBlind      = "blind"    // BLINDTRANSFER
	argAttended   = "attended" // ATTENDEDTRANSFER
	argForwarder  = "forward"  // FORWARDERNAME
	argTransferer = "transfer" // TRANSFERERNAME
	argAccount    = "account"  // accountcode
	argBy         = "by"       // of a Local channel: the extension that its other half has; not in older snippets
	argRemote     = "remote"   // CHANNEL(pjsip,remote_addr): address and port of the phone
	argEnd        = "end"      // always 1, always last
)

// Request is what the dialplan says about a call that is to go out.
type Request struct {
	PBX      string // its name in the configuration
	Uniqueid string // of the channel that asks
	Number   string // as it was dialled
	Trunk    string // by which it would leave; may be empty
	Facts    caller.Facts
	Remote   netip.Addr // where the phone that asks is; invalid where nobody knows
}

// errNotOurs marks a request that no snippet of ours can have made.
var errNotOurs = errors.New("not a request of the dialplan snippet")

// read takes the arguments of a request. An unknown key, a missing one, or one
// that comes twice means that somebody forged the request or that the snippet
// is of another version: neither is guessed at.
func read(r *agi.Request) (Request, error) {
	args, err := r.NamedArgs()
	if err != nil {
		return Request{}, fmt.Errorf("%w: %w", errNotOurs, err)
	}
	if n := len(r.Args); n == 0 || r.Args[n-1] != argEnd+"=1" {
		return Request{}, fmt.Errorf("%w: the last argument is not %s=1", errNotOurs, argEnd)
	}
	q := Request{
		Uniqueid: r.Uniqueid,
		Facts:    caller.Facts{Channel: r.Channel},
	}
	var remote string
	fields := map[string]*string{
		argPBX: &q.PBX, argNumber: &q.Number, argTrunk: &q.Trunk, argRemote: &remote, argEnd: new(string),
		argBlind: &q.Facts.BlindTransfer, argAttended: &q.Facts.AttendedTransfer,
		argForwarder: &q.Facts.Forwarder, argTransferer: &q.Facts.Transferer, argAccount: &q.Facts.Account,
		argBy: &q.Facts.DialledBy,
	}
	for key, value := range args {
		field, known := fields[key]
		if !known {
			return Request{}, fmt.Errorf("%w: unknown argument %.20q", errNotOurs, key)
		}
		if len(value) > maxArgument {
			return Request{}, fmt.Errorf("%w: argument %s is too long", errNotOurs, key)
		}
		*field = value
	}
	if _, given := args[argNumber]; !given || q.PBX == "" || q.Uniqueid == "" || len(q.Uniqueid) > maxArgument {
		return Request{}, fmt.Errorf("%w: %s, %s and a Uniqueid are needed", errNotOurs, argPBX, argNumber)
	}
	if at, err := netip.ParseAddrPort(remote); err == nil {
		q.Remote = at.Addr()
	}
	return q, nil
}

// maxArgument bounds one argument in bytes; a channel name is at most 80
// (AST_MAX_EXTENSION and a suffix).
const maxArgument = 160
