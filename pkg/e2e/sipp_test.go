//go:build e2e

package e2e

import (
	"testing"
	"time"
)

func TestSIPpPhoneCalls(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier := l.Carrier(t)
		const talk = 1500 * time.Millisecond
		SIPp{Scenario: "phone.xml", Extension: "1004", Number: "0023222123456", Talk: talk}.Run(t, l)
		billed := carrier.WaitCalls(t, 1, time.Second)[0].WaitEnded(t, 2*time.Second)
		if d := (billed.Talk - talk).Abs(); d > 300*time.Millisecond {
			t.Errorf("carrier bills %v, phone talked %v", billed.Talk, talk)
		}
	})
}

func TestSIPpPhoneTransfersBlindly(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier := l.Carrier(t)
		l.WriteConfig(t, "extensions.conf", "[unguarded]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@carrier,60)\n"+
			"[from-carrier]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@carrier,60)\n")
		l.Reload(t)
		SIPp{Scenario: "phone-transfers.xml", Extension: "1004", Number: "0023222123456",
			Target: "0023222777777", Talk: 500 * time.Millisecond}.Run(t, l)
		calls := carrier.WaitCalls(t, 2, 2*time.Second)
		if got := calls[1].Number; got != "0023222777777" {
			t.Errorf("transferred to %q", got)
		}
		Eventually(t, 2*time.Second, "both trunk legs are up", func() bool { return carrier.Up() == 2 })
		calls[1].Hangup()
		calls[0].WaitEnded(t, 2*time.Second)
		l.WaitIdle(t, 2*time.Second)
	})
}

func TestSIPpPhoneForwards(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, caller := l.Carrier(t), l.Phone(t, "1004")
		l.WriteConfig(t, "extensions.conf", "[unguarded]\nexten => _1XXX,1,Dial(PJSIP/${EXTEN},20)\n"+
			"[internal]\nexten => _00X.,1,Dial(PJSIP/${EXTEN}@carrier,60)\n")
		l.Reload(t)
		wait := SIPp{Scenario: "phone-forwards.xml", Extension: "1002", Target: "0023222999999"}.Start(t, l)
		call := caller.Dial("1002")
		call.WaitAnswered(t, 5*time.Second)
		if got := carrier.Numbers(); len(got) != 1 || got[0] != "0023222999999" {
			t.Errorf("numbers at the carrier: %q", got)
		}
		call.Hangup()
		if err := wait(); err != nil {
			t.Error(err)
		}
		l.WaitIdle(t, 2*time.Second)
	})
}

func TestSIPpLoad(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		const n = 200
		carrier := l.Carrier(t)
		wait := SIPp{Scenario: "phone.xml", Extension: "1004", Number: "0023222123456",
			Calls: n, Rate: 50, Talk: 6 * time.Second}.Start(t, l)
		Eventually(t, 10*time.Second, "200 calls are up", func() bool { return carrier.Up() == n })
		if got := l.Channels(t); got != 2*n {
			t.Errorf("%d channels, want %d", got, 2*n)
		}
		if err := wait(); err != nil {
			t.Error(err)
		}
		Eventually(t, 5*time.Second, "all calls are over", func() bool { return carrier.Up() == 0 })
		if got := len(carrier.Calls()); got != n {
			t.Errorf("%d calls at the carrier, want %d", got, n)
		}
		l.WaitIdle(t, 5*time.Second)
	})
}
