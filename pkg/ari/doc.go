// Package ari speaks to the REST interface of Asterisk (ARI), as far as a fuse
// needs it: to see whether a channel is alive, and to hang it up. It is the way
// that is left when the manager interface is down or does not do what it said.
//
// Only requests are made, no events are read: those come over AMI.
package ari
