package doctor

import (
	"cmp"
	"strings"
)

// A pattern of extensions.conf is compared position by position. These are the
// weights that Asterisk gives to what is no set of characters
// (ext_cmp_pattern_pos in main/pbx.c): a set with fewer characters goes before
// one with more, then ".", then "!", then the end.
const (
	weightDot  = 0x18000
	weightBang = 0x28000
	weightEnd  = 0x30000
)

// position is one position of a pattern.
type position struct {
	set  string // the characters that match; empty for "." and "!"
	open byte   // '.' or '!'
}

// positions takes a pattern without its underscore apart. Dashes and blanks in
// it are for the eye (AST_EXTENSION patterns ignore them).
func positions(pattern string) []position {
	var all []position
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '-', ' ':
		case 'X', 'x':
			all = append(all, position{set: "0123456789"})
		case 'Z', 'z':
			all = append(all, position{set: "123456789"})
		case 'N', 'n':
			all = append(all, position{set: "23456789"})
		case '.', '!':
			return append(all, position{open: c})
		case '[':
			end := strings.IndexByte(pattern[i:], ']')
			if end < 0 {
				return all
			}
			all = append(all, position{set: characters(pattern[i+1 : i+end])})
			i += end
		default:
			all = append(all, position{set: string(c)})
		}
	}
	return all
}

// characters spells out a set such as 1-37#.
func characters(set string) string {
	var b strings.Builder
	for i := 0; i < len(set); i++ {
		if i+2 < len(set) && set[i+1] == '-' && set[i] <= set[i+2] {
			for c := int(set[i]); c <= int(set[i+2]); c++ {
				b.WriteByte(byte(c))
			}
			i += 2
			continue
		}
		if set[i] != '\\' {
			b.WriteByte(set[i])
		}
	}
	return b.String()
}

func (p position) weight() int {
	switch {
	case p.open == '.':
		return weightDot
	case p.open == '!':
		return weightBang
	case p.set == "":
		return weightEnd
	}
	least := p.set[0]
	for i := range len(p.set) {
		least = min(least, p.set[i])
	}
	return len(p.set)<<8 | int(least)
}

// isPattern tells a pattern from an extension that is taken literally.
func isPattern(extension string) bool { return strings.HasPrefix(extension, "_") }

// matches tells whether what was dialled matches the extension wholly.
func matches(extension, dialled string) bool {
	if !isPattern(extension) {
		return strings.ReplaceAll(extension, "-", "") == strings.ReplaceAll(dialled, "-", "")
	}
	return fits(positions(extension[1:]), dialled)
}

// fits is matches for a pattern that was taken apart.
func fits(all []position, dialled string) bool {
	for _, p := range all {
		switch {
		case p.open == '!':
			return true
		case p.open == '.':
			return dialled != ""
		case dialled == "" || strings.IndexByte(p.set, dialled[0]) < 0:
			return false
		}
		dialled = dialled[1:]
	}
	return dialled == ""
}

// takesAnyText tells whether the extension matches text of any kind: one that
// ends in "." or "!", or a literal that is none.
func takesAnyText(extension string) bool {
	if !isPattern(extension) {
		return false
	}
	all := positions(extension[1:])
	return len(all) > 0 && all[len(all)-1].open != 0
}

// canBeNumber tells whether something that people dial can match: a digit, * # or
// + at the beginning, and not one of Asterisk's own single letters.
func canBeNumber(extension string) bool {
	if !isPattern(extension) {
		return extension != "" && strings.ContainsRune("0123456789*#+", rune(extension[0]))
	}
	all := positions(extension[1:])
	return len(all) > 0 && (all[0].open != 0 || strings.ContainsAny(all[0].set, "0123456789*#+"))
}

// byPrecedence orders extensions of one context as Asterisk tries them.
func byPrecedence(a, b string) int {
	if isPattern(a) != isPattern(b) {
		return cmp.Compare(btoi(isPattern(a)), btoi(isPattern(b)))
	}
	if !isPattern(a) {
		return strings.Compare(a, b)
	}
	pa, pb := positions(a[1:]), positions(b[1:])
	for i := range max(len(pa), len(pb)) {
		if c := cmp.Compare(weightAt(pa, i), weightAt(pb, i)); c != 0 {
			return c
		}
		if i < len(pa) && i < len(pb) {
			if c := strings.Compare(pa[i].set, pb[i].set); c != 0 {
				return c
			}
		}
	}
	return 0
}

func weightAt(all []position, i int) int {
	if i >= len(all) {
		return weightEnd
	}
	return all[i].weight()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
