// Package calls is the live model of one Asterisk: which channels there are,
// who dialled whom, what is answered and what belongs together.
//
// It is fed with events of its own kind, so that it knows nothing of AMI, and
// has one owner: a Model is not safe for several goroutines. It has no clock;
// time is an argument.
//
// What may be relied on, and what is relied on: Asterisk keeps the order of the
// events of one channel and says nothing of a channel after its Hangup, but
// events of different channels can overtake each other. So an event about one
// channel tells how that channel stands, an event about several only makes known
// those that were not, and a channel that ended is remembered for a while, so
// that a late word about it does not bring it back. A Uniqueid stays with its
// channel through renames, bridges and masquerades
// (ast_channel_internal_swap_uniqueid_and_linkedid in Asterisk's main/channel.c).
//
// When events were lost, Replace puts the model right from a list of what is
// there. The events that arrived since that list was asked for must be held
// back and applied after it; then nothing is reported twice and nothing missed.
package calls
