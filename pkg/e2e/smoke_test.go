//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"
)

func TestInstanceBoots(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		want := map[string]string{Asterisk22: "Asterisk 22.", Asterisk16: "Asterisk 16."}[l.Suite]
		if got := l.CLI(t, "core show version"); !strings.HasPrefix(got, want) {
			t.Errorf("version %q, want %q…", got, want)
		}
		if got := l.CLI(t, "core show settings"); !strings.Contains(got, l.Name) {
			t.Errorf("systemname %s is not in the settings", l.Name)
		}
	})
}

func TestUnguardedCallReachesTheCarrier(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		call := phone.Dial("0023222123456")
		call.WaitAnswered(t, 5*time.Second)
		trunk := carrier.WaitCalls(t, 1, time.Second)[0]
		const talk = 2 * time.Second
		call.StaysUp(t, talk)
		call.Hangup()
		billed := trunk.WaitEnded(t, 5*time.Second)

		if got := carrier.Numbers(); len(got) != 1 || got[0] != "0023222123456" {
			t.Errorf("numbers at the carrier: %q", got)
		}
		if d := billed.Talk - talk; d < -200*time.Millisecond || d > 500*time.Millisecond {
			t.Errorf("carrier bills %v, phone talked %v", billed.Talk, talk)
		}
		cdrs := l.WaitCDRs(t, 1, 5*time.Second)
		cdr := cdrs[0]
		if len(cdrs) != 1 || cdr.Destination != "0023222123456" || cdr.Disposition != "ANSWERED" {
			t.Fatalf("call records: %+v", cdrs)
		}
		if d := (cdr.Billed - billed.Talk).Abs(); d >= time.Second {
			t.Errorf("call record says %v, carrier %v", cdr.Billed, billed.Talk)
		}
		if !strings.HasPrefix(cdr.Uniqueid, l.Name+"-") {
			t.Errorf("Uniqueid %q does not begin with the systemname %q", cdr.Uniqueid, l.Name)
		}
	})
}

func TestVanishedPhoneLeavesTheCallUp(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		call := phone.Dial("0023222123456")
		call.WaitAnswered(t, 5*time.Second)
		call.Vanish()
		trunk := carrier.WaitCalls(t, 1, time.Second)[0]
		trunk.StaysUp(t, 2*time.Second)
		if got := l.Channels(t); got != 2 {
			t.Fatalf("%d channels, want 2", got)
		}
		l.CLI(t, "channel request hangup all")
		o := trunk.WaitEnded(t, 5*time.Second)
		if o.EndedBy != ByPBX {
			t.Errorf("ended by %q", o.EndedBy)
		}
		l.WaitIdle(t, 5*time.Second)
	})
}

func TestManyPhonesAtOnce(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		const n = 50
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		carrier.Always(Answer{Talk: time.Second})
		var calls []*Call
		for range n {
			calls = append(calls, phone.Dial("0023222123456"))
		}
		for _, call := range calls {
			if o := call.WaitEnded(t, 20*time.Second); o.Status != 200 {
				t.Errorf("outcome %+v", o)
			}
		}
		if got := len(carrier.Calls()); got != n {
			t.Errorf("%d calls at the carrier, want %d", got, n)
		}
		l.WaitIdle(t, 5*time.Second)
	})
}
