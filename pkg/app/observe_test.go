package app

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/admin"
	"github.com/tollfuse/tollfuse/pkg/config"
	"github.com/tollfuse/tollfuse/pkg/pbxsim"
	"github.com/tollfuse/tollfuse/pkg/toll"
)

// A site that observes lets an attack go on and says all that it would have done:
// to a caller with a lock, to what a budget has no more for, to a premium number.
func TestObservingSiteRecordsAndBlocksNothing(t *testing.T) {
	var decisions string
	budget := toll.Limit{
		ID: "budget", Meter: toll.Meter{Measure: toll.Cost, Scope: toll.PerCaller, Window: time.Hour}, Act: 50_000,
		Do: []toll.Action{toll.Deny, toll.Cut, toll.LockCaller},
	}
	x := newExchange(t, func(c *config.Config) {
		c.Observe, decisions = true, c.Log.Decisions
		c.Calls.MinSlice, c.Calls.MaxSlice = time.Second, 2*time.Second
	}, budget, toll.Limit{ID: "two", Meter: toll.Meter{Measure: toll.Concurrent, Scope: toll.PerSite}, Act: 2})

	long := x.call(pbxsim.Call{From: "1001", Number: london, Talk: 10 * time.Second})
	x.talking(1) // so that it is not the one that the other limit has no room for
	dear := x.call(pbxsim.Call{From: "1002", Number: "19005551234"})
	around := x.call(pbxsim.Call{From: "1004", Number: london, Way: pbxsim.Unguarded})
	x.talking(3)
	x.set(toll.Setting{Lock: &toll.Lock{Scope: toll.PerCaller, Subject: "1004"}})
	x.call(pbxsim.Call{From: "1004", Number: friend, Talk: time.Millisecond}).Outcome()
	if o := long.Outcome(); o.End != pbxsim.EndPhone {
		t.Errorf("what the budget has no more for ended by %s", o.End)
	}
	dear.Hangup()
	around.Hangup()
	x.idle()

	denied := make(map[string]bool)
	var page []toll.Entry
	var err error
	for deadline := time.Now().Add(patience); len(page) < 3 && time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		if page, err = x.client.History(t.Context(), admin.HistoryQuery{Outcome: toll.WouldDeny}); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range page {
		if e.Kind != toll.EntryEnded || e.Lease.Cut != "" {
			t.Errorf("%+v", e)
		}
		denied[e.Lease.Caller.ID+" "+string(e.Lease.Denied)+" "+e.Lease.By] = true
	}
	for _, want := range []string{"1001 spent budget", "1002 denied_class default:home_premium", "1004 locked caller=1004"} {
		if !denied[want] {
			t.Errorf("history lacks %q: %v", want, denied)
		}
	}
	settings, err := x.client.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings {
		if s.Lock != nil && s.Lock.Subject == "1001" {
			t.Error("the limit has locked")
		}
	}
	incidents, err := x.client.Incidents(t.Context(), admin.IncidentQuery{})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range incidents {
		if !i.Observed && i.Bypassed == 0 {
			t.Errorf("an incident that is not only observed: %+v", i)
		}
	}
	var written []byte
	for deadline := time.Now().Add(patience); strings.Count(string(written), " ended ") < 4 && time.Now().Before(deadline); <-time.After(5 * time.Millisecond) {
		if written, err = os.ReadFile(decisions); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"number=+19005551234 country=US class=home_premium trunk=carrier reason=observe by=default:home_premium would_deny=denied_class",
		" would_cut pbx=pbx1 caller=extension:1001 number=+442079460000 country=GB class=intl_fixed trunk=carrier would_deny=spent by=budget",
		"number=+12025550123 country=US class=home_fixed trunk=carrier reason=observe by=caller=1004 would_deny=locked",
	} {
		if !strings.Contains(strings.ReplaceAll(string(written), `"`, ""), want) {
			t.Errorf("the decision log lacks %q:\n%s", want, written)
		}
	}
	if strings.Contains(string(written), " cutting ") {
		t.Errorf("something was cut:\n%s", written)
	}
}
