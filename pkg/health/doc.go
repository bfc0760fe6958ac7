// Package health says when Tollfuse itself is in trouble: a link, the ledger, its disk
// or the mail. It turns what a look at the daemon finds into troubles that begin and
// end, and is pure: time comes with each look.
package health
