// Package pin keeps PINs as Argon2id hashes (RFC 9106) and checks what was
// entered against them. A PIN is short: its hash keeps it from whoever merely
// looks at a list, and not from somebody who has stolen the ledger and tries all
// of them. What protects it in a call is that three wrong ones lock the caller.
package pin
