//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// What the generated dialplan takes for granted of Asterisk, shown on each version without the daemon:
// should a version behave differently, these tests say so before the others fail in riddles.

// The dialled string as a Gosub'd context sees it must be comparable with its filtered self whatever it
// holds. The dialplan says equal with 486, different with 403, and gives the length of what it saw in the
// call record.
const comparison = `[unguarded]
exten => _[0-9*#+].,1,Gosub(probe,s,1)
[probe]
exten => s,1,Set(DIAL=${FILTER(0-9*#+,${STACK_PEEK(1,e)})})
 same => n,Set(CDR(userfield)=${LEN(${STACK_PEEK(1,e)})})
 same => n,GotoIf($[${LEN(${DIAL})} = ${LEN(${STACK_PEEK(1,e)})}]?equal)
 same => n,Hangup(21)
 same => n(equal),Hangup(17)
`

func TestGosubSeesTheDialledStringUnharmed(t *testing.T) {
	const equal, different = 486, 403
	cases := []struct {
		number string
		length int
		want   int
	}{
		{"0023222123456", 13, equal},
		{"*#12+", 5, equal},
		{"0023222123456%40carrier,60,L(30000)", 33, different},
		{"0023222,account=9999", 20, different},
		{"500&SIP/itsp/14165551212", 24, different},
		{"12%22", 3, different},
		{"12)3", 4, different},
		{"12(3", 4, different},
		{"12%7D3", 4, different},
		{"12%7B3", 4, different},
		{"12%5C", 3, different},
		{"12$%7BEXTEN%7D", 10, different},
		{"12$%5B1=1%5D", 8, different},
		{"12%D9%A1%D9%A2", 6, different},
		{"12%EF%BC%91", 5, different},
		{"12%C3%28", 4, different},
		{"12%0A34", 5, different},
		{"12%0D%0A%0D%0AEvent%3A%20Hangup", 19, different},
		// Cut by Asterisk before the dialplan sees them, so they must not be taken for the whole.
		{"12%0034", 2, equal},
		{strings.Repeat("1234567890", 30), 79, equal},
	}
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		l.WriteConfig(t, "extensions.conf", comparison)
		l.Reload(t)
		phone := l.Phone(t, "1004")
		for i, c := range cases {
			if o := phone.Dial(c.number).WaitEnded(t, 5*time.Second); o.Status != c.want {
				t.Errorf("%.40q: status %d, want %d", c.number, o.Status, c.want)
			}
			if got := l.WaitCDRs(t, i+1, 5*time.Second)[i].Userfield; got != fmt.Sprint(c.length) {
				t.Errorf("%.40q: the dialplan saw %s bytes, want %d", c.number, got, c.length)
			}
		}
	})
}

func TestHangupCauseReachesThePhone(t *testing.T) {
	cases := []struct{ cause, status int }{
		{17, 486}, {21, 403}, {34, 503}, {38, 500}, {55, 603}, {57, 603},
	}
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		l.WriteConfig(t, "extensions.conf", "[unguarded]\nexten => _1XX,1,Hangup(${EXTEN:1})\n")
		l.Reload(t)
		phone := l.Phone(t, "1004")
		for _, c := range cases {
			o := phone.Dial(fmt.Sprintf("1%02d", c.cause)).WaitEnded(t, 5*time.Second)
			if o.Status != c.status || o.Cause != c.cause {
				t.Errorf("Hangup(%d): status %d, %s; want %d with that cause", c.cause, o.Status, o.Reason, c.status)
			}
		}
	})
}

func TestTimerOnTheTrunkLegCountsFromTheAnswer(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		l.WriteConfig(t, "extensions.conf", "[unguarded]\nexten => _X.,1,Dial(PJSIP/${EXTEN}@carrier,60,S(2))\n")
		l.Reload(t)
		carrier, phone := l.Carrier(t), l.Phone(t, "1004")
		carrier.Always(Answer{Ring: time.Second})
		call := phone.Dial("0023222123456")
		call.WaitAnswered(t, 5*time.Second)
		call.Vanish()
		o := carrier.Calls()[0].WaitEnded(t, 10*time.Second)
		if o.Talk < 1900*time.Millisecond || o.Talk > 3200*time.Millisecond {
			t.Errorf("S(2) let the call live %v", o.Talk)
		}
	})
}

// Asterisk does not escape line breaks in a dialled number on the manager connection, so a phone can write
// whole events there. This is why no event may be trusted that is not complete and in Asterisk's order.
func TestDialledLineBreaksForgeManagerEvents(t *testing.T) {
	forEachAsterisk(t, func(t *testing.T, l *Lab) {
		l.WriteConfig(t, "extensions.conf", "[unguarded]\nexten => _X.,1,Hangup(21)\n")
		l.Reload(t)
		conn, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", l.AMI))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\nEvents: call\r\n\r\n", AMIUser, AMISecret)
		lines := bufio.NewReader(conn)
		var seen strings.Builder
		readUntil := func(text string) {
			for !strings.Contains(seen.String(), text) {
				line, err := lines.ReadString('\n')
				if err != nil {
					t.Fatalf("waiting for %q: %v after\n%s", text, err, seen.String())
				}
				seen.WriteString(line)
			}
		}
		readUntil("Response: Success")
		l.Phone(t, "1004").Dial("12%0D%0A%0D%0AEvent%3A%20Hangup%0D%0AUniqueid%3A%20forged%0D%0A%0D%0A")
		readUntil("\r\n\r\nEvent: Hangup\r\nUniqueid: forged\r\n\r\n")
	})
}
