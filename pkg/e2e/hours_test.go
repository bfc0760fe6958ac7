//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// The schedules of the test: one that ends at the next full minute, and one that begins then.
const (
	untilThen = "open"
	fromThen  = "late"
)

// nextMinute is the next full minute that leaves time enough for what must happen before it.
func nextMinute() time.Time {
	return time.Now().Add(12*time.Second + time.Minute).Truncate(time.Minute)
}

// opens sets the schedules by the command line. Their times are of the clock on the wall at the site.
func (d *Daemon) opens(t *testing.T, edge time.Time) {
	t.Helper()
	zone, err := time.LoadLocation(d.Config.Site.Timezone)
	if err != nil {
		t.Fatal(err)
	}
	hours := func(from, to time.Time) string {
		return fmt.Sprintf("%s %s-%s", from.In(zone).Format("2006-01-02"), from.In(zone).Format("15:04"), to.In(zone).Format("15:04"))
	}
	d.does(t, "schedule", "set", untilThen, "--open", hours(edge.Add(-3*time.Minute), edge))
	d.does(t, "schedule", "set", fromThen, "--open", hours(edge, edge.Add(3*time.Minute)))
}

// A closing hour ends no conversation: what counts is when a call began, for rules, and for what a limit counts. Who
// begins after it is refused, and told why; who had to wait for that hour is let out.
func TestCallAcrossTheClosingHour(t *testing.T) {
	const slice = 4 * time.Second
	forEachVersion(t, DaemonOptions{Change: shortSlices(slice, time.Hour)}, func(t *testing.T, l *Lab, d *Daemon) {
		edge := nextMinute()
		d.opens(t, edge)
		d.does(t, "rule", "set", "closed", "--deny", "--where", "abroad", "--when", "!"+untilThen)
		d.does(t, "rule", "set", "not-yet", "--deny", "--caller", "1005", "--when", "!"+fromThen)
		d.does(t, "limit", "set", "nights", "--measure", "calls", "--scope", "site", "--where", "home", "--window", "1h", "--when", "!"+untilThen, "--act", "1")
		carrier := l.Carrier(t)
		abroad, home, waiting := l.Phone(t, "1001"), l.Phone(t, "1002"), l.Phone(t, "1005")

		long, other := abroad.Dial(london), home.Dial(berlin)
		long.WaitAnswered(t, 10*time.Second)
		other.WaitAnswered(t, 10*time.Second)
		refusedFor(t, waiting.Dial(berlin), toll.ReasonDeniedRule)
		if time.Now().After(edge) {
			t.Fatal("the machine is too slow for this test")
		}
		lease := d.LeaseOf(t, e164(london), time.Second)
		long.StaysUp(t, time.Until(edge)+100*time.Millisecond)

		refusedFor(t, abroad.Dial(londonNew), toll.ReasonDeniedRule)
		d.WaitDecision(t, "refused", "caller=extension:1001", "number="+e164(londonNew), "reason=denied_rule", "by=closed")
		waiting.Dial(berlin).WaitAnswered(t, 5*time.Second) // the first that the limit counts
		refusedFor(t, home.Dial(berlin), toll.ReasonLimit)
		d.WaitDecision(t, "refused", "caller=extension:1002", "reason=limit", "by=nights")
		said, code := d.Command(t, "explain", "--from", "1001", "--to", london)
		if code != 3 || !strings.Contains(said, "closed") {
			t.Errorf("explain ends with %d: %s", code, said)
		}

		// Nor is it judged by the new hour when it is renewed, or when the rules change.
		renewed := len(d.DecisionLines(t, "renewed", "lease="+lease.ID))
		d.does(t, "rule", "set", "no-al", "--deny", "--country", "AL")
		Eventually(t, 3*slice, "the call is renewed after the closing hour", func() bool {
			return len(d.DecisionLines(t, "renewed", "lease="+lease.ID)) >= renewed+2
		})
		long.StaysUp(t, 0)
		other.StaysUp(t, 0)
		long.Hangup()
		talk := trunkCall(t, carrier, london).WaitEnded(t, 5*time.Second).Talk
		ended := d.WaitHistory(t, admin.HistoryQuery{Lease: lease.ID}, 1)[0].Lease
		if ended.Cut != "" || !near(ended.Talked, talk, 500*time.Millisecond) {
			t.Errorf("ended as %+v, the carrier bills %v", ended, talk)
		}
		t.Logf("measured: the call began %v before the closing hour and talked %v", edge.Sub(lease.Answered).Round(time.Second), talk.Round(time.Millisecond))
	})
}
