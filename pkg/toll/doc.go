// Package toll holds the words of Tollfuse as types: who calls, where to, at
// what price, what was asked, what was answered, and what the ledger remembers
// of it. It imports nothing of ours, has no I/O and no clock, and every other
// room speaks in its terms.
package toll
