package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Level is how much a finding matters.
type Level string

// The levels, the worst last.
const (
	OK        Level = "ok"        // checked, and fine
	Unchecked Level = "unchecked" // not checked; Detail says why
	Note      Level = "note"      // worth knowing; nothing is wrong
	Warning   Level = "warning"   // harms at some time, or under an attack
	Critical  Level = "critical"  // calls leave uncontrolled, or emergency calls do not leave
)

// worse orders the levels.
var worse = [...]Level{OK, Unchecked, Note, Warning, Critical}

// Wrong tells whether something has to be mended.
func (l Level) Wrong() bool { return l == Warning || l == Critical }

func (l Level) rank() int { return slices.Index(worse[:], l) }

// Finding is what a check has found.
type Finding struct {
	ID     string   `json:"id"` // stable: group and fault, such as dialplan.bypass
	Level  Level    `json:"level"`
	PBX    string   `json:"pbx,omitempty"`    // the Asterisk that is meant, where it is one
	Title  string   `json:"title"`            // one line
	Detail string   `json:"detail,omitempty"` // why it matters
	Mend   []string `json:"mend,omitempty"`   // what to type or to write, line by line
	Where  []Place  `json:"where,omitempty"`  // in Asterisk's files
}

// Group is the first part of the ID: what the finding is about.
func (f Finding) Group() string {
	group, _, _ := strings.Cut(f.ID, ".")
	return group
}

// Place is a line of a file.
type Place struct {
	File string `json:"file"` // below Asterisk's configuration directory, or absolute
	Line int    `json:"line,omitempty"`
}

func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// fine is the finding of a check that found nothing wrong.
func fine(id, format string, args ...any) Finding {
	return Finding{ID: id, Level: OK, Title: fmt.Sprintf(format, args...)}
}

// notChecked is the finding of a check that lacks a source.
func notChecked(id, what, why string) Finding {
	return Finding{ID: id, Level: Unchecked, Title: what + ": not checked", Detail: why}
}

// Worst is the highest level among the findings; OK for none.
func Worst(all []Finding) Level {
	worst := OK
	for _, f := range all {
		if f.Level.rank() > worst.rank() {
			worst = f.Level
		}
	}
	return worst
}

// groups is the order in which findings are told.
var groups = []string{"daemon", "emergency", "dialplan", "trunk", "endpoint", "manager", "system", "config"}

// arrange sorts findings for a reader: by PBX and group, the worst first.
func arrange(all []Finding) {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.PBX, b.PBX),
			cmp.Compare(slices.Index(groups, a.Group()), slices.Index(groups, b.Group())),
			cmp.Compare(b.Level.rank(), a.Level.rank()),
			cmp.Compare(a.ID, b.ID),
		)
	})
}

// listed writes the first few names, and how many more there are.
func listed(names []string) string {
	const shown = 5
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
