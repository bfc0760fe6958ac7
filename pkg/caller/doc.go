// Package caller finds who is accountable for a call. It decides from facts
// that Asterisk itself vouches for, the names of channels above all, and never
// from caller ID, Diversion or another header that somebody outside can write.
//
// The facts are looked at in this order, and the first that is there decides:
//
//	fact                             accountable                  kind
//	BLINDTRANSFER                    who sent the call on         transfer
//	ATTENDEDTRANSFER, TRANSFERERNAME who joined the two calls     transfer
//	FORWARDERNAME                    who was called, and deflected forward
//	Originated                       the channel it was begun on  originated
//	own channel is a trunk           the trunk                    trunk
//	own channel is a gateway         the gateway, or the account  gateway
//	own channel is an endpoint       the endpoint, or the account extension
//	a Local one dialled by a queue   its extension, see below     forward
//	own channel is Local             the context, see below       unknown
//	anything else                    nobody                       unknown
//
// A transferer stands above a forwarder because Dial sets FORWARDERNAME on a
// channel at its birth and Asterisk sets BLINDTRANSFER later, when that very
// channel is sent on: the transferer is the last who chose a number. None of
// them goes stale, because Asterisk clears them when the channel enters its next
// bridge (bridge_channel_internal_push_full in main/bridge_channel.c).
//
// A transferer or forwarder that is itself a trunk or a gateway is answered for
// as one: a carrier that redirects a call (302, REFER) must not be counted
// against an extension of the same name, nor pass for one.
//
// There is one exception. Asterisk writes the transferer's name on every channel
// of the bridge but the transferer's own, which gets the name of the other party
// (set_transfer_variables_all in main/bridge.c). Where that is a trunk, a phone
// that transferred a call and then dials would have it paid for by the carrier.
// So a phone that dials is accountable itself if the transferer is a trunk.
// Where the other party is a phone, the facts of the channel alone cannot tell
// who of the two transferred; that needs the event of the transfer. It takes a
// transfer by feature code under a Dial with the option g, and a dialplan that
// goes on to dial outside.
//
// A fact that is there but cannot be read names nobody, and the next one is not
// tried: whoever manages to spoil the name of a transferer shall not charge
// somebody else. Nobody is a caller too, with the ID "unknown", so that limits
// and locks hold for all such calls together.
//
// A Local channel without a forwarder has come out of the dialplan. Dial and
// Queue write the extension that they stand in on its first half before it
// is called, and the dialplan reads it there. Where
// that is an extension of the site, it is the number of a queue, a ring group or
// a follow-me, whose owner chose the outside number. It answers, and never who
// rang it. Any other extension may be a pattern whose digits a caller chose, and
// he would be somebody new with each call. Then, and for a call file, the context
// is what all calls by that way are counted under: "Local/internal". The site
// wrote it, while the number in the channel's name was chosen by a caller.
//
// What a call from outside reaches and that dials on the same channel (DISA, an
// IVR, a voicemail that calls out) is paid for by the trunk it came in by.
//
// A transferred trunk leg that goes on to dial after another bridge, as behind a
// Dial with the option g, no longer has the facts of the transfer. The watcher
// remembers who it was for as long as the leg lives, and whoever resolves a trunk
// that has no such fact adds it from there. What was transferred while nobody
// watched is not remembered: then the trunk pays.
//
// The names of endpoints are shared by PJSIP, SIP and IAX2, so "1001" is one
// caller by each of them; a DAHDI line is "DAHDI/4" or "DAHDI/i1". An account
// code counts only for the endpoints the site names, as for hot-desking. It does
// not count for a trunk, nor for who transfers or forwards, because it is that of
// the channel that dials. One that the dialplan could not read is none.
package caller
