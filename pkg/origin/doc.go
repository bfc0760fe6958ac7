// Package origin keeps from which networks each account of an Asterisk was seen,
// and says what is odd about where a call comes from.
//
// It is pure: time is an argument. An account counts as seen where Asterisk has
// accepted its password. What is only claimed, a wrong password in an account's
// name, is kept apart and forgotten first, so that guessing from the whole
// internet neither fills memory nor makes anything known.
package origin
