package watch

import (
	"testing"
	"testing/synctest"

	"github.com/tollfuse/tollfuse/pkg/calls"
)

// The ledger hears of a leg that is transferred, and again when that leg dials,
// for between the two the dialplan can do what it likes to its timer. A phone
// that dials is no leg.
func TestTransferredLegIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, always(done))
		named := func(id, name string) calls.Snapshot { return calls.Snapshot{Uniqueid: id, Linkedid: "a", Name: name} }
		phone, leg, next := named("a", "PJSIP/1001-1"), named("b", "PJSIP/other-1"), named("c", "PJSIP/1002-1")
		for _, e := range []calls.Event{
			{Kind: calls.DialBegun, Channel: phone, Dest: leg, DialString: "1@other"},
			{Kind: calls.BlindTransferred, Channel: phone, Dest: leg, Extension: "1002"},
			{Kind: calls.DialBegun, Channel: leg, Dest: next, DialString: "1002"},
		} {
			x.watch.follow(t.Context(), x.watch.model.Apply(x.page.Now(), e))
		}
		x.page.wantTold(t, "moved pbx1 b", "moved pbx1 b")
	})
}
