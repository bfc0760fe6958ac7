// Package fuse runs the command of the main fuse: a program of the owner's that
// shuts the way out when to cut single calls is not enough, with a firewall rule
// to the carrier, say. The book decides that the fuse has blown; here it is only
// carried out.
//
// A Runner runs the command, one run at a time, without a shell. A Keeper sees
// to it that the command has run for a fuse that has blown, for as long as it
// takes, and also after a restart of the daemon.
package fuse
