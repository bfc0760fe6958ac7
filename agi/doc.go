// Package agi speaks FastAGI, the protocol in which Asterisk asks a server
// over TCP what to do with a call.
//
// For each AGI() in the dialplan Asterisk opens one connection, sends a block
// of "agi_name: value" lines that ends with a blank line, and then answers one
// command at a time until the server closes the connection. A [Server] accepts
// such connections and hands each to a [Handler] as a [Session]; a [Caller] is
// the other end and plays Asterisk, for tests and simulations.
//
// # What the package takes care of
//
//   - Everything that arrives is bounded: lines, variables, the time for the
//     introduction, for each reply and for the dialogue, and the number of
//     connections. Nothing is trusted: FastAGI has no authentication.
//   - HANGUP is a line of its own that arrives at any moment, also between a
//     command and its reply. It is noted ([Session.HungUp]), never mistaken
//     for the reply.
//   - An argument with a line break or NUL, and a command longer than
//     Asterisk's buffer, are refused by the encoder. Asterisk would take the
//     rest of either as a second command.
//   - A caller who smuggles a line break into a caller ID or an extension can
//     forge variables and replies. Repeated variables, and lines nobody asked
//     for, end the dialogue with an error.
//
// # Rules for handlers
//
// Asterisk waits for the server without a timeout of its own, so a stalled
// handler holds the call; Server.DialogueTimeout closes the connection under
// it. If a handler returns without having set anything, AGISTATUS in the
// dialplan is SUCCESS all the same: preset the outcome in the dialplan and
// test for the explicit one.
//
// Values in a [Request] come from the telephone network and are hostile text.
//
// Facts about Asterisk's behaviour are from res/res_agi.c of Asterisk 16 to 22
// unless another source is named.
package agi
