package authorize

import "strings"

// What the snippets take for a number: so many of these characters.
const (
	dialable      = "0123456789*#+"
	longestNumber = 32
)

// noNumber is in front of what the snippets' filter has left of a string that is no
// number. Such a call is refused here and there.
const noNumber = "?"

// Dialable tells whether the snippets take what was dialled for a number. What is none
// they refuse, whatever the daemon says.
func Dialable(dialled string) bool {
	return dialled != "" && len(dialled) <= longestNumber && strings.Trim(dialled, dialable) == ""
}

// Told is how the snippets tell the daemon what was dialled: a number as it stands, and
// what is none behind a mark, as far as their filter leaves something of it.
func Told(dialled string) string {
	if Dialable(dialled) {
		return dialled
	}
	left := strings.Map(func(r rune) rune {
		if strings.ContainsRune(dialable, r) {
			return r
		}
		return -1
	}, dialled)
	return noNumber + left[:min(len(left), longestNumber)]
}
