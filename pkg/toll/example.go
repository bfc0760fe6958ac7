package toll

import "strings"

// Example is a question that counts in the subject's figure of this meter, for
// whoever has only the figure's name; false where there is none to be made up.
func (m Meter) Example(subject string) (Question, bool) {
	var q Question
	for _, c := range Classes() {
		if m.Where.Touches(c) {
			q.To.Class = c
			break
		}
	}
	if !strings.HasPrefix(m.When, Outside) {
		q.Times = m.When
	}
	switch m.Scope {
	case PerPBX:
		q.Key.PBX = subject
	case PerCaller:
		q.Caller.ID = subject
	case PerGroup:
		q.Caller.Group = subject
	case PerTrunk:
		q.Trunk = subject
	case PerCountry:
		q.To.Country = subject
	case PerRange:
		q.To.Range = subject
	case PerNumber:
		q.To.E164 = subject
	}
	got, counts := m.Subject(q)
	return q, counts && got == subject
}
