package watch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tollfuse/tollfuse/pkg/calls"
)

// Who transferred a channel is known for as long as it lives, also where the
// question comes before the event. Who did it is not himself transferred.
func TestTransfererIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := obeying(t, always(done))
		named := func(id, name string) calls.Snapshot { return calls.Snapshot{Uniqueid: id, Linkedid: "a", Name: name} }
		phone, leg, other := named("a", "PJSIP/1001-1"), named("b", "PJSIP/other-1"), named("c", "PJSIP/other-2")
		take := func(e calls.Event) {
			x.watch.mu.Lock()
			defer x.watch.mu.Unlock()
			x.watch.model.Apply(x.page.Now(), e)
		}
		take(calls.Event{Kind: calls.DialBegun, Channel: phone, Dest: leg, DialString: "1@other"})
		time.AfterFunc(transferWait/2, func() {
			take(calls.Event{Kind: calls.AttendedTransferred, Channel: phone, Dest: leg, Target: other})
		})
		want := func(uniqueid, who string, least, most time.Duration) {
			t.Helper()
			begun := time.Now()
			got := x.watch.Transferer(t.Context(), uniqueid)
			if took := time.Since(begun); got != who || took < least || took > most {
				t.Errorf("%s: %q after %v, want %q", uniqueid, got, took, who)
			}
		}
		want("b", phone.Name, transferWait/2, transferWait/2+transferPoll)
		want("c", phone.Name, 0, 0)
		want("a", "", transferWait, transferWait)
		want("d", "", transferWait, transferWait)
		take(calls.Event{Kind: calls.Hungup, Channel: phone})
		want("b", phone.Name, 0, 0)
		x.watch.linked.Store(false) // no event can be on its way
		want("d", "", 0, 0)
		want("b", phone.Name, 0, 0)
	})
}
