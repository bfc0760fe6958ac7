package numbering

import (
	"testing"

	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The dialplan puts a ? before what is left of a string that is no number. Whatever is
// left then is none: no emergency number, no extension, nothing that a rule may allow.
func TestWhatIsMarkedIsNoNumber(t *testing.T) {
	for _, country := range []string{"US", "GB", "DE"} {
		r := testSite(t, country, "9")
		for _, dialled := range []string{
			"?", "??", "?112", "?911", "?999", "?9112", "?4001", "?*72", "?+", "?+12125551234", "?0112203123456", "112?",
			"?12345678901234567890123456789012",
		} {
			for on, d := range map[string]toll.Destination{"phone": r.Resolve(dialled), "trunk": r.ResolveTrunk(dialled, ""), "trunk 77": r.ResolveTrunk(dialled, "77")} {
				if d.Class != toll.Unplaced || d.E164 != "" || d.Country != "" || d.Valid {
					t.Errorf("%s on a %s in %s: %+v", dialled, on, country, d)
				}
			}
		}
	}
}
