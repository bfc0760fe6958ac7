package watch

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/tollfuse/tollfuse/pkg/ami"
)

// whole is an event as Asterisk 22 has sent it.
const whole = `Event: SuccessfulAuth
Privilege: security,all
SystemName: pbx22
EventTV: 2026-11-22T23:38:59.831+0000
Severity: Informational
Service: PJSIP
EventVersion: 1
AccountID: 1004
SessionID: 0.9913182635118972
LocalAddress: IPV4/UDP/192.0.2.2/5060
RemoteAddress: IPV4/UDP/203.0.113.7/57894
UsingPassword: 1
`

func message(t testing.TB, text string) ami.Message {
	t.Helper()
	raw := strings.ReplaceAll(text, "\n", "\r\n") + "\r\n"
	m, err := ami.NewDecoder(bytes.NewBufferString(raw), ami.Limits{}).Next()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSight(t *testing.T) {
	right := sighting{"1004", netip.MustParseAddr("203.0.113.7"), true}
	wrong := right
	wrong.right = false
	six := right
	six.from = netip.MustParseAddr("2001:db8::7")
	for name, test := range map[string]struct {
		text  string
		want  sighting
		known bool
	}{
		"right":                {whole, right, true},
		"wrong":                {strings.Replace(whole, "SuccessfulAuth", "ChallengeResponseFailed", 1), wrong, true},
		"IPv6":                 {strings.Replace(whole, "IPV4/UDP/203.0.113.7", "IPV6/TCP/2001:db8::7", 1), six, true},
		"of the manager":       {strings.Replace(whole, "PJSIP", "AMI", 1), sighting{}, false},
		"another event":        {strings.Replace(whole, "SuccessfulAuth", "InvalidAccountID", 1), sighting{}, false},
		"of another class":     {strings.Replace(whole, "security,all", "call,all", 1), sighting{}, false},
		"an address twice":     {whole + "RemoteAddress: IPV4/UDP/192.0.2.1/5060\n", sighting{}, false},
		"a field in the midst": {strings.Replace(whole, "SessionID", "Exten: 1\nSessionID", 1), sighting{}, false},
		"cut short":            {strings.SplitAfter(whole, "0.9913182635118972\n")[0], sighting{}, false},
		"no address":           {strings.Replace(whole, "203.0.113.7", "somewhere", 1), sighting{}, false},
	} {
		if got, known := sight(message(t, test.text)); known != test.known || known && got != test.want {
			t.Errorf("%s: got %+v, %t", name, got, known)
		}
	}
}

func FuzzSight(f *testing.F) {
	f.Add("1004", "IPV4/UDP/203.0.113.7/57894")
	f.Add("10\r\nRemoteAddress: IPV4/UDP/192.0.2.1/1", "x")
	f.Fuzz(func(t *testing.T, account, address string) {
		text := strings.NewReplacer("1004", account, "IPV4/UDP/203.0.113.7/57894", address).Replace(whole)
		m, err := ami.NewDecoder(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")+"\r\n"), ami.Limits{}).Next()
		if err != nil {
			return
		}
		if s, known := sight(m); known && (!s.from.IsValid() || len(s.account) > len(account)) {
			t.Fatalf("%q and %q: %+v", account, address, s)
		}
	})
}
