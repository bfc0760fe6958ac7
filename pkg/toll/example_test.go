package toll

import "testing"

func TestAnExampleCountsInItsFigure(t *testing.T) {
	for _, scope := range Scopes() {
		for _, where := range []Where{Anywhere, AtHome, Abroad, Chargeable, Where(Personal)} {
			for _, when := range []string{"", "open", Outside + "open"} {
				m, subject := Meter{Measure: Calls, Scope: scope, Where: where, When: when}, "x"
				if scope == PerSite {
					subject = ""
				}
				q, can := m.Example(subject)
				if can != (scope != PerCall) {
					t.Fatalf("%s: can be made up: %v", m, can)
				}
				if got, counts := m.Subject(q); can && (!counts || got != subject) {
					t.Errorf("%s: %+v counts for %q, %v", m, q, got, counts)
				}
			}
		}
	}
}
