// Package watch is the use case behind AMI. It follows the live channels of one
// Asterisk, tells the ledger what becomes of every trunk leg, finds legs that
// no lease covers, and carries out the ledger's orders: to hang up, to move a
// timer, to look whether a channel exists.
//
// It judges nothing. A trunk leg is matched with a lease by who dialled it and
// by its number; the mark that the leg inherited only helps to find the lease.
// After a gap in the events it takes a new picture of all channels and puts
// model and ledger right.
package watch
