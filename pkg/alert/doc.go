// Package alert tells the owner: it renders a notice as a mail, in text and in
// HTML, and brings it to a mail server or to the local sendmail.
//
// The outbox is the ledger. A [Worker] empties it, the oldest notice first, and
// notes the outcome of every try there, so that nothing is lost while the mail
// server or the daemon is down, and nothing is sent twice when they return.
//
// Names and numbers in a notice come from callers. They are made harmless where
// the mail's content is put together, before any template sees them, so that a
// template of the owner's cannot forget it.
package alert
