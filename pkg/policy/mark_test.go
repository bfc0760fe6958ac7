package policy

import (
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The dialplan refuses what is no number also where everything is only observed, and
// the verdict says what happens.
func TestObservingLetsNoMarkedStringThrough(t *testing.T) {
	p := build(t, Options{Observe: true})
	for dialled, allow := range map[string]bool{"?": false, "?1112": false, "99999": true} {
		q := toll.Question{
			Purpose: toll.Ask, Caller: toll.Caller{Kind: toll.Extension, ID: "1001"},
			To: toll.Destination{Dialled: dialled, Class: toll.Unplaced},
		}
		if j := p.Judge(noon, q, quiet()); j.Allow != allow || !allow && j.Reason != toll.ReasonBadNumber {
			t.Errorf("%s: %+v", dialled, j)
		}
	}
}
