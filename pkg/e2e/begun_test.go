//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/ami"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// begunByARI begins a call of extension 1001 to a channel.
func begunByARI(t *testing.T, l *Lab, channel string) {
	t.Helper()
	query := url.Values{"endpoint": {channel}, "extension": {"1001"}, "context": {"internal"}, "priority": {"1"}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/ari/channels?%s", l.HTTP, query.Encode()), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(AMIUser, AMISecret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("ARI answers %s", response.Status)
	}
}

// A call to the trunk that a call file or ARI begins asks nobody. It is cut, and the ledger names the trunk leg itself.
func TestCallThatNobodyDialledIsCut(t *testing.T) {
	forEachVersion(t, DaemonOptions{Change: cutBypasses}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		_, begun := dialsBegun(t, l)
		for i, way := range []struct {
			name  string
			begin func(channel string)
		}{
			{"a call file", func(channel string) { callFile(t, l, channel) }},
			{"ARI", func(channel string) { begunByARI(t, l, channel) }},
		} {
			way.begin("PJSIP/" + sierraLeone + "@carrier")
			t.Logf("measured: %s: from DialBegin to the carrier's BYE or CANCEL %v", way.name, cutAsBypass(t, carrier, i+1, begun))
			for _, lease := range d.WaitEnded(t, e164(sierraLeone), i+1, 10*time.Second) {
				if lease.Caller.String() != "originated:carrier" || lease.Cut != toll.ReasonBypass {
					t.Errorf("%s: ended as %+v", way.name, lease)
				}
			}
			l.WaitIdle(t, 10*time.Second)
		}
	})
}

// An emergency call that asked nobody goes on, whoever began it.
func TestEmergencyCallThatNobodyAskedAboutGoesOn(t *testing.T) {
	forEachVersion(t, DaemonOptions{Change: cutBypasses}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		contactAt(t, l, "1099", "sip:112@"+carrier.address())
		manager := l.Manager(t, func(ami.Message) {})
		originated(t, manager, "PJSIP/112@carrier")
		callFile(t, l, "PJSIP/112@carrier")
		begunByARI(t, l, "PJSIP/112@carrier")
		l.Phone(t, "1004").Dial("112")
		l.Phone(t, "1002").Dial("1099")
		calls := carrier.WaitCalls(t, 5, 10*time.Second)
		for _, c := range calls {
			c.WaitAnswered(t, 10*time.Second)
		}
		d.WaitLive(t, 5, 5*time.Second)
		for _, c := range calls {
			c.StaysUp(t, 300*time.Millisecond)
		}
	})
}
