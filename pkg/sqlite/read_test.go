package sqlite

import (
	"strings"
	"testing"
)

// To find a time in the log must not take the longer, the longer the log is.
func TestEndsAreFoundWithoutReadingAll(t *testing.T) {
	s := newLedger(t)
	for _, table := range []string{"entry", "call"} {
		rows, err := s.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+selectEnds(table))
		if err != nil {
			t.Fatal(err)
		}
		searches := 0
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(step, "SEARCH "+table) {
				searches++
			}
			if strings.HasPrefix(step, "SCAN "+table) {
				t.Errorf("all of %s is read: %s", table, step)
			}
		}
		if rows.Err() != nil || searches != 2 {
			t.Errorf("%s: %d searches, %v", table, searches, rows.Err())
		}
	}
}
