package caller

import (
	"cmp"
	"slices"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// Nobody is the ID of the caller that all calls share whose facts name nobody.
const Nobody = "unknown"

// Facts is what is known of the channel that asks, or of the one that dialled a
// trunk leg. The names are those of Asterisk; empty means not there.
type Facts struct {
	Channel          string // agi_channel, such as PJSIP/1001-00001dc3
	BlindTransfer    string // BLINDTRANSFER, the channel of who sent the call on
	AttendedTransfer string // ATTENDEDTRANSFER, the channel of who joined two calls
	Transferer       string // TRANSFERERNAME, the same where Asterisk transferred by feature code; or who did by the events of AMI
	Forwarder        string // FORWARDERNAME, the channel that answered with 302
	Account          string // agi_accountcode; counts only where the site says so
	Originated       bool   // AMI, ARI, a call file or the console began it: no channel dialled
	DialledBy        string // of a Local channel: the extension that its other half stands for, such as that of a queue
}

// unreadable is what the dialplan says of a fact that holds odd characters.
const unreadable = "unreadable"

// Site is what must be known of the site to read the facts. An endpoint of
// PJSIP, SIP or IAX2 is named alone ("1001") or with its technology
// ("PJSIP/1001"), one of DAHDI always with it ("DAHDI/i1", "DAHDI/4"), because
// its name is a mere number.
type Site struct {
	Trunks   []string          // endpoints that lead outside
	Gateways []string          // endpoints that carry many users
	Accounts []string          // endpoints whose account code says who is behind them, as with hot-desking
	Groups   map[string]string // the group that an endpoint or account was put in
	Internal func(string) bool // tells whether a number is an extension of the site; nil means that none is
}

// Resolve finds who is accountable, by the table at the head of this package.
// It never fails: facts that name nobody give a caller of kind Unknown.
func (s Site) Resolve(f Facts) toll.Caller {
	if transferer := cmp.Or(f.BlindTransfer, f.AttendedTransfer, f.Transferer); transferer != "" {
		return s.transferred(f, transferer)
	}
	if f.Forwarder != "" {
		return s.party(f.Forwarder, toll.Forward)
	}
	if f.Originated {
		return s.originated(f.Channel)
	}
	return s.own(f)
}

// Trunk tells whether a channel is one of a trunk, and by which name the site
// knows that trunk.
func (s Site) Trunk(channel string) (name string, ok bool) {
	e, ok := parse(channel)
	if !ok {
		return "", false
	}
	return e.in(s.Trunks)
}

// transferred is a call that somebody sent on. Where that was a trunk and a
// phone dials, the phone stays accountable.
func (s Site) transferred(f Facts, transferer string) toll.Caller {
	if _, byTrunk := s.Trunk(transferer); byTrunk {
		if own := s.own(f); own.Kind == toll.Extension || own.Kind == toll.GatewayUser {
			return own
		}
	}
	return s.party(transferer, toll.Transfer)
}

// party is a transferer or forwarder, known by the name of its channel.
func (s Site) party(channel string, kind toll.CallerKind) toll.Caller {
	e, ok := parse(channel)
	if !ok || e.tech == Local {
		return s.unknown(e)
	}
	if trunk, ok := e.in(s.Trunks); ok {
		return s.caller(toll.FromTrunk, trunk, e)
	}
	if _, ok := e.in(s.Gateways); ok {
		kind = toll.GatewayUser
	}
	return s.caller(kind, e.id(), e)
}

// originated is whatever channel the call was begun on. That a trunk can be
// one is the point: nobody dialled there, so nobody else can be charged.
func (s Site) originated(channel string) toll.Caller {
	e, ok := parse(channel)
	if !ok {
		return toll.Caller{Kind: toll.Originated, ID: Nobody}
	}
	return s.caller(toll.Originated, e.id(), e)
}

// own is the channel that dials, where nobody has sent the call on.
func (s Site) own(f Facts) toll.Caller {
	e, ok := parse(f.Channel)
	if ok && e.tech == Local && s.owns(f.DialledBy) {
		return toll.Caller{Kind: toll.Forward, ID: f.DialledBy, Group: s.Groups[f.DialledBy]}
	}
	if !ok || e.tech == Local {
		return s.unknown(e)
	}
	if trunk, ok := e.in(s.Trunks); ok {
		return s.caller(toll.FromTrunk, trunk, e)
	}
	kind := toll.Extension
	if _, ok := e.in(s.Gateways); ok {
		kind = toll.GatewayUser
	}
	if _, ok := e.in(s.Accounts); ok && f.Account != unreadable && validEndpoint(f.Account) {
		return toll.Caller{Kind: kind, ID: f.Account, Group: s.Groups[f.Account]}
	}
	return s.caller(kind, e.id(), e)
}

// owns tells whether an extension can answer for what it dials. Others can be
// patterns, and a caller who chooses the digits would be a new one each time.
func (s Site) owns(extension string) bool {
	return s.Internal != nil && validEndpoint(extension) && all(extension, isDigit) && s.Internal(extension)
}

// unknown is a Local channel, counted under its context, or nobody at all.
func (s Site) unknown(e endpoint) toll.Caller {
	if e.tech != Local {
		return toll.Caller{Kind: toll.Unknown, ID: Nobody}
	}
	return s.caller(toll.Unknown, e.id(), e)
}

// caller adds the group that the site put the endpoint in, by any of its names.
func (s Site) caller(kind toll.CallerKind, id string, e endpoint) toll.Caller {
	c := toll.Caller{Kind: kind, ID: id}
	for _, name := range e.names() {
		if group, ok := s.Groups[name]; ok {
			c.Group = group
			break
		}
	}
	return c
}

// endpoint is the end of a channel that the site has a name for.
type endpoint struct{ tech, name string }

func parse(channel string) (endpoint, bool) {
	tech, name, ok := ParseChannel(channel)
	return endpoint{tech, name}, ok
}

// id is what the endpoint is called in rules, limits and locks. The SIP
// technologies and IAX2 share the extensions of the site, and a phone that can
// register by two of them is still one caller. A DAHDI channel or a Local
// context has a name of its own kind, and must not pass for an extension.
func (e endpoint) id() string {
	switch e.tech {
	case PJSIP, SIP, IAX2:
		return e.name
	}
	return e.tech + "/" + e.name
}

// names are all by which the site may call the endpoint, the closest first.
func (e endpoint) names() []string { return []string{e.tech + "/" + e.name, e.id()} }

// in finds the name under which the endpoint stands in a list.
func (e endpoint) in(list []string) (name string, ok bool) {
	for _, name := range e.names() {
		if slices.Contains(list, name) {
			return name, true
		}
	}
	return "", false
}
