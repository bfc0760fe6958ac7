package toll

import "testing"

func TestWithin(t *testing.T) {
	for _, tc := range []struct {
		times, when string
		want        bool
	}{
		{"", "", true}, {"", "open", false}, {"", "!open", true},
		{"open", "", true}, {"open", "open", true}, {"open", "!open", false},
		{"late,open", "open", true}, {"late,open", "late", true}, {"late,open", "!late", false},
		{"reopen", "open", false}, {"opener", "open", false}, {"late,reopen", "!open", true},
		{"", "!", true}, {"open", "!", true},
	} {
		q := Question{Times: tc.times}
		if got := q.Within(tc.when); got != tc.want {
			t.Errorf("%q within %q: %t", tc.times, tc.when, got)
		}
	}
}
