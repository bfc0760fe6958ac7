package policyfile

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

const heading = `# Who may call where, and how much of it. Read by "tollfuse policy import", which
# makes the ledger say what stands here; "tollfuse policy check" reads it only.
`

// Write writes the settings as a file: those of its kinds, by name. Locks are
// written only if they are wanted.
func Write(settings []toll.Setting, locks bool) []byte {
	var b strings.Builder
	b.WriteString(heading)
	for _, section := range sections() {
		if section.key == SectionLocks && !locks {
			continue
		}
		of := slices.DeleteFunc(slices.Clone(settings), func(s toll.Setting) bool { return s.Kind() != section.kind })
		slices.SortFunc(of, func(a, b toll.Setting) int { return cmp.Compare(nameOf(a), nameOf(b)) })
		if len(of) == 0 {
			fmt.Fprintf(&b, "\n%s: {}\n", section.key)
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n", section.key)
		for _, s := range of {
			section.write(&b, s)
		}
	}
	return []byte(b.String())
}

func (section section) write(b *strings.Builder, s toll.Setting) {
	var lines strings.Builder
	for _, f := range section.fields {
		texts := f.get(s)
		if len(texts) == 0 {
			continue
		}
		values := make([]string, len(texts))
		for i, value := range texts {
			values[i] = scalar(value)
			if f.bare {
				values[i] = value
			}
		}
		value := strings.Join(values, ", ")
		if f.list {
			value = "[" + value + "]"
		}
		fmt.Fprintf(&lines, "    %s: %s\n", f.key, value)
	}
	if lines.Len() == 0 {
		fmt.Fprintf(b, "  %s: {}\n", scalar(nameOf(s)))
		return
	}
	fmt.Fprintf(b, "  %s:\n%s", scalar(nameOf(s)), lines.String())
}

// scalar writes a text so that no reader of YAML, of whichever version, takes it
// for anything but this text: NO is a country, 1001 a caller, !open a time.
func scalar(s string) string {
	if plainWord(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// plainWord tells whether a text is a word that YAML has no other use for.
func plainWord(s string) bool {
	switch s {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	return regexp.MustCompile(`^[a-z][a-z0-9_-]*$`).MatchString(s)
}
