package admin

import (
	"errors"
	"fmt"
)

// Kind says what sort of error it is; it is the same on both sides of the
// control socket.
type Kind string

// The kinds.
const (
	NotFound    Kind = "not_found"   // there is no such thing
	BadInput    Kind = "bad_input"   // it cannot be meant like that
	LedgerDown  Kind = "ledger_down" // the ledger cannot be written now
	NeedsDaemon Kind = "needs_daemon"
	Unreachable Kind = "unreachable" // the daemon does not answer
	Internal    Kind = "internal"
)

// Error is an error of a kind, for a person: one sentence and what to do next.
type Error struct {
	Kind Kind
	Text string
	Hint string // what to do next; may be empty
	Err  error  // behind it; not part of the sentence, and lost across the socket
}

// Error is the sentence.
func (e *Error) Error() string { return e.Text }

// Unwrap is the error behind it.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of an error; Internal for one that says nothing about it.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Errorf makes an error of a kind. A %w in it is the error behind.
func Errorf(kind Kind, hint, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Text: err.Error(), Hint: hint, Err: errors.Unwrap(err)}
}
