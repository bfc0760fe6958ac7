package agi

import (
	"errors"
	"fmt"
	"strings"
)

// ErrArgument means that a command was not sent because it cannot be written
// safely. Nothing has reached Asterisk and the dialogue can go on.
var ErrArgument = errors.New("agi: command refused")

const (
	// maxCommand is the longest command in bytes, its line feed included.
	// Asterisk 16 reads into a buffer of 2048 bytes (22 into one of 8192) and
	// takes what does not fit as the next command: 16.28 was seen doing so.
	maxCommand = 2047
	// maxWords stays below the 127 words that Asterisk splits a command into;
	// what is more would be dropped, or overrun its array.
	maxWords = 120
)

// appendCommand writes a command line. The name is one or more words and is
// written as it is; every argument is quoted.
func appendCommand(dst []byte, name string, args []string) ([]byte, error) {
	if !validCommandName(name) {
		return dst, fmt.Errorf("%w: not a command name: %.40q", ErrArgument, name)
	}
	if len(args)+strings.Count(name, " ")+1 > maxWords {
		return dst, fmt.Errorf("%w: %s has more than %d words", ErrArgument, name, maxWords)
	}
	start := len(dst)
	dst = append(dst, name...)
	for i, arg := range args {
		if strings.ContainsAny(arg, "\r\n\x00") {
			return dst[:start], fmt.Errorf("%w: argument %d of %s holds a line break or NUL", ErrArgument, i+1, name)
		}
		if len(arg) > maxCommand {
			return dst[:start], tooLong(name)
		}
		dst = append(dst, ' ')
		dst = appendQuoted(dst, arg)
	}
	dst = append(dst, '\n')
	if len(dst)-start > maxCommand {
		return dst[:start], tooLong(name)
	}
	return dst, nil
}

// appendQuoted puts an argument between double quotes, where only the quote
// and the backslash mean something to Asterisk and are escaped by a backslash.
func appendQuoted(dst []byte, arg string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(arg); i++ {
		if arg[i] == '"' || arg[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, arg[i])
	}
	return append(dst, '"')
}

func tooLong(name string) error {
	return fmt.Errorf("%w: %s is longer than %d bytes", ErrArgument, name, maxCommand)
}

// validCommandName accepts letters, digits and single spaces between words, as
// in "SET VARIABLE". The name is the program's own, but a mistake here would
// be an injection.
func validCommandName(name string) bool {
	space := true // a space is not allowed here
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			space = false
		case c == ' ' && !space:
			space = true
		default:
			return false
		}
	}
	return !space
}

// SplitCommand splits a command line into its words as Asterisk does: at
// spaces and tabs outside double quotes, with the backslash as escape. It never
// fails; what is left open at the end is closed. It is what a simulated
// Asterisk needs to understand a [Session].
func SplitCommand(line string) []string {
	var words []string
	var word []byte
	inWord, quoted, escaped := false, false, false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case escaped:
			word, inWord, escaped = append(word, c), true, false
		case c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
			inWord = inWord || quoted // "" is a word, and an empty one
		case (c == ' ' || c == '\t') && !quoted:
			if inWord {
				words = append(words, string(word))
			}
			word, inWord = word[:0], false
		default:
			word, inWord = append(word, c), true
		}
	}
	if inWord {
		words = append(words, string(word))
	}
	return words
}
