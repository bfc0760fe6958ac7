package shell

import "strings"

// Quote is the word as a shell takes it: as it stands where every character of
// it is plain, else in single quotes, in which nothing has a meaning but the
// quote itself (POSIX.1-2017, Shell Command Language, 2.2.2). Whether a command
// would read the word as a flag is not a matter of quotes.
func Quote(word string) string {
	if word != "" && strings.TrimFunc(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// plain tells whether a character means itself in every place of a command line.
func plain(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-+=.,:/@", r)
}
