// Package sqlite is the store behind the ledger: one SQLite file that holds
// the log from which the book is rebuilt, the settings that stand, and the
// history of calls for people. It gives the ledger durable groups of entries
// and the book back after a restart, and it does nothing of its own accord: no
// clock, no goroutine outlives a call.
//
// One daemon writes (Open), any number of others read beside it (OpenReadOnly,
// or any SQL tool). The tables are described in migrations/.
package sqlite
