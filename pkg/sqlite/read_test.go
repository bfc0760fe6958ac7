package sqlite

import (
	"strings"
	"testing"
)

// To find a time in the log must not take the longer, the longer the log is.
func TestEndsAreFoundWithoutReadingAll(t *testing.T) {
	s := newLedger(t)
	for _, table := range []string{"entry", "call"} {
		searches := 0
		for _, step := range planOf(t, s, selectEnds(table)) {
			if strings.HasPrefix(step, "SEARCH "+table) {
				searches++
			}
			if strings.HasPrefix(step, "SCAN "+table) {
				t.Errorf("all of %s is read: %s", table, step)
			}
		}
		if searches != 2 {
			t.Errorf("%s: %d searches", table, searches)
		}
	}
}

// planOf is how SQLite wants to answer a query, step by step.
func planOf(t *testing.T, s *Store, query string) (steps []string) {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
