// Package console hangs channels up by the console of an Asterisk on this
// machine, as "asterisk -rx" does: the last way that is left when neither the
// manager nor the REST interface answers.
package console
