//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"
)

const toTrunk = "exten => _X.,1,Dial(PJSIP/${EXTEN}@carrier,60)\n same => n,Hangup()\n"

func TestPhoneThatGivesUpCancels(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		carrier.Always(Answer{Ring: time.Minute})
		call := phone.Dial("0023222123456")
		trunk := carrier.WaitCalls(t, 1, 5*time.Second)[0]
		call.Hangup()
		if o := call.WaitEnded(t, 5*time.Second); o.Status != 487 || o.EndedBy != ByAgent {
			t.Errorf("the phone's call: %+v", o)
		}
		if o := trunk.WaitEnded(t, 5*time.Second); o.EndedBy != ByPBX || !o.Answered.IsZero() {
			t.Errorf("the carrier's call: %+v", o)
		}
		l.WaitIdle(t, 5*time.Second)
	})
}

func TestCarrierHangsUpAfterItsTalkTime(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		carrier.Always(Answer{Ring: 300 * time.Millisecond, Talk: time.Second})
		o := phone.Dial("0023222123456").WaitEnded(t, 10*time.Second)
		if o.EndedBy != ByPBX || o.Cause != 16 {
			t.Errorf("the phone's call: %+v", o)
		}
		if d := (o.Talk - time.Second).Abs(); d > 300*time.Millisecond {
			t.Errorf("phone talked %v", o.Talk)
		}
	})
}

func TestSilentCarrierIsCountedOnce(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		carrier.Always(Answer{Silent: true})
		l.WriteConfig(t, "extensions.conf", "[unguarded]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@carrier,3)\n same => n,Hangup(21)\n")
		l.Reload(t)
		o := phone.Dial("0023222123456").WaitEnded(t, 10*time.Second)
		if o.Status != 403 || len(carrier.Calls()) != 1 {
			t.Errorf("status %d, %d calls at the carrier", o.Status, len(carrier.Calls()))
		}
	})
}

func TestPhoneTransfersBlindly(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		l.WriteConfig(t, "extensions.conf", "[unguarded]\n"+toTrunk+"[from-carrier]\n"+toTrunk)
		l.Reload(t)
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		call := phone.Dial("0023222123456")
		call.WaitAnswered(t, 5*time.Second)
		l.WaitBridged(t, 2, 5*time.Second)
		if status := call.Refer(t, "0023222777777", 5*time.Second); status != 200 {
			t.Fatalf("the transfer ended with %d", status)
		}
		call.WaitEnded(t, 5*time.Second)
		carrier.WaitCalls(t, 2, 5*time.Second)
		Eventually(t, 5*time.Second, "only the two trunk legs are left", func() bool {
			return carrier.Up() == 2 && l.Channels(t) == 2
		})
	})
}

func TestCarrierCallsIn(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1001")
		call := carrier.Dial("0301234567", "0023222555555")
		call.WaitAnswered(t, 5*time.Second)
		in := phone.WaitCalls(t, 1, time.Second)[0]
		if !strings.Contains(in.From, "sip:0023222555555@") {
			t.Errorf("From at the phone: %q", in.From)
		}
		in.Hangup()
		call.WaitEnded(t, 5*time.Second)
	})
}

func TestHostileDialledStringIsSentAsItIs(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		call := phone.DialWith("0023222123456%40carrier,60,L(30000)",
			Dialling{Display: "a\\\"b \xff" + strings.Repeat("x", 2048)})
		// The unguarded dialplan falls for it: what reaches the carrier is only the number.
		call.WaitAnswered(t, 5*time.Second)
		if got := carrier.Numbers(); len(got) != 1 || got[0] != "0023222123456" {
			t.Errorf("numbers at the carrier: %q", got)
		}
		call.Hangup()
		call.WaitEnded(t, 5*time.Second)
	})
}
