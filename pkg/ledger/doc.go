// Package ledger keeps the book: which calls may go on, what they hold of each
// budget, and what they have spent.
//
// Book is a single-threaded state machine without I/O and without a clock.
// Whatever changes it is an entry, and entries are applied through one door,
// Apply, by the living book and by one that is replayed alike.
//
// Ledger is the shell around it: one goroutine owns the book and decides, a
// second one makes the entries durable in groups. What extends permission is
// durable before anybody hears of it; what narrows or records acts at once.
package ledger
