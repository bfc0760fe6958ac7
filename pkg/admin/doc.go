// Package admin is what the owner can ask of Tollfuse and tell it: the status,
// why a call is allowed or refused, rules, limits and locks, live calls and past
// ones, incidents, who changed what, and whether mail and main fuse work.
// Every command of the command line goes through Service, whether a daemon
// runs (then behind the control socket) or not (then on the ledger alone), so
// that the two can never answer differently.
package admin
