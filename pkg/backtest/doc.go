// Package backtest asks the daemon's own policy and book about calls of the past: which
// of them they would have refused, cut or asked a PIN for, and what to change.
//
// What decides is what decides in the daemon: numbering, rating, accountable callers and
// policy, and the book with its ticks, in the time of the records. No Asterisk is played
// and nothing is written, so that a million calls are a matter of seconds; package replay
// plays stories with all that.
package backtest
