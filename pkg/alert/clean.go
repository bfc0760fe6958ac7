package alert

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tollfuse/tollfuse/pkg/shell"
)

// The longest texts in a mail, in characters. A word is a name, a number or a
// range; a sentence is what a rule or an error says.
const (
	longestWord     = 64
	longestSentence = 400
	longestSubject  = 120
	longestCommand  = 160
)

// word makes a name or number harmless for a mail, and bounds it.
func word(s string) string { return clean(s, longestWord) }

// sentence does so with a longer text.
func sentence(s string) string { return clean(s, longestSentence) }

// clean keeps what can be printed and writes everything else as an escape of
// Go: line breaks, which could begin a header or a line of their own, what turns
// the direction of text, what cannot be seen, and what is no UTF-8. What is
// longer than so many characters ends in an ellipsis.
func clean(s string, longest int) string {
	var b strings.Builder
	for count := 0; s != ""; count++ {
		r, size := utf8.DecodeRuneInString(s)
		if count == longest-1 && len(s) > size {
			b.WriteRune('…')
			break
		}
		b.WriteString(visible(r, s[:size]))
		s = s[size:]
	}
	return b.String()
}

// visible writes one character, of these bytes, so that it can be seen.
func visible(r rune, bytes string) string {
	switch {
	case r == utf8.RuneError && len(bytes) == 1:
		return `\x` + strconv.FormatUint(uint64(bytes[0]), 16)
	case r != ' ' && !unicode.IsPrint(r), unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		quoted := strconv.QuoteRuneToASCII(r) // marks that stack upon the letter before could cover other lines
		return quoted[1 : len(quoted)-1]
	}
	return bytes
}

// header makes a text fit for a header: one line, bounded, and nothing in it
// that looks like an encoded word (RFC 2047), which a mail program would decode.
func header(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return clean(strings.ReplaceAll(s, "=?", "= ?"), longestSubject)
}

// command writes a command line that can be copied; each %s of the pattern is
// a word, quoted. It is "" where a word cannot be written in a mail as it is, or
// would be read as a flag, so that nobody types what is not meant.
func command(pattern string, words ...string) string {
	for _, w := range words {
		if w == "" || w[0] == '-' || w != word(w) {
			return ""
		}
		pattern = strings.Replace(pattern, "%s", "\x00", 1)
	}
	for _, w := range words {
		pattern = strings.Replace(pattern, "\x00", shell.Quote(w), 1)
	}
	if utf8.RuneCountInString(pattern) > longestCommand {
		return ""
	}
	return pattern
}
