// Package dialplan renders the files that connect an Asterisk with Tollfuse:
// the subroutine that the dialplan asks before it dials a trunk, the manager
// user of the daemon, and an example dialplan.
//
// The subroutine works without the daemon as far as it must: it refuses what is
// no number, lets emergency calls go without asking anybody, and presets a
// verdict for the case that no answer comes. See README.md for the contract.
package dialplan
