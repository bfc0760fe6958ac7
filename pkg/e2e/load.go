//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The extensions that a load of calls comes from, beside those of the lab. So many callers share it that no
// limit of a caller is ever near; and their number is no multiple of ten, so that all of them call abroad in turn.
const (
	firstLoadExtension = 1100
	lastLoadExtension  = 1998
)

// loadExtensions are their endpoints, to be put behind those of pjsip.conf. They need no contact: nobody calls them.
func loadExtensions() string {
	var b strings.Builder
	for n := firstLoadExtension; n <= lastLoadExtension; n++ {
		fmt.Fprintf(&b, "\n[%d]\ntype=endpoint\ntransport=transport\ncontext=internal\ndisallow=all\nallow=ulaw\ndirect_media=no\nauth=%[1]d\n"+
			"[%[1]d]\ntype=auth\nauth_type=userpass\nusername=%[1]d\npassword=pw%[1]d\n", n)
	}
	return b.String()
}

// loadNumber is what the n-th call dials in Germany: each call another number, and every tenth one in Great Britain.
func loadNumber(n int) string {
	if n%10 == 0 {
		return fmt.Sprintf("004420794%05d", n%100_000)
	}
	return fmt.Sprintf("03012%05d", n%100_000)
}

// load makes calls at a steady rate, whatever becomes of those before. All extensions speak through one phone.
type load struct {
	carrier *Carrier
	phone   *Phone
	calls   int // so far
}

// setUp is what became of one call: how long after the phone's first INVITE the carrier had its own, or failed.
type setUp struct {
	took   time.Duration
	failed bool
}

// run calls so many times a second for so long, and waits until all of these calls are over.
func (l *load) run(t testing.TB, perSecond int, lasts time.Duration) []setUp {
	t.Helper()
	before := len(l.carrier.Calls())
	var dialled []*Call
	begun := time.Now()
	for n := range perSecond * int(lasts/time.Second) {
		time.Sleep(time.Until(begun.Add(time.Duration(n) * time.Second / time.Duration(perSecond))))
		extension := strconv.Itoa(firstLoadExtension + l.calls%(lastLoadExtension-firstLoadExtension+1))
		dialled = append(dialled, l.phone.dial(extension, "pw"+extension, loadNumber(l.calls), Dialling{}))
		l.calls++
	}
	patience := time.NewTimer(20 * time.Second)
	defer patience.Stop()
	for _, call := range dialled {
		select {
		case <-call.ended:
		case <-patience.C:
			patience.Reset(0) // nor for the others
		}
	}
	came := map[string]time.Time{}
	for _, call := range l.carrier.Calls()[before:] {
		came[call.Number] = call.Outcome().Begun
	}
	var all []setUp
	for _, call := range dialled {
		o := call.Outcome()
		at, ok := came[call.Number]
		all = append(all, setUp{at.Sub(o.Begun), !ok || o.Status != 200 || o.Ended.IsZero()})
	}
	return all
}

// waits are how long those of the calls took that did not fail, the shortest first.
func waits(calls []setUp) (took []time.Duration) {
	for _, c := range calls {
		if !c.failed {
			took = append(took, c.took)
		}
	}
	slices.Sort(took)
	return took
}

// percentile is what so many of a hundred do not exceed; 0 where there is none.
func percentile(sorted []time.Duration, n int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*n/100, len(sorted)-1)]
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// processorTime is what a process has used so far, of all its threads, in user mode and in the kernel.
//
// See proc_pid_stat(5); the name of the process, in brackets, may hold anything. The tick is a hundredth of a
// second on every Linux that Go runs on.
func processorTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatalf("reading the processor time: %v", err)
	}
	columns := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, column := range columns[11:13] { // utime and stime
		n, err := strconv.ParseInt(column, 10, 64)
		if err != nil {
			t.Fatalf("reading the processor time: %v", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
