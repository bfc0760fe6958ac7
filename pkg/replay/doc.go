// Package replay plays calls against the daemon's own code in virtual time: an
// attack of a weekend in seconds, to see what it would cost and what honest
// callers would notice.
//
// What decides is what decides in the daemon: authorize, numbering, rating and
// policy, the ledger with its book, and the watcher behind the events of a simulated
// Asterisk. Only the clock, the store and the far ends are played: telephones that
// dial, a dialplan that asks, a carrier that keeps its own bill, and a mail server.
// Nothing runs beside anything else, so the same scenario gives the same result.
package replay
