// Package demo shows a weekend's attack on a firm of twelve in fast motion: the real daemon, on a ledger in a
// temporary folder, against a simulated Asterisk, over real sockets.
//
// # What is real and what is not
//
// The daemon is the one of "tollfuse serve", with the limits that "tollfuse init" sets for twelve extensions.
// What it allows and refuses is read from its decision log; what was dialled, cut and charged is what the
// simulated Asterisk and its carrier saw.
//
// Time is compressed: a second here stands for five minutes there, and the quiet hours are left out. The
// daemon's clock is the wall clock, so prices are multiplied instead: a second costs what five minutes cost.
// Amounts and budgets are as they would be. Two things come out to the daemon's disadvantage: a call that is
// cut at once is billed a whole second, which stands for five minutes, and so does each second of the margin
// that a lease reserves. Two come out to its advantage: the whole weekend fits into one day's budget, and a
// call is watched at the wall clock's pace. Limits in minutes are not compressed, and never come into play.
package demo
