package numbering

import (
	"fmt"
	"math/bits"
	"strings"
)

// pattern is a fixed-length dial pattern in Asterisk's notation: X is 0-9,
// Z 1-9, N 2-9, [1-37] one of a set; everything else stands for itself.
// There is no "." or "!" here: a pattern of open length would let a code swallow
// a number that follows it.
type pattern struct {
	text string // in capitals, without an underscore
	sets []digitSet
}

// digitSet has one bit for each of symbols.
type digitSet uint16

// symbols are what can be dialled, in the order of their bits.
const symbols = "0123456789*#"

// maxPattern bounds a pattern: no extension or code is longer.
const maxPattern = 16

// parsePattern reads a pattern. A leading underscore, as Asterisk wants it in
// extensions.conf, is accepted.
func parsePattern(text string) (pattern, error) {
	p := pattern{text: strings.ToUpper(strings.TrimPrefix(text, "_"))}
	var err error
	if p.sets, err = parseSets(p.text); err != nil {
		return pattern{}, fmt.Errorf("pattern %q: %w", text, err)
	}
	if len(p.sets) == 0 || len(p.sets) > maxPattern {
		return pattern{}, fmt.Errorf("pattern %q: want 1 to %d characters", text, maxPattern)
	}
	return p, nil
}

// parseSets reads all positions of a pattern, without its underscore.
func parseSets(rest string) ([]digitSet, error) {
	var sets []digitSet
	for rest != "" {
		set, used, err := parseSet(rest)
		if err != nil {
			return nil, err
		}
		sets = append(sets, set)
		rest = rest[used:]
	}
	return sets, nil
}

// parseSet reads one position of a pattern and tells how many bytes it took.
func parseSet(s string) (digitSet, int, error) {
	switch s[0] {
	case 'X', 'x':
		return span('0', '9'), 1, nil
	case 'Z', 'z':
		return span('1', '9'), 1, nil
	case 'N', 'n':
		return span('2', '9'), 1, nil
	case '[':
		return parseBrackets(s)
	}
	if set := one(s[0]); set != 0 {
		return set, 1, nil
	}
	return 0, 0, fmt.Errorf("%q is not one of 0-9 * # X Z N [1-5]; patterns of open length are not possible here", s[:1])
}

// parseBrackets reads a set such as [1-37].
func parseBrackets(s string) (digitSet, int, error) {
	end := strings.IndexByte(s, ']')
	if end < 2 {
		return 0, 0, fmt.Errorf("%q is not a set such as [1-5]", s)
	}
	var set digitSet
	for i := 1; i < end; i++ {
		from, to := s[i], s[i]
		if i+2 < end && s[i+1] == '-' {
			to = s[i+2]
			i += 2
		}
		if from > to || !isDigit(from) || !isDigit(to) {
			return 0, 0, fmt.Errorf("%q is not a set such as [1-5]", s[:end+1])
		}
		set |= span(from, to)
	}
	return set, end + 1, nil
}

// span is the set of the digits from one to another.
func span(from, to byte) digitSet {
	var set digitSet
	for c := from; c <= to; c++ {
		set |= one(c)
	}
	return set
}

// one is the set of a single symbol; empty for what cannot be dialled.
func one(c byte) digitSet {
	i := strings.IndexByte(symbols, c)
	if i < 0 {
		return 0
	}
	return 1 << i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// match tells whether the pattern covers the whole string.
func (p pattern) match(s string) bool {
	return len(s) == len(p.sets) && p.matchPrefix(s)
}

// matchPrefix tells whether the pattern covers the beginning of the string.
func (p pattern) matchPrefix(s string) bool {
	if len(s) < len(p.sets) {
		return false
	}
	for i, set := range p.sets {
		if one(s[i])&set == 0 {
			return false
		}
	}
	return true
}

// literal tells whether the pattern covers one string only.
func (p pattern) literal() bool {
	for _, set := range p.sets {
		if set&(set-1) != 0 {
			return false
		}
	}
	return true
}

// only is the string that a literal pattern covers.
func (p pattern) only() string {
	var b strings.Builder
	for _, set := range p.sets {
		b.WriteByte(symbols[bits.TrailingZeros16(uint16(set))])
	}
	return b.String()
}

// anything is how many characters may follow an access code in the dialplan:
// 0-9 * # and +.
const anything = len(symbols) + 1

// byAsterisk orders access codes as Asterisk tries them, each with anything
// behind it: where they differ first, the one that leaves fewer possibilities
// goes before. So a longer code is taken off before one that it begins with.
func byAsterisk(a, b pattern) int {
	for i := range max(len(a.sets), len(b.sets)) {
		if c := a.choices(i) - b.choices(i); c != 0 {
			return c
		}
	}
	return 0
}

// choices is how many characters can stand at a position.
func (p pattern) choices(i int) int {
	if i >= len(p.sets) {
		return anything
	}
	return bits.OnesCount16(uint16(p.sets[i]))
}

// overlaps tells whether some string that the one pattern begins is also begun
// by the other.
func (p pattern) overlaps(q pattern) bool {
	for i := range min(len(p.sets), len(q.sets)) {
		if p.sets[i]&q.sets[i] == 0 {
			return false
		}
	}
	return true
}

// parsePatterns reads a list of patterns of the same meaning.
func parsePatterns(texts []string, what string) ([]pattern, error) {
	patterns := make([]pattern, 0, len(texts))
	for _, text := range texts {
		p, err := parsePattern(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}
