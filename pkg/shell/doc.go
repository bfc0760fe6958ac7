// Package shell writes words into command lines that a person will paste into a
// POSIX shell. What it quotes is one word there and nothing else, whatever a
// caller has put into it.
package shell
