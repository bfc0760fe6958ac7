//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/tollfuse/tollfuse/pkg/backtest"
)

// The call records that Asterisk writes of its own calls are read as they are: who called, where, for how long, and what
// a stricter policy would have made of it; and they are imported, once.
func TestRecordsOfAsterisk(t *testing.T) {
	forEachVersion(t, DaemonOptions{}, func(t *testing.T, l *Lab, d *Daemon) {
		carrier := l.Carrier(t)
		for extension, number := range map[string]string{"1001": sierraLeone, "1002": london, "1003": berlin, "1004": "112"} {
			before := len(carrier.Calls())
			call := l.Phone(t, extension).Dial(number)
			call.WaitAnswered(t, 10*time.Second)
			carrier.WaitCalls(t, before+1, 5*time.Second)[before].StaysUp(t, 2*time.Second)
			call.Hangup()
			call.WaitEnded(t, 5*time.Second)
		}
		l.Phone(t, "1005").Dial(satellite).WaitEnded(t, 5*time.Second)
		l.WaitCDRs(t, 5, 10*time.Second)

		d.does(t, "rule", "set", "no-sl", "--deny", "--country", "SL")
		r := backtested(t, d, l.Path("log/cdr-csv/Master.csv"))
		if r.Rows != 5 || r.BadRows != 0 || r.Total.Calls != 4 || r.Total.Answered != 4 || r.Total.Seconds < 4*2 || r.Total.Refused != 1 {
			t.Errorf("the records say %+v of %d rows, %d bad, %+v", r.Total, r.Rows, r.BadRows, r.Records)
		}
		if len(r.Stopped) != 1 || r.Stopped[0].Caller != "extension:1001" || r.Stopped[0].Number != e164(sierraLeone) || r.Stopped[0].By != "no-sl" {
			t.Errorf("stopped: %+v", r.Stopped)
		}
		callers := map[string]bool{}
		for _, g := range r.Callers {
			callers[g.Name] = true
		}
		for _, caller := range []string{"extension:1001", "extension:1002", "extension:1003", "extension:1004"} {
			if !callers[caller] {
				t.Errorf("nothing of %s: %+v", caller, r.Callers)
			}
		}
		learns(t, l, d)
	})
}

// backtested plays Asterisk's call records against the policy that stands.
func backtested(t *testing.T, d *Daemon, path string) (r backtest.Result) {
	t.Helper()
	_, said := d.does(t, "backtest", "--cdr", path, "--utc", "--json")
	if err := json.Unmarshal([]byte(said), &r); err != nil {
		t.Fatalf("%v in\n%s", err, said)
	}
	return r
}

// learns imports the records into the daemon while it runs.
func learns(t *testing.T, l *Lab, d *Daemon) {
	t.Helper()
	_, said := d.does(t, "cdr", "import", l.Path("log/cdr-csv/Master.csv"), "--utc", "--dry-run")
	if !strings.Contains(said, "GB") || !strings.Contains(said, "SL") {
		t.Errorf("the import would teach: %s", said)
	}
	d.does(t, "cdr", "import", l.Path("log/cdr-csv/Master.csv"), "--utc", "--except", "SL")
	if _, said = d.does(t, "cdr", "import", l.Path("log/cdr-csv/Master.csv"), "--utc", "--except", "SL"); !strings.Contains(said, "nothing has changed") {
		t.Errorf("once more: %s", said)
	}
}
